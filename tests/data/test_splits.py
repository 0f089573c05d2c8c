"""From two files to a split: official sizes, what may depend on what, and every refusal."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from topology_efficient_dl.data.archive import ROOT_VARIABLE, DatasetFiles, SeriesArchive
from topology_efficient_dl.data.cleaning import z_normalise
from topology_efficient_dl.data.readers import SUFFIXES, read_series
from topology_efficient_dl.data.split import Split
from topology_efficient_dl.data.splits import read_split
from topology_efficient_dl.errors import DataError
from topology_efficient_dl.params.series import IngestParams

OFFLINE = IngestParams(download=False)
UCR_ROOT = os.environ.get(ROOT_VARIABLE)
LABELS = ["1", "1", "1", "2", "2", "2", "2", "10", "10"]


@pytest.fixture(autouse=True)
def _bundled_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ROOT_VARIABLE, raising=False)


@pytest.fixture
def bundled(tmp_path: Path):
    def read(name: str, **ingest) -> Split:
        params = IngestParams(download=False, **ingest)
        return read_split(SeriesArchive(tmp_path).locate(name, params), params)

    return read


def _assert_same(first: Split, second: Split) -> None:
    assert first.classes == second.classes
    assert first.notes == second.notes
    for part in ("train", "validation", "test"):
        np.testing.assert_array_equal(first.series[part], second.series[part])
        np.testing.assert_array_equal(first.labels[part], second.labels[part])


@pytest.mark.parametrize(
    ("name", "n_train", "n_test", "channels", "length", "classes"),
    [
        ("GunPoint", 50, 150, 1, 150, 2),
        ("ItalyPowerDemand", 67, 1029, 1, 24, 2),
        ("ArrowHead", 36, 175, 1, 251, 3),
        ("OSULeaf", 200, 242, 1, 427, 6),
        ("ACSF1", 100, 100, 1, 1460, 10),
        ("PickupGestureWiimoteZ", 50, 50, 1, 361, 10),
        ("BasicMotions", 40, 40, 6, 100, 4),
        ("JapaneseVowels", 270, 370, 12, 29, 9),
    ],
)
def test_archive_facts(bundled, name, n_train, n_test, channels, length, classes) -> None:
    split = bundled(name)
    assert len(split.labels["train"]) + len(split.labels["validation"]) == n_train
    assert len(split.labels["test"]) == n_test
    assert (split.n_channels, split.n_timepoints, split.n_classes) == (channels, length, classes)
    assert len(split.labels["validation"]) == pytest.approx(0.2 * n_train, abs=1)
    for part, series in split.series.items():
        assert series.dtype == np.float32
        assert split.labels[part].dtype == np.int64
        assert np.isfinite(series).all()
        assert set(split.labels[part]) == set(range(classes)), part


def test_the_official_test_part_is_left_as_it_is(bundled, tmp_path: Path) -> None:
    raw = read_series(SeriesArchive(tmp_path).locate("GunPoint", OFFLINE).test)
    split = bundled("GunPoint", normalise=False)
    np.testing.assert_array_equal(split.series["test"], np.stack(raw.series).astype(np.float32))
    assert [split.classes[code] for code in split.labels["test"]] == raw.labels


def test_train_and_validation_share_out_the_train_file(bundled, tmp_path: Path) -> None:
    raw = read_series(SeriesArchive(tmp_path).locate("ArrowHead", OFFLINE).train)
    split = bundled("ArrowHead", normalise=False)
    both = np.concatenate([split.series["train"], split.series["validation"]])
    codes = np.concatenate([split.labels["train"], split.labels["validation"]])
    found = sorted((tuple(x.ravel()), split.classes[code]) for x, code in zip(both, codes, strict=True))
    rows = np.stack(raw.series).astype(np.float32)
    assert found == sorted((tuple(x.ravel()), label) for x, label in zip(rows, raw.labels, strict=True))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_gives_the_same_split(toy, suffix: str) -> None:
    _assert_same(read_split(toy(LABELS, LABELS, suffix), OFFLINE), read_split(toy(LABELS, LABELS, ".tsv"), OFFLINE))


def test_classes_are_ordered_by_value(toy) -> None:
    split = read_split(toy(LABELS, ["10", "2"]), OFFLINE)
    assert split.classes == ("1", "2", "10")
    np.testing.assert_array_equal(split.labels["test"], [2, 1])


def test_the_seed_decides_validation_and_nothing_else(toy) -> None:
    files = toy(LABELS * 5, LABELS)
    first, again, other = (read_split(files, IngestParams(validation_seed=seed)) for seed in (0, 0, 1))
    _assert_same(first, again)
    assert not np.array_equal(first.series["validation"], other.series["validation"])
    np.testing.assert_array_equal(first.series["test"], other.series["test"])


def test_values_of_test_change_nothing_in_train(toy, toy_rows) -> None:
    train = toy_rows(LABELS, lengths=(8, 12))
    first = read_split(toy(train, toy_rows(LABELS, seed=1)), OFFLINE)
    other = read_split(toy(train, [(label, 1e6 * x) for label, x in toy_rows(LABELS, seed=2)]), OFFLINE)
    for part in ("train", "validation"):
        np.testing.assert_array_equal(first.series[part], other.series[part])
        np.testing.assert_array_equal(first.labels[part], other.labels[part])


def test_shorter_series_are_normalised_over_their_own_span_and_end_flat(toy, toy_rows) -> None:
    train, test = toy_rows(LABELS, lengths=(12,)), toy_rows(LABELS, seed=1, lengths=(5, 15))
    split = read_split(toy(train, test), OFFLINE)
    assert split.n_timepoints == 15
    assert split.notes == ("lengths 5 to 15 padded to 15 with the last value",)
    expected = z_normalise(test[0][1]).astype(np.float32)
    np.testing.assert_array_equal(split.series["test"][0, :, :5], expected)
    np.testing.assert_array_equal(split.series["test"][0, :, 5:], np.repeat(expected[:, -1:], 10, axis=1))


def test_interpolation_goes_to_the_longest_of_train(toy, toy_rows) -> None:
    files = toy(toy_rows(LABELS, lengths=(7, 12)), toy_rows(LABELS, seed=1, lengths=(20,)))
    split = read_split(files, IngestParams(unequal_length="interpolate"))
    assert {series.shape[2] for series in split.series.values()} == {12}
    assert split.notes == ("lengths 7 to 20 resampled to 12, the longest of train",)
    np.testing.assert_allclose(split.series["test"].std(axis=2), 1, rtol=1e-5)


def test_unequal_lengths_can_be_refused(toy, toy_rows) -> None:
    files = toy(toy_rows(LABELS, lengths=(7, 12)), LABELS)
    with pytest.raises(DataError, match=r"'Toy': series of 7 to 12 samples.*ingest.unequal_length"):
        read_split(files, IngestParams(unequal_length="error"))


@pytest.mark.parametrize(("method", "filled"), [("interpolate", [3, 3, 4, 5, 6]), ("pad", [3, 3, 3, 3, 6])])
def test_missing_values(toy, toy_rows, method: str, filled: list[float]) -> None:
    gaps = [("1", np.array([[np.nan, 3, np.nan, np.nan, 6]]))]
    files = toy(toy_rows(LABELS, lengths=(5,)), gaps)
    split = read_split(files, IngestParams(missing_values=method, normalise=False))
    np.testing.assert_array_equal(split.series["test"][0, 0], np.array(filled, dtype=np.float32))
    assert split.notes == (f"3 missing values filled ({method})",)


def test_missing_values_can_be_refused(toy, toy_rows) -> None:
    files = toy(LABELS, [*toy_rows(["1"]), ("2", np.array([[1.0, np.nan, 2.0]]))])
    with pytest.raises(DataError, match=r"Toy_TEST.tsv, line 2: 1 missing values; set ingest.missing_values"):
        read_split(files, IngestParams(missing_values="error"))


def test_constant_series_become_zeros(toy, toy_rows) -> None:
    split = read_split(toy(LABELS, [("1", np.full((1, 12), 3.7))]), OFFLINE)
    assert not split.series["test"].any()


def test_one_sample_a_class_makes_train_its_own_validation_and_says_so(toy) -> None:
    split = read_split(toy([str(code) for code in range(18)], ["3"]), OFFLINE)
    np.testing.assert_array_equal(split.series["train"], split.series["validation"])
    np.testing.assert_array_equal(split.labels["train"], range(18))
    assert "validation is train itself" in split.notes[0]


def test_a_class_of_one_sample_stays_in_train(toy) -> None:
    split = read_split(toy(["1"] * 5 + ["2"] * 5 + ["3"], ["1"]), OFFLINE)
    assert set(split.labels["train"]) == {0, 1, 2}
    assert set(split.labels["validation"]) == {0, 1}
    assert split.notes == ()


def test_many_channels_are_normalised_one_by_one(bundled) -> None:
    series = bundled("BasicMotions").series["train"]
    np.testing.assert_allclose(series.mean(axis=2), 0, atol=1e-5)
    np.testing.assert_allclose(series.std(axis=2), 1, rtol=1e-4)


@pytest.mark.parametrize(
    ("train", "test", "message"),
    [
        (["1"] * 4, ["1"], r"'Toy': only class '1' in train; expected two classes"),
        (LABELS, ["1", "3", "11"], r"test has classes 3, 11 that train lacks \(1, 2, 10\)"),
    ],
)
def test_unsuitable_classes(toy, train: list[str], test: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_split(toy(train, test), OFFLINE)


def test_different_channel_counts(toy, toy_rows) -> None:
    files = toy(toy_rows(LABELS, channels=2), toy_rows(LABELS, channels=3), ".ts")
    with pytest.raises(DataError, match=r"'Toy': 2 channels in .*TRAIN.ts but 3 in .*TEST.ts"):
        read_split(files, OFFLINE)


def test_values_beyond_float32(toy, toy_rows) -> None:
    files = toy(LABELS, [*toy_rows(["1"]), ("2", np.full((1, 12), 1e300))])
    with pytest.raises(
        DataError, match=r"Toy_TEST.tsv, line 2: values beyond the range of float32 \(largest 1e\+300\)"
    ):
        read_split(files, IngestParams(normalise=False))


def test_an_empty_part(toy) -> None:
    files = toy(LABELS, LABELS)
    files.test.write_text("\n")
    with pytest.raises(DataError, match=r"Toy_TEST.tsv: holds no series"):
        read_split(files, OFFLINE)


HELD_OUT = IngestParams(download=False, held_out=0.33)


def _rows(split: Split, *parts: str) -> list[tuple]:
    """Every series of some parts with its label, sorted."""
    pairs = [pair for part in parts for pair in zip(split.series[part], split.labels[part], strict=True)]
    return sorted((tuple(x.ravel()), split.classes[code]) for x, code in pairs)


@pytest.mark.parametrize("seed", [0, 1])
def test_held_out_shares_out_the_official_train_file(bundled, tmp_path: Path, seed: int) -> None:
    raw = read_series(SeriesArchive(tmp_path).locate("ArrowHead", OFFLINE).train)
    split = bundled("ArrowHead", normalise=False, held_out=0.33, validation_seed=seed)
    rows = np.stack(raw.series).astype(np.float32)
    official = sorted((tuple(x.ravel()), label) for x, label in zip(rows, raw.labels, strict=True))
    assert len(set(official)) == len(official)  # so that a series in two parts would be seen
    assert _rows(split, "train", "validation", "test") == official
    assert len(split.labels["test"]) == pytest.approx(0.33 * 36, abs=1)
    assert len(split.labels["validation"]) == pytest.approx(0.2 * 0.67 * 36, abs=1)
    assert {part: set(codes) for part, codes in split.labels.items()} == {part: {0, 1, 2} for part in split.labels}


def test_held_out_has_a_name_of_its_own_and_says_what_stands_in_for_test(bundled) -> None:
    split, official = bundled("GunPoint", held_out=0.33), bundled("GunPoint")
    assert (split.name, official.name) == ("GunPoint-train", "GunPoint")
    assert split.notes == ("0.33 of train stands in for test",)
    assert official.notes == ()
    assert split.classes == official.classes


def test_values_of_test_have_no_say_in_what_is_held_out(toy, toy_rows) -> None:
    train = toy_rows(LABELS, lengths=(8, 12))
    first = read_split(toy(train, toy_rows(LABELS, seed=1)), HELD_OUT)
    other = read_split(toy(train, [(label, 1e6 * x) for label, x in toy_rows(["10", "1"], seed=2)]), HELD_OUT)
    assert (first.name, first.classes, first.notes) == (other.name, other.classes, other.notes)
    _assert_same(first, other)


@pytest.mark.parametrize("method", ["pad", "interpolate"])
def test_lengths_of_test_have_no_say_in_what_is_held_out(toy, toy_rows, method: str) -> None:
    train, ingest = toy_rows(LABELS), IngestParams(held_out=0.33, unequal_length=method)
    first = read_split(toy(train, toy_rows(LABELS, seed=1)), ingest)
    other = read_split(toy(train, toy_rows(LABELS, seed=1, lengths=(12, 20))), ingest)
    assert other.n_timepoints == 12
    for part, series in first.series.items():
        np.testing.assert_array_equal(other.series[part][..., :12], series)
        np.testing.assert_array_equal(other.series[part][..., 12:], series[..., -1:].repeat(other.n_timepoints - 12, 2))
        np.testing.assert_array_equal(other.labels[part], first.labels[part])


def test_the_seed_decides_what_is_held_out(toy) -> None:
    files = toy(LABELS * 5, LABELS)
    first, again, other = (read_split(files, IngestParams(held_out=0.33, validation_seed=seed)) for seed in (0, 0, 1))
    _assert_same(first, again)
    assert _rows(first, "test") != _rows(other, "test")
    assert _rows(first, "train", "validation", "test") == _rows(other, "train", "validation", "test")


def test_one_sample_a_class_makes_train_stand_in_for_test_and_says_so(toy) -> None:
    split = read_split(toy([str(code) for code in range(18)], ["3"]), HELD_OUT)
    assert split.notes == (
        "train itself stands in for test: every class of train has one sample",
        "validation is train itself: every class of train has one sample, so none can be cut off",
    )
    for part in ("validation", "test"):
        np.testing.assert_array_equal(split.series[part], split.series["train"])
        np.testing.assert_array_equal(split.labels[part], range(18))


def test_two_samples_a_class_leave_one_each_for_train_and_test(toy) -> None:
    """Nothing is left for validation then, and both notes stand."""
    split = read_split(toy(["1", "2", "1", "2"], ["1"]), IngestParams(held_out=0.5))
    assert split.notes[0] == "0.5 of train stands in for test"
    assert split.notes[1].startswith("validation is train itself")
    assert sorted(split.labels["train"]) == sorted(split.labels["test"]) == [0, 1]
    assert not set(_rows(split, "train")) & set(_rows(split, "test"))


@pytest.mark.slow
@pytest.mark.skipif(not UCR_ROOT, reason=f"{ROOT_VARIABLE} is not set")
def test_every_set_at_hand_becomes_a_split(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, str(UCR_ROOT))
    archive = SeriesArchive(tmp_path)
    for name in archive.names(OFFLINE):
        files: DatasetFiles = archive.locate(name, OFFLINE)
        split = read_split(files, OFFLINE)
        n_rows = len(read_series(files.train).labels)
        assert set(split.labels["train"]) == set(range(split.n_classes)), name
        assert len(split.labels["train"]) + len(split.labels["validation"]) == n_rows or split.notes, name
        assert all(np.isfinite(series).all() for series in split.series.values()), name
