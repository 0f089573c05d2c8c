"""Qualities of answers where every sample counts as often as its weight, for many weightings at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def weighted_accuracy(labels: IntArray, predicted: IntArray, weights: FloatArray) -> FloatArray:
    """(n_draws,) shares of right answers; arguments as of `weighted_macro_f1`."""
    return np.asarray(weights @ (labels == predicted) / weights.sum(axis=1))


def weighted_auroc(labels: IntArray, probabilities: FloatArray, weights: FloatArray) -> FloatArray:
    """Area under the ROC curve where every sample counts as often as its weight, for many weights at once.

    Of class 1 for two classes, else the mean over the classes that a draw holds of one against the rest.

    Parameters
    ----------
    labels : (n_samples,) int codes
    probabilities : (n_samples, n_classes), finite
    weights : (n_draws, n_samples), not negative

    Returns
    -------
    (n_draws,); NaN for a draw whose samples are all of one class.

    Examples
    --------
    >>> spread = np.array([[0.9, 0.1], [0.4, 0.6], [0.6, 0.4]])
    >>> weighted_auroc(np.array([0, 0, 1]), spread, np.array([[1.0, 1.0, 1.0], [3.0, 1.0, 2.0]]))
    array([0.5 , 0.75])
    """
    n_classes = probabilities.shape[1]
    codes = [1] if n_classes == 2 else np.unique(labels)
    counts = np.ascontiguousarray(weights.T)
    areas = [_area(labels == code, probabilities[:, code], counts) for code in codes]
    total, known = np.nansum(areas, axis=0), np.isfinite(areas).sum(axis=0)
    return np.where(known > 0, total / np.maximum(known, 1), np.nan)


def _area(positive: NDArray[np.bool_], scores: FloatArray, counts: FloatArray) -> FloatArray:
    """(n_draws,) share of pairs of a positive and a negative that are in order, ties by half; NaN without pairs.

    ``counts`` is (n_samples, n_draws). Negatives are added up between the scores of positives, which are few.
    """
    levels, own = np.unique(scores[positive], return_inverse=True)
    yes, no = np.flatnonzero(positive), np.flatnonzero(~positive)
    first, beyond = (np.searchsorted(levels, scores[no], side) for side in ("left", "right"))
    halves = (np.full(2 * len(no), 0.5), (np.concatenate([first, beyond]), np.tile(no, 2)))
    shape = (len(levels) + 1, len(scores))
    below = np.cumsum(sparse.csr_matrix(halves, shape=shape) @ counts, axis=0)
    hits = np.asarray(sparse.csr_matrix((np.ones(len(yes)), (own, yes)), shape=shape) @ counts)
    n_yes = hits.sum(axis=0)
    pairs = n_yes * (counts.sum(axis=0) - n_yes)
    return np.divide((hits * below).sum(axis=0), pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)


def weighted_macro_f1(labels: IntArray, predicted: IntArray, weights: FloatArray) -> FloatArray:
    """Macro-F1 over the classes that occur in a draw among labels or predictions (but not "none", -1).

    Parameters
    ----------
    labels, predicted : (n_samples,) int codes
    weights : (n_draws, n_samples), not negative

    Returns
    -------
    (n_draws,)
    """
    classes = np.union1d(labels, predicted[predicted >= 0])
    is_label, is_predicted = labels[:, None] == classes, predicted[:, None] == classes
    hits = weights @ (is_label & is_predicted)
    total = weights @ (is_label.astype(float) + is_predicted)
    f1 = np.divide(2 * hits, total, out=np.zeros_like(hits), where=total > 0)
    return f1.sum(axis=1) / np.maximum((total > 0).sum(axis=1), 1)
