"""What the scaling study on graphs shows: a figure and a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from topology_efficient_dl.evaluation.summary import as_records
from topology_efficient_dl.params.names import display_name
from topology_efficient_dl.params.studies import GraphScalingParams
from topology_efficient_dl.reports.formatting import number
from topology_efficient_dl.reports.pages import provenance_lines
from topology_efficient_dl.reports.style import FADED, figure_style, model_colours
from topology_efficient_dl.studies.graph_scaling import MEASURES, Row, first_stops

PANELS = {"latency_s": "Latency, all nodes (s)", "peak_mb": "Peak memory of inference (MB)"}
FIGURE = "Latency and peak memory against edges, a line for each number of nodes; crosses are points without an answer"

N_COLOURS = 9
"""After so many models colours repeat, with dashed lines."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
"""One for each number of nodes, the smallest first."""

CONDITIONS = (
    "Graphs are random: every pair of nodes is an edge with the same probability, of weight 1. Where edges cluster "
    "there are more triangles.",
    "A process may hold {memory_gib:g} GiB of data (heap and private maps, touched or not, libraries included) and "
    "take {time_limit_seconds:g} s from start to answer; {threads} thread(s).",
    "Networks are untrained, width {width}, depth {depth}, {n_features} features a node, float32, inference mode. They "
    "answer for all nodes in one pass. Sampled neighbours or parts of a graph, which trade time for memory, are not "
    "measured.",
    "Latency is the median of {repeats} answers after a first one; a first one of over {long_seconds:g} s is the only "
    "one.",
    "Preprocessing is done once for a graph, which is given in compressed rows, and makes what each network reads.",
    "Memory is over the imported libraries, in MB of 2**20 bytes.",
)

OF_MODELS = {
    "simplicial_mlp": "Preprocessing of `simplicial_mlp` carries features over {hops} hop(s).",
    "simplicial_mlp_triangles": "Preprocessing of `simplicial_mlp_triangles` carries features over {hops} hop(s), "
    "along A ∘ A² too.",
    "graph_transformer": "Attention of `graph_transformer` among all nodes goes block by block, without a weight for "
    "every pair.",
    "global_attention": "`global_attention` is the attention of `graph_transformer` among all nodes, block by block, "
    "without its convolution along edges.",
}
"""What holds of one model, said where it was measured."""


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
    lines = [
        "# Networks on graphs as nodes and edges grow",
        "",
        *(f"- {words.format(**params.model_dump())}" for words in [*CONDITIONS, *_of_models(points)]),
        "",
        f"![{FIGURE}](scaling.png)",
        "",
        "## At the largest point",
        "",
        _largest(as_records(points)),
        "",
        "## Where each model stops",
        "",
        *(_stop(model, *ends) for model, ends in first_stops(points).items()),
        "",
        "## Growth",
        "",
        "Exponents by least squares on logarithms, over points with an answer: of nodes alone, of edges alone, and of "
        "both together, which tells growth in nodes at equal edges from growth in edges at equal nodes.",
        "",
        *_growth(exponents),
        "",
        "## All points",
        "",
        *_points(as_records(points)),
        *provenance_lines(),
    ]
    return "\n".join(lines)


def _of_models(points: pd.DataFrame) -> list[str]:
    measured = set(points["model"])
    return [words for model, words in OF_MODELS.items() if model in measured]


def _largest(rows: Sequence[Row]) -> str:
    graph = max(rows, key=lambda row: (row["n_nodes"] ** 2 * row["density"], row["n_nodes"]))
    own = [row for row in rows if (row["n_nodes"], row["density"]) == (graph["n_nodes"], graph["density"])]
    answered = [f"`{row['model']}` ({_costs(row)})" for row in own if row["status"] == "ok"]
    stopped = [f"`{row['model']}` ({_status(row)})" for row in own if row["status"] != "ok"]
    lists = {"An answer": answered, "No answer": stopped}
    return f"{_graph(graph)}. " + " ".join(f"**{name}:** {'; '.join(each) or 'none'}." for name, each in lists.items())


def _costs(row: Row) -> str:
    once = f"{_seconds(row['preprocessing_s'])} and {number(row['preprocessing_peak_mb'])} MB"
    return f"{_seconds(row['latency_s'])}, {number(row['peak_mb'])} MB; once before {once}"


def _stop(model: str, answered: Row | None, stopped: Row | None) -> str:
    reach = f"answers up to {_graph(answered)}" if answered else "never answers"
    if stopped is None:
        return f"- `{model}` {reach}, and stops nowhere."
    reason = f" ({stopped['reason']})" if stopped["reason"] else ""
    return f"- `{model}` {reach}; it stops first at {_graph(stopped)}: {_status(stopped)}{reason}."


def _graph(row: Row) -> str:
    return f"n = {row['n_nodes']:,} and density {row['density']:g} ({row['n_edges']:,} edges)"


def _status(row: Row) -> str:
    return row["status"] if row["status"] == "ok" else f"{display_name(row['status'])} in {row['stage']}"


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{number(1000 * value)} ms" if value < 1 else f"{number(value)} s"


def _growth(exponents: pd.DataFrame) -> list[str]:
    names = dict(zip(MEASURES, ("preprocessing time", "preprocessing memory", "latency", "memory"), strict=True))
    fits = ("nodes", "nodes_r2", "edges", "edges_r2", "nodes_both", "edges_both", "both_r2")
    return _table(
        ["model", "measure", "points", "nodes alone", "R²", "edges alone", "R²", "nodes, both", "edges, both", "R²"],
        [
            [f"`{row['model']}`", names[row["measure"]], str(row["points"]), *(_power(row[name]) for name in fits)]
            for row in as_records(exponents)
        ],
    )


def _power(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}".replace("-", "−")


def _points(rows: Sequence[Row]) -> list[str]:
    columns = ["preprocessing_peak_mb", "peak_mb", "answers_per_s"]
    return _table(
        [
            "nodes", "density", "edges", "model", "status", "preprocessing", "latency", "preprocessing MB", "peak MB",
            "answers/s",
        ],
        [
            [
                f"{row['n_nodes']:,}", f"{row['density']:g}", f"{row['n_edges']:,}", f"`{row['model']}`", _status(row),
                _seconds(row["preprocessing_s"]), _seconds(row["latency_s"]), *(number(row[name]) for name in columns),
            ]
            for row in rows
        ],
    )  # fmt: skip


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
