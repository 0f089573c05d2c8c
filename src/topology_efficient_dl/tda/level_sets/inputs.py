"""What a user, or a file, gives to the transformer: made what it can count with, or one error that says why not."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import NDArray
from pydantic import ValidationError

from topology_efficient_dl.errors import DataError, ParameterError, StorageError
from topology_efficient_dl.params.models import LevelSetRecipe
from topology_efficient_dl.tda.embeddings import check_series
from topology_efficient_dl.tda.level_sets.representations import SMALLEST, in_full, represent

Series = NDArray[np.floating[Any]]

STEPS = 2730
"""Whole numbers on each side of zero that the fixed filters see."""

LARGEST_FLOAT32 = float(np.finfo(np.float32).max)


def recipe_of(given: LevelSetRecipe | Mapping[str, Any] | None) -> LevelSetRecipe:
    """The recipe; the default one for None, one of its fields for a mapping.

    Raises
    ------
    ParameterError : a field that there is not, or a wrong value

    Examples
    --------
    >>> recipe_of({"levels_per_filter": 2}).levels_per_filter
    2
    """
    if isinstance(given, LevelSetRecipe):
        return given
    if given is not None and not isinstance(given, Mapping):
        raise ParameterError(f"level sets: recipe is {given!r}; expected a LevelSetRecipe, its fields, or None")
    try:
        return LevelSetRecipe(**(given or {}))
    except ValidationError as error:
        problems = "; ".join(
            ".".join(map(str, ("recipe", *each["loc"]))) + ": " + each["msg"].removeprefix("Value error, ")
            for each in error.errors()
        )
        raise ParameterError(f"level sets: {problems}") from error


def threads_of(threads: int) -> int:
    """The number of threads; negative ones count back from the number of cores, as in joblib.

    Raises
    ------
    ParameterError : zero
    """
    if threads == 0:
        raise ParameterError("level sets: threads is 0; expected 1 or more, or -1 for one per core")
    return effective_n_jobs(threads) if threads < 0 else threads


def series_of(given: Any) -> Series:
    """Series as (n_samples, n_channels, n_timepoints), float32 where they are, else float64.

    Parameters
    ----------
    given : that array; (n_samples, n_timepoints) of series with one channel; or a list of series of one length

    Raises
    ------
    DataError : other shapes, unequal lengths, no channel or time, or anything but numbers
    """
    array = given if isinstance(given, np.ndarray) and given.dtype != object else _stacked(given)
    if array.dtype.kind not in "fiub":
        raise DataError(f"series: values of type {array.dtype}; expected numbers")
    series = in_full(array[:, None, :] if array.ndim == 2 else array)
    if series.ndim != 3 or 0 in series.shape[1:]:
        raise DataError(
            f"series: shape {series.shape}; expected (n_samples, n_channels, n_timepoints), or (n_samples, "
            "n_timepoints) for one channel, with one channel and one time point at least"
        )
    return series


def _stacked(given: Iterable[Any]) -> NDArray[Any]:
    try:
        if hasattr(given, "__array__") and not isinstance(given, np.ndarray):  # a table, one series a row, or a tensor
            given = np.asarray(given)
        parts = [np.asarray(values) for values in given]
        shapes = {part.shape for part in parts}
        if len(shapes) <= 1:
            stacked = np.stack(parts) if parts else np.empty(0)
            return stacked.astype(np.float64) if stacked.dtype == object else stacked
    except (TypeError, ValueError) as error:
        raise DataError(f"series: {error}; expected an array of numbers, or a list of such") from error
    n_channels, lengths = next(iter(shapes))[:-1] or (1,), sorted({shape[-1] for shape in shapes if shape})
    raise DataError(
        f"series: {len(parts)} arrays of shapes {', '.join(map(str, sorted(shapes)))}; expected one shape. Prepare "
        f"them as ingest does: data.preparation.Preparation(n_channels={n_channels[0]}, n_timepoints={lengths[-1]}, "
        "unequal_length='pad' or 'interpolate')(series)"
    )


def check_range(series: Series, representations: Iterable[str]) -> None:
    """Refuse values that are not finite, and those of which a representation would not be in float32.

    Parameters
    ----------
    series : (n_samples, n_channels, n_timepoints) float32 or float64
    representations : that are made of them

    Raises
    ------
    DataError : names sample, channel, time and value
    """
    # Sums of all values, or of four times one, stay in the range of float32: nothing more is to be looked at.
    bound = LARGEST_FLOAT32 / (4 * series.shape[2])
    if series.min(initial=0.0) >= -bound and series.max(initial=0.0) <= bound:
        return
    check_series(series)
    for name in representations:
        beyond = np.argwhere(~np.isfinite(represent(series, name)))
        if len(beyond):
            sample, channel, _ = beyond[0]
            time = int(np.abs(series[sample, channel]).argmax())
            raise DataError(
                f"series: sample {sample}, channel {channel} is {series[sample, channel, time]:g} at time {time}, and "
                f"the representation '{name}' of it is beyond the range of float32 ({LARGEST_FLOAT32:.3g}). Scale the "
                "series first, or set ingest.normalise"
            )


def check_size(train: Series) -> None:
    """Refuse a train set that varies by so little that whole numbers, scaled in float32, would all be zero.

    Parameters
    ----------
    train : (n_samples, n_channels, n_timepoints), finite

    Raises
    ------
    DataError : it varies, and its largest magnitude is at most `SMALLEST`
    """
    largest = float(max(train.max(initial=0.0), -train.min(initial=0.0)))
    if 0 < largest <= SMALLEST and np.ptp(train, axis=2).any():
        raise DataError(
            f"series: the largest magnitude of train is {largest:.3g}; expected more than {SMALLEST:g}, or zeros only, "
            "since level sets of smaller values leave the range of float32. Scale the series first, or set "
            "ingest.normalise"
        )


def offsets_of(train: Series) -> NDArray[np.float64]:
    """(n_channels,) what is to be subtracted of every channel so that something is left of it in whole numbers.

    Zero, but where train varies around a value by less than one step of the whole numbers, whose range is that of its
    largest magnitude. Of float32, in which such series have lost most of their digits, nothing is subtracted; a warning
    says so.

    Examples
    --------
    >>> offsets_of(np.array([[[1e8, 1e8 + 2, 1e8 + 4]]])), offsets_of(np.array([[[0.0, 2.0, 4.0]]]))
    (array([1.00000002e+08]), array([0.]))
    """
    low, high = (bound.astype(np.float64) for bound in (train.min(axis=(0, 2)), train.max(axis=(0, 2))))
    spread, size = high - low, np.maximum(np.abs(low), np.abs(high))
    hidden = (spread > 0) & (spread < size / STEPS)
    if train.dtype == np.float32:
        for channel in np.flatnonzero(hidden):
            warnings.warn(
                f"level sets: channel {channel} of train varies from {low[channel]:g} to {high[channel]:g}, less than "
                "a step of the whole numbers that filters see. Give the series in float64, or without their offset",
                stacklevel=3,
            )
        return np.zeros(len(low))
    return np.where(hidden, low + spread / 2, 0.0)


def check_labels(labels: Any, n_samples: int) -> NDArray[Any] | None:
    """Labels as an array, one a series; None where there are none.

    Raises
    ------
    DataError : another number of them
    """
    if labels is None:
        return None
    array = np.asarray(labels)
    if array.shape != (n_samples,):
        raise DataError(f"level sets: y has shape {array.shape}; expected ({n_samples},), one label a series")
    return array


def settings_of(state: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """Parameters and shape of a series in a transformer's state; nothing in one of before they were part of it.

    Raises
    ------
    StorageError : they are not JSON
    """
    try:
        settings: dict[str, Any] = json.loads(str(state["settings"])) if "settings" in state else {}
    except ValueError as error:
        raise StorageError(f"level sets: 'settings' are no JSON ({error}). Fit again with this recipe") from error
    return settings


def check_recipe(recipe: LevelSetRecipe, settings: Mapping[str, Any]) -> None:
    """Refuse a recipe that is not the one of the settings.

    Raises
    ------
    StorageError : names the fields that differ
    """
    if "recipe" not in settings:
        return
    try:
        stored = recipe_of(settings["recipe"])
    except ParameterError as error:
        raise StorageError(f"{error}. The state is of another version; fit again with this recipe") from error
    fields = [name for name in type(recipe).model_fields if getattr(stored, name) != getattr(recipe, name)]
    if fields:
        raise StorageError(
            "level sets: the state is of another recipe: "
            + ", ".join(f"{name} {getattr(stored, name)!r}, given {getattr(recipe, name)!r}" for name in fields)
            + ". Give the recipe that it was fitted with, or fit again with this recipe"
        )
