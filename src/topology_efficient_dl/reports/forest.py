"""Verdicts as a picture: every interval against the bound that it has to clear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from topology_efficient_dl.evaluation.criteria import CONFIRMED, METRICS, REFUTED
from topology_efficient_dl.params.names import display_name
from topology_efficient_dl.reports.style import FADED, INK, LINE, STATUS_COLOURS, figure_style

MOST_ROWS = 200
"""Of more verdicts those over all data sets and then the first ones are drawn."""

_SYMBOLS = {CONFIRMED: "o", REFUTED: "X"}


def draw_verdicts(
    verdicts: Sequence[Mapping[str, Any]],
    max_f1_drop_pp: float = 1.0,
    min_latency_cut: float = 0.30,
    metric: str = METRICS["f1_macro"],
) -> Figure:
    """Change of quality and cut of latency with their intervals, a line per verdict, the wanted side shaded.

    Parameters
    ----------
    verdicts : what `judge` returned
    max_f1_drop_pp, min_latency_cut : the bounds to draw
    metric : the quality in words

    Returns
    -------
    A figure with two panels; where a measure has no interval the point is hollow, where it is unknown there is none.
    """
    hidden = len(verdicts) - MOST_ROWS
    if hidden > 0:
        places = sorted(range(len(verdicts)), key=lambda place: verdicts[place]["dataset"] != "all")[:MOST_ROWS]
        verdicts = [verdicts[place] for place in sorted(places)]
    with figure_style():
        figure = Figure(figsize=(7.4, 1.1 + (0.27 if len(verdicts) <= 40 else 0.19) * max(len(verdicts), 1)))
        left, right = figure.subplots(1, 2, sharey=True)
        _draw_panel(left, verdicts, "f1_drop_pp", "f1_drop_interval", 1.0)
        _draw_panel(right, verdicts, "latency_cut", "latency_cut_interval", 100.0)
        _shade(left, max_f1_drop_pp, towards_low=True, label=f"≤ {max_f1_drop_pp:g} pp")
        _shade(right, 100 * min_latency_cut, towards_low=False, label=f"≥ {min_latency_cut:.0%}".replace("%", " %"))
        left.set_title(f"{metric[0].upper()}{metric[1:]}: gained | lost (pp)", pad=18)
        right.set_title("Latency: added | cut (%)", pad=18)
        _name_rows(left, verdicts)
        if hidden > 0:
            figure.supxlabel(f"{hidden:,} further verdicts are not drawn", fontsize=8.5)
    return figure


def _draw_panel(panel: Axes, verdicts: Sequence[Mapping[str, Any]], value: str, interval: str, scale: float) -> None:
    for place, verdict in enumerate(verdicts):
        if verdict[value] is None:
            continue
        colour, span = STATUS_COLOURS[verdict["status"]], verdict[interval]
        if span is not None:
            panel.plot([scale * end for end in span], [place, place], color=colour, linewidth=2, solid_capstyle="round")
        face = colour if span is not None else "none"
        symbol = _SYMBOLS.get(verdict["status"], "D")
        panel.scatter(scale * verdict[value], place, s=34, marker=symbol, color=face, edgecolor=colour, zorder=3)
    panel.axvline(0, color=FADED, linewidth=0.8)
    panel.grid(True, axis="x")
    panel.spines["left"].set_visible(False)
    panel.tick_params(axis="y", length=0)


def _shade(panel: Axes, bound: float, *, towards_low: bool, label: str) -> None:
    low, high = panel.get_xlim()
    low, high = min(low, bound - 0.08 * (high - low)), max(high, bound + 0.08 * (high - low))
    panel.axvspan(low if towards_low else bound, bound if towards_low else high, color=STATUS_COLOURS[CONFIRMED],
                  alpha=0.10, linewidth=0)  # fmt: skip
    panel.axvline(bound, color=STATUS_COLOURS[CONFIRMED], linewidth=1, linestyle=(0, (3, 2)))
    panel.text(bound, 1.01, label, transform=panel.get_xaxis_transform(), fontsize=8, color=INK,
               ha="right" if towards_low else "left", va="bottom")  # fmt: skip
    panel.set_xlim(low, high)


def _name_rows(panel: Axes, verdicts: Sequence[Mapping[str, Any]]) -> None:
    several = len({verdict["model"] for verdict in verdicts}) > 1
    names = [
        f"{verdict['dataset']} · {display_name(verdict['model'])}" if several else str(verdict["dataset"])
        for verdict in verdicts
    ]
    panel.set_yticks(range(len(names)), names)
    panel.set_ylim(len(names) - 0.4, -0.6)
    for tick, verdict in zip(panel.get_yticklabels(), verdicts, strict=True):
        tick.set_fontweight("bold" if verdict["dataset"] == "all" else "normal")
    for place in range(1, len(verdicts)):
        if verdicts[place]["dataset"] == "all" and verdicts[place - 1]["dataset"] != "all":
            for each in panel.figure.axes:
                each.axhline(place - 0.5, color=LINE, linewidth=1)
