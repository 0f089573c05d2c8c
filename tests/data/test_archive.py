"""Where a dataset is looked for, in which order, and what is said when it is nowhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from topology_efficient_dl.data.archive import ROOT_VARIABLE, SeriesArchive
from topology_efficient_dl.data.download import UnavailableError
from topology_efficient_dl.data.ucr_names import UCR_2018
from topology_efficient_dl.errors import DataError
from topology_efficient_dl.params.series import IngestParams

OFFLINE = IngestParams(download=False)


@pytest.fixture(autouse=True)
def _no_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ROOT_VARIABLE, raising=False)


@pytest.fixture
def put(tmp_path: Path, write_rows, toy_rows):
    """Both files of a dataset in a folder under the temporary one, which is returned."""

    def put_files(folder: str, name: str, *suffixes: str, nested: bool = False, seed: int = 0) -> Path:
        root = tmp_path / folder
        for suffix in suffixes or (".tsv",):
            for part in ("TRAIN", "TEST"):
                write_rows((root / name if nested else root) / f"{name}_{part}{suffix}", toy_rows(["1", "2"] * 3, seed))
        return root

    return put_files


@pytest.fixture
def archive(tmp_path: Path) -> SeriesArchive:
    return SeriesArchive(tmp_path / "project")


def test_the_order_is_variable_project_bundled(archive, put, monkeypatch) -> None:
    assert archive.locate("GunPoint", OFFLINE).source == "bundled with aeon"
    put("project", "GunPoint")
    assert archive.locate("GunPoint", OFFLINE).source == "GunPoint_TRAIN.tsv in project"
    monkeypatch.setenv(ROOT_VARIABLE, str(put("mine", "GunPoint", ".tsv.gz")))
    assert archive.locate("GunPoint", OFFLINE).source == "GunPoint_TRAIN.tsv.gz in mine"


def test_root_replaces_the_other_local_folders(archive, put, monkeypatch) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, str(put("mine", "GunPoint")))
    put("project", "GunPoint")
    named = IngestParams(download=False, root=str(put("named", "Toy")))
    assert archive.locate("Toy", named).source == "Toy_TRAIN.tsv in named"
    assert archive.locate("GunPoint", named).source == "bundled with aeon"
    assert archive.names(named) == ("Toy",)


def test_with_root_earlier_downloads_are_still_found(archive, put) -> None:
    named = IngestParams(download=False, root=str(put("named", "Toy")))
    put("project", "Fetched", nested=True)
    assert archive.locate("Fetched", named).source == "Fetched_TRAIN.tsv in project"


def test_the_variable_may_name_several_folders_flat_or_nested(archive, put, monkeypatch) -> None:
    folders = [put("a", "First"), put("b", "Second", nested=True)]
    monkeypatch.setenv(ROOT_VARIABLE, os.pathsep.join(map(str, folders)))
    assert archive.locate("First", OFFLINE).train == folders[0] / "First_TRAIN.tsv"
    assert archive.locate("Second", OFFLINE).test == folders[1] / "Second" / "Second_TEST.tsv"
    assert {"First", "Second", "GunPoint"} <= set(archive.names(OFFLINE))


def test_names_are_sorted_and_hold_the_bundled_sets_of_the_archive(archive) -> None:
    bundled = ("ACSF1", "ArrowHead", "GunPoint", "ItalyPowerDemand", "OSULeaf", "PickupGestureWiimoteZ")
    assert archive.names(OFFLINE) == bundled


def test_a_pair_of_one_format_is_preferred(archive, put) -> None:
    root = put("project", "Toy", ".tsv", ".ts")
    (root / "Toy_TEST.tsv").unlink()
    files = archive.locate("Toy", OFFLINE)
    assert (files.train.name, files.test.name) == ("Toy_TRAIN.ts", "Toy_TEST.ts")
    (root / "Toy_TRAIN.ts").unlink()
    files = archive.locate("Toy", OFFLINE)
    assert (files.train.name, files.test.name) == ("Toy_TRAIN.tsv", "Toy_TEST.ts")


def test_half_a_dataset_is_an_error_even_if_it_is_elsewhere(archive, put) -> None:
    root = put("project", "GunPoint")
    (root / "GunPoint_TEST.tsv").unlink()
    with pytest.raises(UnavailableError, match=r"has GunPoint_TRAIN.tsv but no GunPoint_TEST file"):
        archive.locate("GunPoint", OFFLINE)
    assert "GunPoint" in archive.names(OFFLINE)


def test_nowhere(archive) -> None:
    with pytest.raises(UnavailableError) as caught:
        archive.locate("EGC200", OFFLINE)
    message = str(caught.value)
    assert message.startswith("dataset 'EGC200' not found; did you mean 'ECG200'? Looked in ")
    assert (
        f"Put EGC200_TRAIN.tsv and EGC200_TEST.tsv (or .ts, .txt, .csv, .arff; each also as .gz) into {archive.folder}"
        in message
    )
    assert "set UCR_ROOT or ingest.root" in message
    assert message.endswith("ingest.download=true allows them.")


def test_a_known_name_gets_no_hint(archive) -> None:
    with pytest.raises(UnavailableError, match=r"dataset 'FordA' not found\. Looked in"):
        archive.locate("FordA", OFFLINE)


@pytest.mark.parametrize("name", ["../GunPoint", "a/b", "", ".hidden", "C:x"])
def test_names_that_leave_the_folder_are_refused(archive, name: str) -> None:
    with pytest.raises(UnavailableError, match="expected a name of letters"):
        archive.locate(name, OFFLINE)


def test_folders_that_are_not_there_are_named(archive, monkeypatch) -> None:
    with pytest.raises(DataError, match=r"ingest.root: no folder 'nowhere'"):
        archive.locate("GunPoint", IngestParams(root="nowhere"))
    monkeypatch.setenv(ROOT_VARIABLE, "gone")
    with pytest.raises(DataError, match=r"UCR_ROOT: no folder 'gone'"):
        archive.names(OFFLINE)


def test_the_fingerprint_follows_the_bytes_of_both_files(archive, put) -> None:
    root = put("project", "Toy")
    files = archive.locate("Toy", OFFLINE)
    before = files.fingerprint()
    assert before == archive.locate("Toy", OFFLINE).fingerprint()
    assert len(before) == 64
    (root / "Toy_TEST.tsv").write_text("1\t2\t3\n")
    assert files.fingerprint() != before
    (root / "Toy_TEST.tsv").unlink()
    with pytest.raises(DataError, match=r"Toy_TEST\.tsv: cannot be read"):
        files.fingerprint()


def test_the_archive_of_2018_has_128_sets() -> None:
    assert len(UCR_2018) == len(set(UCR_2018)) == 128
    assert {"FordA", "ElectricDevices", "Wafer", "UWaveGestureLibraryAll"} <= set(UCR_2018)
