"""Lists of entries: chosen, as a table for people and as records for programs."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

from topology_efficient_dl.common.terminal import harmless
from topology_efficient_dl.qa.categories import check_category
from topology_efficient_dl.qa.entry import Entry
from topology_efficient_dl.qa.search import Hit, search
from topology_efficient_dl.qa.store import Contents
from topology_efficient_dl.qa.wording import folded

COLUMNS = ("date", "category", "lang", "question", "file")


def choose(
    contents: Contents,
    *,
    category: str | None = None,
    tags: Sequence[str] = (),
    lang: str | None = None,
    query: str | None = None,
) -> list[Hit]:
    """Entries of a category, with all of the tags, in a language; by date, or by how well they fit a query.

    Raises
    ------
    QuestionError : there is no such category
    """
    wanted = None if category is None else check_category(category)
    all_of = {folded(tag) for tag in tags}
    entries = [
        entry
        for entry in contents.entries
        if (wanted in (None, entry.category)) and all_of <= {*map(folded, entry.tags)} and lang in (None, entry.lang)
    ]
    return [Hit(entry, 0.0) for entry in entries] if query is None else search(entries, query)


def records(hits: Sequence[Hit]) -> list[dict[str, Any]]:
    """One object an entry, for JSON; ``score`` where there was a query."""
    return [{**_record(hit.entry), **({"score": hit.score} if hit.score else {})} for hit in hits]


def _record(entry: Entry) -> dict[str, Any]:
    return {
        "file": entry.file,
        "date": entry.date.isoformat(),
        "category": entry.category,
        "lang": entry.lang,
        "tags": list(entry.tags),
        "question": entry.question,
        "summary": entry.summary,
        "source": entry.source,
    }


def table(hits: Sequence[Hit]) -> str:
    """A table of a line an entry, aligned also where there are Korean letters."""
    rows = [COLUMNS, *(_cells(hit.entry) for hit in hits)]
    widths = [max(width(row[column]) for row in rows) for column in range(len(COLUMNS))]
    return "\n".join("  ".join(map(_padded, row, widths)).rstrip() for row in rows)


def _cells(entry: Entry) -> tuple[str, ...]:
    return (f"{entry.date:%Y-%m-%d}", entry.category, entry.lang, harmless(entry.question), harmless(entry.file))


def width(text: str) -> int:
    """Columns that a text takes on a terminal: two for every wide letter.

    Examples
    --------
    >>> width("지속 homology")
    13
    """
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _padded(text: str, columns: int) -> str:
    return text + " " * (columns - width(text))
