"""What the scaling study on graphs shows: a figure and a page."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from topology_efficient_dl.evaluation.summary import as_records
from topology_efficient_dl.params.names import display_name
from topology_efficient_dl.params.studies import GraphScalingParams
from topology_efficient_dl.reports.pages import render_page
from topology_efficient_dl.reports.style import FADED, figure_style, model_colours
from topology_efficient_dl.studies.graph_scaling import MEASURES, first_stops

PANELS = {"latency_s": "Latency, all nodes (s)", "peak_mb": "Peak memory of inference (MB)"}

N_COLOURS = 9
"""After so many models colours repeat, with dashed lines."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
"""One for each number of nodes, the smallest first."""

MEASURE_NAMES = dict(zip(MEASURES, ("preprocessing time", "preprocessing memory", "latency", "memory"), strict=True))


def draw_graph_scaling(points: pd.DataFrame, memory_gib: float) -> Figure:
    """Latency and peak memory against edges, a line for each model and number of nodes, which markers tell apart.

    Crosses above are points without an answer.

    Parameters
    ----------
    points : of `points_table`
    memory_gib : the bound, which the panel of memory shows
    """
    colours = model_colours(points["model"])
    with figure_style():
        figure = Figure(figsize=(11.0, 4.8))
        for panel, (measure, label) in zip(figure.subplots(1, len(PANELS)), PANELS.items(), strict=True):
            _draw_panel(panel, points, measure, colours)
            panel.set_xlabel("Edges")
            panel.set_ylabel(label)
            panel.grid(True, axis="y")
        _explain_markers(panel, points)
        panel.axhline(1024 * memory_gib, color=FADED, linewidth=1, linestyle=(0, (2, 2)))
        figure.legend(*panel.get_legend_handles_labels(), loc="outside right upper", fontsize=8.5)
    return figure


def _explain_markers(panel: Axes, points: pd.DataFrame) -> None:
    for marker, nodes in zip(MARKERS, sorted(points["n_nodes"].unique()), strict=False):
        panel.plot([], [], marker, markersize=4, color=FADED, label=f"{nodes:,} nodes")


def _draw_panel(panel: Axes, points: pd.DataFrame, measure: str, colours: Mapping[str, str]) -> None:
    answered = points[points["status"] == "ok"]
    top = answered[measure].astype(float).max() if len(answered) else 1.0
    for place, (model, colour) in enumerate(colours.items()):
        own = answered[answered["model"] == model].sort_values("n_edges")
        style = "--" if place >= N_COLOURS else "-"
        panel.plot([], [], style, linewidth=1.1, color=colour, label=display_name(model))
        for marker, (_, rows) in zip(MARKERS, own.groupby("n_nodes"), strict=False):
            panel.plot(rows["n_edges"], rows[measure].astype(float), style, marker=marker, markersize=4, linewidth=1.1,
                       color=colour)  # fmt: skip
        stopped = points[(points["model"] == model) & (points["status"] != "ok")]
        panel.plot(stopped["n_edges"], [top * 1.5 * 1.25**place] * len(stopped), "x", markersize=5, color=colour)
    panel.set_xscale("log")
    panel.set_yscale("log")


def render_graph_scaling(points: pd.DataFrame, exponents: pd.DataFrame, params: GraphScalingParams) -> str:
    """Markdown: what happens at the largest point, where each model stops, exponents, all points, the machine.

    Parameters
    ----------
    points, exponents : of `points_table` and `growth_exponents`
    params : of the study
    """
    rows = as_records(points)
    top = max(rows, key=lambda row: (row["n_nodes"] ** 2 * row["density"], row["n_nodes"]))
    return render_page(
        "graph_scaling.md.j2",
        study=params,
        largest=[row for row in rows if (row["n_nodes"], row["density"]) == (top["n_nodes"], top["density"])],
        stops=first_stops(points),
        exponents=as_records(exponents),
        measures=MEASURE_NAMES,
        points=rows,
    )
