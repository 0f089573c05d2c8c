"""Number of components, measure and longest component of all level sets in one pass of vector instructions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import get_num_threads, njit, prange, set_num_threads
from numpy.typing import NDArray

from topology_efficient_dl.tda.level_sets.filters import fixed_filters
from topology_efficient_dl.tda.level_sets.plan import Plan
from topology_efficient_dl.tda.level_sets.representations import LARGEST, Int16
from topology_efficient_dl.tda.level_sets.vector_code import (
    LANES,
    TOGETHER,
    apply_filters,
    apply_fixed_filters,
    count_levels,
    count_levels_together,
)

ONES: dict[type[Any], NDArray[Any]] = {kind: np.ones(LANES, kind) for kind in (np.int16, np.int32)}
"""What counts are increased by; see ``vector_code``."""

BLOCK = 64
"""Time points that are filtered before their levels are counted: a block of all filters stays in the first cache."""

N_COUNTS = 3


@dataclass(frozen=True, eq=False)
class Lanes:
    """A plan with its filters in lanes: a whole number of vectors, the last ones padded by filters that count nothing.

    Attributes
    ----------
    plan : what is counted
    weights : (9, n_lanes) int16
    levels : (n_rows, n_lanes) int16
    fixed : the filters are the fixed ones, for which there is a faster way
    """

    plan: Plan
    weights: Int16
    levels: Int16
    fixed: bool

    @classmethod
    def of(cls, plan: Plan) -> Lanes:
        """Lay out a plan."""
        padding = ((0, 0), (0, -plan.n_filters % LANES))
        fixed = plan.weights.shape == fixed_filters().shape and bool((plan.weights == fixed_filters()).all())
        levels = np.pad(plan.levels, padding, constant_values=LARGEST)
        return cls(plan, np.pad(plan.weights, padding), levels, fixed)

    def count(self, whole: Int16, threads: int = 1) -> NDArray[Any]:
        """Counts of every series.

        Parameters
        ----------
        whole : (n_samples, n_channels, length) int16
        threads : series that are counted at the same time

        Returns
        -------
        (n_samples, n_rows, 3, n_lanes) int16, or int32 for series longer than int16 can count; the counts are those
        of ``statistics.FAST``, and only the first ``n_filters`` lanes mean anything.
        """
        plan = self.plan
        kind: type[Any] = np.int16 if whole.shape[2] <= LARGEST else np.int32
        counts = np.empty((len(whole), len(self.levels), N_COUNTS, self.levels.shape[1]), kind)
        arguments = (
            whole, plan.channels, plan.dilations, plan.n_rows, self.weights, self.fixed, self.levels, plan.interior,
            ONES[kind], counts,
        )  # fmt: skip
        if threads == 1 or len(whole) == 1:
            _count(*arguments)
        else:
            _count_on_threads(threads, *arguments)
        return counts


def _count_on_threads(threads: int, *arguments: Any) -> None:
    before = get_num_threads()
    set_num_threads(min(threads, before))
    try:
        _count_parallel(*arguments)
    finally:
        set_num_threads(before)


@njit(cache=True, nogil=True)
def _count(
    whole: Any, channels: Any, dilations: Any, n_rows: Any, weights: Any, fixed: Any, levels: Any, interior: Any,
    ones: Any, counts: Any,
) -> None:  # fmt: skip
    for i in range(len(whole)):
        _count_series(whole[i], channels, dilations, n_rows, weights, fixed, levels, interior, ones, counts[i])


@njit(cache=True, nogil=True, parallel=True)
def _count_parallel(
    whole: Any, channels: Any, dilations: Any, n_rows: Any, weights: Any, fixed: Any, levels: Any, interior: Any,
    ones: Any, counts: Any,
) -> None:  # fmt: skip
    for i in prange(len(whole)):
        _count_series(whole[i], channels, dilations, n_rows, weights, fixed, levels, interior, ones, counts[i])


@njit(cache=True, nogil=True)
def _count_series(
    series: Any, channels: Any, dilations: Any, n_rows: Any, weights: Any, fixed: Any, levels: Any, interior: Any,
    ones: Any, counts: Any,
) -> None:  # fmt: skip
    length, n_lanes = series.shape[1], weights.shape[1]
    virtual = np.empty(length, np.int16)
    # Every phase of a dilation has eight zeros around it, and a load may read beyond the last tap.
    taps = np.zeros(length + 9 * dilations.max() + LANES, np.int16)
    sums = np.zeros_like(taps)
    # A vector that begins on a line of the cache is read and written in one go.
    store = np.empty(BLOCK * n_lanes + LANES, np.int16)
    first = -(store.ctypes.data // 2) % LANES
    block = store[first : first + BLOCK * n_lanes].reshape((BLOCK, n_lanes))
    runs = np.empty((n_rows.max(), n_lanes), counts.dtype)
    counts[:] = 0
    row = 0
    for view in range(len(dilations)):
        rows = slice(row, row + n_rows[view])
        width = _spread(series, channels[view], dilations[view], virtual, taps)
        if fixed:
            _sum_taps(taps, width * dilations[view], sums)
        _count_view(
            taps, sums, width, dilations[view], length, weights, fixed, levels[rows], interior[rows], ones, block, runs,
            counts[rows],
        )  # fmt: skip
        row += n_rows[view]


@njit(cache=True, nogil=True)
def _spread(series: Any, channels: Any, dilation: Any, virtual: Any, taps: Any) -> Any:
    """The summed channels of a view, laid out so that the nine taps of a filter lie side by side.

    Sample ``m * dilation + phase`` goes to ``phase * width + 4 + m``; four zeros stand before and after each phase.
    Returns the width.
    """
    length = series.shape[1]
    virtual[:] = 0
    for channel in range(series.shape[0]):
        if channels[channel]:
            for t in range(length):
                virtual[t] += series[channel, t]
    width = (length + dilation - 1) // dilation + 8
    taps[: width * dilation] = 0
    for phase in range(dilation):
        place = phase * width + 4
        for t in range(phase, length, dilation):
            taps[place] = virtual[t]
            place += 1
    return width


@njit(cache=True, nogil=True)
def _sum_taps(taps: Any, length: Any, sums: Any) -> None:
    """Sums of nine neighbouring taps, each at the first of them."""
    for at in range(length - 8):
        total = np.int16(0)
        for tap in range(9):
            total = np.int16(total + taps[at + tap])
        sums[at] = total


@njit(cache=True, nogil=True)
def _count_view(
    taps: Any, sums: Any, width: Any, dilation: Any, length: Any, weights: Any, fixed: Any, levels: Any, interior: Any,
    ones: Any, block: Any, runs: Any, counts: Any,
) -> None:  # fmt: skip
    """Filter a block of time points, carry every level's counts over it, go on to the next."""
    runs[: len(levels)] = 0
    together = weights.shape[1] // (TOGETHER * LANES) * (TOGETHER * LANES)
    phase, m = 0, 0
    for start in range(0, length, BLOCK):
        stop = min(start + BLOCK, length)
        for t in range(stop - start):
            at = phase * width + m
            if fixed:
                apply_fixed_filters(taps, at, sums, block, t)
            else:
                for tile in range(0, weights.shape[1], LANES):
                    apply_filters(taps, at, weights, tile, block, t)
            phase += 1
            if phase == dilation:
                phase = 0
                m += 1
        for row in range(len(levels)):
            margin = 4 * dilation if interior[row] else 0
            first, last = max(start, margin) - start, min(stop, length - margin) - start
            if first < last:
                for tile in range(0, together, TOGETHER * LANES):
                    count_levels_together(block, first, last, levels, ones, runs, counts, row, tile)
                for tile in range(together, weights.shape[1], LANES):
                    count_levels(block, first, last, levels, ones, runs, counts, row, tile)
