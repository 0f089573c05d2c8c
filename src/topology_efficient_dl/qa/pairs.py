"""Which entries are the same in two languages."""

from __future__ import annotations

import re
from collections.abc import Sequence

from topology_efficient_dl.qa.entry import Entry

_PYTHON = re.compile(r"^```python[ \t]*\n(.*?)^```[ \t]*$", flags=re.MULTILINE | re.DOTALL)


def python_blocks(text: str) -> list[tuple[int, str]]:
    """Fenced Python blocks: the line (from 0) where the code begins, and the code."""
    return [(text[: match.start(1)].count("\n"), match[1]) for match in _PYTHON.finditer(text)]


def pairs_of(entries: Sequence[Entry]) -> dict[str, Entry]:
    """By name, the entry in the other language, for entries that have one.

    Both may name the slug of one of them in ``pair``, or one may name the other; else those are a pair whose first
    Python block is the same.
    """
    found: dict[str, Entry] = {}
    for entry in entries:
        if entry.pair:
            _join(found, entry, [other for other in entries if entry.pair in (other.name, other.slug, other.pair)])
    by_code: dict[str, list[Entry]] = {}
    for entry in entries:
        code = _PYTHON.search(entry.answer)
        if code:
            same = by_code.setdefault(code[1], [])
            _join(found, entry, same)
            same.append(entry)
    return found


def _join(found: dict[str, Entry], entry: Entry, others: Sequence[Entry]) -> None:
    """Join an entry with the first of the others that is free and in another language."""
    for other in others:
        if entry.lang != other.lang and entry.name not in found and other.name not in found:
            found[entry.name], found[other.name] = other, entry
