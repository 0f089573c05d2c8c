"""Entries: what is written is what is read, and what is wrong is told with its line."""

from __future__ import annotations

import unicodedata
from datetime import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from topology_efficient_dl.errors import QuestionError
from topology_efficient_dl.qa.entry import (
    MAX_ANSWER_BYTES,
    Entry,
    format_entry,
    parse_entry,
    tidy_answer,
)
from topology_efficient_dl.qa.front_matter import LineError
from topology_efficient_dl.qa.request import Request
from topology_efficient_dl.qa.wording import clean, slug_of

NAME = "20260102-030405-nerve"
SOUND = """---
date: 2026-01-02T03:04:05
tags: [nerve, cover]
category: topology
lang: en
---
# Q: What is a nerve?

## A: A complex of overlaps.

### Definition

Text.
"""


def test_an_entry_is_read() -> None:
    entry = parse_entry(NAME, SOUND)
    assert (entry.date, entry.tags) == (datetime(2026, 1, 2, 3, 4, 5), ("nerve", "cover"))
    assert (entry.category, entry.lang, entry.pair) == ("topology", "en", None)
    assert (entry.question, entry.summary) == ("What is a nerve?", "A complex of overlaps.")
    assert entry.answer == "A complex of overlaps.\n\n### Definition\n\nText."
    assert format_entry(entry) == SOUND


@pytest.mark.parametrize(
    "same",
    [
        SOUND.replace("\n", "\r\n"),
        "\ufeff" + SOUND,
        SOUND.replace("[nerve, cover]", "\n- nerve\n- Cover"),
        SOUND.replace("---\n#", "---\n\n\n#"),
        SOUND + "\n\n",
    ],
    ids=["windows", "mark", "list", "space", "end"],
)
def test_what_an_editor_may_change_is_read_alike(same: str) -> None:
    assert parse_entry(NAME, same) == parse_entry(NAME, SOUND)


WRONG = {
    "no front matter": (SOUND[4:], 1, "expected the front matter"),
    "not closed": (SOUND.replace("---\n#", "#"), 1, "not closed"),
    "not yaml": (SOUND.replace("[nerve, cover]", "[nerve, cover"), 4, "not YAML"),
    "tab": (SOUND.replace("category:", "\tcategory:"), 4, "not YAML"),
    "no keys": ("---\n---\n# Q: x\n", 2, "no keys; expected date, tags, category, lang"),
    "text": ("---\njust text\n---\n# Q: x\n", 2, "no keys"),
    "missing": (SOUND.replace("lang: en\n", ""), 5, "lacks lang"),
    "unknown key": (SOUND.replace("tags:", "tag:"), 3, "unknown key 'tag'; did you mean 'tags'?"),
    "category": (SOUND.replace("topology", "topolgy"), 4, "unknown category 'topolgy'; did you mean 'topology'?"),
    "lang list": (SOUND.replace("lang: en", "lang: [en]"), 5, "unknown lang '['en']'; expected en or ko"),
    "lang": (SOUND.replace("lang: en", "lang: de"), 5, "unknown lang 'de'; expected en or ko"),
    "date": (SOUND.replace("2026-01-02T03:04:05", "yesterday"), 2, "'yesterday' is not a date with time"),
    "day": (SOUND.replace("2026-01-02T03:04:05", "2026-01-02"), 2, "is not a date with time"),
    "month": (SOUND.replace("2026-01-02T03:04:05", "2026-13-02T03:04:05"), 2, "not YAML: month must be in 1..12"),
    "other date": (
        SOUND.replace("03:04:05", "03:04:06"),
        2,
        "and the time in the file's name, 20260102-030405, differ",
    ),
    "tags": (SOUND.replace("[nerve, cover]", "nerve"), 3, "tags 'nerve' are not a list"),
    "no question": (SOUND.replace("# Q: What is a nerve?", "What is a nerve?"), 7, "expected '# Q: "),
    "empty question": (SOUND.replace("# Q: What is a nerve?", "# Q:"), 7, "expected '# Q: "),
    "nothing below": (SOUND[: SOUND.index("# Q")], 7, "expected '# Q: "),
    "no answer": (SOUND.replace("## A: A complex of overlaps.", "A complex"), 7, "expected '## A: "),
    "answer in code": (SOUND.replace("## A: A complex of overlaps.", "```\n## A: no\n```"), 7, "expected '## A: "),
    "empty answer": (SOUND[: SOUND.index(" A complex")] + "\n", 7, "the answer is empty"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_told_with_its_line(what: str) -> None:
    text, line, message = WRONG[what]
    with pytest.raises(LineError) as caught:
        parse_entry(NAME, text)
    assert message in str(caught.value)
    assert caught.value.line == line


def test_a_file_needs_its_name() -> None:
    with pytest.raises(LineError, match="YYYYMMDD-HHMMSS"):
        parse_entry("nerve", SOUND)


LINES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=40)
ANSWERS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=80),
    st.lists(st.sampled_from(["# Top", "## A: no", "text", "", "```", "~~~", "===", "---", "- a", "$$", "#"])).map(
        "\n".join
    ),
    st.lists(LINES, max_size=5).map("\n\n".join),
)


