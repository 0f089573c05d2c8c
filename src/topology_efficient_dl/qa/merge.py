"""All entries as one document: contents, chapters by language and category, links that lead within it."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from topology_efficient_dl.errors import QuestionError
from topology_efficient_dl.qa.categories import CATEGORIES
from topology_efficient_dl.qa.dated_files import refused, replace_file
from topology_efficient_dl.qa.entry import Entry
from topology_efficient_dl.qa.links import number_footnotes, retarget, split_target
from topology_efficient_dl.qa.markdown import Anchors, headings_of, shift_headings
from topology_efficient_dl.qa.pairs import pairs_of
from topology_efficient_dl.qa.store import Contents, shown
from topology_efficient_dl.qa.wording import LANGUAGES

DOCUMENT = "docs/CONCEPTS.md"
"""Where the document lies, from the project's folder; in the catalog it is ``concepts``."""

MARK = "<!-- Merged by `kedro qa merge`: change the entries, not this file. -->"
TITLE, CONTENTS = "Concepts", "Contents"
ABOUT = (
    "The mathematics of this project as questions and answers, in English and in Korean, merged from the entries in "
    "[{folder}]({folder}/)."
)
UNCHECKED = {
    "en": "Written by the language model `{source}` and checked by nobody.",
    "ko": "언어 모델 `{source}`의 답이며 아무도 확인하지 않았습니다.",
}


@dataclass
class _Document:
    """What is known of the whole before any of it is written: chapters, and the anchors of every entry's headings."""

    contents: Contents
    output: Path
    chapters: list[tuple[str, str, list[Entry]]]
    pairs: dict[str, Entry]
    anchors: dict[str, str] = field(default_factory=dict)
    inner: dict[str, dict[str, str]] = field(default_factory=dict)
    chapter_anchors: list[str] = field(default_factory=list)

    @cached_property
    def folder(self) -> str:
        """The folder of entries, from the document."""
        return Path(os.path.relpath(self.contents.folder, self.output.parent)).as_posix()


