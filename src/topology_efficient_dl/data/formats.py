"""What the text formats of series share - rows, fields, quotes, errors - and the ``.ts`` format.

The ``.ts`` format: Löning et al., "sktime", 2019; Middlehurst et al., "aeon", JMLR 25, 2024.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from topology_efficient_dl.errors import DataError, ParameterError

NumberedLines = Iterable[tuple[int, str]]
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
MISSING_VALUE = re.compile(r"\?|[+-]?nan", re.IGNORECASE)
FLOAT_AS_PRINTED = re.compile(r"([+-]?)[0-9]\.[0-9]+e[+-][0-9]{2,3}")
LARGEST_EXACT_INTEGER = 2**53
QUOTES = "\"'"
WARNING = "warning: "
"""How notes begin that a user should act on; they are logged too."""


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


@dataclass(frozen=True)
class ParsedFile:
    """Rows of a file, and how it was understood.

    Attributes
    ----------
    rows : one a series
    label_column : where the label stands, from 0 (-1 is the last); None in ``.ts`` and ``.arff``, whose format says so
    declared : True where the format or the user says which labels there are or where they stand
    columns : names of the columns of values, in order, where there are any
    notes : what was left out
    """

    rows: Iterator[TextRow]
    label_column: int | None = None
    declared: bool = True
    columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


FileParser = Callable[[Path, NumberedLines, str | None], ParsedFile]


def damaged(path: Path, problem: str, line: int | None = None) -> DataError:
    """The error for a file that cannot be read, naming file and line.

    Examples
    --------
    >>> damaged(Path("Wafer_TRAIN.tsv"), "label without values", line=3)
    DataError('Wafer_TRAIN.tsv, line 3: label without values')
    """
    return DataError(f"{path}, line {line}: {problem}" if line else f"{path}: {problem}")


def normalise_label(text: str) -> str:
    """A class label of a file of series as written: blanks around it and its quotes are no part of it.

    Those of graphs stay as they are (`graphs.text_tables`, `graphs.graph_json`). Inside quotes everything counts. One
    spelling is brought to another: whole numbers as C, MATLAB and numpy print floating point numbers (``%e``), which is
    how the UCR archive's old text files write class codes.

    Examples
    --------
    >>> [normalise_label(text) for text in ("1.0000000e+00", " 007", "1E3", "1.0", "room#12", "'Sit, down '")]
    ['1', '007', '1E3', '1.0', 'room#12', 'Sit, down ']
    """
    bare = text.strip(" \t")
    if len(bare) > 1 and bare[0] == bare[-1] and bare[0] in QUOTES:
        return bare[1:-1].replace(2 * bare[0], bare[0])
    if FLOAT_AS_PRINTED.fullmatch(bare) and abs(float(bare)) < LARGEST_EXACT_INTEGER and float(bare).is_integer():
        return str(int(float(bare)))
    return bare


def is_number(text: str) -> bool:
    """Whether a field is a decimal number: not ``1_000``, ``0x1F``, infinity, or digits of other scripts.

    Examples
    --------
    >>> [is_number(text) for text in ("-1.5e3", " 2", "1_000", "inf", "")]
    [True, True, False, False, False]
    """
    return NUMBER.fullmatch(text.strip()) is not None


def split_fields(line: str, separator: str | None) -> list[str]:
    """Fields between separators, or between blanks where it is None; those inside quotes do not separate.

    Examples
    --------
    >>> split_fields("'sit, down',1,2", ",")
    ["'sit, down'", '1', '2']
    """
    if '"' not in line and "'" not in line:
        return line.split(separator)
    field, gap = _field_patterns(separator)
    fields, place = [], 0
    while found := field.match(line, place):
        fields.append(found[0])
        between = gap.match(line, found.end())
        if between is None:
            break
        place = between.end()
    return fields


@functools.cache
def _field_patterns(separator: str | None) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Patterns of a field, quoted or not, and of what separates two."""
    gap, other = (r"[ \t]+", r"[^ \t]*") if separator is None else (re.escape(separator), f"[^{separator}]*")
    quoted = r""" *(?:"(?:[^"\\]|\\.|"")*"|'(?:[^'\\]|\\.|'')*') *(?=""" + gap + "|$)"
    return re.compile(f"{quoted}|{other}"), re.compile(gap)


