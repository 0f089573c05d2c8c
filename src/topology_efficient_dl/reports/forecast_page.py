"""What the study of compressed forecasters shows: a figure, a page, and a few lines for a terminal."""

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
from topology_efficient_dl.evaluation.summary import as_records
from topology_efficient_dl.params.compression import CompressionRecipe
from topology_efficient_dl.params.forecasting import ForecastParams
from topology_efficient_dl.params.names import display_name
from topology_efficient_dl.params.training import EfficiencyParams
from topology_efficient_dl.reports.conditions import training_words
from topology_efficient_dl.reports.console import aligned
from topology_efficient_dl.reports.forecast_tables import read_seeds
from topology_efficient_dl.reports.formatting import NOTHING, number, span
from topology_efficient_dl.reports.pages import provenance_lines
from topology_efficient_dl.reports.recipes import recipe_words
from topology_efficient_dl.reports.style import FADED, INK, figure_style, model_colours

Row = Mapping[str, Any]

SEASONS_SHOWN = 2
"""Of the past, before the test part of the figure."""

CONDITIONS = (
    "A forecast is made from the {context} values before its origin and says the next {horizon} at once. Series are "
    "cut in time order: the last {test:.0%} of the values are test, the {validation:.0%} before them validation. Every "
    "target of a part lies in that part; windows begin one value apart.",
    "Networks see {zero} as zero and the standard deviation of train's values as one. Errors are in the series' unit.",
    "Training: {training}. The loss is the mean squared error{distilled}.",
    "Intervals ({confidence:.0%}) are over {seeds} seed(s) and windows, paired; {horizon} neighbouring windows are "
    "drawn together, as they overlap. A test part has {stretches} such stretches.",
    "Latency is that of the network, a window in and forecasts out, per window; {threads} thread(s), {device}, models "
    "in alternation, {rounds} rounds. Scaling in and out, the same few operations for all, is not timed. "
    "Normalisations are folded in every network. Naive forecasts have no weights and are not timed.",
)

LIMITS = (
    "One test part of each series, from one stretch of time: {windows} windows of test, most of which overlap. What "
    "holds here need not hold on other series.",
    "Costs are measured on the first seed. Seconds of compressed networks are those of making them and of training on.",
)


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
    results : of `forecast_tables.forecast_results`
    verdicts : of `forecast_verdicts.judge_forecasts`
    params : of the study
    efficiency : how costs were measured
    """
    recipes = params.compression.recipes()
    lines = [
        "# Track C, forecasting: decomposed forecasters against dense ones",
        "",
        "Does a decomposition make a forecaster smaller and faster at the same error, and is the forecaster worth it?",
        "",
        *finding_lines(as_records(results), verdicts),
        "",
        "![Forecasts against truth on test](forecast.png)",
        "",
        *(line for row in as_records(data_card) for line in _section(row, read_seeds(results))),
        *verdict_sections(verdicts),
        "## Conditions",
        "",
        *(f"- {line}" for line in _filled(CONDITIONS, params, efficiency, as_records(data_card))),
        *(f"- `{name}`: {_recipe(recipe)}." for name, recipe in recipes.items()),
        "",
        "## Failures and limits",
        "",
        *(f"- {line}." for line in failure_lines(as_records(results), "forecasts")),
        *(f"- {line}" for line in _filled(LIMITS, params, efficiency, as_records(data_card))),
        *provenance_lines(),
    ]
    return "\n".join(lines)


def finding_lines(results: Sequence[Row], verdicts: Sequence[Row]) -> list[str]:
    """What the numbers come to: by series the headline, every network against its dense one, dense ones against naive.

    Parameters
    ----------
    results : rows of `forecast_tables.forecast_results`; forecasts without weights have no ``params``
    verdicts : of `forecast_verdicts.judge_forecasts`
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


def forecast_summary(results: pd.DataFrame, verdicts: Sequence[Row]) -> str:
    """Results, then verdicts against the dense networks, as two aligned tables for a terminal."""
    head = ("dataset", "model", "RMSE", "MAE", "params", "ms (b1)", "ms (b64)")
    costs = ("params", "latency_ms_b1", "latency_ms_b64")
    rows = [
        (row["dataset"], row["model"], _error(row, "rmse"), _error(row, "mae"), *(number(row[name]) for name in costs))
        for row in as_records(results)
    ]
    judged_head = ("dataset", "model", "against", "batch", "RMSE rise (%)", "params cut (%)", "verdict")
    judged = [
        (row["dataset"], row["model"], row["baseline"], ", ".join(map(str, row["latency_batch"])),
         _change(row, "rmse_rise"), _change(row, "params_cut"), row["status"].upper())
        for row in primary_of(verdicts)
    ]  # fmt: skip
    answers = [f"{line.answer} {line.terms}" for line in headlines(verdicts)]
    failed = failure_lines(as_records(results), "forecasts")
    return "\n\n".join(["", aligned([head, *rows]), aligned([judged_head, *judged]), *answers, *failed, ""])