def merge_entries(contents: Contents, output: Path | None = None) -> str:
    """All entries as one Markdown document; the same entries give the same bytes.

    Parameters
    ----------
    contents : of the store
    output : where the document will lie, which relative links depend on; by default ``CONCEPTS.md`` beside the folder
    """
    target = output or contents.folder.parent / Path(DOCUMENT).name
    document = _Document(contents, target, _chapters(contents.entries), pairs_of(contents.entries))
    _find_anchors(document)
    lines = [MARK, "", f"# {TITLE}", "", ABOUT.format(folder=document.folder), ""]
    lines += [f"## {CONTENTS}", "", *_contents(document)]
    numbers = {entry.name: number for number, entry in enumerate(contents.entries, 1)}
    for title, _, entries in document.chapters:
        lines += [f"## {title}", ""]
        for entry in entries:
            lines += [*_entry_lines(document, entry, numbers[entry.name]), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def write_document(contents: Contents, output: Path) -> None:
    """Merge and write; a file that was not made so is left alone.

    Raises
    ------
    QuestionError : the file lies among the entries, or is another document
    StorageError : the file system refuses
    """
    folder = contents.folder.resolve()
    if output.resolve() == folder or folder in output.resolve().parents:
        raise QuestionError(f"'{shown(output)}' lies among the entries; merge into another folder, such as {DOCUMENT}")
    check_output(output)
    replace_file(output, merge_entries(contents, output))


def check_output(output: Path) -> None:
    """Refuse to write over what was not merged.

    Raises
    ------
    QuestionError : it is a folder, a device or a pipe, or another document
    StorageError : the file system refuses
    """
    try:
        if output.is_dir():
            raise QuestionError(f"'{shown(output)}' is a folder; name a file, such as {DOCUMENT}")
        if not output.exists():
            return
        if not output.is_file():
            raise QuestionError(f"'{shown(output)}' is a device or a pipe; name a file, such as {DOCUMENT}")
        with output.open("rb") as file:
            is_merged = file.read(len(MARK.encode())) == MARK.encode()
    except OSError as error:
        raise refused(output, error) from error
    if not is_merged:
        raise QuestionError(f"'{shown(output)}' is no merged document and is left as it is; name another file")


def _chapters(entries: Sequence[Entry]) -> list[tuple[str, str, list[Entry]]]:
    """Title, language and entries of every chapter that has any."""
    chosen = [
        (titles[lang], lang, [entry for entry in entries if (entry.lang, entry.category) == (lang, category)])
        for lang in LANGUAGES
        for category, titles in CATEGORIES.items()
    ]
    return [chapter for chapter in chosen if chapter[2]]


def _find_anchors(document: _Document) -> None:
    """Every heading's anchor in the document, and by entry those that its headings have in the entry's own file."""
    anchors = Anchors()
    for title in (TITLE, CONTENTS):
        anchors.add(title)
    for title, _, entries in document.chapters:
        document.chapter_anchors.append(anchors.add(title))
        for entry in entries:
            own, top = Anchors(), anchors.add(entry.question)
            document.anchors[entry.name] = top
            inner = {own.add(f"Q: {entry.question}"): top, own.add(f"A: {entry.summary}"): top}
            for heading in headings_of(_body(entry).split("\n")):
                inner[own.add(heading.text)] = anchors.add(heading.text)
            document.inner[entry.name] = inner


def _contents(document: _Document) -> Iterator[str]:
    if not document.chapters:
        yield from ("There are no entries yet.", "")
    for lang, language in LANGUAGES.items():
        chapters = zip(document.chapters, document.chapter_anchors, strict=True)
        chosen = [(title, anchor, entries) for (title, of, entries), anchor in chapters if of == lang]
        if chosen:
            yield from (f"**{language}**", "")
            for title, anchor, entries in chosen:
                yield f"- [{title}](#{anchor})"
                yield from (f"  - {_link(document, entry)}" for entry in entries)
            yield ""


def _link(document: _Document, entry: Entry) -> str:
    words = re.sub(r"([\[\]])", r"\\\1", entry.question)
    return f"[{words}](#{document.anchors[entry.name]})"


def _entry_lines(document: _Document, entry: Entry, number: int) -> Iterator[str]:
    def change(target: str) -> str:
        return _retargeted(document, entry, target)

    yield from (f"### {entry.question}", "")
    yield from (_about(document, entry), "")
    if entry.source:
        yield from (f"> {UNCHECKED[entry.lang].format(source=entry.source)}", "")
    answer = number_footnotes(retarget(entry.answer, change), number)
    if entry.summary:
        summary, _, answer = answer.partition("\n")
        yield from (summary if "**" in summary else f"**{summary}**", "")
    yield shift_headings(answer, 1).strip("\n")


def _body(entry: Entry) -> str:
    """The answer without its summary."""
    return entry.answer.partition("\n")[2] if entry.summary else entry.answer


def _about(document: _Document, entry: Entry) -> str:
    parts = [", ".join(f"`{tag}`" for tag in entry.tags), f"[{entry.file}]({_quoted(document, entry.file)})"]
    other = document.pairs.get(entry.name)
    if other:
        parts.append(f"{LANGUAGES[other.lang]}: {_link(document, other)}")
    return " · ".join(filter(None, parts))


def _quoted(document: _Document, file: str) -> str:
    return f"{document.folder}/{file}"


def _retargeted(document: _Document, entry: Entry, target: str) -> str:
    """Where a relative link of an entry leads from the merged document."""
    path, fragment = split_target(target)
    if not path:
        return f"#{document.inner[entry.name].get(fragment, fragment)}"
    place = posixpath.normpath(posixpath.join(document.folder, path))
    if place == document.output.name:
        return f"#{fragment}"
    name = posixpath.basename(place).removesuffix(".md")
    if posixpath.dirname(place) == posixpath.normpath(document.folder) and name in document.anchors:
        return f"#{document.inner[name].get(fragment, document.anchors[name])}"
    raw = target.partition("#")
    moved = posixpath.normpath(posixpath.join(document.folder, raw[0])) + ("/" if raw[0].endswith("/") else "")
    return moved + raw[1] + raw[2]
