"""The store: whole files or none, seconds of their own, and problems that leave the other entries usable."""

from __future__ import annotations

import errno
import multiprocessing
import os
import unicodedata
from datetime import datetime
from pathlib import Path

import pytest

from topology_efficient_dl.errors import QuestionError, StorageError
from topology_efficient_dl.qa import dated_files
from topology_efficient_dl.qa.entry import MAX_ANSWER_BYTES
from topology_efficient_dl.qa.request import Request
from topology_efficient_dl.qa.store import QuestionStore

AT = datetime(2026, 1, 2, 3, 4, 5)
QUESTION = "Persistent Homology가 뭐야?"
N_PROCESSES, N_EACH = 8, 5


def add_some(folder: str, process: int, begin) -> None:
    """Add the same question several times, at the same second as every other process."""
    begin.wait()
    for number in range(N_EACH):
        answer = f"Answer {process}.{number}\n\n" + f"line of {process}.{number}\n" * 2_000
        QuestionStore(Path(folder)).add(Request.of(QUESTION), answer, begin=AT)


def test_many_processes_that_add_the_same_question_at_once_lose_nothing(store: QuestionStore) -> None:
    context = multiprocessing.get_context("spawn")
    begin = context.Barrier(N_PROCESSES)
    processes = [
        context.Process(target=add_some, args=(str(store.folder), number, begin)) for number in range(N_PROCESSES)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0] * N_PROCESSES
    contents = store.read()
    assert contents.problems == ()
    n_all = N_PROCESSES * N_EACH
    assert {entry.summary for entry in contents.entries} == {
        f"Answer {process}.{number}" for process in range(N_PROCESSES) for number in range(N_EACH)
    }
    for entry in contents.entries:
        assert entry.answer.count(f"line of {entry.summary.removeprefix('Answer ')}") == 2_000
    assert len({entry.date for entry in contents.entries}) == n_all
    assert len(os.listdir(store.folder)) == n_all  # and nothing else is left


def test_entries_take_the_first_free_second(put, store: QuestionStore) -> None:
    for question in ("One?", "Two?", "One?"):
        store.add(Request.of(question), "Yes.", begin=AT)
    assert [entry.file for entry in store.read().entries] == [
        "20260102-030405-one.md",
        "20260102-030406-two.md",
        "20260102-030407-one.md",
    ]


def test_a_second_that_a_killed_process_had_reserved_is_left_alone(store: QuestionStore) -> None:
    store.folder.mkdir(parents=True)
    (store.folder / ".20260102-030405.reserved").write_text("half a fi")
    entry = store.add(Request.of("One?"), "Yes.", begin=AT)
    assert entry.file == "20260102-030406-one.md"
    assert [entry.file for entry in store.read().entries] == ["20260102-030406-one.md"]


def test_file_systems_without_links(store: QuestionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source, target) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(dated_files.os, "link", refuse)
    names = [store.add(Request.of("One?"), "Yes.", begin=AT).file for _ in range(3)]
    assert [entry.file for entry in store.read().entries] == names
    assert sorted(os.listdir(store.folder)) == names


def test_a_disk_that_is_full_is_told_and_leaves_nothing(store: QuestionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(handle) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(dated_files.os, "fsync", refuse)
    with pytest.raises(StorageError, match="No space left on device; check space and rights"):
        store.add(Request.of("One?"), "Yes.")
    assert os.listdir(store.folder) == []


def test_a_folder_that_is_missing_is_empty(store: QuestionStore) -> None:
    assert store.read().entries == ()
    assert not store.folder.exists()


def test_what_is_unsound_is_told_with_file_and_line_and_the_others_are_read(put, store: QuestionStore) -> None:
    kept = [put("One?"), put("Two?"), put("Three?")]
    text = (store.folder / kept[1].file).read_text()
    text = text.replace("2026-01-02T03:05:05", "2026-01-02T03:06:05").replace("category: general", "category: generel")
    (store.folder / "20260102-030605-broken.md").write_text(text)
    (store.folder / "20260102-100001-latin.md").write_bytes(b"---\n\n\xe9")
    (store.folder / "20260102-100002-large.md").write_bytes(b"x" * (2 * MAX_ANSWER_BYTES))
    (store.folder / "20260102-100003-folder.md").mkdir()
    (store.folder / "README.md").write_text("no entry")
    (store.folder / "picture.png").write_bytes(b"no entry")
    contents = store.read()
    assert list(contents.entries) == kept
    told = [str(problem).removeprefix(f"{store.folder}/") for problem in contents.problems]
    assert told[0].startswith("20260102-030605-broken.md:4: unknown category 'generel'; did you mean 'general'?")
    assert told[1] == "20260102-100001-latin.md:3: byte 0xe9 is not UTF-8; save the file as UTF-8"
    assert told[2] == "20260102-100002-large.md:1: the file has more than 1,010,000 bytes"
    assert told[3].startswith("20260102-100003-folder.md:1: the file cannot be read")
    assert told[4].startswith("README.md:1: the file's name is wrong")
    assert len(told) == 5


def test_a_link_out_of_the_folder_is_not_followed(put, store: QuestionStore, tmp_path: Path) -> None:
    entry = put("One?")
    outside = tmp_path / "outside.md"
    (store.folder / entry.file).rename(outside)
    (store.folder / entry.file).symlink_to(outside)
    contents = store.read()
    assert contents.entries == ()
    assert "leads out of" in contents.problems[0].message


def test_names_in_decomposed_letters_are_the_same_names(put, store: QuestionStore) -> None:
    entry = put("지속 호몰로지란?")
    path = store.folder / entry.file
    path.rename(store.folder / unicodedata.normalize("NFD", entry.file))
    assert store.read().entries == (entry,)
    assert store.find("지속-호몰로지란") == entry
    assert store.find(unicodedata.normalize("NFD", "지속-호몰로지란")) == entry


def test_an_entry_is_found_by_file_name_slug_and_beginning(put, store: QuestionStore) -> None:
    entry, other = put("What is a nerve?"), put("What is a torus?")
    same = [entry.file, entry.name, entry.slug, entry.name[:15], f"{store.folder}/{entry.file}", f" {entry.file} "]
    assert [store.find(name) for name in same] == [entry] * len(same)
    assert store.find(other.slug) == other


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("what-is-a-nervs", "no entry 'what-is-a-nervs' in .*; did you mean 'what-is-a-nerve'"),
        ("2026", "'2026' names 2 entries: 20260102-030405-what-is-a-nerve, 20260102-030505-what-is-a-torus"),
        ("", "no entry is named"),
        ("../secret.md", "leads out of"),
        ("..", "leads out of"),
        ("../../secret", "leads out of"),
        ("drafts/x", "leads out of"),
        ("/etc/passwd", "leads out of"),
        ("..\\secret", "leads out of"),
    ],
)
def test_a_name_that_is_none_is_refused(put, store: QuestionStore, name: str, message: str) -> None:
    put("What is a nerve?"), put("What is a torus?")
    (store.folder.parent / "secret.md").write_text("secret")
    with pytest.raises(QuestionError, match=message):
        store.find(name)


def test_an_unsound_entry_that_is_named_is_told(put, store: QuestionStore) -> None:
    entry = put("One?")
    path = store.folder / entry.file
    path.write_text(path.read_text().replace("lang: en", "lang: english"))
    with pytest.raises(QuestionError, match=r"one\.md:5: unknown lang 'english'"):
        store.find(entry.name)
    with pytest.raises(QuestionError, match=r"one\.md:5: unknown lang 'english'"):
        store.find(entry.slug)
