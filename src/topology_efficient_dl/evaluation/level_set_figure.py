"""A picture of the method: a series, one filter's view of it, a level set, and the curves over all levels."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from topology_efficient_dl.evaluation.style import FADED, INK, figure_style
from topology_efficient_dl.tda.level_sets.filters import TRIPLES, fixed_filters
from topology_efficient_dl.tda.level_sets.plain import filtered
from topology_efficient_dl.tda.level_sets.statistics import intervals, level_set_statistics

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
    """
    scale = STEPS / max(float(np.abs(series).max()), 1e-12)
    whole = np.rint(np.asarray(series) * scale).astype(np.int16)[None, None]
    values = filtered(whole, np.ones(1, np.bool_), dilation, fixed_filters()[:, column : column + 1])[0, 0]
    level = int(np.quantile(values, share))
    with figure_style():
        figure = Figure(figsize=(9.6, 4.6))
        (top, right), (bottom, below) = figure.subplots(2, 2, width_ratios=[1.7, 1])
        top.plot(np.asarray(series), color=RAW, linewidth=1.4)
        top.set_title("A series x")
        _draw_set(bottom, values, level, dilation, column)
        _draw_curves(right, below, values, level)
        for panel in (top, bottom):
            panel.set_xlim(0, len(values) - 1)
        bottom.set_xlabel("time point")
    return figure


def _draw_set(panel: Axes, values: NDArray[np.int64], level: int, dilation: int, column: int) -> None:
    found = level_set_statistics(values, level, level)
    panel.plot(values, color=INK, linewidth=1.1)
    panel.axhline(level, color=FADED, linewidth=0.9, linestyle="--")
    for start, stop in intervals(values > level):
        inside = np.arange(start, stop)
        panel.fill_between(inside, level, values[inside], color=SET, alpha=0.35, linewidth=0)
        panel.plot([start - 0.5, stop - 0.5], [values.min() * 1.12] * 2, color=SET, linewidth=4, solid_capstyle="butt")
    taps = ", ".join(str(tap - 4) for tap in TRIPLES[column])
    panel.text(0.99, 0.97, f"weight 2 at taps {taps}, dilation {dilation}", transform=panel.transAxes, ha="right",
               va="top", fontsize=8, color=FADED)  # fmt: skip
    panel.set_title(
        f"y = w * x; {{y > b}}: {found['beta0']} components, measure {found['measure']}, longest {found['longest']}"
    )


def _draw_curves(upper: Axes, lower: Axes, values: NDArray[np.int64], level: int) -> None:
    levels = np.unique(np.linspace(values.min() - 1, values.max(), 160).astype(np.int64))
    found = [level_set_statistics(values, int(each), int(each)) for each in levels]
    upper.step(levels, [each["beta0"] for each in found], color=SET, linewidth=1.3, where="post")
    upper.set_title("Betti curve: components of {y > b}")
    lower.plot(levels, [each["measure"] / len(values) for each in found], color=INK, label="measure", linewidth=1.3)
    lower.plot(levels, [each["longest"] / len(values) for each in found], color=RAW, label="longest", linewidth=1.3)
    lower.set_title("Share of time inside {y > b}")
    lower.set_xlabel("level b")
    lower.legend(fontsize=8.5)
    for panel in (upper, lower):
        panel.axvline(level, color=FADED, linewidth=0.9, linestyle="--")
