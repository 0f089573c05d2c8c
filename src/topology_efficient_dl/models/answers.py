"""From probabilities to classes. What is not finite is no class: it counts as a mistake wherever it is scored."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topology_efficient_dl.errors import CellError, DataError

NO_PREDICTION = -1
"""Predicted class of a sample whose probabilities are not finite; it counts as a mistake."""

ROUNDING = 0.05
"""How far the probabilities of a sample may be from a sum of one: they may have been rounded, or stored in 16 bits."""


def predicted_classes(probabilities: ArrayLike) -> NDArray[np.int64]:
    """The most probable class of every sample, the first of equal ones; `NO_PREDICTION` where a value is not finite.

    Parameters
    ----------
    probabilities : (n_samples, n_classes) float

    Returns
    -------
    (n_samples,) int64

    Raises
    ------
    DataError : another shape, or a finite row is no distribution over classes: a negative value, or a sum that is not
        one

    Examples
    --------
    >>> predicted_classes([[0.2, 0.8], [np.nan, np.nan], [np.inf, 0.0], [0.5, 0.5]])
    array([ 1, -1, -1,  0])
    """
    values = np.asarray(probabilities, dtype=np.float64)
    if values.ndim != 2:
        raise DataError(
            f"probabilities: shape {values.shape}; expected (n_samples, n_classes), one row a sample. Give those of "
            "one sample as one row: [[...]]"
        )
    finite = np.isfinite(values).all(axis=1)
    _check_distributions(values, finite)
    best = np.where(finite[:, None], values, 0.0).argmax(axis=1) if values.size else np.zeros(len(values))
    return np.where(finite, best, NO_PREDICTION).astype(np.int64)


def _check_distributions(values: NDArray[np.float64], finite: NDArray[np.bool_]) -> None:
    found = values[finite]
    wrong = (found < -1e-6).any(axis=1) | (np.abs(found.sum(axis=1) - 1.0) > ROUNDING)
    if wrong.any():
        row = int(np.flatnonzero(finite)[wrong][0])
        raise DataError(
            f"{int(wrong.sum())} of {len(values)} rows are no probabilities, first row {row}: "
            f"{np.array2string(values[row], precision=3, threshold=6)}; expected values from 0 on whose sum is 1. "
            "Apply a softmax to logits, or divide votes by their sum"
        )


def check_finite(name: str, what: str, values: NDArray[Any]) -> None:
    """Refuse a fit that what is not finite would go into, or came out of.

    Parameters
    ----------
    name : of the fit
    what : the values in words
    values : (n, ...) float

    Raises
    ------
    CellError : names the fit and how many of the n are not finite

    Examples
    --------
    >>> check_finite("ridge on toy, seed 1", "features of train", np.array([[1.0], [np.inf]]))
    Traceback (most recent call last):
    ...
    topology_efficient_dl.errors.CellError: ridge on toy, seed 1: 1 of 2 features of train are not finite. Look for ...
    """
    bad = ~np.isfinite(values).reshape(len(values), -1).all(axis=1)
    if bad.any():
        raise CellError(
            f"{name}: {int(bad.sum())} of {len(bad)} {what} are not finite. Look for missing values and very large "
            "numbers in the input, or leave this model out"
        )