@example(question="0", answer="0", tags=["ß"])
@given(question=LINES, answer=ANSWERS, tags=st.lists(LINES, max_size=3))
def test_whatever_is_asked_and_answered_comes_back(question: str, answer: str, tags: list[str]) -> None:
    try:
        entry = Request.of(question, tags=tags).entry(datetime(2026, 1, 2, 3, 4, 5), answer)
    except QuestionError as error:
        if "is empty" in str(error):
            return
        raise
    assert parse_entry(entry.name, format_entry(entry)) == entry


@example(answer="```\n\n```\n=\n```\n=")
@given(answer=ANSWERS)
def test_an_answer_is_tidied_once(answer: str) -> None:
    try:
        tidy = tidy_answer(answer)
    except QuestionError:
        return
    assert tidy_answer(tidy) == tidy


def test_headings_of_an_answer_are_below_its_own() -> None:
    assert (
        tidy_answer("# One\n\ntext\n\nTwo\n---\n\n```\n# code\n```")
        == "### One\n\ntext\n\n#### Two\n\n```\n# code\n```"
    )
    assert tidy_answer("## A: In short.\n\n### More") == "In short.\n\n### More"


def test_a_long_first_paragraph_is_no_heading() -> None:
    entry = Request.of("Why?").entry(datetime(2026, 1, 2), "word " * 100)
    assert entry.summary == ""
    assert "## A:\n\nword word" in format_entry(entry)


def test_an_answer_that_is_too_large_is_refused() -> None:
    tidy_answer("x" * MAX_ANSWER_BYTES)
    with pytest.raises(QuestionError, match=r"the answer has 1,000,002 bytes; at most 1,000,000 are kept"):
        tidy_answer("가" * (MAX_ANSWER_BYTES // 3 + 1))


@pytest.mark.parametrize("question", ["", "   ", "?!", "\n\t", "\x1b"])
def test_an_empty_question_is_refused(question: str) -> None:
    with pytest.raises(QuestionError, match="the question is empty"):
        Request.of(question)


def test_questions_are_one_line_of_composed_text() -> None:
    assert clean(unicodedata.normalize("NFD", "호몰로지")) == "호몰로지"
    assert slug_of(unicodedata.normalize("NFD", "지속 호몰로지?")) == "지속-호몰로지"
    assert clean("\x1b[31mred\x07 \udcff text") == "[31mred text"


@given(LINES)
def test_slugs_are_file_names(text: str) -> None:
    slug = slug_of(text)
    assert 0 < len(f"20260102-030405-{slug}.md".encode()) <= 255
    assert not set(slug) & set("/\\.: \0")
    assert slug_of(slug) == slug


def test_tags_that_yaml_would_take_for_something_else_come_back() -> None:
    entry = Request.of("Why?", tags=["no", "2026", "null", "1e3", "위상"]).entry(datetime(2026, 1, 2), "Yes.")
    assert parse_entry(entry.name, format_entry(entry)).tags == ("no", "2026", "null", "1e3", "위상")


def test_the_model_that_wrote_an_answer_is_noted() -> None:
    entry = Entry(NAME, datetime(2026, 1, 2, 3, 4, 5), (), "general", "en", "Why?", "So.", "warum", "a: model")
    assert parse_entry(NAME, format_entry(entry)) == entry
