"""A validation part cut from train, class by class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]


def validation_sizes(class_sizes: IntArray, fraction: float) -> IntArray:
    """How many samples of each class go to validation.

    The share of a class is ``fraction`` of its samples, but at most all but one, so that train keeps every class and a
    class of one sample gives nothing. As many samples as the shares add up to, rounded and at least one, are given out
    one by one: first to each class, the largest first, then to whatever class lags most behind its share.

    Parameters
    ----------
    class_sizes : (n_classes,) int64 samples of each class
    fraction : share of the samples that is wanted, 0 to 1

    Returns
    -------
    (n_classes,) int64; all zero if no class has two samples.

    Examples
    --------
    >>> validation_sizes(np.array([10, 5, 2, 1]), 0.2)
    array([1, 1, 1, 0])
    >>> validation_sizes(np.array([50, 50, 100]), 0.2)
    array([10, 10, 20])
    """
    room = np.maximum(class_sizes - 1, 0)
    shares = np.minimum(fraction * class_sizes, room)
    total = max(round(float(shares.sum())), int(room.any()))
    sizes = np.zeros(len(class_sizes), dtype=np.int64)
    for _ in range(total):
        urgency = np.where(sizes == 0, shares + class_sizes.sum(), shares - sizes)
        sizes[np.argmax(np.where(sizes < room, urgency, -np.inf))] += 1
    return sizes


def validation_mask(codes: IntArray, fraction: float, seed: int) -> NDArray[np.bool_]:
    """Which samples of train go to validation, drawn within each class; the same for the same seed.

    Parameters
    ----------
    codes : (n_samples,) int64 class codes
    fraction : share of the samples that is wanted, 0 to 1
    seed : of the random draw

    Returns
    -------
    (n_samples,) bool; all False if no class has two samples.

    Examples
    --------
    >>> validation_mask(np.array([0, 0, 0, 1]), 0.4, seed=0).sum()
    1
    """
    generator = np.random.default_rng(seed)
    mask = np.zeros(len(codes), dtype=bool)
    for code, size in enumerate(validation_sizes(np.bincount(codes), fraction)):
        mask[generator.permutation(np.flatnonzero(codes == code))[:size]] = True
    return mask
