"""The two files of a dataset -> its split: equal lengths, no missing values, z-normalised, validation cut from train.

Every series is worked on alone, so that nothing about train or validation depends on the values of test. Only the
padded length does, a matter of shape.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from topology_efficient_dl.collections.fingerprint import versioned
from topology_efficient_dl.common.bounded import file_limit
from topology_efficient_dl.data.archive import DatasetFiles
from topology_efficient_dl.data.cleaning import (
    FloatArray,
    fill_missing,
    loss_of_float32,
    pad_end,
    resample,
    z_normalise,
)
from topology_efficient_dl.data.doubts import WARNING, doubts, where_labels_are
from topology_efficient_dl.data.preparation import Preparation
from topology_efficient_dl.data.readers import LabelledSeries, read_series
from topology_efficient_dl.data.split import Split
from topology_efficient_dl.data.stratify import IntArray, validation_mask
from topology_efficient_dl.errors import DataError
from topology_efficient_dl.params.series import IngestParams

NOTICEABLE_LOSS = 1e-3
"""Rounding error, relative to a series' range, from which on float32 is said to lose something."""

MOST_NAMED = 20
"""Classes that a message names."""

NUMERIC_LABEL = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?")


@versioned(2, name="data.splits:read_split")
def read_split(files: DatasetFiles, ingest: IngestParams) -> Split:
    """Train and test files of a dataset as a split, ready for any model.

    In this order: missing values filled (``ingest.missing_values``), lengths made equal if
    ``ingest.unequal_length`` is ``"interpolate"`` (to the longest series of train), each channel z-normalised over
    its own observed span (``ingest.normalise``), and shorter series padded with their last value if it is ``"pad"``
    (to the longest series of train and test). Validation is a stratified part of train; where no class has two
    samples, it is train itself, and a note of the split says so.

    Parameters
    ----------
    files : where train and test are
    ingest : what to do to them

    Returns
    -------
    The split, whose ``notes`` say what was filled, padded, resampled, flattened or reused, and with ``"warning: "``
    before it what looks wrong (`topology_efficient_dl.data.doubts`), and whose ``preparation`` what new series need.

    Raises
    ------
    DataError : a file is damaged, too large, or holds something else than labels and values; train has one class
        only; test has classes or a number of channels that train has not; lengths are unequal or values missing and the
        parameters refuse them
    """
    with file_limit(ingest.max_file_mib, "ingest.max_file_mib"):
        train = read_series(files.train, ingest.label_column)
        test = train if ingest.held_out else read_series(files.test, ingest.label_column)
    _check_channels(files.name, train, test)
    doubtful = doubts(train, test)
    classes = class_order(train.labels)
    _check_classes(files.name, classes, train, test)
    series, notes = _equal_arrays(files.name, train, test, ingest)
    notes = list(dict.fromkeys((*train.notes, *test.notes, *doubtful, *notes)))
    preparation = Preparation.done_to([*train.series, *test.series], series["train"].shape[2], ingest)
    codes = {"train": _encode(train.labels, classes), "test": _encode(test.labels, classes)}
    if ingest.held_out:
        return replace(_held_out(files, series, codes, classes, tuple(notes), ingest), preparation=preparation)
    series, codes, reused = _with_validation(series, codes, ingest)
    return Split(files.name, series, codes, classes, files.source, (*notes, *reused), preparation)


def class_order(labels: Sequence[str]) -> tuple[str, ...]:
    """The distinct labels in code order: by value if all are numbers, else by spelling.

    Examples
    --------
    >>> class_order(["10", "2", "-1", "2"])
    ('-1', '2', '10')
    >>> class_order(["Walking", "Running", "2"])
    ('2', 'Running', 'Walking')
    """
    distinct = sorted(set(labels))
    numeric = all(NUMERIC_LABEL.fullmatch(label) for label in distinct)
    return tuple(sorted(distinct, key=float) if numeric else distinct)


def _encode(labels: Sequence[str], classes: tuple[str, ...]) -> IntArray:
    codes = {label: code for code, label in enumerate(classes)}
    return np.array([codes[label] for label in labels], dtype=np.int64)


def _check_channels(name: str, train: LabelledSeries, test: LabelledSeries) -> None:
    if train.n_channels != test.n_channels:
        raise DataError(
            f"dataset '{name}': {train.n_channels} channels in {train.path} but {test.n_channels} in {test.path}; "
            "expected the same number; are both files of one dataset?"
        )


def _check_classes(name: str, classes: tuple[str, ...], train: LabelledSeries, test: LabelledSeries) -> None:
    hint = where_labels_are(train)
    if len(classes) < 2:
        raise DataError(f"dataset '{name}': only class '{classes[0]}' in train; expected two classes or more{hint}")
    unseen = class_order([label for label in test.labels if label not in classes])
    if unseen:
        raise DataError(
            f"dataset '{name}': test has classes {_some(unseen)} that train lacks ({_some(classes)}) "
            f"in {test.path}; expected no others, and labels written alike; are both files of one dataset?{hint}"
        )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= MOST_NAMED else f"{', '.join(names[:MOST_NAMED])}, ... ({len(names)})"


def _equal_arrays(
    name: str, train: LabelledSeries, test: LabelledSeries, ingest: IngestParams
) -> tuple[dict[str, NDArray[np.float32]], list[str]]:
    """By part, (n_samples, n_channels, n_timepoints) float32; and notes on what was filled and made equal."""
    length, lengths_note = _common_length(name, train, test, ingest)
    prepared = {
        part: [_prepared(values, length, ingest) for values in _filled(raw, ingest)]
        for part, raw in {"train": train, "test": test}.items()
    }
    arrays = {part: _stacked(raw, prepared[part]) for part, raw in {"train": train, "test": test}.items()}
    parts = ["train"] if test is train else ["train", "test"]
    if ingest.normalise:
        scale_notes = _constant_notes([arrays[part] for part in parts])
    else:
        scale_notes = _precision_notes([values for part in parts for values in prepared[part]])
    return arrays, [*_missing_notes(train, test, ingest), *lengths_note, *scale_notes]


