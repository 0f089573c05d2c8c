"""Downloads from a local web server: retries, checks, fallbacks, and nothing half done."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from topology_efficient_dl.data import download
from topology_efficient_dl.data.archive import ROOT_VARIABLE, SeriesArchive
from topology_efficient_dl.data.download import UnavailableError
from topology_efficient_dl.data.splits import read_split
from topology_efficient_dl.errors import DataError
from topology_efficient_dl.params.series import IngestParams

TSV = "1\t0.5\t1.0\n1\t0.1\t0.9\n2\t1.5\t0.0\n2\t0.7\t0.2\n"
MEMBERS = {"Toy.txt": "about", "Toy_TRAIN.txt": TSV, "Toy_TEST.txt": TSV, "Toy_TRAIN.ts": "@data\n1,2:1\n"}
RECORD = "Toy.zip.sha256"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ROOT_VARIABLE, raising=False)
    monkeypatch.setattr(download, "BACKOFF_SECONDS", 0.001)


@pytest.fixture
def archive(tmp_path: Path) -> SeriesArchive:
    return SeriesArchive(tmp_path / "raw" / "ucr")


@pytest.fixture
def ingest(mirror):
    def make(*paths: str, **changes) -> IngestParams:
        urls = tuple(f"{mirror.url}{path}" for path in paths or ("/{name}.zip",))
        return IngestParams(**{"mirrors": urls, "timeout_seconds": 5, **changes})

    return make


def _contents(archive: SeriesArchive) -> set[str]:
    return {str(path.relative_to(archive.folder)) for path in archive.folder.rglob("*") if path.is_file()}


def test_a_missing_set_is_fetched_once(archive, mirror, ingest, zip_of) -> None:
    body = zip_of(MEMBERS)
    mirror.answers["/Toy.zip"] = [(200, body)]
    first, second = (archive.locate("Toy", ingest()) for _ in range(2))
    assert first == second
    assert first.source == "Toy_TRAIN.txt in ucr"
    assert mirror.requests == ["/Toy.zip"]
    assert _contents(archive) == {"Toy/Toy_TRAIN.txt", "Toy/Toy_TEST.txt", RECORD}
    assert (archive.folder / RECORD).read_text() == f"{hashlib.sha256(body).hexdigest()}  Toy.zip\n"
    assert read_split(first, ingest()).classes == ("1", "2")


def test_files_in_a_folder_of_the_zip(archive, mirror, ingest, zip_of) -> None:
    mirror.answers["/Toy.zip"] = [(200, zip_of({f"Toy/{name}": text for name, text in MEMBERS.items()}))]
    assert archive.locate("Toy", ingest()).train == archive.folder / "Toy" / "Toy_TRAIN.txt"


def test_server_errors_are_tried_again(archive, mirror, ingest, zip_of) -> None:
    mirror.answers["/Toy.zip"] = [(500, b""), (503, b""), (200, zip_of(MEMBERS))]
    archive.locate("Toy", ingest(retries=2))
    assert len(mirror.requests) == 3


def test_retries_come_to_an_end(archive, mirror, ingest) -> None:
    mirror.answers["/Toy.zip"] = [(500, b"")]
    with pytest.raises(
        UnavailableError, match=r"HTTP 500 .*\(2 attempts\)\. Put Toy_TRAIN.tsv .*ingest.download=false"
    ):
        archive.locate("Toy", ingest(retries=1))
    assert len(mirror.requests) == 2


def test_a_set_that_the_mirror_lacks_is_not_tried_again(archive, mirror, ingest) -> None:
    with pytest.raises(UnavailableError, match=r"'EGC200' not found; did you mean 'ECG200'\?.*EGC200.zip: HTTP 404"):
        archive.locate("EGC200", ingest())
    assert len(mirror.requests) == 1
    assert _contents(archive) == set()


def test_the_next_mirror_takes_over(archive, mirror, ingest, zip_of) -> None:
    mirror.answers["/b/Toy.zip"] = [(200, zip_of(MEMBERS))]
    archive.locate("Toy", ingest("/a/{name}.zip", "/b/{name}.zip"))
    assert mirror.requests == ["/a/Toy.zip", "/b/Toy.zip"]


@pytest.mark.parametrize("damage", ["truncated", "flipped"])
def test_a_damaged_zip_is_tried_again_and_never_kept(archive, mirror, ingest, zip_of, damage: str) -> None:
    sound = zip_of({name: text * 50 for name, text in MEMBERS.items()})
    where = sound.find(b"Toy_TRAIN.txt") + 20
    flipped = sound[:where] + bytes([sound[where] ^ 0xFF]) + sound[where + 1 :]
    mirror.answers["/Toy.zip"] = [(200, sound[:-40] if damage == "truncated" else flipped)]
    with pytest.raises(UnavailableError, match=r"(truncated or not a zip|damaged zip).*\(3 attempts\)"):
        archive.locate("Toy", ingest(retries=2))
    assert _contents(archive) == set()
    assert list(archive.folder.iterdir()) == []


def test_a_broken_connection_is_tried_again(archive, mirror, ingest, zip_of) -> None:
    mirror.answers["/Toy.zip"] = [(200, zip_of(MEMBERS))]
    mirror.cut.add("/Toy.zip")
    with pytest.raises(UnavailableError, match=r"broke off after \d+ of \d+ bytes"):
        archive.locate("Toy", ingest(retries=1))
    assert len(mirror.requests) == 2


def test_the_digest_of_the_parameters_decides(archive, mirror, ingest, zip_of) -> None:
    body = zip_of(MEMBERS)
    mirror.answers["/Toy.zip"] = [(200, body)]
    with pytest.raises(UnavailableError, match=r"SHA-256 is \w+, expected 00 \(from ingest.sha256.Toy\)"):
        archive.locate("Toy", ingest(sha256={"Toy": "00"}))
    assert _contents(archive) == set()
    archive.locate("Toy", ingest(sha256={"Toy": hashlib.sha256(body).hexdigest().upper()}))


def test_a_second_download_must_equal_the_first(archive, mirror, ingest, zip_of) -> None:
    mirror.answers["/Toy.zip"] = [(200, zip_of(MEMBERS)), (200, zip_of({**MEMBERS, "Toy_TEST.txt": TSV * 2}))]
    for path in (files := archive.locate("Toy", ingest())).train, files.test:
        path.unlink()
    with pytest.raises(UnavailableError, match=rf"{RECORD}; delete it to accept a changed archive"):
        archive.locate("Toy", ingest())
    (archive.folder / RECORD).unlink()
    assert archive.locate("Toy", ingest()).test.read_text() == TSV * 2


def test_a_folder_of_the_name_keeps_what_is_in_it(archive, mirror, ingest, zip_of) -> None:
    mirror.answers["/Toy.zip"] = [(200, zip_of(MEMBERS))]
    (archive.folder / "Toy").mkdir(parents=True)
    (archive.folder / "Toy" / "README.md").write_text("mine")
    archive.locate("Toy", ingest())
    assert _contents(archive) == {"Toy/README.md", "Toy/Toy_TRAIN.txt", "Toy/Toy_TEST.txt", RECORD}


@pytest.mark.parametrize("prefix", ["../", "/absolute/", "a/../../", "..\\", "C:\\"])
def test_members_that_point_out_of_the_zip_are_never_written(archive, mirror, ingest, zip_of, prefix: str) -> None:
    mirror.answers["/Toy.zip"] = [(200, zip_of({f"{prefix}Toy_TRAIN.txt": TSV, "Toy_TEST.txt": TSV}))]
    with pytest.raises(UnavailableError, match=r"no Toy_TRAIN and Toy_TEST in one of \.tsv"):
        archive.locate("Toy", ingest())
    assert not list(archive.folder.parent.rglob("Toy_TRAIN*"))


@pytest.mark.parametrize(("url", "why"), [("http://127.0.0.1:9/{name}.zip", "refused"), ("no-url/{name}", "not a URL")])
def test_unreachable_mirrors(archive, url: str, why: str) -> None:
    with pytest.raises(UnavailableError, match=rf"{why}"):
        archive.locate("Toy", IngestParams(mirrors=(url,), retries=0))


def test_no_mirrors(archive) -> None:
    with pytest.raises(UnavailableError, match=r"ingest.mirrors is empty"):
        archive.locate("Toy", IngestParams(mirrors=()))


def test_a_folder_that_cannot_be_written(tmp_path: Path, mirror, ingest, zip_of) -> None:
    mirror.answers["/Toy.zip"] = [(200, zip_of(MEMBERS))]
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match=r"cannot write to .*check space and rights"):
        SeriesArchive(tmp_path / "file" / "ucr").locate("Toy", ingest())


def test_downloads_can_be_switched_off(archive, mirror, ingest) -> None:
    with pytest.raises(UnavailableError, match="downloads are off"):
        archive.locate("Toy", ingest(download=False))
    assert mirror.requests == []


def test_the_progress_bar_is_quiet_without_a_terminal(archive, mirror, ingest, zip_of, capfd) -> None:
    mirror.answers["/Toy.zip"] = [(200, zip_of(MEMBERS))]
    archive.locate("Toy", ingest())
    assert capfd.readouterr().err == ""


def test_a_mirror_that_trickles_ends_at_the_time_for_the_whole_download(archive, mirror, ingest, zip_of) -> None:
    """Every byte comes in time, all of them would not; the second mirror has no time left and is not asked."""
    mirror.answers["/slow/Toy.zip"] = [(200, zip_of(MEMBERS))]
    mirror.slow.add("/slow/Toy.zip")
    with pytest.raises(UnavailableError, match=r"not whole after 0.2 s \(ingest.max_download_seconds\)"):
        archive.locate("Toy", ingest("/slow/{name}.zip", "/{name}.zip", max_download_seconds=0.2, retries=5))
    assert mirror.requests == ["/slow/Toy.zip"]
    assert _contents(archive) == set()


def test_time_is_up_between_attempts_too(archive, mirror, ingest) -> None:
    mirror.answers["/Toy.zip"] = [(500, b"")]
    with pytest.raises(UnavailableError, match=r"ingest.max_download_seconds"):
        archive.locate("Toy", ingest(max_download_seconds=0.05, retries=100))
    assert len(mirror.requests) < 50


@pytest.mark.parametrize("status", [200, 302])
def test_a_mirror_that_sends_without_end_is_left(archive, mirror, ingest, zip_of, status: int) -> None:
    mirror.answers["/endless/Toy.zip"] = [(status, bytes(1 << 16))]
    mirror.endless.add("/endless/Toy.zip")
    mirror.answers["/Toy.zip"] = [(200, zip_of(MEMBERS))]
    params = ingest("/endless/{name}.zip", "/{name}.zip", max_download_mib=0.1)
    assert archive.locate("Toy", params).train.name == "Toy_TRAIN.txt"
    assert mirror.requests == ["/endless/Toy.zip", "/Toy.zip"]
    with pytest.raises(UnavailableError, match=r"sends more than .*ingest.max_download_mib"):
        archive.locate("Toi", ingest("/endless/Toy.zip", max_download_mib=0.1))


def test_an_announced_length_beyond_the_bound_is_not_fetched(archive, mirror, ingest) -> None:
    mirror.answers["/Toy.zip"] = [(200, bytes(1 << 20))]
    with pytest.raises(UnavailableError, match=r"sends more than 0.5 MiB; ingest.max_download_mib allows more"):
        archive.locate("Toy", ingest(max_download_mib=0.5))
    assert len(mirror.requests) == 1


def test_a_zip_that_unpacks_to_too_much_is_never_kept(archive, mirror, ingest, zip_of) -> None:
    bomb = zip_of({**MEMBERS, "Toy_TRAIN.txt": "0 " * (1 << 20)})
    assert len(bomb) < 1 << 13
    mirror.answers["/Toy.zip"] = [(200, bomb)]
    with pytest.raises(UnavailableError, match=r"Toy_TRAIN.txt unpacks to more than 1 MiB \(ingest.max_file_mib\)"):
        archive.locate("Toy", ingest(max_file_mib=1))
    assert _contents(archive) == set()
    assert len(mirror.requests) == 1


def test_redirects_are_followed(archive, mirror, ingest, zip_of) -> None:
    mirror.answers = {"/Toy.zip": [(302, b"")], "/elsewhere": [(200, zip_of(MEMBERS))]}
    assert archive.locate("Toy", ingest()).train.name == "Toy_TRAIN.txt"
