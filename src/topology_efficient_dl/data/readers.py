"""One UCR file -> its series and labels, from ``.tsv``, ``.txt``, ``.csv``, ``.ts`` or ``.arff``, gzipped or not.

The values are as in the file; what is done to them is in `topology_efficient_dl.data.splits`. Every format gives the
same arrays and the same label strings for the same data, which the loaders of aeon 1.3 do not (labels of ``.ts`` files
in lower case, unequal lengths lost in ``.arff``, no line in errors); the tests compare the two where both are right.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from topology_efficient_dl.common.bounded import open_text
from topology_efficient_dl.data.arff import arff_rows
from topology_efficient_dl.data.delimited import delimited_rows
from topology_efficient_dl.data.formats import (
    MISSING_VALUE,
    FileParser,
    TextRow,
    damaged,
    is_number,
    ts_rows,
)
from topology_efficient_dl.data.formats import normalise_label as normalise_label

FloatArray = NDArray[np.float64]

PARSERS: dict[str, FileParser] = {
    ".tsv": delimited_rows,
    ".ts": ts_rows,
    ".txt": delimited_rows,
    ".csv": delimited_rows,
    ".arff": arff_rows,
}
SUFFIXES = tuple(suffix + packing for packing in ("", ".gz") for suffix in PARSERS)


@dataclass(frozen=True)
class LabelledSeries:
    """What one file holds.

    Attributes
    ----------
    path : the file
    series : (n_channels, length) float64 each; NaN is a missing value, none at the end of a series
    labels : the class labels, normalised
    lines : the line of each series in the file, counted from 1
    label_column : where labels stand, from 0 (-1 is the last column); None where the format says so
    declared : True where the format or the user says which labels there are or where they stand
    columns : names of the columns of values, in order, where there are any
    notes : what was left out
    """

    path: Path
    series: list[FloatArray]
    labels: list[str]
    lines: list[int]
    label_column: int | None = None
    declared: bool = True
    columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def n_channels(self) -> int:
        """Channels of every series."""
        return self.series[0].shape[0]


def read_series(path: Path, label_column: str | None = None) -> LabelledSeries:
    """Every series of a file, with its label.

    A series ends at its last observed value: in tab-separated files shorter series are filled up with NaN, and the
    other formats are read the same way, so that missing values at the very end count as a shorter series.

    Parameters
    ----------
    path : a file of one of ``SUFFIXES``
    label_column : ``first``, ``last``, or the name of a column or attribute; None: as names, attributes or the format
        say, else first

    Raises
    ------
    DataError : the file is missing, damaged, empty or larger than the bound (`common.bounded`), or a row
        has no label, no values, a value that is not a number, an infinite value, only missing values, or another
        number of channels than the first
    """
    suffix = suffix_of(path)
    if suffix not in SUFFIXES:
        raise damaged(path, f"unknown format '{suffix}'; expected one of {', '.join(SUFFIXES)}")
    with open_text(path) as file:
        parsed = PARSERS[suffix.removesuffix(".gz")](path, _numbered(file), label_column)
        understood = parsed.label_column, parsed.declared, parsed.columns, parsed.notes
        part = LabelledSeries(path, [], [], [], *understood)
        for row in parsed.rows:
            part.series.append(_values(path, row))
            part.labels.append(_label(path, row))
            part.lines.append(row.line)
    if not part.series:
        raise damaged(path, "holds no series; expected one per line")
    _check_channels(part)
    return part


def suffix_of(path: Path) -> str:
    """The format of a file name, with ``.gz`` where it is packed.

    Examples
    --------
    >>> suffix_of(Path("ECG200_TRAIN.tsv.gz"))
    '.tsv.gz'
    """
    return "".join(path.suffixes[-2:]) if path.suffix == ".gz" else path.suffix


def _numbered(file: TextIO) -> Iterator[tuple[int, str]]:
    """Lines that are not blank; blanks at their ends are those of ASCII, so that a label keeps any other."""
    for number, line in enumerate(file, start=1):
        text = line.rstrip(" \t\r\n").lstrip(" ")
        if text:
            yield number, text


def _label(path: Path, row: TextRow) -> str:
    label = normalise_label(row.label)
    if (label == row.label.strip() and (not label or MISSING_VALUE.fullmatch(label))) or not label.strip():
        raise damaged(path, f"the class label is missing (found '{row.label}')", row.line)
    return label


def _values(path: Path, row: TextRow) -> FloatArray:
    """(n_channels, length) float64 values of a row, up to the last observed one."""
    channels = [_channel(path, row, channel) for channel in range(len(row.channels))]
    lengths = {len(channel) for channel in channels}
    if lengths <= {0}:
        raise damaged(path, f"label '{row.label[:40]}' without values; expected a label and values", row.line)
    if len(lengths) > 1:
        raise damaged(path, f"channels of unequal length, {sorted(lengths)}; one series has one length", row.line)
    values = np.stack(channels)
    observed = np.flatnonzero(~np.isnan(values).all(axis=0))
    return values[:, : observed[-1] + 1]


def _channel(path: Path, row: TextRow, channel: int) -> FloatArray:
    tokens = row.channels[channel]
    values = _plain_numbers(tokens)
    if values is None:
        values = np.array([_value(path, row, tokens, place) for place in range(len(tokens))], dtype=np.float64)
    if np.isinf(values).any():
        where = int(np.flatnonzero(np.isinf(values))[0])
        raise damaged(path, f"value {where + 1} of channel {channel + 1} is infinite ('{tokens[where]}')", row.line)
    if len(values) and np.isnan(values).all():
        raise damaged(path, f"every value of channel {channel + 1} is missing (NaN); remove the series", row.line)
    return values


def _plain_numbers(tokens: Sequence[str]) -> FloatArray | None:
    """The values at the speed of Python's float; None if it refuses one, or could take what is no number."""
    together = "".join(tokens)
    if "_" in together or not together.isascii():
        return None
    try:
        return np.fromiter(map(float, tokens), np.float64, len(tokens))
    except ValueError:
        return None


def _value(path: Path, row: TextRow, tokens: Sequence[str], place: int) -> float:
    token = tokens[place].strip()
    if MISSING_VALUE.fullmatch(token):
        return np.nan
    if is_number(token) or token.lstrip("+-").lower() in ("inf", "infinity"):
        return float(token)
    hint = ""
    if is_number(token.replace(",", ".")):
        hint = "; write a decimal point"
    elif not token:
        hint = "; write NaN where a value is missing"
    elif place == len(tokens) - 1:
        hint = "; if it is the label, set ingest.label_column=last"
    raise damaged(path, f"'{tokens[place]}' is not a number; expected numbers, NaN or ?{hint}", row.line)


def _check_channels(part: LabelledSeries) -> None:
    for values, line in zip(part.series, part.lines, strict=True):
        if len(values) != part.n_channels:
            problem = f"{len(values)} channels, but {part.n_channels} in the series before; all need the same"
            raise damaged(part.path, problem, line)
