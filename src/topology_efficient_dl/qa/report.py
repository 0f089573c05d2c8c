"""What merging found: numbers, the same question twice, links that lead nowhere, files that were left out."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

from topology_efficient_dl.qa.entry import Entry, format_entry
from topology_efficient_dl.qa.links import split_target, targets_of
from topology_efficient_dl.qa.markdown import Anchors, headings_of
from topology_efficient_dl.qa.store import Contents
from topology_efficient_dl.qa.wording import question_key


def merge_report(contents: Contents) -> dict[str, Any]:
    """What a user should know of a merge, as JSON."""
    return {
        "entries": len(contents),
        "by_category": dict(sorted(Counter(entry.category for entry in contents.entries).items())),
        "by_lang": dict(sorted(Counter(entry.lang for entry in contents.entries).items())),
        "duplicates": duplicates_of(contents),
        "dangling_links": [list(link) for link in dangling_links(contents)],
        "left_out": [str(problem) for problem in contents.problems],
    }


def report_lines(report: dict[str, Any]) -> list[str]:
    """What of a report needs attention, a line each."""
    return [
        *(f"asked more than once: {', '.join(files)}" for files in report["duplicates"]),
        *(f"leads nowhere: {target} in {file}" for file, target in report["dangling_links"]),
        *(f"left out: {problem}" for problem in report["left_out"]),
    ]


def duplicates_of(contents: Contents) -> list[list[str]]:
    """Files of entries that ask the same, but for case, spaces, signs and articles."""
    same: dict[str, list[str]] = {}
    for entry in contents.entries:
        same.setdefault(question_key(entry.question), []).append(entry.file)
    return [files for files in same.values() if len(files) > 1]


def dangling_links(contents: Contents) -> list[tuple[str, str]]:
    """Relative links that lead to no file, or to no heading of a Markdown file: file and target."""
    return [
        (entry.file, target)
        for entry in contents.entries
        if "](" in entry.answer or "]:" in entry.answer or "<" in entry.answer
        for target in targets_of(entry.answer)
        if not _leads_somewhere(contents, entry, target)
    ]


def _leads_somewhere(contents: Contents, entry: Entry, target: str) -> bool:
    path, fragment = split_target(target)
    if "/" not in path:
        other = contents.by_name.get(path.removesuffix(".md")) if path else entry
        if other is not None:
            return not fragment or fragment in _anchors_of(other)
    file = contents.folder / path
    if not fragment or file.suffix != ".md" or not file.is_file():
        return file.exists()
    return fragment in _anchors_of_file(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=256)
def _anchors_of_file(file: Path, changed: int) -> frozenset[str]:
    return _anchors(file.read_text(encoding="utf-8", errors="replace"))


def _anchors_of(entry: Entry) -> frozenset[str]:
    return _anchors(format_entry(entry))


def _anchors(text: str) -> frozenset[str]:
    anchors = Anchors()
    return frozenset(anchors.add(heading.text) for heading in headings_of(text.split("\n")))
