"""A picture of the method: a series, one filter's view of it, a level set, and the curves over all levels."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from topology_efficient_dl.data.preview import MOST_POINTS, envelope
from topology_efficient_dl.reports.style import FADED, INK, figure_style
from topology_efficient_dl.tda.level_sets.filters import TRIPLES, fixed_filters
from topology_efficient_dl.tda.level_sets.plain import filtered

SET, RAW = "#d55e00", "#0072b2"
STEPS = 273
"""Whole numbers for the largest value of the series."""


def draw_level_sets(
    series: NDArray[np.floating[Any]], dilation: int = 4, column: int = 41, share: float = 0.6
) -> Figure:
    """How one filter at one level becomes three features.

    Parameters
    ----------
    series : (n_timepoints,) float array
    dilation : samples between the filter's taps
    column : which of the fixed filters
    share : the level that is shown, as a quantile of the filtered series

    Returns
    -------
    The figure. Numbers in it are of the whole series, also where it is too long for every value to be drawn, which a
    line under it then says.
    """
    scale = STEPS / max(float(np.abs(series).max()), 1e-12)
    whole = np.rint(np.asarray(series) * scale).astype(np.int16)[None, None]
    values = filtered(whole, np.ones(1, np.bool_), dilation, fixed_filters()[:, column : column + 1])[0, 0]
    level = int(np.quantile(values, share))
    with figure_style():
        figure = Figure(figsize=(9.6, 4.6))
        (top, right), (bottom, below) = figure.subplots(2, 2, width_ratios=[1.7, 1])
        top.plot(*envelope(np.asarray(series)), color=RAW, linewidth=1.4)
        top.set_title("A series x")
        _draw_set(bottom, values, level, dilation, column)
        _draw_curves(right, below, values, level)
        for panel in (top, bottom):
            panel.set_xlim(0, len(values) - 1)
        drawn = len(envelope(values)[0])
        stretches = f"; drawn: lowest and highest of {drawn // 2:,} stretches" if drawn < len(values) else ""
        bottom.set_xlabel(f"time point{stretches}")
    return figure


def _draw_set(panel: Axes, values: NDArray[np.int64], level: int, dilation: int, column: int) -> None:
    ends = _components(values, level)
    places, shown = envelope(values)
    panel.plot(places, shown, color=INK, linewidth=1.1)
    panel.axhline(level, color=FADED, linewidth=0.9, linestyle="--")
    panel.fill_between(places, level, shown, where=shown > level, color=SET, alpha=0.35, linewidth=0)
    bars = _joined(ends, len(values))
    panel.hlines(np.full(len(bars), values.min() * 1.12), *(bars.T - 0.5), color=SET, linewidth=4, capstyle="butt")
    taps = ", ".join(str(tap - 4) for tap in TRIPLES[column])
    panel.text(0.99, 0.97, f"weight 2 at taps {taps}, dilation {dilation}", transform=panel.transAxes, ha="right",
               va="top", fontsize=8, color=FADED)  # fmt: skip
    beta0, measure, longest = _numbers(ends)
    panel.set_title(f"y = w * x; {{y > b}}: {beta0} components, measure {measure}, longest {longest}")


def _components(values: NDArray[np.int64], level: int) -> NDArray[np.int64]:
    """(n_components, 2): where each component of the superlevel set begins and one past its end."""
    edges = np.diff(np.concatenate([[False], values > level, [False]]).astype(np.int8))
    return np.flatnonzero(edges).reshape(-1, 2)


def _numbers(components: NDArray[np.int64]) -> tuple[int, int, int]:
    """How many there are, and the time points in all of them and in the longest."""
    lengths = components[:, 1] - components[:, 0]
    return len(lengths), int(lengths.sum()), int(lengths.max(initial=0))


def _joined(components: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """The components to draw as bars; of more than can be told apart, those less than a stretch apart as one."""
    if len(components) <= MOST_POINTS // 4:
        return components
    apart = components[1:, 0] - components[:-1, 1] >= n // (MOST_POINTS // 4)
    first, last = np.concatenate([[True], apart]), np.concatenate([apart, [True]])
    return np.column_stack([components[first, 0], components[last, 1]])


def _draw_curves(upper: Axes, lower: Axes, values: NDArray[np.int64], level: int) -> None:
    levels = np.unique(np.linspace(values.min() - 1, values.max(), 160).astype(np.int64))
    beta0, measure, longest = np.array([_numbers(_components(values, int(each))) for each in levels]).T
    upper.step(levels, beta0, color=SET, linewidth=1.3, where="post")
    upper.set_title("Betti curve: components of {y > b}")
    lower.plot(levels, measure / len(values), color=INK, label="measure", linewidth=1.3)
    lower.plot(levels, longest / len(values), color=RAW, label="longest", linewidth=1.3)
    lower.set_title("Share of time inside {y > b}")
    lower.set_xlabel("level b")
    lower.legend(fontsize=8.5)
    for panel in (upper, lower):
        panel.axvline(level, color=FADED, linewidth=0.9, linestyle="--")
