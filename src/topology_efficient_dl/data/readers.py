"""One UCR file -> its series and labels, from ``.tsv``, ``.txt``, ``.csv``, ``.ts`` or ``.arff``, gzipped or not.

The values are as in the file; what is done to them is in `topology_efficient_dl.data.splits`. Every format gives the
same arrays and the same label strings for the same data, which the loaders of aeon 1.3 do not (labels of ``.ts`` files
in lower case, unequal lengths lost in ``.arff``, no line in errors); the tests compare the two where both are right.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, cast

import numpy as np
from numpy.typing import NDArray

from topology_efficient_dl.data.formats import RowParser, TextRow, arff_rows, damaged, delimited_rows, ts_rows

FloatArray = NDArray[np.float64]

PARSERS: dict[str, RowParser] = {
    ".tsv": delimited_rows,
    ".ts": ts_rows,
    ".txt": delimited_rows,
    ".csv": delimited_rows,
    ".arff": arff_rows,
}
SUFFIXES = tuple(suffix + packing for packing in ("", ".gz") for suffix in PARSERS)
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
LARGEST_EXACT_INTEGER = 2**53


@dataclass(frozen=True)
class LabelledSeries:
    """What one file holds.

    Attributes
    ----------
    path : the file
    series : (n_channels, length) float64 each; NaN is a missing value, none at the end of a series
    labels : the class labels, normalised
    lines : the line of each series in the file, counted from 1
    """

    path: Path
    series: list[FloatArray]
    labels: list[str]
    lines: list[int]

    @property
    def n_channels(self) -> int:
        """Channels of every series."""
        return self.series[0].shape[0]


def read_series(path: Path) -> LabelledSeries:
    """Every series of a file, with its label.

    A series ends at its last observed value: in tab-separated files shorter series are filled up with NaN, and the
    other formats are read the same way, so that missing values at the very end count as a shorter series.

    Parameters
    ----------
    path : a file of one of ``SUFFIXES``

    Raises
    ------
    DataError : the file is missing, damaged or empty, or a row has no label, no values, a value that is not a number,
        an infinite value, only missing values, or another number of channels than the first
    """
    part = LabelledSeries(path, [], [], [])
    for row in _text_rows(path):
        part.series.append(_values(path, row))
        part.labels.append(_label(path, row))
        part.lines.append(row.line)
    if not part.series:
        raise damaged(path, "holds no series; expected one per line")
    _check_channels(part)
    return part


def normalise_label(text: str) -> str:
    """A class label in one spelling, whatever the file's: integers without decimals, other labels as they are.

    Examples
    --------
    >>> [normalise_label(text) for text in ("1.0000000e+00", "1.0", " 1", "-1", "2.50", "'Walking'")]
    ['1', '1', '1', '-1', '2.5', 'Walking']
    """
    bare = text.strip().strip("'\"").strip()
    if not NUMBER.fullmatch(bare) or abs(float(bare)) >= LARGEST_EXACT_INTEGER:
        return bare
    value = float(bare)
    return str(int(value)) if value.is_integer() else repr(value)


def suffix_of(path: Path) -> str:
    """The format of a file name, with ``.gz`` where it is packed.

    Examples
    --------
    >>> suffix_of(Path("ECG200_TRAIN.tsv.gz"))
    '.tsv.gz'
    """
    return "".join(path.suffixes[-2:]) if path.suffix == ".gz" else path.suffix


def _text_rows(path: Path) -> Iterator[TextRow]:
    suffix = suffix_of(path)
    if suffix not in SUFFIXES:
        raise damaged(path, f"unknown format '{suffix}'; expected one of {', '.join(SUFFIXES)}")
    try:
        with _open_text(path) as file:
            yield from PARSERS[suffix.removesuffix(".gz")](path, _numbered(file))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise damaged(path, f"truncated or damaged gzip file ({error}); fetch it again") from error
    except UnicodeDecodeError as error:
        raise damaged(path, f"is not a text file ({error}); expected {suffix}") from error
    except OSError as error:
        raise damaged(path, f"cannot be read ({error.strerror})") from error


def _open_text(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return cast(TextIO, gzip.open(path, "rt", encoding="utf-8-sig"))
    return path.open(encoding="utf-8-sig")


def _numbered(file: TextIO) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(file, start=1):
        if line.strip():
            yield number, line.rstrip().lstrip(" ")


def _label(path: Path, row: TextRow) -> str:
    label = normalise_label(row.label)
    if label.lower() in ("", "?", "nan"):
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
    try:
        values = np.fromiter(map(float, tokens), np.float64, len(tokens))
    except ValueError:
        values = np.array([_value(path, row, token) for token in tokens], dtype=np.float64)
    if np.isinf(values).any():
        where = int(np.flatnonzero(np.isinf(values))[0])
        raise damaged(path, f"value {where + 1} of channel {channel + 1} is infinite ('{tokens[where]}')", row.line)
    if len(values) and np.isnan(values).all():
        raise damaged(path, f"every value of channel {channel + 1} is missing (NaN); remove the series", row.line)
    return values


def _value(path: Path, row: TextRow, token: str) -> float:
    if token.strip() == "?":
        return np.nan
    try:
        return float(token)
    except ValueError:
        raise damaged(path, f"'{token}' is not a number; expected numbers, NaN or ?", row.line) from None


def _check_channels(part: LabelledSeries) -> None:
    for values, line in zip(part.series, part.lines, strict=True):
        if len(values) != part.n_channels:
            problem = f"{len(values)} channels, but {part.n_channels} in the series before; all need the same"
            raise damaged(part.path, problem, line)
