"""Static figures of the report, drawn without pyplot so that they are safe in threads and leave nothing open."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from topology_efficient_dl.evaluation.answers import ALL, primary_of
from topology_efficient_dl.evaluation.criteria import METRICS
from topology_efficient_dl.evaluation.statistics import pairwise_wilcoxon, rank_models
from topology_efficient_dl.params.names import display_name
from topology_efficient_dl.params.training import EvaluateParams
from topology_efficient_dl.reports.forest import draw_verdicts
from topology_efficient_dl.reports.labels import SIDES, Canvas
from topology_efficient_dl.reports.pareto import (
    check_column,
    deviations,
    label_sides,
    mean_over_sets,
    pareto_mask,
)
from topology_efficient_dl.reports.report import ReportFigure
from topology_efficient_dl.reports.style import AXIS_LABELS, FADED, INK, figure_style, model_colours, to_svg

MAX_PANELS = 12
"""More data sets than this are drawn as a cloud behind their means, not in panels."""

MOST_SETS = 200
"""Of bars; of more data sets the first ones are drawn, which the axis then says."""


def _styled(draw: Callable[..., Any]) -> Callable[..., Any]:
    def within_style(*args: Any, **kwargs: Any) -> Any:
        with figure_style():
            return draw(*args, **kwargs)

    within_style.__doc__, within_style.__name__ = draw.__doc__, draw.__name__
    return within_style


@_styled
def draw_pareto(results: pd.DataFrame, x: str = "latency_ms_b1", y: str = "f1_macro_mean") -> Figure:
    """Quality against cost with the Pareto front, a panel per data set (one panel of means if there are many).

    Parameters
    ----------
    results : one row per data set and model
    x : cost column, logarithmic axis
    y : quality column; bars show its standard deviation over seeds where the table has it

    Raises
    ------
    ParameterError : no such column, or it is not numeric
    """
    for column in (x, y):
        check_column(results, column)
    table = results.assign(**{column: pd.to_numeric(results[column], errors="coerce") for column in (x, y)})
    colours = model_colours(results["model"])
    datasets = list(dict.fromkeys(results["dataset"]))
    if len(datasets) > MAX_PANELS:
        return _one_panel(table, x, y, colours)
    n_columns = min(3, len(datasets)) or 1
    n_rows = math.ceil(len(datasets) / n_columns) or 1
    figure = Figure(figsize=(max(3.7 * n_columns, 5.6), 3.1 * n_rows))
    panels = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    for panel, dataset in zip(panels, datasets, strict=False):
        _draw_points(panel, table[table["dataset"] == dataset], x, y, colours)
        panel.set_title(dataset)
    for panel in panels[len(datasets) :]:
        panel.set_visible(False)
    figure.supxlabel(f"{AXIS_LABELS.get(x, x)}, log scale", fontsize=10)
    figure.supylabel(AXIS_LABELS.get(y, y), fontsize=10)
    return figure


def _one_panel(table: pd.DataFrame, x: str, y: str, colours: dict[str, str]) -> Figure:
    figure = Figure(figsize=(7.4, 4.6))
    panel = figure.subplots()
    for model, rows in table.groupby("model", sort=False):
        panel.scatter(rows[x], rows[y], s=12, color=colours[str(model)], alpha=0.25, linewidths=0)
    _draw_points(panel, mean_over_sets(table, x, y), x, y, colours)
    panel.set_title(f"Means over {table['dataset'].nunique()} data sets; small points are single sets")
    panel.set_xlabel(f"{AXIS_LABELS.get(x, x)}, log scale")
    panel.set_ylabel(AXIS_LABELS.get(y, y))
    return figure


def _draw_points(panel: Axes, rows: pd.DataFrame, x: str, y: str, colours: dict[str, str]) -> None:
    known = rows.dropna(subset=[x, y])
    front = known[pareto_mask(known[x], known[y])].sort_values([x, y])
    panel.step(front[x], front[y], where="post", color=FADED, linewidth=1.1, linestyle=(0, (2, 2)), zorder=1)
    spread = y.replace("_mean", "_std")
    for row in known.to_dict("records"):
        colour = colours[row["model"]]
        if spread != y and pd.notna(row.get(spread)):
            panel.errorbar(row[x], row[y], row[spread], color=colour, linewidth=1, capsize=2.5, zorder=2)
        panel.scatter(row[x], row[y], s=46, color=colour, edgecolor="white", linewidth=0.8, zorder=3)
    if len(known):
        panel.set_xscale("log")
        _widen(panel, known[x])
    _label_points(panel, known, x, y, colours)
    panel.grid(True, axis="y")


def _widen(panel: Axes, values: pd.Series) -> None:
    """Room for labels beside the outermost points, and few, plainly written ticks."""
    low, high = math.log10(values.min()), math.log10(values.max())
    margin = max(0.35 * (high - low), 0.25)
    panel.set_xlim(10 ** (low - margin), 10 ** (high + margin))
    panel.margins(y=0.22)
    panel.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high - low < 1.2 else (1.0,)))
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    panel.xaxis.set_minor_formatter(NullFormatter())


def _label_points(panel: Axes, known: pd.DataFrame, x: str, y: str, colours: dict[str, str]) -> None:
    """Direct labels, clear of points, error bars and the front as far as there is room."""
    if known.empty:
        return
    inches = panel.figure.get_size_inches() / panel.get_subplotspec().get_gridspec().get_geometry()[::-1]  # type: ignore[union-attr]
    canvas = Canvas(*(72 * (inches - (0.55, 0.75))))
    deviation = deviations(known, y)
    scale = canvas.height / float(np.ptp(panel.get_ylim()))
    within = (panel.transScale + panel.transLimits).transform(known[[x, y]].to_numpy(float))
    names = [display_name(model) for model in known["model"]]
    on_front = pareto_mask(known[x], known[y])
    sides = label_sides(within * (canvas.width, canvas.height), scale * deviation, on_front, names, canvas)
    for row, name, side in zip(known.to_dict("records"), names, sides, strict=True):
        right, up = SIDES[side]
        panel.annotate(
            name,
            (row[x], row[y]),
            xytext=(canvas.gap * right * (0.8 if up else 1), canvas.gap * up * (0.8 if right else 1)),
            textcoords="offset points",
            ha=("right", "center", "left")[right + 1],
            va=("top", "center", "bottom")[up + 1],
            fontsize=8,
            color=colours[row["model"]],
            zorder=4,
        )


@_styled
def draw_f1_bars(scores: pd.DataFrame, metric: str = "f1_macro") -> Figure:
    """Mean score of every model on every data set as bars, each seed a point.

    Parameters
    ----------
    scores : one row per cell: ``dataset, model, seed`` and the metric
    metric : a column of the scores in [0, 1]
    """
    colours = model_colours(scores["model"])
    datasets = list(dict.fromkeys(scores["dataset"]))[:MOST_SETS]
    hidden = scores["dataset"].nunique() - len(datasets)
    height = 0.8 / max(len(colours), 1)
    row = max(0.22 * len(colours), 0.4) if len(datasets) <= 2 * MAX_PANELS else 0.3
    figure = Figure(figsize=(7.4, 0.9 + row * max(len(datasets), 1)))
    panel = figure.subplots()
    shown = scores[scores["dataset"].isin(datasets)].dropna(subset=[metric])
    places = shown["dataset"].map({name: place for place, name in enumerate(datasets)})
    for order, (model, colour) in enumerate(colours.items()):
        own = shown["model"] == model
        centres = places[own] - 0.4 + height * (order + 0.5)
        means = shown[metric][own].groupby(centres).mean()
        panel.barh(means.index, means, 0.86 * height, color=colour, alpha=0.42)
        panel.scatter(shown[metric][own], centres, s=11, color=colour, linewidths=0, zorder=3)
        panel.barh([0], [0], color=colour, label=display_name(model))
    panel.set_yticks(range(len(datasets)), datasets)
    panel.set_ylim(len(datasets) - 0.5, -0.5)
    panel.set_xlim(0, 1)
    label = AXIS_LABELS.get(f"{metric}_mean", metric)
    panel.set_xlabel(f"{label}; {hidden:,} further data sets are not drawn" if hidden else label)
    panel.tick_params(axis="y", length=0)
    panel.grid(True, axis="x")
    figure.legend(*panel.get_legend_handles_labels(), loc="outside upper left", ncols=min(len(colours), 4), fontsize=9)
    return figure


@_styled
def draw_critical_difference(scores: pd.DataFrame, metric: str = "f1_macro", alpha: float = 0.05) -> Figure | None:
    """Average ranks on a line; a bar joins models that no Holm-corrected Wilcoxon test tells apart.

    Parameters
    ----------
    scores : one row per cell: ``dataset, model, seed`` and the metric
    metric : a column of the scores, higher is better
    alpha : level of the tests

    Returns
    -------
    The figure, or None where the Friedman test says nothing (fewer than three models or six data sets).

    References
    ----------
    Demsar, JMLR 7 (2006); Benavoli, Corani and Mangili, *Should we really use post-hoc tests based on mean-ranks?*,
    JMLR 17 (2016), for Wilcoxon in place of Nemenyi.
    """
    ranking = rank_models(scores, metric)
    if ranking.test.p_value is None:
        return None
    names, ranks = list(ranking.average_ranks), list(ranking.average_ranks.values())
    cliques = indistinguishable(names, pairwise_wilcoxon(scores, metric), alpha)
    side = math.ceil(len(names) / 2)
    figure = Figure(figsize=(7.4, 1.3 + 0.3 * side + 0.14 * len(cliques)))
    panel = figure.subplots()
    _rank_axis(panel, len(names))
    top = -0.35 - 0.22 * len(cliques)
    for place, (first, last) in enumerate(cliques):
        level = -0.3 - 0.22 * place
        panel.plot(
            [ranks[first] - 0.03, ranks[last] + 0.03], [level] * 2, color=INK, linewidth=3.2, solid_capstyle="round"
        )
    _rank_labels(panel, names, ranks, top, model_colours(scores["model"]))
    panel.set_ylim(top - 0.34 * side - 0.15, 0.5)
    return figure


def _rank_axis(panel: Axes, n_models: int) -> None:
    panel.set_axis_off()
    panel.set_xlim(-0.1 - 0.25 * n_models, n_models + 1.1 + 0.25 * n_models)
    panel.plot([1, n_models], [0, 0], color=INK, linewidth=1)
    for rank in range(1, n_models + 1):
        panel.plot([rank, rank], [0, 0.09], color=INK, linewidth=1)
        panel.text(rank, 0.16, str(rank), ha="center", va="bottom", fontsize=9)
    panel.text(-0.1 - 0.25 * n_models, 0.16, "average rank (1 is best)", fontsize=8.5, color=FADED, va="bottom")


def _rank_labels(
    panel: Axes, names: Sequence[str], ranks: Sequence[float], top: float, colours: dict[str, str]
) -> None:
    """Elbows from the ranks to the names: the better half to the left, the others to the right."""
    side = math.ceil(len(names) / 2)
    for place, (name, rank) in enumerate(zip(names, ranks, strict=True)):
        left = place < side
        level = top - 0.34 * (place if left else len(names) - 1 - place)
        end = 0.75 if left else len(names) + 0.25
        panel.plot([rank, rank, end], [0, level, level], color=colours[name], linewidth=1.1)
        text = f"{display_name(name)}  {rank:.2f}" if left else f"{rank:.2f}  {display_name(name)}"
        panel.text(end, level, f"{text} " if left else f" {text}", ha="right" if left else "left", va="center",
                   fontsize=9.5, color=colours[name])  # fmt: skip


def indistinguishable(names: Sequence[str], tests: pd.DataFrame, alpha: float = 0.05) -> list[tuple[int, int]]:
    """Maximal runs of models, in order of rank, in which no pair differs at the level.

    Parameters
    ----------
    names : models by average rank
    tests : what `pairwise_wilcoxon` returned
    alpha : level

    Returns
    -------
    (first, last) places of every run of at least two.
    """
    differing = {frozenset((row.model_a, row.model_b)) for row in tests.itertuples() if _below(row.p_holm, alpha)}

    def run_end(first: int) -> int:
        last = first
        while last + 1 < len(names) and all(
            frozenset((names[one], names[last + 1])) not in differing for one in range(first, last + 1)
        ):
            last += 1
        return last

    runs = [(first, run_end(first)) for first in range(len(names))]
    return [(a, b) for place, (a, b) in enumerate(runs) if b > a and (place == 0 or b > runs[place - 1][1])]


def _below(p_value: Any, alpha: float) -> bool:
    return p_value is not None and bool(p_value < alpha)


MOST_DRAWN = 40
"""Verdicts in the figure; of more those over all data sets are drawn."""


def report_figures(
    scores: pd.DataFrame, results: pd.DataFrame, verdicts: Sequence[Mapping[str, Any]], evaluate: EvaluateParams
) -> list[ReportFigure]:
    """Pareto front, quality by dataset, verdicts, ranks."""
    drawn = [
        ("Quality against cost", "Up and to the left is better; the dotted line is the Pareto front.", "pareto.png",
         draw_pareto(results, evaluate.x_axis, evaluate.y_axis)),
        ("Macro-F1 by dataset", "Bars are means, points are seeds.", None, draw_f1_bars(scores)),
    ]  # fmt: skip
    primary = primary_of(verdicts)
    if primary:
        bounds = {each["measure"]: each["bound"] for each in reversed(primary[0]["conditions"])}
        pooled = [each for each in primary if each["dataset"] == ALL]
        shown = pooled if pooled and len(primary) > MOST_DRAWN else primary
        forest = draw_verdicts(shown, bounds["f1_drop_pp"], bounds["latency_cut"], METRICS[evaluate.metric])
        drawn.append(("Verdicts against the primary baseline", "The wanted side is shaded.", None, forest))
    ranks = draw_critical_difference(scores, evaluate.metric)
    if ranks is not None:
        caption = f"Of {METRICS[evaluate.metric]}; models that are joined do not differ (Wilcoxon-Holm)."
        drawn.append(("Average ranks", caption, None, ranks))
    return [ReportFigure(title, caption, svg=to_svg(figure), file=file) for title, caption, file, figure in drawn]
