"""The whole transform in plain NumPy: slow, short, and what the compiled engines must agree with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from topology_efficient_dl.tda.level_sets.plan import Plan
from topology_efficient_dl.tda.level_sets.representations import N_TAPS, Int16
from topology_efficient_dl.tda.level_sets.statistics import level_set_statistics


def filtered(whole: Int16, channels: NDArray[np.bool_], dilation: int, weights: Int16) -> NDArray[np.int64]:
    """Every filter of one view over every series: ``y(t) = sum_j w_j x(t + (j - 4) dilation)``, zeros outside.

    Parameters
    ----------
    whole : (n_samples, n_channels, length) int16
    channels : (n_channels,) bool, those that are added up
    dilation : samples between taps
    weights : (9, n_filters) int16

    Returns
    -------
    (n_samples, n_filters, length) int64
    """
    length, margin = whole.shape[2], 4 * dilation
    summed = whole[:, channels].astype(np.int64).sum(axis=1)
    padded = np.pad(summed, ((0, 0), (margin, margin)))
    taps = np.stack([padded[:, tap * dilation : tap * dilation + length] for tap in range(N_TAPS)])
    return np.einsum("jf,jnt->nft", weights.astype(np.int64), taps)


def count_plain(whole: Int16, plan: Plan, statistics: Sequence[str]) -> NDArray[np.int64]:
    """Statistics of every level set of every series; see ``compiled.count_compiled``."""
    rows = []
    row = 0
    for view, dilation in enumerate(plan.dilations):
        values = filtered(whole, plan.channels[view], int(dilation), plan.weights)
        for _ in range(plan.n_rows[view]):
            margin = 4 * int(dilation) if plan.interior[row] else 0
            domain = values[:, :, margin : values.shape[2] - margin]
            rows.append([_of_sample(sample, plan.levels[row], plan.lower[row], statistics) for sample in domain])
            row += 1
    return np.array(rows, np.int64).swapaxes(0, 1)


def _of_sample(values: NDArray[np.int64], levels: Int16, lower: Int16, statistics: Sequence[str]) -> list[list[int]]:
    """(n_statistics, n_filters) of one series."""
    found = [level_set_statistics(v, int(b), int(low)) for v, b, low in zip(values, levels, lower, strict=True)]
    return [[each[name] for each in found] for name in statistics]
