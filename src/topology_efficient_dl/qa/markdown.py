"""The little of Markdown that merging needs: what is code or formula, headings, their anchors on GitHub."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

_HEADING = re.compile(r"^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$")
_UNDERLINE = re.compile(r"^ {0,3}(=+|-+)[ \t]*$")
_NOT_PARAGRAPH = re.compile(r"^ {0,3}(?:#{1,6}(?:[ \t]|$)|>|[-*+][ \t]|\d+[.)][ \t]|[|<]|[-*_=]{3,}[ \t]*$)|^ {4}|^\t")
_SPANS = re.compile(
    r"(?<!`)(`+)(?!`)(?:.+?)(?<!`)\1(?!`)|\$\$.+?\$\$|(?<![\\$])\$(?![\s$])(?:[^$\n]*?[^\s\\$])\$(?!\d)"
)


@dataclass(frozen=True)
class Heading:
    """A heading: where it stands (from 0), its level and its text as it is written."""

    line: int
    level: int
    text: str


def read_heading(line: str) -> tuple[int, str] | None:
    """Level and text of a line that is a heading; None when it is not.

    Examples
    --------
    >>> read_heading("## A: yes ##"), read_heading("#no")
    ((2, 'A: yes'), None)
    """
    match = _HEADING.match(line) if "#" in line[:9] else None
    return (len(match[1]), match[2] or "") if match else None


def text_lines(lines: list[str]) -> Iterator[tuple[int, bool]]:
    """The number of every line, and whether it is text: neither fenced code nor a displayed formula."""
    closing: str | None = None
    for number, line in enumerate(lines):
        if closing is None:
            fence = _FENCE.match(line) if line.lstrip()[:3] in ("```", "~~~") else None
            if fence and not (fence[1][0] == "`" and "`" in fence[2]):
                closing = fence[1]
            elif line.strip() == "$$":
                closing = "$$"
            yield number, closing is None
        else:
            yield number, False
            closing = None if _closes(line.strip(), closing) else closing


def _closes(line: str, opened: str) -> bool:
    if opened == "$$":
        return line == "$$"
    return len(line) >= len(opened) and not line.strip(opened[0])


def headings_of(lines: list[str]) -> list[Heading]:
    """Every heading that begins with ``#``, in order."""
    found = []
    for number, is_text in text_lines(lines):
        heading = read_heading(lines[number]) if is_text else None
        if heading:
            found.append(Heading(number, *heading))
    return found


def hash_headings(text: str) -> str:
    """The same text with underlined headings written with ``#``.

    Examples
    --------
    >>> hash_headings("Title\\n=====\\ntext")
    '# Title\\ntext'
    """
    lines = text.split("\n")
    kept: list[str] = []
    follows_text = False
    for number, is_text in text_lines(lines):
        underline = _UNDERLINE.match(lines[number]) if is_text and follows_text else None
        if underline and _is_paragraph(kept):
            kept[-1] = f"{'#' if underline[1][0] == '=' else '##'} {kept[-1].strip()}"
        else:
            kept.append(lines[number])
        follows_text = is_text
    return "\n".join(kept)


def _is_paragraph(lines: list[str]) -> bool:
    """Whether the last line is a paragraph of one line."""
    alone = len(lines) == 1 or not lines[-2].strip() or bool(read_heading(lines[-2]))
    return alone and bool(lines[-1].strip()) and not _NOT_PARAGRAPH.match(lines[-1])


def shift_headings(text: str, by: int) -> str:
    """All headings that many levels deeper, down to the sixth."""
    lines = text.split("\n")
    for heading in headings_of(lines):
        lines[heading.line] = f"{'#' * min(6, heading.level + by)} {heading.text}".rstrip()
    return "\n".join(lines)


def map_text(text: str, change: Callable[[str], str], marks: Sequence[str] = ("",)) -> str:
    """The same text with a function applied to every line that is text and has one of the marks in it.

    Code and formulas within the line are hidden from the function.
    """
    lines = text.split("\n")
    for number, is_text in text_lines(lines):
        if is_text and any(mark in lines[number] for mark in marks):
            lines[number] = _map_line(lines[number], change)
    return "\n".join(lines)


def _map_line(line: str, change: Callable[[str], str]) -> str:
    """Code and formulas are hidden from the function behind private characters, as they may stand within a link."""
    if "`" not in line and "$" not in line:
        return change(line)
    hidden: list[str] = []

    def hide(match: re.Match[str]) -> str:
        hidden.append(match[0])
        return f"\ue000{len(hidden) - 1}\ue001"

    changed = change(_SPANS.sub(hide, line))
    return re.sub("\ue000(\\d+)\ue001", lambda match: hidden[int(match[1])], changed)


def plain(text: str) -> str:
    """A heading's text as it is shown: links by their words, without marks of code and emphasis."""
    shown = re.sub(r"!\[([^\]]*)\]\([^)]*\)", "", text)
    shown = re.sub(r"\[((?:[^\[\]]|\[[^\]]*\])*)\](?:\([^)]*\)|\[[^\]]*\])", r"\1", shown)
    shown = re.sub(r"(?<!\w)(_{1,2})(?=\S)(.+?)(?<=\S)\1(?!\w)", r"\2", shown)
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", shown) if "$" not in shown else shown


class Anchors:
    """The anchors that GitHub gives to headings, in the order of a document.

    Examples
    --------
    >>> anchors = Anchors()
    >>> [anchors.add(text) for text in ("정의 (Definition)", "echo", "echo", "echo 1", "echo-1", "echo")]
    ['정의-definition', 'echo', 'echo-1', 'echo-1-1', 'echo-1-2', 'echo-2']
    """

    def __init__(self) -> None:
        self._used: dict[str, int] = {}

    def add(self, heading: str) -> str:
        """The next heading's anchor; a number is added to one that was given before."""
        anchor = first = _anchor(plain(heading))
        while anchor in self._used:
            self._used[first] += 1
            anchor = f"{first}-{self._used[first]}"
        self._used[anchor] = 0
        return anchor


def _anchor(text: str) -> str:
    return "".join("-" if letter == " " else letter for letter in text.strip().lower() if _stays(letter))


def _stays(letter: str) -> bool:
    return letter in "- " or unicodedata.category(letter) in _KEPT


_KEPT = frozenset(("Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "Pc"))
