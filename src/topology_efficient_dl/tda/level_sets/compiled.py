"""All statistics by compiled loops, one filter and level after the other: any statistic, any length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from topology_efficient_dl.tda.level_sets.plan import Plan
from topology_efficient_dl.tda.level_sets.representations import Int16
from topology_efficient_dl.tda.level_sets.statistics import STATISTICS

BETA0, MEASURE, LONGEST, GAP, POSITION, PERSISTENT, BARS, TOTAL = range(len(STATISTICS))
_NEEDS_BARCODE = (BARS, TOTAL)


def count_compiled(whole: Int16, plan: Plan, statistics: Sequence[str]) -> NDArray[np.int64]:
    """Statistics of every level set of every series.

    Parameters
    ----------
    whole : (n_samples, n_channels, length) int16
    plan : views and levels
    statistics : names among ``STATISTICS``

    Returns
    -------
    (n_samples, n_rows, n_statistics, n_filters) int64
    """
    codes = np.array([STATISTICS.index(name) for name in statistics], np.int64)
    counts = np.zeros((len(whole), len(plan.levels), len(codes), plan.n_filters), np.int64)
    barcode = bool(np.isin(codes, _NEEDS_BARCODE).any())
    _count_all(
        whole, plan.channels, plan.dilations, plan.n_rows, plan.interior, plan.weights, plan.levels, plan.lower, codes,
        barcode, counts,
    )  # fmt: skip
    return counts


@njit(cache=True, nogil=True)
def _count_all(
    whole: Any, channels: Any, dilations: Any, n_rows: Any, interior: Any, weights: Any, levels: Any, lower: Any,
    codes: Any, barcode: Any, counts: Any,
) -> None:  # fmt: skip
    length = whole.shape[2]
    values = np.empty(length, np.int64)
    row = 0
    for view in range(len(dilations)):
        margin = 4 * dilations[view]
        for i in range(len(whole)):
            for column in range(weights.shape[1]):
                _filter(whole[i], channels[view], dilations[view], weights[:, column], values)
                for inside in (False, True):
                    domain = values[margin : length - margin] if inside else values
                    lengths = np.empty(0, np.int64)
                    if barcode:
                        lengths = _bar_lengths(domain)
                    for k in range(row, row + n_rows[view]):
                        if interior[k] == inside:
                            level, low = np.int64(levels[k, column]), np.int64(lower[k, column])
                            for s in range(len(codes)):
                                counts[i, k, s, column] = _statistic(codes[s], domain, level, low, lengths)
        row += n_rows[view]


@njit(cache=True, nogil=True)
def _filter(series: Any, channels: Any, dilation: Any, weights: Any, values: Any) -> None:
    """``values[t] = sum_j weights[j] x[t + (j - 4) dilation]``, zero outside the series."""
    length = len(values)
    values[:] = 0
    for channel in range(len(channels)):
        if channels[channel]:
            for tap in range(9):
                shift = (tap - 4) * dilation
                weight = np.int64(weights[tap])
                for t in range(max(0, -shift), min(length, length - shift)):
                    values[t] += weight * series[channel, t + shift]


@njit(cache=True, nogil=True)
def _statistic(code: Any, values: Any, level: Any, lower: Any, lengths: Any) -> Any:
    if code == PERSISTENT:
        return _persistent(values, level, lower)
    if code == BARS:
        return np.int64((lengths > level - lower).sum() + 1)
    if code == TOTAL:
        return lengths[lengths > level - lower].sum()
    components, measure, longest, gap, position, run, outside = 0, 0, 0, 0, 0, 0, 0
    for t in range(len(values)):
        if values[t] > level:
            run += 1
            outside = 0
            components += run == 1
            measure += 1
            position += t
            longest = max(longest, run)
        else:
            run = 0
            outside += 1
            gap = max(gap, outside)
    if code == BETA0:
        return components
    if code == MEASURE:
        return measure
    if code == LONGEST:
        return longest
    return gap if code == GAP else position


@njit(cache=True, nogil=True)
def _persistent(values: Any, level: Any, lower: Any) -> Any:
    """Components above ``lower`` that reach above ``level``."""
    n, reached = 0, False
    for t in range(len(values)):
        if values[t] <= lower:
            reached = False
        elif values[t] > level and not reached:
            n += 1
            reached = True
    return n


@njit(cache=True, nogil=True)
def _bar_lengths(values: Any) -> Any:
    """Lengths of the finite bars of the superlevel filtration: union-find from the top, elder rule."""
    n = len(values)
    order = np.argsort(-values, kind="mergesort")
    root = np.full(n, -1, np.int64)
    lengths = np.zeros(n, np.int64)
    n_bars = 0
    for t in order:
        root[t] = t
        for neighbour in (t - 1, t + 1):
            if neighbour < 0 or neighbour >= n or root[neighbour] < 0:
                continue
            first, second = _root_of(root, neighbour), _root_of(root, t)
            if first == second:
                continue
            elder, younger = (first, second) if values[first] >= values[second] else (second, first)
            if values[younger] > values[t]:
                lengths[n_bars] = values[younger] - values[t]
                n_bars += 1
            root[younger] = elder
    return lengths[:n_bars]


@njit(cache=True, nogil=True)
def _root_of(root: Any, t: Any) -> Any:
    while root[t] != t:
        root[t] = root[root[t]]
        t = root[t]
    return t
