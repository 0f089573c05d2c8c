"""One entry: a question with its answer, read from and written to Markdown with front matter."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import yaml

from topology_efficient_dl.common.terminal import without_commands
from topology_efficient_dl.errors import QuestionError
from topology_efficient_dl.qa.front_matter import FrontMatter, LineError, read_front_matter
from topology_efficient_dl.qa.markdown import (
    hash_headings,
    headings_of,
    shift_headings,
    text_lines,
)

STAMP = "%Y%m%d-%H%M%S"
MAX_ANSWER_BYTES = 1_000_000
MAX_QUESTION = 500
MAX_SUMMARY = 300
_NAME = re.compile(r"^(\d{8}-\d{6})-(.+)$")
_QUESTION = re.compile(r"^# +Q:[ \t]*(.*?)[ \t]*$")
_ANSWER = re.compile(r"^## +A:[ \t]*(.*?)[ \t]*$")


@dataclass(frozen=True)
class Entry:
    """A question and its answer.

    Attributes
    ----------
    name : of the file, without ``.md``: ``YYYYMMDD-HHMMSS-<slug>``
    date : to the second, as in the name
    tags : the first one names the topic
    category, lang : keys of `CATEGORIES` and of `LANGUAGES`
    question : one line
    answer : Markdown; its first line, if a blank one follows, is the answer in one sentence
    pair : what joins it with the entry in the other language: the slug of one of them; see `pairs_of`
    source : the language model that wrote the answer, if one did
    """

    name: str
    date: datetime
    tags: tuple[str, ...]
    category: str
    lang: str
    question: str
    answer: str
    pair: str | None = None
    source: str | None = None

    @property
    def slug(self) -> str:
        """The name without date and time."""
        return self.name[16:]

    @property
    def file(self) -> str:
        """The name of the file."""
        return f"{self.name}.md"

    @property
    def summary(self) -> str:
        """The answer in one sentence; empty when it has none."""
        first, _, rest = self.answer.partition("\n")
        return first if _fits_heading(first, rest) else ""


def parse_entry(name: str, text: str) -> Entry:
    """Read an entry.

    Parameters
    ----------
    name : of the file, without ``.md``
    text : of the file

    Raises
    ------
    LineError : says in which line what is wrong, and what is expected
    """
    name = unicodedata.normalize("NFC", name)
    stamp = _NAME.match(name)
    if stamp is None:
        raise LineError(1, "the file's name is wrong; expected YYYYMMDD-HHMMSS-<slug>.md")
    front, lines = read_front_matter(text)
    if f"{front.date:{STAMP}}" != stamp[1]:
        raise LineError(
            front.line("date"), f"date {front.date.isoformat()} and the time in the file's name, {stamp[1]}, differ"
        )
    question, answer = parse_body(front, lines)
    if not answer:
        raise LineError(front.end + 1, "the answer is empty")
    return Entry(name, front.date, front.tags, front.category, front.lang, question, answer, front.pair, front.source)


def parse_body(front: FrontMatter, lines: list[str]) -> tuple[str, str]:
    """Question and answer below the front matter; the answer may be empty.

    Raises
    ------
    LineError : one of the two headings is missing
    """
    body = lines[front.end :]
    first = next((number for number, line in enumerate(body) if line.strip()), 0)
    question = _QUESTION.match(body[first]) if body else None
    if question is None or not question[1]:
        raise LineError(front.end + first + 1, "expected '# Q: <the question>' after the front matter")
    rest = body[first + 1 :]
    start = next((number for number, is_text in text_lines(rest) if is_text and _ANSWER.match(rest[number])), None)
    if start is None:
        raise LineError(front.end + first + 1, "expected '## A: <the answer>' after the question")
    summary = _ANSWER.sub(r"\1", rest[start])
    answer = "\n".join([summary, *rest[start + 1 :]]) if summary else "\n".join(rest[start + 1 :])
    return question[1], answer.strip("\n").rstrip()


def format_entry(entry: Entry) -> str:
    """The entry as text of its file; `parse_entry` reads the same entry from it."""
    return "".join([_front_matter(entry), f"# Q: {entry.question}\n\n", _format_answer(entry.answer), "\n"])


def _front_matter(entry: Entry) -> str:
    values = {
        "date": entry.date.isoformat(timespec="seconds"),
        "tags": _flow(list(entry.tags)),
        "category": entry.category,
        "lang": entry.lang,
        **{key: _flow(value) for key in ("pair", "source") if (value := getattr(entry, key))},
    }
    return "".join(["---\n", *(f"{key}: {value}\n" for key, value in values.items()), "---\n"])


def _flow(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000)
    return text.removesuffix("...\n").strip()


def _format_answer(answer: str) -> str:
    first, _, rest = answer.partition("\n")
    return f"## A: {answer}" if _fits_heading(first, rest) else f"## A:\n\n{answer}"


def _fits_heading(first: str, rest: str) -> bool:
    """Whether the first line can stand in a heading: a paragraph of its own, not too long."""
    block = re.match(r"\s|[#>|<]|```|~~~|\$\$|[-*+] |\d+[.)] |!\[", first)
    alone = not rest or rest.startswith("\n")
    return bool(first) and alone and not block and len(first) <= MAX_SUMMARY and not first.endswith("#")


def tidy_answer(text: str) -> str:
    """An answer as it is stored: composed letters, ``#`` headings, none above the third level, nothing that moves a
    terminal's cursor or turns text round.

    Raises
    ------
    QuestionError : it is empty or larger than `MAX_ANSWER_BYTES`
    """
    check_size(text)
    text = text.encode("utf-8", errors="replace").decode()  # half a surrogate pair cannot be stored
    answer = unicodedata.normalize("NFC", text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))
    answer = without_commands(answer).strip("\n").rstrip()
    answer = _ANSWER.sub(r"\1", answer.partition("\n")[0]) + "".join(answer.partition("\n")[1:])
    answer = hash_headings(answer).strip("\n").rstrip()
    if not answer.strip():
        raise QuestionError("the answer is empty")
    highest = min((heading.level for heading in headings_of(answer.split("\n"))), default=3)
    return shift_headings(answer, max(0, 3 - highest))


def check_size(text: str) -> None:
    """Refuse an answer that is too large.

    Raises
    ------
    QuestionError : it takes more than `MAX_ANSWER_BYTES`
    """
    size = len(text.encode("utf-8", errors="replace"))
    if size > MAX_ANSWER_BYTES:
        raise QuestionError(
            f"the answer has {size:,} bytes; at most {MAX_ANSWER_BYTES:,} are kept. Shorten it, or link to a document"
        )
