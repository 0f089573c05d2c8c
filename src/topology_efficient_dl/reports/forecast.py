"""What the study of compressed forecasters shows: a figure and a page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from topology_efficient_dl.data.forecasting import ForecastSplit
from topology_efficient_dl.evaluation.answers import conditions_in_words, headlines, primary_of
from topology_efficient_dl.evaluation.criteria import CONFIRMED, METRICS
from topology_efficient_dl.evaluation.failures import failure_lines
from topology_efficient_dl.evaluation.summary import as_records, read_seeds
from topology_efficient_dl.params.forecasting import ForecastParams
from topology_efficient_dl.params.names import display_name
from topology_efficient_dl.params.training import EfficiencyParams
from topology_efficient_dl.reports.conditions import training_words
from topology_efficient_dl.reports.formatting import NOTHING, change, number
from topology_efficient_dl.reports.pages import render_page
from topology_efficient_dl.reports.recipes import recipe_words
from topology_efficient_dl.reports.style import FADED, INK, figure_style, model_colours

Row = Mapping[str, Any]

SEASONS_SHOWN = 2
"""Of the past, before the test part of the figure."""


def draw_forecasts(
    splits: Iterable[ForecastSplit], forecasts: pd.DataFrame, models: Sequence[str], seed: int
) -> Figure:
    """Forecasts against truth on test, one panel a series; origins one horizon apart, so that they do not overlap.

    Parameters
    ----------
    splits : of the series
    forecasts : one row a series, model, seed, window and step
    models : to draw, each with the given seed or the only one that it has
    seed : of the networks
    """
    chosen = list(splits)
    with figure_style():
        figure = Figure(figsize=(8.6, 0.7 + 2.9 * len(chosen)))
        panels = figure.subplots(len(chosen), 1, squeeze=False).ravel()
        for panel, split in zip(panels, chosen, strict=True):
            _draw_panel(panel, split, forecasts[forecasts["dataset"] == split.name], models, seed)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=3, fontsize=9)
    return figure


def _draw_panel(panel: Axes, split: ForecastSplit, own: pd.DataFrame, models: Sequence[str], seed: int) -> None:
    first = int(split.origins["test"][0])
    shown = np.arange(max(0, first - SEASONS_SHOWN * split.season), len(split.values))
    panel.plot(shown, split.values[shown], color=INK, linewidth=1.4, label="truth")
    panel.axvline(first, color=FADED, linewidth=1, linestyle=(0, (2, 2)))
    colours = model_colours(models)
    for model in models:
        cells = own[own["model"] == model]
        rows = cells[cells["seed"] == (seed if seed in set(cells["seed"]) else cells["seed"].min())]
        rows = rows[(rows["origin"] - first) % split.horizon == 0]
        for place, (origin, steps) in enumerate(rows.groupby("origin")):
            label = display_name(model) if place == 0 else None
            at = np.arange(len(steps)) + int(str(origin))
            panel.plot(at, steps["forecast"], color=colours[model], linewidth=1.2, label=label)
    panel.set_title(split.name)
    panel.set_ylabel(split.unit.split(",")[0], fontsize=8.5)
    panel.set_xlabel("value of the series; test begins at the line", fontsize=8.5)


def render_forecasts(
    data_card: pd.DataFrame,
    results: pd.DataFrame,
    verdicts: Sequence[Row],
    params: ForecastParams,
    efficiency: EfficiencyParams,
) -> str:
    """Markdown: what was found, the table of every series, all verdicts, conditions, limits, the command, the machine.

    Parameters
    ----------
    data_card : one row a series
    results : of `evaluation.summary.results_table`
    verdicts : of `evaluation.comparisons.judge_forecasts`
    params : of the study
    efficiency : how costs were measured
    """
    series, rows, recipes = as_records(data_card), as_records(read_seeds(results)), params.compression.recipes()
    return render_page(
        "forecast.md.j2",
        findings=finding_lines(rows, verdicts),
        series=series,
        results=rows,
        verdicts=_sections(verdicts),
        study=params,
        efficiency=efficiency,
        training=training_words(params.train),
        distilled=any(recipe.fine_tune.distillation for recipe in recipes.values()),
        stretches=[-(-int(row["n_test"]) // params.horizon) for row in series],
        recipes={name: recipe_words(recipe, temperature=False) for name, recipe in recipes.items()},
        failures=failure_lines(rows, "forecasts"),
    )


def render_forecast_verdicts(verdicts: Sequence[Row]) -> str:
    """Markdown: a table for every criterion; rows say what failed or is open."""
    return render_page("forecast_verdicts.md.j2", verdicts=_sections(verdicts)).removesuffix("\n")


def finding_lines(results: Sequence[Row], verdicts: Sequence[Row]) -> list[str]:
    """What the numbers come to: by series the headline, every network against its dense one, dense ones against naive.

    Parameters
    ----------
    results : rows of `evaluation.summary.results_table`; forecasts without weights have no ``params``
    verdicts : of `evaluation.comparisons.judge_forecasts`
    """
    lines = []
    for line in headlines(verdicts):
        lines += [f"**{line.answer}** {line.terms}", ""]
    lines += [f"- {each['dataset']}: {each['explanation']}" for each in primary_of(verdicts)]
    rmse = {(row["dataset"], row["model"]): row["rmse_mean"] for row in results}
    known = {key: math.inf if value is None else float(value) for key, value in rmse.items()}
    naive = [row["model"] for row in results if row["params"] is None]
    judged = {(each["dataset"], each["model"], each["baseline"]): each["status"] for each in verdicts}
    dense = dict.fromkeys((each["dataset"], each["baseline"]) for each in primary_of(verdicts))
    for dataset, model in dense:
        best = min(naive, key=lambda name: known[dataset, name], default=None)
        if rmse[dataset, model] is None:
            lines.append(f"- {dataset}: `{model}` has no RMSE, since forecasts of it are not finite.")
        elif best is not None:
            status = judged.get((dataset, model, best))
            lines.append(
                f"- {dataset}: RMSE of `{model}`, {number(rmse[dataset, model])}, against that of the best naive "
                f"forecast (`{best}`), {number(rmse[dataset, best])}"
                + (f"; that it is no higher is {status}." if status else ".")
            )
    return lines


def _sections(verdicts: Sequence[Row]) -> list[dict[str, Any]]:
    """By rule and criterion, the verdicts as a table of texts."""
    sections = []
    for rule, criterion in dict.fromkeys((row["rule"], row["criterion"]) for row in verdicts):
        own = [row for row in verdicts if (row["rule"], row["criterion"]) == (rule, criterion)]
        sections.append({"rule": rule, "criterion": criterion, "rows": _verdict_table(own)})
    return sections


def _verdict_table(verdicts: Sequence[Row]) -> pd.DataFrame:
    sizes = dict.fromkeys(size for row in verdicts for size in row["latency_batch"])
    measures = {"rmse_rise": "RMSE rise %", "params_cut": "params cut %"}
    measures |= {f"latency_cut_b{size}": f"latency cut % (b{size})" for size in sizes}
    shown = {name: words for name, words in measures.items() if any(row.get(name) is not None for row in verdicts)}
    rows = [
        [
            row["dataset"],
            f"`{row['model']}`",
            f"`{row['baseline']}`",
            *(change(row, name) for name in shown),
            f"**{row['status']}**",
            _unmet(row),
        ]
        for row in verdicts
    ]
    return pd.DataFrame(rows, columns=["series", "model", "against", *shown.values(), "verdict", "failed or open"])


def _unmet(row: Row) -> str:
    unmet = [each for each in row["conditions"] if each["state"] != CONFIRMED]
    return conditions_in_words(unmet, METRICS[row["metric"]]) if unmet else NOTHING