def ts_rows(path: Path, lines: NumberedLines, label_column: str | None = None) -> ParsedFile:
    """Rows of ``value,value:value,value:label`` after a header of tags that ends with ``@data``.

    Raises
    ------
    DataError : the header lacks ``@data``, or says that there are time stamps or no class labels; in the rows, a label
        that ``@classLabel`` does not list, or a row without one
    ParameterError : ``label_column`` says that labels are not last
    """
    if label_column not in (None, "last"):
        raise ParameterError(f"ingest.label_column is '{label_column}', but in {path} (.ts) labels are last; unset it")
    numbered = iter(lines)
    tags = {}
    for _, line in header_lines(path, numbered):
        tag, *rest = line[1:].split(maxsplit=1)
        tags[tag.lower()] = "".join(rest)
    _check_ts_header(path, {tag: value.lower() for tag, value in tags.items()})
    classes = tags.get("classlabel", "").split()[1:]
    return ParsedFile(_ts_rows(path, numbered, classes, tags.get("dimensions", "")), declared=bool(classes))


def _ts_rows(path: Path, numbered: Iterator[tuple[int, str]], classes: list[str], dimensions: str) -> Iterator[TextRow]:
    known = set(map(_comparable, classes))
    for number, line in numbered:
        if line.startswith("#"):
            continue
        *channels, label = split_fields(line, ":")
        values = [channel.split(",") for channel in channels]
        lacking = dimensions.isdecimal() and len(values) == int(dimensions) - 1
        listed = _comparable(normalise_label(label)) in known
        if values and not listed and (lacking or _is_a_channel(label)):
            problem = f"no class label: '{label[:40]}' after the last colon holds values; write it there"
            lacks = f" (or the channel that is missing: @dimensions says {dimensions})" if lacking else ""
            raise damaged(path, problem + lacks, number)
        if lacking and values:
            problem = f"{len(values)} channels before label '{label[:40]}', but @dimensions says {dimensions}"
            raise damaged(path, f"{problem}; add the channel or correct @dimensions", number)
        check_listed(path, number, label, known, "@classLabel")
        yield TextRow(number, label, values)


def _is_a_channel(label: str) -> bool:
    """Whether what stands in a label's place is more than one number."""
    parts = label.split(",")
    return len(parts) > 1 and all(is_number(part) or MISSING_VALUE.fullmatch(part.strip()) for part in parts)


def check_listed(path: Path, line: int, label: str, known: set[str], where: str) -> None:
    """Refuse a label that the header does not list; in another case or as another spelling of a number it counts.

    Raises
    ------
    DataError : names the label and what is listed
    """
    plain = _comparable(normalise_label(label))
    if known and plain not in known and not set(plain.split()) <= known and normalise_label(label) not in ("", "?"):
        listed = ", ".join(sorted(known)[:8])
        raise damaged(
            path, f"label '{label[:40]}' is not listed in {where} ({listed}); correct the label or the list", line
        )


def comparable_labels(labels: Iterable[str]) -> set[str]:
    """Labels of a header as `check_listed` compares them."""
    return {_comparable(normalise_label(label)) for label in labels}


def _comparable(label: str) -> str:
    return repr(float(label)) if is_number(label) else label.casefold()


def header_lines(path: Path, numbered: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Lines of a header that begin with ``@``, up to ``@data``; the iterator is left at the first row of data.

    Raises
    ------
    DataError : there is no ``@data``
    """
    for number, line in numbered:
        text = line.lstrip()
        if text.split(maxsplit=1)[0].lower() == "@data":
            return
        if text.startswith("@") and len(text) > 1:
            yield number, text
    raise damaged(path, "no @data line; expected a header that ends with @data and one series per line after it")


def _check_ts_header(path: Path, tags: dict[str, str]) -> None:
    if tags.get("timestamps") == "true":
        raise damaged(path, "has time stamps (@timeStamps true); write it with plain values at equal time steps")
    if tags.get("targetlabel") == "true" or tags.get("classlabel", "true").startswith("false"):
        raise damaged(path, "has no class labels (@targetLabel true or @classLabel false); classification sets have")
