"""Signs that files hold something else than it seems: refused where the rows contradict it, else told in a note.

Nothing here looks at files whose format, or whose user, says where labels are and which there are.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from topology_efficient_dl.data.formats import WARNING as WARNING
from topology_efficient_dl.data.formats import damaged, is_number
from topology_efficient_dl.data.readers import LabelledSeries
from topology_efficient_dl.errors import DataError

FEWEST = 4
"""Series below which nothing is concluded from how often a label occurs."""

SHORTEST_HEADER = 3
"""Fields from which a first line that counts is doubted."""

NO_READING = (-999.0, -9999.0, -99999.0)
LARGEST_FLOAT32 = 3.4e38
CHANGE_COLUMN = "if labels stand elsewhere, set ingest.label_column to last or a column's name"
TAKE_OUT_INDEX = "take the column out (to_csv(index=False))"


def doubts(train: LabelledSeries, test: LabelledSeries) -> list[str]:
    """What is odd about the two files of a set, as notes.

    Parameters
    ----------
    train, test : the files; the same object twice where test is not looked at

    Raises
    ------
    DataError : labels count the rows, are measurements, or stand in another column in train than in test
    """
    _refuse_other_layout(train, test)
    if not train.declared:
        _refuse_row_numbers(train, test)
        _refuse_measurements(train)
    found = [*_label_doubts(train, test), *_length_doubts(train, test), *_alone_in_the_first_line(train, test)]
    for part in (train,) if test is train else (train, test):
        found += [*_counting(part), *_no_reading(part)]
    return [WARNING + text for text in found]


def where_labels_are(part: LabelledSeries) -> str:
    """A hint for an error about labels: that they may stand in another column; empty where the format says where."""
    return "" if part.declared or part.label_column is None else f"; {CHANGE_COLUMN}"


def _refuse_other_layout(train: LabelledSeries, test: LabelledSeries) -> None:
    columns = [part.label_column for part in (train, test)]
    if train.columns and test.columns:
        _refuse_other_names(train, test)
    elif None not in columns and columns[0] != columns[1]:
        first, second = ("last" if column == -1 else f"column {column + 1}" for column in columns if column is not None)
        raise DataError(
            f"labels are {first} in {train.path} but {second} in {test.path}; expected both files alike: "
            "the same columns in the same order, with names in both or in neither"
        )


def _refuse_other_names(train: LabelledSeries, test: LabelledSeries) -> None:
    if len(train.columns) == len(test.columns):
        for first, second in zip(train.columns, test.columns, strict=True):
            if first.casefold() != second.casefold():
                raise DataError(
                    f"column '{first}' of {train.path} stands where {test.path} has '{second}'; "
                    "expected the same columns in the same order"
                )


def _refuse_row_numbers(train: LabelledSeries, test: LabelledSeries) -> None:
    """Labels 0, 1, 2, ... down the rows are a data frame's index, if test has it too or labels follow in a column."""
    if train.label_column != 0 or not _counts(train.labels):
        return
    next_column = np.array([values[0, 0] for values in train.series])
    if (test is not train and _counts(test.labels)) or _like_labels(next_column):
        problem = f"the first column counts the rows ({', '.join(train.labels[:3])}, ...): a row index and no labels"
        raise damaged(
            train.path, f"{problem}; {TAKE_OUT_INDEX}, or set ingest.label_column=first if it is", train.lines[0]
        )


def _refuse_measurements(train: LabelledSeries) -> None:
    """Numbers that are not whole, and most of which occur once, are no classes."""
    labels, n_series = sorted(set(train.labels)), len(train.labels)
    if n_series >= FEWEST and 2 * len(labels) > n_series and _not_whole(labels):
        line = next(line for line, label in zip(train.lines, train.labels, strict=True) if _not_whole([label]))
        raise damaged(
            train.path,
            f"labels are values of a measurement ({len(labels)} different ones in {n_series} series, such as "
            f"{', '.join(labels[:3])}); expected classes{where_labels_are(train)}",
            line,
        )


def _label_doubts(train: LabelledSeries, test: LabelledSeries) -> Iterator[str]:
    labels, n_series = set(train.labels), len(train.labels)
    once = len(labels) == n_series >= FEWEST
    if once and test is not train and len(set(test.labels)) == len(test.labels) >= FEWEST:
        yield f"every label occurs once in train and in test; are they names of samples?{where_labels_are(train)}"
    elif once and all(map(is_number, labels)) and np.ptp([float(label) for label in labels]) >= n_series:
        yield f"every label of train is another number; are they measurements?{where_labels_are(train)}"
    if train.declared:
        return
    if _not_whole(labels):
        shown = ", ".join(sorted(labels)[:3])
        yield f"labels are numbers that are not whole ({shown}); are they classes?{where_labels_are(train)}"
    if train.label_column == 0 and n_series >= FEWEST and _last_column_looks_better(train):
        yield f"the last column looks more like labels than the first; {CHANGE_COLUMN} or first"


