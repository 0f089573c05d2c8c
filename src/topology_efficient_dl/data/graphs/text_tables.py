"""Text files of columns, gzipped or not: read at the speed of pandas, and explained line by line where damaged.

Columns are separated by tabs, commas or blanks, whichever the first line has. What follows ``#`` is a comment.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import pandas as pd

from topology_efficient_dl.bounded import open_text as open_text
from topology_efficient_dl.data.formats import damaged

WHOLE_NUMBER = re.compile(r"[+-]?\d+(\.0*)?")
LARGEST_INT64 = 2**63 - 1


def data_lines(file: TextIO, header: bool = False) -> Iterator[tuple[int, str]]:
    """Lines with their numbers from 1, without comments, blank lines and the header."""
    for number, line in enumerate(file, start=1):
        text = line.split("#", 1)[0].strip("\r\n")
        if text.strip():
            if not header:
                yield number, text
            header = False


def line_of_row(path: Path, row: int, header: bool = False) -> int:
    """The line, from 1, where the row of this index (from 0) stands in a file."""
    with open_text(path) as file:
        return next(number for index, (number, _) in enumerate(data_lines(file, header)) if index == row)


def read_table(
    path: Path,
    *layouts: tuple[str, ...],
    whole: Sequence[str] = (),
    optional: Sequence[str] = (),
    header: bool = False,
) -> pd.DataFrame:
    """The columns of a text file; those in ``whole`` as int64, all others as text.

    Parameters
    ----------
    path : the file
    layouts : names of the columns, each layout of another length; the first line decides
    whole : columns of whole numbers
    optional : columns whose field may be empty
    header : the first line has names of columns and is left out

    Raises
    ------
    DataError : the file is missing, damaged or empty; a line has too few or too many fields, an empty one, or one that
        is no whole number where ``whole`` wants it
    """
    with open_text(path) as file:
        first = next(data_lines(file, header), None)
    if first is None:
        raise damaged(path, f"is empty; expected lines of {_wanted(layouts)}")
    rows = _RowFormat.of(path, first, layouts, tuple(whole), tuple(optional))
    rows.check(path, *first)
    table = _fast(path, rows, header)
    empty = set() if table is None else {name for name in rows.texts if (table[name] == "").any()}
    if table is None or empty:
        _explain(path, rows, header)
    if table is None or not empty <= set(optional):
        wanted = _wanted((rows.columns,))
        raise damaged(path, f"has unusual blanks or line ends; expected lines of {wanted}; write it with plain ones")
    return table


@dataclass(frozen=True)
class _RowFormat:
    columns: tuple[str, ...]
    whole: tuple[str, ...]
    optional: tuple[str, ...]
    separator: str | None
    layouts: tuple[tuple[str, ...], ...]

    @classmethod
    def of(
        cls,
        path: Path,
        first: tuple[int, str],
        layouts: tuple[tuple[str, ...], ...],
        whole: tuple[str, ...],
        optional: tuple[str, ...],
    ) -> _RowFormat:
        number, text = first
        separator = next((mark for mark in "\t," if mark in text), None)
        n_fields = len(_split(text, separator))
        for columns in layouts:
            if len(columns) == n_fields:
                return cls(columns, whole, optional, separator, layouts)
        raise damaged(path, _wrong_count(text, n_fields, layouts), number)

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(name for name in self.columns if name not in self.whole)

    def check(self, path: Path, number: int, text: str) -> None:
        fields = _split(text, self.separator)
        if len(fields) != len(self.columns):
            raise damaged(path, _wrong_count(text, len(fields), (self.columns,)), number)
        for name, value in zip(self.columns, fields, strict=True):
            if name in self.whole and not _is_whole(value):
                raise damaged(path, f"{name} is '{value}'; expected a whole number; round or correct it", number)
            if not value and name not in self.optional:
                raise damaged(path, f"{name} is empty; expected a value; fill it or take the line out", number)


def _fast(path: Path, rows: _RowFormat, header: bool) -> pd.DataFrame | None:
    """The table, or None where pandas refuses the file."""
    try:
        with open_text(path) as file:
            table = pd.read_csv(
                file,
                sep=rows.separator or r"\s+",
                header=0 if header else None,
                names=list(rows.columns),
                index_col=None,
                dtype={name: "int64" if name in rows.whole else "str" for name in rows.columns},
                keep_default_na=False,
                quoting=csv.QUOTE_NONE,
                comment="#",
            )
    except (ValueError, OverflowError):
        return None
    for name in rows.texts if rows.separator else ():
        table[name] = table[name].str.strip()
    return table


def _explain(path: Path, rows: _RowFormat, header: bool) -> None:
    """Raise at the first line that is not as it should be."""
    with open_text(path) as file:
        for number, text in data_lines(file, header):
            rows.check(path, number, text)


def _split(text: str, separator: str | None) -> list[str]:
    return [field.strip() for field in text.split(separator)]


def _is_whole(value: str) -> bool:
    return bool(WHOLE_NUMBER.fullmatch(value)) and abs(float(value)) <= LARGEST_INT64


def _wanted(layouts: Sequence[tuple[str, ...]]) -> str:
    return " or ".join(f"{len(columns)} fields ({' '.join(columns)})" for columns in layouts)


def _wrong_count(text: str, n_fields: int, layouts: Sequence[tuple[str, ...]]) -> str:
    return f"{n_fields} fields ('{text.strip()[:60]}'); expected {_wanted(layouts)}; complete the line or take it out"