def _constant_notes(normalised: Sequence[NDArray[np.float32]]) -> list[str]:
    n_constant = sum(int((~series.any(axis=2)).sum()) for series in normalised)
    n_channels = sum(series.shape[0] * series.shape[1] for series in normalised)
    return [f"{n_constant} of {n_channels} channels are constant and became 0"] if n_constant else []


def _precision_notes(series: Sequence[FloatArray]) -> list[str]:
    losses = [loss_of_float32(values) for values in series]
    n_affected = sum(loss > NOTICEABLE_LOSS for loss in losses)
    if not n_affected:
        return []
    return [
        f"{WARNING}float32 rounds {n_affected} of {len(losses)} series by up to {max(losses):.1%} of their range, "
        "which is small beside their values; ingest.normalise=true keeps it"
    ]


def _common_length(
    name: str, train: LabelledSeries, test: LabelledSeries, ingest: IngestParams
) -> tuple[int, list[str]]:
    """Samples in time that every series will have, and a note if they were unequal."""
    in_train, in_test = ([values.shape[1] for values in part.series] for part in (train, test))
    shortest, longest = min(in_train + in_test), max(in_train + in_test)
    if shortest == longest:
        return longest, []
    if ingest.unequal_length == "error":
        raise DataError(
            f"dataset '{name}': series of {shortest} to {longest} samples (missing values at the end count as a "
            "shorter series); set ingest.unequal_length to pad or interpolate"
        )
    if ingest.unequal_length == "interpolate":
        return max(in_train), [f"lengths {shortest} to {longest} resampled to {max(in_train)}, the longest of train"]
    return longest, [f"lengths {shortest} to {longest} padded to {longest} with the last value"]


def _filled(part: LabelledSeries, ingest: IngestParams) -> list[FloatArray]:
    if ingest.missing_values == "error":
        _refuse_missing(part)
        return part.series
    return [fill_missing(values, ingest.missing_values) for values in part.series]


def _refuse_missing(part: LabelledSeries) -> None:
    for values, line in zip(part.series, part.lines, strict=True):
        n_missing = int(np.isnan(values).sum())
        if n_missing:
            raise DataError(
                f"{part.path}, line {line}: {n_missing} missing values; set ingest.missing_values to interpolate or pad"
            )


def _missing_notes(train: LabelledSeries, test: LabelledSeries, ingest: IngestParams) -> list[str]:
    n_missing = sum(int(np.isnan(values).sum()) for values in itertools.chain(train.series, test.series))
    return [f"{n_missing} missing values filled ({ingest.missing_values})"] if n_missing else []


def _prepared(series: FloatArray, length: int, ingest: IngestParams) -> FloatArray:
    if ingest.unequal_length == "interpolate":
        series = resample(series, length)
    if ingest.normalise:
        series = z_normalise(series)
    return pad_end(series, length)


def _stacked(part: LabelledSeries, series: Sequence[FloatArray]) -> NDArray[np.float32]:
    """(n_samples, n_channels, n_timepoints) float32; values beyond its range are an error."""
    with np.errstate(over="ignore"):
        stacked = np.stack(series).astype(np.float32)
    if not np.isfinite(stacked).all():
        worst = int(np.flatnonzero(~np.isfinite(stacked).all(axis=(1, 2)))[0])
        raise DataError(
            f"{part.path}, line {part.lines[worst]}: values beyond the range of float32 (largest "
            f"{np.abs(series[worst]).max():.3g}); set ingest.normalise to true or scale the file"
        )
    return stacked


def _held_out(
    files: DatasetFiles,
    series: dict[str, NDArray[np.float32]],
    codes: dict[str, IntArray],
    classes: tuple[str, ...],
    notes: tuple[str, ...],
    ingest: IngestParams,
) -> Split:
    """A split of train alone: a stratified part of it stands in for test, which is not looked at.

    It has a name of its own, so that nothing that was published of the set is ever compared with it.
    """
    held = validation_mask(codes["train"], ingest.held_out, ingest.validation_seed + 1)
    rows = {"train": ~held, "test": held if held.any() else ~held}
    note = f"{ingest.held_out:g} of train stands in for test"
    if not held.any():
        note = "train itself stands in for test: every class of train has one sample"
    series, codes, reused = _with_validation(
        {part: series["train"][chosen] for part, chosen in rows.items()},
        {part: codes["train"][chosen] for part, chosen in rows.items()},
        ingest,
    )
    return Split(f"{files.name}-train", series, codes, classes, files.source, (*notes, note, *reused), held_out=True)


def _with_validation(
    series: dict[str, NDArray[np.float32]], codes: dict[str, IntArray], ingest: IngestParams
) -> tuple[dict[str, NDArray[np.float32]], dict[str, IntArray], list[str]]:
    """Series and codes of the three parts, and a note if train serves as validation too."""
    chosen = validation_mask(codes["train"], ingest.validation_fraction, ingest.validation_seed)
    notes = []
    parts = {"train": ~chosen, "validation": chosen}
    if not chosen.any():
        parts = {"train": ~chosen, "validation": ~chosen}
        notes = ["validation is train itself: every class of train has one sample, so none can be cut off"]
    return (
        {**{part: series["train"][rows] for part, rows in parts.items()}, "test": series["test"]},
        {**{part: codes["train"][rows] for part, rows in parts.items()}, "test": codes["test"]},
        notes,
    )