def _last_column_looks_better(train: LabelledSeries) -> bool:
    """Whether labels have values of the column beside them, and the last column few whole ones unlike its own."""
    if not all(map(is_number, train.labels)) or any(values.shape[1] < 2 for values in train.series):
        return False
    labels = {float(label) for label in train.labels}
    beside, before_last, last = (np.array([x[0, place] for x in train.series]) for place in (0, -2, -1))
    first = set(beside.tolist())
    return (
        2 * len(first & labels) >= len(first)
        and len(set(last.tolist())) <= len(labels)
        and set(last.tolist()) != set(before_last.tolist())
        and _like_labels(last)
    )


def _length_doubts(train: LabelledSeries, test: LabelledSeries) -> Iterator[str]:
    lengths = [{values.shape[1] for values in part.series} for part in (train, test)]
    if all(len(of_part) == 1 for of_part in lengths):
        (in_train,), (in_test,) = lengths
        if abs(in_train - in_test) == 1:
            yield f"every series has {in_train} values in train and {in_test} in test; do both have the same columns?"


def _alone_in_the_first_line(train: LabelledSeries, test: LabelledSeries) -> Iterator[str]:
    """The first label comes never again, and all others often: a line of names may be one."""
    first, *others = train.labels
    often = others and min(Counter(others).values()) >= FEWEST
    if often and first not in others and (test is train or first not in test.labels) and not train.columns:
        yield f"label '{first}' occurs in line {train.lines[0]} of {train.path.name} only; is that a line of names?"


def _counting(part: LabelledSeries) -> Iterator[str]:
    """Column numbers in the place of a series, and row numbers in a column of values that has a name."""
    row = part.series[0][0].tolist()
    if part.label_column is not None and not part.columns and is_number(part.labels[0]):
        label = float(part.labels[0])
        row = [*row, label] if part.label_column == -1 else [label, *row]
        if len(row) >= SHORTEST_HEADER and row in (list(range(len(row))), list(range(1, len(row) + 1))):
            found = f"line {part.lines[0]} of {part.path.name} counts ({part.labels[0]}, {row[1]:g}, ...)"
            yield f"{found}; if it numbers columns, take it out: to_csv(header=False, index=False)"
    if part.columns and len(part.series) >= FEWEST and part.n_channels == 1:
        for place in range(min(len(part.columns), *(values.shape[1] for values in part.series))):
            column = np.array([values[0, place] for values in part.series])
            if column[0] == round(float(np.nan_to_num(column[0]))) and (np.diff(column) == 1).all():
                yield f"column '{part.columns[place]}' of {part.path.name} counts the rows; if so, {TAKE_OUT_INDEX}"


def _no_reading(part: LabelledSeries) -> Iterator[str]:
    """A value far beyond all others that comes again and again is often a code."""
    values = np.concatenate([series.ravel() for series in part.series])
    for extreme in {float(np.fmin.reduce(values)), float(np.fmax.reduce(values))}:
        if extreme in NO_READING or abs(extreme) >= LARGEST_FLOAT32:
            others = values[(values != extreme) & ~np.isnan(values)]
            n_times = int((values == extreme).sum())
            if n_times > 1 and len(others) and np.abs(others).max() < abs(extreme) / 2:
                yield f"{extreme:g} stands {n_times} times in {part.path.name}, far from all else: NaN if no reading"


def _counts(labels: Sequence[str]) -> bool:
    """Whether labels are whole numbers, each larger by one than the one before."""
    whole = [int(label) for label in labels if label.isascii() and label.isdecimal()]
    steps = [after - before for before, after in itertools.pairwise(whole)]
    return len(whole) == len(labels) >= FEWEST and set(steps) == {1}


def _like_labels(column: NDArray[np.float64]) -> bool:
    """Whether values are whole and few of them are different."""
    n_distinct = len(np.unique(column))
    return len(column) >= FEWEST and 2 <= n_distinct <= len(column) / 2 and bool((column == np.round(column)).all())


def _not_whole(labels: Sequence[str] | set[str]) -> bool:
    return all(map(is_number, labels)) and any(not float(label).is_integer() for label in labels)
