"""The committed entries: sound, complete, in both languages, and their links lead somewhere."""

from __future__ import annotations

import re

import pytest
from tests.qa.committed import CONTENTS, MERGED

from topology_efficient_dl.qa.entry import Entry, format_entry
from topology_efficient_dl.qa.links import split_target, targets_of
from topology_efficient_dl.qa.markdown import headings_of
from topology_efficient_dl.qa.merge import merge_entries
from topology_efficient_dl.qa.pairs import pairs_of, python_blocks
from topology_efficient_dl.qa.report import dangling_links, duplicates_of
from topology_efficient_dl.qa.wording import language_of

SECTIONS = {
    "en": ["In plain words", "Definition", "A worked example", "What this project uses it for", "Related"],
    "ko": ["쉽게 말하면", "정의", "직접 확인하는 예", "이 프로젝트에서의 쓰임", "관련 항목"],
}
PAIRS = pairs_of(CONTENTS.entries)


def of_entries(test):
    """Run a test for every entry; none need be there."""
    return pytest.mark.parametrize("entry", CONTENTS.entries, ids=[entry.name for entry in CONTENTS.entries])(test)


def section(entry: Entry, number: int) -> str:
    """The text of a section."""
    title = SECTIONS[entry.lang][number]
    return re.split(r"^### .*$", entry.answer.partition(f"### {title}\n")[2], flags=re.MULTILINE)[0]


def related(entry: Entry) -> list[Entry]:
    """The entries that it names in its last section."""
    names = [split_target(target)[0].removesuffix(".md") for target in targets_of(section(entry, 4))]
    return [CONTENTS.by_name[name] for name in names if name in CONTENTS.by_name]


def test_all_are_sound() -> None:
    assert [str(problem) for problem in CONTENTS.problems] == []


def test_no_two_share_a_time_or_a_question() -> None:
    dates = [entry.date for entry in CONTENTS.entries]
    assert len(set(dates)) == len(dates)
    assert duplicates_of(CONTENTS) == []


def test_all_links_lead_somewhere() -> None:
    assert dangling_links(CONTENTS) == []


def test_the_document_is_merged_from_them() -> None:
    if not CONTENTS.entries and not MERGED.exists():
        pytest.skip("there are no entries")
    assert MERGED.read_bytes() == merge_entries(CONTENTS).encode(), "run: kedro qa merge"


@of_entries
def test_it_has_all_sections_in_their_order(entry: Entry) -> None:
    titles = [heading.text for heading in headings_of(entry.answer.split("\n")) if heading.level == 3]
    assert titles == SECTIONS[entry.lang]
    assert entry.summary, "the answer in one sentence stands after '## A:'"
    assert entry.tags
    assert all(section(entry, number).strip() for number in range(5))


@of_entries
def test_it_is_written_in_its_language(entry: Entry) -> None:
    assert language_of(entry.question) == language_of(entry.summary) == entry.lang


@of_entries
def test_it_is_there_in_the_other_language_with_the_same_code(entry: Entry) -> None:
    other = PAIRS.get(entry.name)
    assert other is not None, "no entry in the other language has the same 'pair' or the same first Python block"
    codes = [[code for _, code in python_blocks(each.answer)] for each in (entry, other)]
    assert codes[0] == codes[1]
    assert entry.category == other.category


@of_entries
def test_it_names_related_entries_in_its_own_language_and_the_code_that_uses_it(entry: Entry) -> None:
    assert related(entry)
    assert {other.lang for other in related(entry)} == {entry.lang}
    assert entry not in related(entry)
    assert any("/" in target for target in targets_of(section(entry, 3))), "no link to code or a document"


@of_entries
def test_writing_it_again_changes_nothing(entry: Entry) -> None:
    text = (CONTENTS.folder / entry.file).read_text(encoding="utf-8")
    assert format_entry(entry) == text, (
        "not as `kedro qa add` writes it: one space after keys and commas, one empty line"
    )


@of_entries
def test_displayed_formulas_stand_alone(entry: Entry) -> None:
    lines = entry.answer.split("\n")
    places = [number for number, line in enumerate(lines) if line.strip() == "$$"]
    assert len(places) % 2 == 0
    for begin, end in zip(places[::2], places[1::2], strict=True):
        assert not lines[begin - 1].strip(), f"no empty line before the formula {lines[begin + 1]!r}"
        assert end + 1 == len(lines) or not lines[end + 1].strip(), f"no empty line after {lines[end - 1]!r}"
