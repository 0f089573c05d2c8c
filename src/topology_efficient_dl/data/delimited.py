"""Text files of columns: a label and its values between tabs, commas, semicolons or blanks, with names or without.

The first line decides: what separates, and whether it names the columns. Where it does, names say which column is the
label and which is a row index; where it does not, labels are first, as in the UCR archive, or where
``ingest.label_column`` says.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from topology_efficient_dl.data.formats import (
    NumberedLines,
    ParsedFile,
    TextRow,
    damaged,
    is_number,
    normalise_label,
    split_fields,
)
from topology_efficient_dl.errors import did_you_mean

LABEL_NAMES = frozenset(
    {"label", "labels", "class", "classes", "target", "y", "category", "class_label", "classlabel", "class label"}
)
LETTER = "y"
"""A name of labels that is a name of much else."""
PERHAPS_A_CLASS = frozenset({LETTER, "target", "category"})
"""Names of labels that could be a class too."""
INDEX_NAME = re.compile(r"|index|idx|unnamed: 0(\.[0-9]+)*|id|row|row_id|rownames|sample_id")
SEPARATORS = ("\t", ";", ",")
AT_LEAST_A_RAMP = 3


def delimited_rows(path: Path, lines: NumberedLines, label_column: str | None = None) -> ParsedFile:
    """Rows of a label and values.

    Parameters
    ----------
    path : of the file, for errors
    lines : its lines with their numbers
    label_column : ``first``, ``last`` or a column's name; None: by the names of the columns, else first

    Raises
    ------
    DataError : the first line names columns, and none or several of them are the label; or it has numbers for names

    Examples
    --------
    >>> list(delimited_rows(Path("a.tsv"), [(1, "2 0.5 -1.5")]).rows)
    [TextRow(line=1, label='2', channels=[['0.5', '-1.5']])]
    >>> list(delimited_rows(Path("a.csv"), [(1, "t0,t1,class"), (2, "0.5,-1.5,2")]).rows)
    [TextRow(line=2, label='2', channels=[['0.5', '-1.5']])]
    """
    numbered = iter(lines)
    first = next(numbered, None)
    if first is None:
        return ParsedFile(iter(()))
    number, line = first
    separator = _separator(line)
    fields = split_fields(line, separator)
    names = [normalise_label(field) for field in fields]
    if _are_names(names):
        label = _column_named(path, number, names, label_column)
        return _named_columns(path, numbered, separator, names, label)
    if _is_header_of_numbers(names):
        raise damaged(path, _header_of_numbers(names), number)
    if label_column not in (None, "first", "last"):
        problem = (
            f"the first line names no columns, but ingest.label_column is '{label_column}'; set it to first or last"
        )
        raise damaged(path, problem, number)
    rows = _unnamed_columns(path, itertools.chain([first], numbered), separator, last=label_column == "last")
    return ParsedFile(rows, -1 if label_column == "last" else 0, declared=label_column is not None)


def is_index_name(name: str) -> bool:
    """Whether a column of this name is a row index, in any case.

    Examples
    --------
    >>> [is_index_name(name) for name in ("Id", "Unnamed: 0.1", "time", "")]
    [True, True, False, True]
    """
    return INDEX_NAME.fullmatch(name.casefold()) is not None


def _is_header_of_numbers(fields: Sequence[str]) -> bool:
    """Whether a first line counts its columns: 0, 1, 2, ... or 1, 2, 3, ...; an index has no name before them."""
    if fields[0] == "":
        return len(fields) > AT_LEAST_A_RAMP and _is_ramp(fields[1:])
    return (_counts_from(0, fields) and len(fields) > AT_LEAST_A_RAMP) or (
        _counts_from(1, fields) and len(fields) > 2 * AT_LEAST_A_RAMP
    )


def _counts_from(start: int, fields: Sequence[str]) -> bool:
    return all(is_number(field) and float(field) == place for place, field in enumerate(fields, start=start))


def _header_of_numbers(fields: Sequence[str]) -> str:
    beginning = ", ".join(fields[:4])
    return (
        f"the first line counts ({beginning}, ...): column numbers, as pandas writes them, and no series; "
        "write the file without them: to_csv(header=False, index=False)"
    )


def _separator(line: str) -> str | None:
    """What separates most fields of a line; None: blanks."""
    counts = [len(split_fields(line, separator)) for separator in SEPARATORS]
    return SEPARATORS[counts.index(max(counts))] if max(counts) > 1 else None


def _are_names(names: Sequence[str]) -> bool:
    """Whether a first line names columns: all fields are words; or one is a name of labels, and the others count."""
    if len(names) > 1 and all(map(_is_word, names[1:])) and (names[0] == "" or _is_word(names[0])):
        return True
    rest = [name for name in names if name.casefold() not in LABEL_NAMES]
    named = len(rest) < len(names)
    return named and _is_ramp(rest[1:] if rest and is_index_name(rest[0]) else rest)


def _is_word(text: str) -> bool:
    """Whether a field is neither empty nor what Python would take for a number, such as 1_000 or inf."""
    try:
        float(text)
    except ValueError:
        return text not in ("", "?")
    return False


def _is_ramp(fields: Sequence[str]) -> bool:
    """Whether fields are numbers that rise by equal steps."""
    if not fields or not all(map(is_number, fields)):
        return False
    values = [float(field) for field in fields]
    steps = [after - before for before, after in itertools.pairwise(values)]
    return all(step > 0 and abs(step - steps[0]) <= 1e-6 * steps[0] for step in steps)


def _column_named(path: Path, line: int, names: Sequence[str], label_column: str | None) -> int:
    """Which of the named columns is the label."""
    if label_column in names:
        return list(names).index(str(label_column))
    kept = [index for index, name in enumerate(names) if not is_index_name(name)]
    if label_column in ("first", "last") and kept:
        return kept[0 if label_column == "first" else -1]
    shown = ", ".join(names[:4]) + (f", ... {names[-1]}" if len(names) > 4 else "")
    if label_column is not None:
        hint = did_you_mean(label_column, names) or ";"
        raise damaged(path, f"no column '{label_column}'{hint} there are {shown}; correct ingest.label_column", line)
    labels = [index for index, name in enumerate(names) if name.casefold() in LABEL_NAMES]
    if len(labels) == 1:
        return labels[0]
    found = "several of them may be the label" if labels else "none of them is 'label', 'class' or 'target'"
    problem = f"the first line names columns ({shown}), and {found}; say which with ingest.label_column=<name>"
    raise damaged(path, f"{problem}, first or last", line)


def _named_columns(
    path: Path, numbered: Iterator[tuple[int, str]], separator: str | None, names: Sequence[str], label: int
) -> ParsedFile:
    index = [column for column, name in enumerate(names) if is_index_name(name) and column != label]
    values = [column for column in range(len(names)) if column not in (label, *index)]

    def rows() -> Iterator[TextRow]:
        for number, line in numbered:
            fields = split_fields(line, separator)
            if len(fields) != len(names):
                problem = f"{len(fields)} fields, but the first line names {len(names)} columns; complete the line"
                raise damaged(path, problem, number)
            if normalise_label(fields[label]) == names[label]:
                problem = f"label '{names[label]}' is the column's name; rename the column or the class"
                raise damaged(path, problem, number)
            yield TextRow(number, fields[label], [[fields[column] for column in values]])

    notes = tuple(f"column '{names[column]}' of {path.name} left out: a row index by its name" for column in index)
    columns = tuple(names[column] for column in values)
    return ParsedFile(rows(), -1 if label == len(names) - 1 else label, columns=columns, notes=notes)


def _unnamed_columns(
    path: Path, numbered: Iterator[tuple[int, str]], separator: str | None, last: bool
) -> Iterator[TextRow]:
    suspect: TextRow | None = None
    labels: list[str] = []
    for number, line in numbered:
        fields = split_fields(line, separator)
        label = fields.pop(-1 if last else 0)
        labels.append(normalise_label(label))
        row = TextRow(number, label, [fields])
        if len(labels) == 1 and (_names_a_column(labels[0], fields) or _counts_after_a_word(labels[0], fields)):
            suspect = row
        yield row
    if suspect is None or labels.count(labels[0]) > 1:
        return
    if labels[0].casefold() in LABEL_NAMES and len(labels) > 1:
        problem = f"'{labels[0]}' is a name of labels and no other line has it: names of columns, or a series; "
        raise damaged(path, f"{problem}take the line out, or put a line label, t0, t1, ... before it", suspect.line)
    if len(labels) > AT_LEAST_A_RAMP and _counts_after_a_word(labels[0], suspect.channels[0]):
        raise damaged(path, _header_of_numbers([labels[0], *suspect.channels[0]]), suspect.line)


def _names_a_column(label: str, fields: Sequence[str]) -> bool:
    """Whether a label is a name of labels; of those that could be a class, with numbers that rise or fall after it."""
    if label.casefold() not in PERHAPS_A_CLASS or not all(map(is_number, fields)):
        return label.casefold() in LABEL_NAMES - PERHAPS_A_CLASS
    steps = [float(after) - float(before) for before, after in itertools.pairwise(fields)]
    return len(fields) >= AT_LEAST_A_RAMP and (all(step > 0 for step in steps) or all(step < 0 for step in steps))


def _counts_after_a_word(label: str, fields: Sequence[str]) -> bool:
    counts = _counts_from(0, fields) or _counts_from(1, fields)
    return _is_word(label) and len(fields) >= AT_LEAST_A_RAMP and counts
