"""The text formats of the UCR archive, taken apart line by line into label and value strings.

Three layouts: a label and its values (``.tsv``, ``.txt``, ``.csv``), the ``.ts`` format (Löning et al., "sktime", 2019;
Middlehurst et al., "aeon", JMLR 25, 2024), and Weka's ``.arff``, relational where there is more than one channel.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from topology_efficient_dl.errors import DataError

NumberedLines = Iterable[tuple[int, str]]
RELATIONAL = re.compile(r"""(?P<quote>['"])(?P<values>.*)(?P=quote)\s*,(?P<label>[^,]*)""")


@dataclass(frozen=True)
class TextRow:
    """One series as text.

    Attributes
    ----------
    line : its line in the file, counted from 1
    label : the class label as written
    channels : by channel, the values as written
    """

    line: int
    label: str
    channels: list[list[str]]


RowParser = Callable[[Path, NumberedLines], Iterator[TextRow]]


def damaged(path: Path, problem: str, line: int | None = None) -> DataError:
    """The error for a file that cannot be read, naming file and line.

    Examples
    --------
    >>> damaged(Path("Wafer_TRAIN.tsv"), "label without values", line=3)
    DataError('Wafer_TRAIN.tsv, line 3: label without values')
    """
    return DataError(f"{path}, line {line}: {problem}" if line else f"{path}: {problem}")


def delimited_rows(path: Path, lines: NumberedLines) -> Iterator[TextRow]:
    """Rows of ``label, value, value, ...`` separated by tabs, commas or blanks.

    Examples
    --------
    >>> list(delimited_rows(Path("a.tsv"), [(1, "2 0.5 -1.5")]))
    [TextRow(line=1, label='2', channels=[['0.5', '-1.5']])]
    """
    for number, line in lines:
        label, *values = _fields(line)
        yield TextRow(number, label, [values])


def _fields(line: str) -> list[str]:
    for separator in ("\t", ","):
        if separator in line:
            return line.split(separator)
    return line.split()


def ts_rows(path: Path, lines: NumberedLines) -> Iterator[TextRow]:
    """Rows of ``value,value:value,value:label`` after a header of tags that ends with ``@data``.

    Raises
    ------
    DataError : the header lacks ``@data``, or says that there are time stamps or no class labels
    """
    numbered = iter(lines)
    _check_ts_header(path, _header(path, numbered))
    for number, line in numbered:
        if not line.startswith("#"):
            *channels, label = line.split(":")
            yield TextRow(number, label, [channel.split(",") for channel in channels])


def arff_rows(path: Path, lines: NumberedLines) -> Iterator[TextRow]:
    r"""Rows of ``value,value,label``, or of ``'value,value\nvalue,value',label`` with one line a channel.

    Raises
    ------
    DataError : the header lacks ``@data``
    """
    numbered = iter(lines)
    _header(path, numbered)
    for number, line in numbered:
        if not line.startswith("%"):
            yield _arff_row(number, line)


def _arff_row(number: int, line: str) -> TextRow:
    relational = RELATIONAL.fullmatch(line)
    if relational:
        channels = [channel.split(",") for channel in relational["values"].split(r"\n")]
        return TextRow(number, relational["label"], channels)
    *values, label = line.split(",")
    return TextRow(number, label, [values])


def _header(path: Path, numbered: Iterator[tuple[int, str]]) -> dict[str, str]:
    """Tags of the header in lower case with what follows them; the iterator is left at the first row of data."""
    tags: dict[str, str] = {}
    for _, line in numbered:
        if line.startswith("@"):
            tag, *rest = line[1:].lower().split(maxsplit=1)
            if tag == "data":
                return tags
            tags[tag] = "".join(rest)
    raise damaged(path, "no @data line; expected a header that ends with @data and one series per line after it")


def _check_ts_header(path: Path, tags: dict[str, str]) -> None:
    if tags.get("timestamps") == "true":
        raise damaged(path, "has time stamps (@timeStamps true); write it with plain values at equal time steps")
    if tags.get("targetlabel") == "true" or tags.get("classlabel", "true").startswith("false"):
        raise damaged(path, "has no class labels (@targetLabel true or @classLabel false); classification sets have")
