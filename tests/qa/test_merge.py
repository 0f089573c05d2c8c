"""Merging: contents, anchors and links hold together, the same entries give the same bytes."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from tests.qa.many import make_many

from topology_efficient_dl.errors import QuestionError
from topology_efficient_dl.qa.markdown import Anchors, headings_of
from topology_efficient_dl.qa.merge import MARK, merge_entries, write_document
from topology_efficient_dl.qa.pairs import pairs_of, python_blocks
from topology_efficient_dl.qa.report import (
    dangling_links,
    duplicates_of,
    merge_report,
    report_lines,
)
from topology_efficient_dl.qa.store import QuestionStore

CODE = "\n\n```python\nassert 1 + 1 == 2\n```"


def anchors_in(text: str) -> list[str]:
    anchors = Anchors()
    return [anchors.add(heading.text) for heading in headings_of(text.split("\n"))]


@pytest.fixture
def contents(put, store: QuestionStore):
    """Three entries that link to each other, to code and to a picture."""
    (store.folder.parent / "guide.md").parent.mkdir(parents=True)
    (store.folder.parent / "guide.md").write_text("# Guide\n\n## Part one\n")
    nerve = put("What is a nerve?", "Overlaps.\n\n### Definition\n\nText.\n\n### Related\n\nNone.", tags=["nerve"])
    put(
        "신경이 뭐야?",
        f"겹침이다.\n\n### 정의\n\n[영어]({nerve.file}), [정의]({nerve.file}#definition), [여기](#정의).{CODE}",
        tags=["nerve"],
    )
    put(
        "What is a rank?",
        "A number.\n\n### Definition\n\n[code](../../src/x.py#L3) [guide](../guide.md#part-one) ![p](p.png)\n\n"
        f"[korean](20260102-030505-%EC%8B%A0%EA%B2%BD%EC%9D%B4-%EB%AD%90%EC%95%BC.md) [all](../CONCEPTS.md){CODE}",
        category="algebra",
    )
    return store.read()


def test_the_document_holds_together(contents) -> None:
    text = merge_entries(contents)
    assert text.startswith(f"{MARK}\n\n# Concepts\n")
    anchors = anchors_in(text)
    assert len(set(anchors)) == len(anchors)
    links = re.findall(r"\]\(#([^)]*)\)", text)
    assert len(links) >= 10
    assert set(links) - {""} <= set(anchors)
    titles = [heading.text for heading in headings_of(text.split("\n")) if heading.level <= 3]
    assert titles == [
        "Concepts", "Contents", "Topology", "What is a nerve?", "Algebra", "What is a rank?", "위상", "신경이 뭐야?",
    ]  # fmt: skip


def test_links_lead_where_they_led(contents) -> None:
    text = merge_entries(contents)
    for link in (
        "[영어](#what-is-a-nerve)", "[정의](#definition)", "[여기](#정의)", "[code](../src/x.py#L3)",
        "[guide](guide.md#part-one)", "![p](qa/p.png)", "[korean](#신경이-뭐야)", "[all](#)",
        "(qa/20260102-030405-what-is-a-nerve.md)",
    ):  # fmt: skip
        assert link in text, link


def test_links_depend_on_where_the_document_lies(contents, tmp_path: Path) -> None:
    text = merge_entries(contents, tmp_path / "build" / "deep" / "all.md")
    for link in ("[code](../../src/x.py#L3)", "[guide](../../docs/guide.md#part-one)", "![p](../../docs/qa/p.png)"):
        assert link in text, link


def test_a_second_definition_has_an_anchor_of_its_own(put, contents, store: QuestionStore) -> None:
    put("What is a cover?", "Sets.\n\n### Definition\n\n[above](#definition).", category="topology")
    text = merge_entries(store.read())
    assert "[above](#definition-1)" in text  # the chapter of algebra, whose entry has one too, comes after
    assert anchors_in(text).count("definition-2") == 1


def test_entries_in_two_languages_name_each_other(contents) -> None:
    text = merge_entries(contents)
    assert "한국어: [신경이 뭐야?](#신경이-뭐야)" in text  # the same Python block
    assert "English: [What is a rank?](#what-is-a-rank)" in text


def test_pairs_are_named_or_have_the_same_code(put) -> None:
    one, two = put("One?", f"1{CODE}"), put("하나?", f"1{CODE}")
    again = put("둘?", f"2{CODE}")
    assert pairs_of([one, two, again]) == {one.name: two, two.name: one}
    named = type(again)(**{**vars(again), "pair": "one"})
    assert pairs_of([one, two, named]) == {one.name: named, again.name: one}
    both = [type(each)(**{**vars(each), "pair": "number"}) for each in (one, again)]
    assert pairs_of(both) == {one.name: both[1], again.name: both[0]}
    assert python_blocks(one.answer) == [(3, "assert 1 + 1 == 2\n")]


def test_the_same_entries_give_the_same_bytes(contents, store: QuestionStore, tmp_path: Path) -> None:
    write_document(contents, tmp_path / "docs" / "CONCEPTS.md")
    first = (tmp_path / "docs" / "CONCEPTS.md").read_bytes()
    elsewhere = tmp_path / "elsewhere" / "docs" / "qa"
    elsewhere.mkdir(parents=True)
    for path in sorted(store.folder.iterdir(), reverse=True):  # made in another order, in another folder
        shutil.copy(path, elsewhere / path.name)
    write_document(QuestionStore(elsewhere).read(), elsewhere.parent / "CONCEPTS.md")
    assert (elsewhere.parent / "CONCEPTS.md").read_bytes() == first
    assert str(tmp_path).encode() not in first
    write_document(store.read(), tmp_path / "docs" / "CONCEPTS.md")
    assert (tmp_path / "docs" / "CONCEPTS.md").read_bytes() == first
    assert [path.name for path in elsewhere.parent.iterdir() if path.is_file()] == ["CONCEPTS.md"]


def test_an_empty_store_is_merged(store: QuestionStore) -> None:
    assert "There are no entries yet." in merge_entries(store.read())


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("docs/qa/all.md", "lies among the entries"),
        ("docs/qa/../qa/x/all.md", "lies among the entries"),
        ("docs/guide.md", "is no merged document and is left as it is"),
        ("docs", "is a folder"),
    ],
)
def test_other_files_are_left_alone(contents, tmp_path: Path, output: str, message: str) -> None:
    before = sorted((path, path.read_bytes()) for path in tmp_path.rglob("*.md"))
    with pytest.raises(QuestionError, match=message):
        write_document(contents, tmp_path / output)
    assert sorted((path, path.read_bytes()) for path in tmp_path.rglob("*.md")) == before


def test_reference_links_and_footnotes_of_two_entries_do_not_meet(put, store: QuestionStore) -> None:
    put("One?", "[a][1] and b[^1]\n\n[1]: one.md\n[^1]: first")
    put("Two?", "[a][1] and b[^1]\n\n[1]: two.md\n[^1]: second")
    text = merge_entries(store.read())
    assert "[a](qa/one.md) and b[^1-1]" in text
    assert "[a](qa/two.md) and b[^2-1]" in text
    assert "[^2-1]: second" in text


def test_an_answer_of_a_language_model_is_marked(put, store: QuestionStore) -> None:
    put("One?", source="tiny")
    put("하나?", source="tiny")
    text = merge_entries(store.read())
    assert "> Written by the language model `tiny` and checked by nobody." in text
    assert "> 언어 모델 `tiny`의 답이며 아무도 확인하지 않았습니다." in text


def test_what_was_found_is_reported(put, contents, store: QuestionStore) -> None:
    put("what is the NERVE", "[x](gone.md) [y](20260102-030405-what-is-a-nerve.md#gone) [z](../guide.md#gone)")
    (store.folder / "20260103-000000-broken.md").write_text("broken")
    report = merge_report(store.read())
    assert report["entries"] == 4
    assert report["by_lang"] == {"en": 3, "ko": 1}
    assert report["duplicates"] == [["20260102-030405-what-is-a-nerve.md", "20260102-030705-what-is-the-nerve.md"]]
    last = "20260102-030705-what-is-the-nerve.md"
    assert [link for link in report["dangling_links"] if link[0] == last] == [
        [last, "gone.md"], [last, "20260102-030405-what-is-a-nerve.md#gone"], [last, "../guide.md#gone"],
    ]  # fmt: skip
    assert "20260103-000000-broken.md:1: expected the front matter" in report["left_out"][0]
    lines = report_lines(report)
    assert lines[0].startswith("asked more than once: 20260102-030405-what-is-a-nerve.md, ")
    assert lines[-1].startswith("left out: ")
    assert len(lines) == 2 + len(report["dangling_links"])


def test_a_thousand_entries_are_merged(tmp_path: Path) -> None:
    contents = QuestionStore(make_many(tmp_path / "docs" / "qa", 1000)).read()
    text = merge_entries(contents)
    anchors = anchors_in(text)
    assert len(anchors) == len(set(anchors)) == 2 + 6 + 1000 * 5
    assert set(re.findall(r"\]\(#([^)]*)\)", text)) <= set(anchors)
    assert text.count("[the next](#") == 2000
    assert duplicates_of(contents) == []
    assert {target for _, target in dangling_links(contents)} == {"../../src/x.py"}
