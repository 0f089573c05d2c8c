"""How much of a feature's variance lies between the classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FLOOR = 1e-3
"""Least weight of a feature, so that a chance result on few series silences none."""


def adjusted_eta_squared(features: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of each feature's variance between classes, less what chance would give, 0 to 1.

    Parameters
    ----------
    features : (n_samples, n_features) float32 with mean 0 and variance 1, or constant 0
    labels : (n_samples,) int64

    Returns
    -------
    (n_features,) float64; all 1 where every class has one sample, for then nothing can be said.

    References
    ----------
    Kelley, *An unbiased correlation ratio measure* (1935), the estimate known as epsilon squared.

    Examples
    --------
    >>> x = np.array([[-1, 1], [-1, -1], [1, 1], [1, -1]], np.float32)
    >>> adjusted_eta_squared(x, np.array([0, 0, 1, 1]))
    array([1., 0.])
    """
    _, codes, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    n, n_classes = len(labels), len(sizes)
    if n <= n_classes:
        return np.ones(features.shape[1])
    members = np.zeros((n_classes, n), np.float32)
    members[codes, np.arange(n)] = 1.0
    means = (members @ features).astype(np.float64) / sizes[:, None]
    between = (sizes[:, None] * means**2).sum(axis=0) / n
    by_chance = (n_classes - 1) / (n - 1)
    return np.clip((between - by_chance) / (1 - by_chance), 0.0, 1.0)


def relevance_gain(features: NDArray[np.float32], labels: NDArray[np.int64], power: float) -> NDArray[np.float64]:
    """(n_features,) factors whose squares are the prior variances that a ridge regression gives its coefficients."""
    return np.sqrt(adjusted_eta_squared(features, labels) ** power + FLOOR)
