"""The front matter of an entry: read strictly, and every mistake told with its line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import yaml

from topology_efficient_dl.errors import QuestionError, did_you_mean
from topology_efficient_dl.qa.categories import check_category
from topology_efficient_dl.qa.wording import LANGUAGES

REQUIRED = ("date", "tags", "category", "lang")
ALLOWED = (*REQUIRED, "pair", "source")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class LineError(QuestionError):
    """A file that cannot be read, and the line (from 1) where that shows."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class FrontMatter:
    """What stands above an entry; ``end`` is the number of its lines, ``lines`` where each key stands."""

    date: datetime
    tags: tuple[str, ...]
    category: str
    lang: str
    pair: str | None
    source: str | None
    end: int
    lines: dict[str, int] = field(compare=False)

    def line(self, key: str) -> int:
        """Where a key stands (from 1)."""
        return self.lines.get(key, 1)


def read_front_matter(text: str) -> tuple[FrontMatter, list[str]]:
    """The front matter and all lines of a file.

    Raises
    ------
    LineError : it is missing, not closed, not YAML, or a key or value is wrong
    """
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    if lines[0].rstrip() != "---":
        raise LineError(1, "expected the front matter, which begins with a line '---'")
    end = next((number for number, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), None)
    if end is None:
        raise LineError(1, "the front matter is not closed; expected a second line '---'")
    places = {match[1]: number for number, line in enumerate(lines[:end], 1) if (match := re.match(r"(\w+)\s*:", line))}
    values = _load("\n".join(lines[1:end]))
    _check_keys(values, places, end + 1)
    read = {key: _value(key, values[key], places.get(key, 1)) for key in values}
    return FrontMatter(**{"pair": None, "source": None, **read}, end=end + 1, lines=places), lines


def _load(text: str) -> dict[str, Any]:
    try:
        values = yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 2 if mark else 1
        raise LineError(line, f"the front matter is not YAML: {error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError) as error:  # a control character; a date such as 2026-13-01
        raise LineError(2, f"the front matter is not YAML: {str(error).splitlines()[0]}") from None
    if not isinstance(values, dict):
        raise LineError(2, f"the front matter has no keys; expected {', '.join(REQUIRED)}")
    return values


def _check_keys(values: dict[Any, Any], places: dict[str, int], end: int) -> None:
    for key in values:
        if key not in ALLOWED:
            hint = did_you_mean(str(key), ALLOWED) or "."
            raise LineError(places.get(str(key), 1), f"unknown key '{key}'{hint} Allowed: {', '.join(ALLOWED)}")
    missing = [key for key in REQUIRED if key not in values]
    if missing:
        raise LineError(end, f"the front matter lacks {', '.join(missing)}; expected {', '.join(REQUIRED)}")


def _value(key: str, value: Any, line: int) -> Any:
    try:
        return _READERS[key](value)
    except QuestionError as error:
        raise LineError(line, str(error)) from None


def _date(value: Any) -> datetime:
    if not isinstance(value, datetime):
        raise QuestionError(f"date {str(value)!r} is not a date with time; expected one such as 2026-11-26T09:00:00")
    return value.replace(tzinfo=None, microsecond=0)


def _tags(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or any(isinstance(tag, (dict, list)) or tag is None for tag in value):
        raise QuestionError(f"tags {value!r} are not a list of words; expected such as [homology, barcode]")
    return tuple(dict.fromkeys(unicodedata.normalize("NFC", str(tag)).lower().strip() for tag in value))


def _lang(value: Any) -> str:
    if not isinstance(value, str) or value not in LANGUAGES:
        raise QuestionError(f"unknown lang '{value}'; expected {' or '.join(LANGUAGES)}")
    return value


def _word(value: Any) -> str | None:
    return unicodedata.normalize("NFC", str(value)).strip() if value is not None else None


_READERS: dict[str, Callable[[Any], Any]] = {
    "date": _date,
    "tags": _tags,
    "category": lambda value: check_category(str(value)),
    "lang": _lang,
    "pair": _word,
    "source": _word,
}
