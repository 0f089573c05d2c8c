"""Text files of columns, gzipped or not: a field is the text that stands there, and an error names its line.

Columns are separated by tabs, commas or blanks, whichever the first line has. Blanks around a field do not count, and
between commas a field may stand in double quotes. A line that begins with ``#`` is a comment; where blanks separate, so
is what follows a field that begins with ``#``. A first line of names of columns is known by the names, which then say
the order of the columns.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TextIO

import numpy as np
import pandas as pd

from topology_efficient_dl.common.bounded import open_text as open_text
from topology_efficient_dl.data.formats import damaged

WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+(\.0*)?")
LARGEST = 2**62 - 1
"""Of whole numbers, so that the difference of any two fits into int64."""
_FIRST = {"i", "u", "source", "src", "sender", "from", "node1", "node_1", "id1", "id_1"}
_SECOND = {"j", "v", "target", "dst", "receiver", "to", "node2", "node_2", "id2", "id_2"}
NAMES = {
    "t": {"t", "time", "times", "timestamp"},
    "i": _FIRST,
    "sender": _FIRST,
    "j": _SECOND,
    "receiver": _SECOND,
    "Ci": {"ci", "class_i", "label_i"},
    "Cj": {"cj", "class_j", "label_j"},
    "id": {"id", "node", "node_id", "new", "new_id"},
    "class": {"class", "label", "group", "group_code"},
    "gender": {"gender", "sex"},
    "original": {"original", "original_id", "old", "old_id"},
}
"""By column, what it is called in a first line of names, in any case."""


def data_lines(file: TextIO, comments: list[tuple[int, str]] | None = None) -> Iterator[tuple[int, str]]:
    """Lines with their numbers from 1, without blank lines and comments, which are added to the list that is given."""
    for number, line in enumerate(file, start=1):
        text = line.strip(" \n")
        if text.startswith("#"):
            if comments is not None:
                comments.append((number, text))
        elif text.strip():
            yield number, line.strip("\n")


def fields_of(text: str, separator: str | None = None) -> list[str]:
    r"""The fields of a line, without the blanks around them.

    Parameters
    ----------
    text : the line
    separator : tab or comma; None for blanks

    Raises
    ------
    csv.Error : a quoted field does not end

    Examples
    --------
    >>> fields_of("20  room#12 7 # a comment"), fields_of('20, "a, b",room #12', ",")
    (['20', 'room#12', '7'], ['20', 'a, b', 'room #12'])
    """
    if separator is None:
        fields = [field for field in text.replace("\t", " ").split(" ") if field]
        if "#" not in text:
            return fields
        return fields[: next((k for k, field in enumerate(fields) if field.startswith("#")), None)]
    if separator == "," and '"' in text:
        return [field.strip(" ") for field in next(csv.reader([text], skipinitialspace=True, strict=True))]
    return [field.strip(" ") for field in text.split(separator)]


def read_table(
    path: Path,
    *layouts: tuple[str, ...],
    whole: Sequence[str] = (),
    optional: Sequence[str] = (),
    header: bool | None = None,
) -> pd.DataFrame:
    """The columns of a text file; those in ``whole`` as int64, all others as text, indexed by the lines of the file.

    Parameters
    ----------
    path : the file
    layouts : names of the columns, each layout of another length; the first line decides
    whole : columns of whole numbers
    optional : columns whose field may be empty
    header : whether the first line has names of columns; if None, it does where all of its fields are in ``NAMES``

    Returns
    -------
    The table; its ``attrs["named"]`` says whether there was a line of names.

    Raises
    ------
    DataError : the file is missing, damaged or empty; a line has too few or too many fields, an empty one, or one that
        is no whole number where ``whole`` wants it; or it is unclear whether a line is a row
    """
    comments: list[tuple[int, str]] = []
    with open_text(path) as file:
        text = file.read()
    lines = data_lines(io.StringIO(text), comments)
    first = next(lines, None)
    if first is None:
        raise damaged(path, f"is empty; expected lines of {_wanted(layouts)}")
    rows = _Rows.of(path, first, layouts, tuple(whole), tuple(optional), header)
    found = rows.read_plain(text)
    if found is None:
        found = rows.read(lines if rows.named else chain([first], lines))
    table = rows.checked(found)
    rows.check_comments(comments)
    if header is None:
        rows.check_first_line(first, table)
    return table


@dataclass(frozen=True)
class _Rows:
    """What a row of a file is like, as its first line says."""

    path: Path
    columns: tuple[str, ...]
    whole: tuple[str, ...]
    optional: tuple[str, ...]
    separator: str | None
    named: bool
    skipped: int

    @classmethod
    def of(
        cls,
        path: Path,
        first: tuple[int, str],
        layouts: tuple[tuple[str, ...], ...],
        whole: tuple[str, ...],
        optional: tuple[str, ...],
        header: bool | None,
    ) -> _Rows:
        number, text = first
        separator = next((mark for mark in "\t," if mark in text), None)
        fields = _split(path, number, text, separator)
        skipped = int(header is not False and fields[0] == "" and all(map(_is_name, fields[1:])))
        names = fields[skipped:]
        columns = next((layout for layout in layouts if len(layout) == len(names)), None)
        if columns is None:
            raise damaged(path, _wrong_count(text, len(names), layouts), number)
        named = header or (header is None and None not in _said(names, columns))
        ordered = _ordered(names, columns) if named else columns
        if ordered is None:
            problem = f"names of columns '{text.strip()[:60]}'; expected {' '.join(columns)} in any order; rename them"
            raise damaged(path, problem, number)
        return cls(path, ordered, whole, optional, separator, bool(named), skipped)

    def fields(self, number: int, text: str) -> list[str]:
        """The fields of a row, as many as there are columns."""
        fields = _split(self.path, number, text, self.separator)[self.skipped :]
        if len(fields) != len(self.columns):
            raise damaged(self.path, _wrong_count(text, len(fields), (self.columns,)), number)
        return fields

    def read(self, lines: Iterable[tuple[int, str]]) -> pd.DataFrame:
        """All rows by their lines, as text."""
        found = [(number, *self.fields(number, text)) for number, text in lines]
        if not found:
            problem = f"is empty; expected lines of {_wanted((self.columns,))} after the names of columns"
            raise damaged(self.path, problem)
        numbers, *columns = zip(*found, strict=True)
        return pd.DataFrame(dict(zip(self.columns, columns, strict=True)), index=pd.Index(numbers), dtype=object)

    def read_plain(self, text: str) -> pd.DataFrame | None:
        """The same some times as fast, or None where the file has comments, quotes, gaps or blank lines."""
        if self.skipped or any(mark in text for mark in '#"\0'):
            return None
        try:
            table = pd.read_csv(
                io.StringIO(text),
                sep=self.separator or r"\s+",
                names=list(self.columns),
                header=None,
                skiprows=int(self.named),
                skip_blank_lines=False,
                dtype=str,
                keep_default_na=False,
                quoting=csv.QUOTE_NONE,
            )
        except ValueError:
            return None
        if not len(table) or not isinstance(table.index, pd.RangeIndex):
            return None
        if self.separator:
            table = table.apply(lambda column: column.str.strip(" "))
        table.index = pd.RangeIndex(1 + self.named, 1 + self.named + len(table))
        return None if (table == "").to_numpy().any() or table.isna().to_numpy().any() else table

    def checked(self, table: pd.DataFrame) -> pd.DataFrame:
        """The table with whole numbers where they belong."""
        lines = table.index
        for name in self.columns:
            codes, values = pd.factorize(table[name])
            for code, value in enumerate(values):
                problem = self._problem(name, value)
                if problem:
                    raise damaged(self.path, f"{name} is {problem}", lines[int(np.flatnonzero(codes == code)[0])])
            if name in self.whole:
                table[name] = np.array([int(value.split(".")[0]) for value in values], np.int64)[codes]
        table.attrs["named"] = self.named
        return table

    def _problem(self, name: str, value: str) -> str | None:
        if name in self.whole and not _is_whole(value):
            expected = f"a whole number of at most {LARGEST}" if _is_number(value) else "a whole number"
            return f"'{value[:60]}'; expected {expected}; round or correct it"
        missing = not value and name not in self.optional
        return "empty; expected a value; fill it or take the line out" if missing else None

    def check_comments(self, comments: Sequence[tuple[int, str]]) -> None:
        """Refuse comments that could be rows, such as ``#cats #dogs``."""
        for number, text in comments:
            fields = _split(self.path, number, text.replace("#", ""), self.separator)
            alike = text[1:2] not in ("", " ", "\t", "#") and len(fields) - self.skipped == len(self.columns)
            if alike and not all(map(_is_name, fields)):
                problem = f"'{text[:60]}' begins as a comment and has the fields of a row; write '# ' before comments, "
                raise damaged(self.path, f"{problem}and another sign in names of nodes", number)

    def check_first_line(self, first: tuple[int, str], table: pd.DataFrame) -> None:
        """Refuse a first line of which it is unclear whether it names columns or nodes."""
        texts = [name for name in self.columns if name not in (*self.whole, *self.optional)]
        if self.named:
            fields = dict(zip(self.columns, self.fields_of_names(first), strict=True))
            unclear = any((table[name] == fields[name]).any() for name in texts)
        else:
            judged = bool(texts) and not set(self.whole) & set(self.columns)
            ids: list[str] = table[texts].to_numpy().ravel().tolist() if judged else []
            own, rest = ids[: len(texts)], ids[len(texts) :]
            unclear = len(rest) > 1 and not any(map(_is_whole, own)) and all(map(_is_whole, rest))
        if unclear:
            problem = f"'{first[1].strip()[:60]}' could be names of columns or a row; say which with header=, "
            raise damaged(self.path, f"{problem}or call the columns {' '.join(self.columns)}", first[0])

    def fields_of_names(self, first: tuple[int, str]) -> list[str]:
        """The names of columns as they stand in the first line."""
        return _split(self.path, *first, self.separator)[self.skipped :]