def _filled(
    sentences: Sequence[str], params: ForecastParams, efficiency: EfficiencyParams, series: Sequence[Row]
) -> list[str]:
    shares = {recipe.fine_tune.distillation for recipe in params.compression.recipes().values()} - {0.0}
    windows = [int(row["n_test"]) for row in series]
    words = {
        "context": params.context,
        "horizon": params.horizon,
        "test": params.test_share,
        "validation": params.validation_share,
        "zero": "the last value of their own window" if params.relative_to == "last" else "the mean of train",
        "training": training_words(params.train),
        "confidence": params.evaluate.confidence,
        "threads": efficiency.threads,
        "device": efficiency.device,
        "rounds": efficiency.rounds,
        "distilled": (
            "; of recipes below that learn from the dense network a part of it is against that one's forecasts"
            if shares
            else ""
        ),
        "seeds": len(params.seeds.root),
        "windows": _range(windows),
        "stretches": _range([-(-count // params.horizon) for count in windows]),
    }
    return [sentence.format(**words).replace("%", " %") for sentence in sentences]


def _range(counts: Sequence[int]) -> str:
    low, high = min(counts, default=0), max(counts, default=0)
    return str(low) if low == high else f"{low} to {high}"


def _recipe(recipe: CompressionRecipe) -> str:
    """The recipe in words; temperatures have no part in squared errors."""
    return recipe_words(recipe).rpartition(" at temperature")[0] or recipe_words(recipe)


def _section(card: Row, results: pd.DataFrame) -> list[str]:
    rows = as_records(results[results["dataset"] == card["dataset"]])
    counts = (
        f"{card['unit'][0].upper()}{card['unit'][1:]}; {card['source']}. {card['n_values']} values, season "
        f"{card['season']}; windows: {card['n_train']} of train, {card['n_validation']} of validation, "
        f"{card['n_test']} of test."
    )
    head = ["model", "seeds", "MAE", "MSE", "RMSE", "params", "FLOPs", "ms (b1)", "ms (b64)", "fit s"]
    return [f"## {card['dataset']}", "", counts, "", *_markdown(head, [_cells(row) for row in rows]), ""]


def _cells(row: Row) -> list[str]:
    seeds = str(len(row["seeds"])) if row["seeds"] else NOTHING
    costs = ("params", "flops", "latency_ms_b1", "latency_ms_b64", "fit_seconds")
    errors = [_error(row, name) for name in ("mae", "mse", "rmse")]
    return [f"`{row['model']}`", seeds, *errors, *(number(row[name]) for name in costs)]


def _error(row: Row, name: str) -> str:
    spread = row[f"{name}_std"]
    return number(row[f"{name}_mean"]) + ("" if spread is None else f" ± {number(spread)}")


def verdict_sections(verdicts: Sequence[Row]) -> list[str]:
    """A table for every criterion; rows say what failed or is open."""
    lines = []
    for rule, criterion in dict.fromkeys((row["rule"], row["criterion"]) for row in verdicts):
        own = [row for row in verdicts if (row["rule"], row["criterion"]) == (rule, criterion)]
        lines += [f"## Verdicts: {rule}", "", f"{criterion}.", "", *_verdict_table(own), ""]
    return lines


def _verdict_table(verdicts: Sequence[Row]) -> list[str]:
    sizes = dict.fromkeys(size for row in verdicts for size in row["latency_batch"])
    measures = {"rmse_rise": "RMSE rise %", "params_cut": "params cut %"}
    measures |= {f"latency_cut_b{size}": f"latency cut % (b{size})" for size in sizes}
    shown = {name: words for name, words in measures.items() if any(row.get(name) is not None for row in verdicts)}
    rows = [
        [
            row["dataset"],
            f"`{row['model']}`",
            f"`{row['baseline']}`",
            *(_change(row, name) for name in shown),
            f"**{row['status']}**",
            _unmet(row),
        ]
        for row in verdicts
    ]
    return _markdown(["series", "model", "against", *shown.values(), "verdict", "failed or open"], rows)


def _unmet(row: Row) -> str:
    unmet = [each for each in row["conditions"] if each["state"] != CONFIRMED]
    return conditions_in_words(unmet, METRICS[row["metric"]]) if unmet else NOTHING


def _change(row: Row, measure: str) -> str:
    value = row.get(measure)
    if value is None:
        return NOTHING
    interval = row.get(f"{measure}_interval")
    return f"{100 * value:+.1f}".replace("-", "−") + (f" {span(interval, 100, 1)}" if interval else "")


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
