"""What the report of track C says, put together from the tables of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from topology_efficient_dl.evaluation.summary import over_sets
from topology_efficient_dl.params.complexes import SimplicialParams
from topology_efficient_dl.params.compression import CompressionParams, CompressionRecipe
from topology_efficient_dl.params.training import EfficiencyParams, EvaluateParams, TrainParams
from topology_efficient_dl.reports.conditions import peer_words, recipe_limits
from topology_efficient_dl.reports.context import report_context
from topology_efficient_dl.reports.graph_context import graph_report_context
from topology_efficient_dl.reports.report import ReportContext
from topology_efficient_dl.tensor.design import NARROWED

QUESTION = (
    "Does a decomposition of the weights make a trained network smaller and measurably faster at the same quality"
)
QUESTION_ON_GRAPHS = (
    "Do networks of graphs and complexes become smaller and measurably faster by a decomposition of their weights, at "
    "the same quality"
)
CAPTION = (
    "Mean ± standard deviation over seeds. Latency runs from raw sample to label, per sample. Parameters are what "
    "inference needs after normalisations are folded"
)
FOLDED = "Normalisations are folded in every network, the dense ones too, before it is measured."
LIMITS_ON_GRAPHS = (
    "Maps inside torch-geometric's own convolutions are left as they are.",
    "The table over data sets has the network's own time, on inputs that were made once.",
)


def compression_report_context(
    data_card: pd.DataFrame,
    scores: pd.DataFrame,
    results: pd.DataFrame,
    statistics: Mapping[str, Any],
    verdicts: Sequence[Mapping[str, Any]],
    published: pd.DataFrame,
    train: TrainParams,
    efficiency: EfficiencyParams,
    evaluate: EvaluateParams,
    compression: CompressionParams,
    layers: pd.DataFrame,
    fitting: Mapping[str, str] | None = None,
) -> ReportContext:
    """That of track A, as the data, the dense models and the measuring are the same, with the words of this track."""
    context = report_context(
        data_card, scores, results, statistics, verdicts, published, train, efficiency, evaluate, fitting
    )
    recipes = compression.recipes()
    pruned = any(recipe.method == "prune_weights" for recipe in recipes.values())
    return replace(
        context,
        title="Track C: decomposed weights against dense networks",
        question=_question(QUESTION, recipes),
        conditions={**context.conditions, **_variants(recipes)},
        limits=[*context.limits, FOLDED, *recipe_limits(recipes), *_left_dense(layers)],
        results_caption=CAPTION + ("; of pruned weights those that are not zero." if pruned else "."),
        over_sets=over_sets(context.results),
    )


def graph_compression_report_context(
    data_card: pd.DataFrame,
    scores: pd.DataFrame,
    results: pd.DataFrame,
    statistics: Mapping[str, Any],
    verdicts: Sequence[Mapping[str, Any]],
    train: TrainParams,
    efficiency: EfficiencyParams,
    evaluate: EvaluateParams,
    simplicial: SimplicialParams,
    compression: CompressionParams,
    layers: pd.DataFrame,
    fitting: Mapping[str, str] | None = None,
) -> ReportContext:
    """That of track B, as the graphs and the measuring are the same, with the words of this study."""
    context = graph_report_context(
        data_card, scores, results, statistics, verdicts, train, efficiency, evaluate, simplicial, fitting
    )
    recipes = compression.recipes()
    return replace(
        context,
        title="Track C on graphs: networks of track B with decomposed weights",
        question=_question(QUESTION_ON_GRAPHS, recipes),
        conditions={**context.conditions, **_variants(recipes)},
        limits=[*context.limits, *LIMITS_ON_GRAPHS, *recipe_limits(recipes), *_left_dense(layers)],
        over_sets=over_sets([{**row, **_own_times(row)} for row in context.results]),
    )


def _question(question: str, recipes: Mapping[str, CompressionRecipe]) -> str:
    peers = peer_words(recipes)
    return f"{question}{f', and is it better than {peers}' if peers else ''}?"


def _variants(recipes: Mapping[str, CompressionRecipe]) -> dict[str, str]:
    return {f"`{name}`": recipe_words(recipe) for name, recipe in recipes.items()}


def _own_times(row: Mapping[str, Any]) -> dict[str, Any]:
    """Latency of the network alone under the names of latency from raw sample to label."""
    return {f"latency_ms_b{size}": row.get(f"model_latency_ms_b{size}") for size in (1, 64)}


def recipe_words(recipe: CompressionRecipe) -> str:
    """A recipe in a sentence.

    Examples
    --------
    >>> recipe_words(CompressionRecipe(method="int8"))
    'int8'
    >>> recipe_words(CompressionRecipe(method="tt", rank=16, layers=("ffn",)))
    'tt of ffn, rank 16; 50 epochs of fine-tuning at 0.001, 50 % of the loss from the dense model at temperature 2'
    """
    if recipe.method == "int8":
        return "int8"
    tune = recipe.fine_tune
    if recipe.method == "small_dense" and tune.distillation == 0:
        return f"small_dense, keep {recipe.keep:g}; trained from scratch as the dense model was"
    words = f"{recipe.method} of {', '.join(recipe.layers)}" if recipe.is_tensor else recipe.method
    if tune.epochs == 0 and recipe.method != "small_dense":
        return f"{words}, {_bound(recipe)}; not trained on"
    epochs = (
        "as many epochs as the dense model had at most"
        if recipe.method == "small_dense"
        else f"{tune.epochs} epochs of fine-tuning at {tune.learning_rate:g}"
    )
    shares = f"{tune.distillation:.0%} of the loss from the dense model at temperature {tune.temperature:g}".replace(
        "%", " %"
    )
    rising = ", ranks rising" if recipe.is_tensor and recipe.schedule == "increasing" else ""
    return f"{words}, {_bound(recipe)}{rising}; {epochs}, {shares}"


def _bound(recipe: CompressionRecipe) -> str:
    names = ("rank", "energy", "latency") if recipe.is_tensor else ()
    given = next((name for name in names if getattr(recipe, name) is not None), "keep")
    return f"{given} {getattr(recipe, given):g}"


def _left_dense(layers: pd.DataFrame) -> list[str]:
    """By model, how many layers were left dense, and why."""
    if "left_dense" not in layers:
        return []
    left = layers[~layers["left_dense"].fillna("").astype(str).isin(["", NARROWED])]
    found = []
    for model, rows in left.groupby("model", sort=False):
        reasons = rows.drop_duplicates("layer")
        shown = "; ".join(f"{row.layer} ({row.left_dense})" for row in reasons.head(3).itertuples())
        more = f" and {len(reasons) - 3} more" if len(reasons) > 3 else ""
        found.append(f"{model}: left dense: {shown}{more}.")
    return found