def _split(path: Path, number: int, text: str, separator: str | None) -> list[str]:
    try:
        return fields_of(text, separator)
    except csv.Error as error:
        raise damaged(
            path, f"'{text[:60]}' is no line of fields between commas ({error}); correct it", number
        ) from error


def _is_name(field: str) -> bool:
    return any(field.casefold() in names for names in NAMES.values())


def _said(names: Sequence[str], columns: Sequence[str]) -> list[str | None]:
    """The column that each name stands for, if it is known."""
    return [next((column for column in columns if name.casefold() in NAMES.get(column, ())), None) for name in names]


def _ordered(names: Sequence[str], columns: tuple[str, ...]) -> tuple[str, ...] | None:
    """Columns in the order of their names; unknown names stand for the column of their place, or the only one left."""
    said = _said(names, columns)
    known = [column for column in said if column is not None]
    if all(column in (None, place) for column, place in zip(said, columns, strict=True)):
        return columns
    left = [column for column in columns if column not in known]
    if len(set(known)) < len(known) or len(left) > 1:
        return None
    return tuple(column or left[0] for column in said)


def _is_number(value: str) -> bool:
    return bool(WHOLE_NUMBER.fullmatch(value))


def _is_whole(value: str) -> bool:
    return _is_number(value) and len(value) < 40 and abs(int(value.split(".")[0])) <= LARGEST


def _wanted(layouts: Sequence[tuple[str, ...]]) -> str:
    return " or ".join(f"{len(columns)} fields ({' '.join(columns)})" for columns in layouts)


def _wrong_count(text: str, n_fields: int, layouts: Sequence[tuple[str, ...]]) -> str:
    return f"{n_fields} fields ('{text.strip()[:60]}'); expected {_wanted(layouts)}; complete the line or take it out"
