"""Quality, size, arithmetic and time against the rank: where time stops following arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from topology_efficient_dl.evaluation.summary import as_records
from topology_efficient_dl.params.compression import CompressionRecipe
from topology_efficient_dl.reports.pages import render_page
from topology_efficient_dl.reports.style import FADED, figure_style, model_colours

FOLLOWS = 0.5
"""Time follows arithmetic where a step of the rank that takes away some share of the FLOPs takes away at least so much
of it in time, both as logarithms."""

BATCHES = ("b1", "b64")
COSTS = ("params", "flops", *(f"latency_ms_{batch}" for batch in BATCHES))

CURVE_COLUMNS = [
    "dataset", "model", "series", "rank", "f1_macro_mean", "f1_macro_std", *COSTS, *(f"{cost}_share" for cost in COSTS),
    *(f"elasticity_{batch}" for batch in BATCHES),
]  # fmt: skip


def rank_curve(results: pd.DataFrame, recipes: Mapping[str, CompressionRecipe], models: Sequence[str]) -> pd.DataFrame:
    """One row per data set, model, series and rank; and one of the dense model, with rank null.

    A series is of one method, parts and schedule: ``tucker of conv``.

    Parameters
    ----------
    results : one row per ``dataset, model``; compressed models are called ``<model>.<variant>``
    recipes : by variant; those with a rank are shown
    models : dense models

    Returns
    -------
    `CURVE_COLUMNS`: shares are of the dense model; ``elasticity_b<n>`` is the logarithm of the ratio of times between a
    rank and the next larger one (after the largest, the dense model) over that of FLOPs, null where the larger one has
    no more FLOPs, or where they are unknown.
    """
    rows = []
    for dataset, table in results.groupby("dataset", sort=False):
        by_name = table.set_index("model")
        for model in models:
            if model in by_name.index:
                rows += _curves(str(dataset), model, by_name, recipes)
    return pd.DataFrame(rows, columns=CURVE_COLUMNS)


def _curves(
    dataset: str, model: str, by_name: pd.DataFrame, recipes: Mapping[str, CompressionRecipe]
) -> list[dict[str, Any]]:
    dense, rows = by_name.loc[model], []
    for series, variants in _series(recipes).items():
        ranked = sorted((rank, f"{model}.{name}") for rank, name in variants if f"{model}.{name}" in by_name.index)
        above = [by_name.loc[name] for _, name in ranked[1:]] + [dense][: len(ranked)]
        for (rank, name), larger in zip(ranked, above, strict=True):
            rows.append(
                {
                    **_row(dataset, model, series, rank, by_name.loc[name], dense),
                    **_elasticities(by_name.loc[name], larger),
                }
            )
    return [*rows, _row(dataset, model, "dense", None, dense, dense)] if rows else []


def _series(recipes: Mapping[str, CompressionRecipe]) -> dict[str, list[tuple[int, str]]]:
    found: dict[str, list[tuple[int, str]]] = {}
    for name, recipe in recipes.items():
        if recipe.is_tensor and recipe.rank is not None:
            rising = ", ranks rising" if recipe.schedule == "increasing" else ""
            title = f"{recipe.method} of {' and '.join(recipe.layers)}{rising}"
            found.setdefault(title, []).append((recipe.rank, name))
    return found


def _row(dataset: str, model: str, series: str, rank: int | None, values: Any, dense: Any) -> dict[str, Any]:
    costs = {cost: _number(values[cost]) for cost in COSTS}
    return {
        "dataset": dataset,
        "model": model,
        "series": series,
        "rank": rank,
        "f1_macro_mean": values["f1_macro_mean"],
        "f1_macro_std": values["f1_macro_std"],
        **costs,
        **{f"{cost}_share": value / _number(dense[cost]) for cost, value in costs.items()},
    }


def _elasticities(smaller: Any, larger: Any) -> dict[str, float]:
    flops = np.log(_number(larger["flops"]) / _number(smaller["flops"]))
    found = {}
    for batch in BATCHES:
        time = np.log(_number(larger[f"latency_ms_{batch}"]) / _number(smaller[f"latency_ms_{batch}"]))
        found[f"elasticity_{batch}"] = float(time / flops) if flops > 1e-9 else float("nan")
    return found


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)


def turning_rank(curve: pd.DataFrame, batch: str) -> int | None:
    """The largest rank from which on downwards time no longer follows FLOPs; None where it follows to the least rank.

    Steps that take away no FLOPs have no say.

    Parameters
    ----------
    curve : rows of `rank_curve` of one data set, model and series
    batch : ``b1`` or ``b64``

    Examples
    --------
    >>> turning_rank(pd.DataFrame({"rank": [4, 8, 16], "elasticity_b1": [0.1, 0.3, 0.9]}), "b1")
    8
    """
    found = None
    ordered = curve.dropna(subset=[f"elasticity_{batch}"]).sort_values("rank")
    for rank, elasticity in zip(ordered["rank"], ordered[f"elasticity_{batch}"], strict=True):
        if elasticity >= FOLLOWS:
            break
        found = int(rank)
    return found


def draw_rank_curve(curve: pd.DataFrame) -> Figure:
    """Per data set and model a row: macro-F1, then FLOPs and latency at either batch as shares of the dense model."""
    panels = list(curve.groupby(["dataset", "model"], sort=False)) if len(curve) else []
    with figure_style():
        figure = Figure(figsize=(10.5, 3.0 * max(1, len(panels))))
        if not panels:
            figure.text(0.5, 0.5, "No recipe of this run has a rank", ha="center", color=FADED)
            return figure
        axes = figure.subplots(len(panels), 3, squeeze=False)
        for row, ((dataset, model), rows) in zip(axes, panels, strict=True):
            _draw_row(row, f"{dataset}, {model}", rows)
        figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def _draw_row(axes: Sequence[Axes], title: str, rows: pd.DataFrame) -> None:
    dense = rows[rows["rank"].isna()].iloc[0]
    series = [(str(name), curve) for name, curve in rows[rows["rank"].notna()].groupby("series", sort=False)]
    colours = model_colours(name for name, _ in series)
    quality, first, second = axes
    quality.axhline(dense["f1_macro_mean"], color=FADED, linestyle=":")
    for name, curve in series:
        quality.errorbar(
            curve["rank"], curve["f1_macro_mean"], curve["f1_macro_std"], color=colours[name], marker="o", label=name,
            capsize=2,
        )  # fmt: skip
        for panel, batch in ((first, "b1"), (second, "b64")):
            panel.plot(curve["rank"], curve[f"latency_ms_{batch}_share"], color=colours[name], marker="o")
            panel.plot(curve["rank"], curve["flops_share"], color=colours[name], linestyle="--")
    quality.set_ylabel("Macro-F1 (dotted: dense)")
    quality.set_title(title)
    for panel, batch in ((first, "1"), (second, "64")):
        panel.axhline(1.0, color=FADED, linestyle=":")
        panel.set_title(f"Batch {batch}: time (solid) and FLOPs (dashed)")
        panel.set_ylabel("Share of the dense model")
    ranks = sorted(rows["rank"].dropna().astype(int).unique())
    for panel in axes:
        panel.set_xscale("log", base=2)
        panel.set_xticks(ranks, [str(rank) for rank in ranks])
        panel.set_xlabel("Rank")


def rank_page(curve: pd.DataFrame) -> str:
    """The curve as Markdown: where time stops following arithmetic, then every number."""
    series = []
    for key, rows in curve[curve["rank"].notna()].groupby(["dataset", "model", "series"], sort=False):
        turning = (turning_rank(rows, batch) for batch in BATCHES)
        series.append((key, [str(rank) if rank else f"below {int(rows['rank'].min())}" for rank in turning]))
    return render_page("ranks.md.j2", follows=FOLLOWS, series=series, curve=as_records(curve), costs=COSTS)
