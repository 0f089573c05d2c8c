"""Which models are compared with which: proposals with baselines, smaller networks with dense ones, peers and rules."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import pandas as pd

from topology_efficient_dl.errors import ParameterError, did_you_mean
from topology_efficient_dl.evaluation.answers import ALL
from topology_efficient_dl.evaluation.criteria import (
    LATENCY_CUT,
    MEMORY_CUT,
    PARAMS_CUT,
    RMSE_RISE,
    Criterion,
    bound_on,
    criterion_of_track,
    latency_cut_at,
    no_worse,
    smaller_and_faster,
)
from topology_efficient_dl.evaluation.failures import mistakes_note
from topology_efficient_dl.evaluation.judge import PairedTests, Terms, Verdict, judge
from topology_efficient_dl.evaluation.measures import (
    Measure,
    Pair,
    costs_of,
    error_rise,
    quality_drop,
    size_cut,
    time_cut,
)
from topology_efficient_dl.evaluation.metrics import require_columns
from topology_efficient_dl.params.compression import AS_LARGE_AS_DENSE, CompressionRecipe
from topology_efficient_dl.params.forecasting import ForecastParams
from topology_efficient_dl.params.training import EvaluateParams

VERDICT_KEYS = (
    "dataset", "model", "baseline", "criterion", "f1_drop_pp", "latency_cut", "params_cut", "memory_cut", "p_value",
    "status",
)  # fmt: skip
"""The contract of a verdict on classifications; intervals, terms, conditions and an explanation follow."""


def judge_models(
    scores: pd.DataFrame,
    efficiency: pd.DataFrame,
    predictions: pd.DataFrame,
    params: EvaluateParams,
    proposals: Sequence[str] | None = None,
    criterion: Criterion | None = None,
) -> list[Verdict]:
    """Judge every proposal on every data set that it shares with the baseline, and then over all of them.

    The fall of the judged metric gets a bootstrap interval over seeds and test samples, the cut of latency one over
    timing rounds. Over all data sets the fall is a mean and the cut comes from the geometric mean of time ratios. Where
    the metric is undefined on a seed of either model there is no fall, so that nothing is confirmed, with the reason.

    Parameters
    ----------
    scores : one row per cell: ``dataset, model, seed, f1_macro``
    efficiency : one row per data set and model: ``params, peak_memory_mb`` and, for the judged batch size n, either
        the per-round times ``rounds_b<n>`` or at least ``latency_ms_b<n>``; null where not measured
    predictions : one row per test sample and cell: ``dataset, model, seed, index, label, predicted`` and, for AUROC,
        the probabilities ``p_0, p_1, ...``
    params : baseline, bounds, confidence, bootstrap
    proposals : models to judge, the baseline never; all when None
    criterion : what success means; that of track A when None

    Returns
    -------
    One object per data set and proposal, then one per proposal with ``dataset`` "all", as of `judge`, `VERDICT_KEYS`
    first. ``primary`` is true: callers with several baselines say which the headline is about.

    Raises
    ------
    ParameterError : the baseline or a proposal has no scores
    DataError : a table lacks a column, or two models were tested on different samples
    """
    require_columns(scores, ["dataset", "model", "seed", params.metric], "scores")
    require_columns(efficiency, ["dataset", "model"], "efficiency")
    pairs = _pairs_of(scores, params.baseline, proposals)
    rule = criterion or criterion_of_track("track_a", params)
    terms = Terms(params.metric, params.latency_batch, params.latency_of, params.confidence, primary=True)
    measures = _measures_of_models(scores, efficiency, predictions, params)
    verdicts = judge(pairs, measures, rule, terms, PairedTests(scores, params.metric))
    return [
        {key: verdict[key] for key in VERDICT_KEYS} | verdict | {"explanation": _with_notes(verdict, scores, pairs)}
        for verdict in verdicts
    ]


def _pairs_of(scores: pd.DataFrame, baseline: str, proposals: Sequence[str] | None) -> list[Pair]:
    """Every proposal, the baseline never, on every data set that both have."""
    scored = {str(name): set(own["dataset"]) for name, own in scores.groupby("model", sort=False)}
    names = [name for name in (scored if proposals is None else proposals) if name != baseline]
    for name in (baseline, *names):
        if name not in scored:
            hint = did_you_mean(name, list(scored))
            raise ParameterError(f"evaluate: no scores of model '{name}'{hint or '.'} Scored: {', '.join(scored)}")
    datasets = [str(name) for name in scores["dataset"].unique()]
    return [
        Pair(each, name, baseline) for name in names for each in datasets if each in scored[name] & scored[baseline]
    ]


def _measures_of_models(
    scores: pd.DataFrame, efficiency: pd.DataFrame, predictions: pd.DataFrame, params: EvaluateParams
) -> list[Measure]:
    costs, kind = costs_of(efficiency), "model_" if params.latency_of == "model" else ""
    rounds, median = (f"{kind}{column}_b{params.latency_batch}" for column in ("rounds", "latency_ms"))
    return [
        quality_drop(scores, predictions, params),
        time_cut(LATENCY_CUT, costs, rounds, params, median=median),
        size_cut(PARAMS_CUT, costs, "params", params),
        size_cut(MEMORY_CUT, costs, "peak_memory_mb", params),
    ]


def _with_notes(verdict: Verdict, scores: pd.DataFrame, pairs: Sequence[Pair]) -> str:
    """The explanation, with data sets that were not judged and answers that are not finite."""
    said, model, baseline = str(verdict["explanation"]), verdict["model"], verdict["baseline"]
    if verdict["dataset"] != ALL:
        return said + mistakes_note(scores, (model, baseline), verdict["dataset"])
    judged = {pair.dataset for pair in pairs if pair.model == model}
    missing = [str(name) for name in scores["dataset"].unique() if name not in judged]
    if missing:
        said += f" Not judged, as one of the two has no scores there: {', '.join(missing)}."
    return said + mistakes_note(scores, (model, baseline))


def judge_proposals(
    scores: pd.DataFrame,
    efficiency: pd.DataFrame,
    predictions: pd.DataFrame,
    params: EvaluateParams,
    proposals: Sequence[str],
    track: str = "track_a",
) -> list[Verdict]:
    """What `judge_models` says of the proposals of a run, against each baseline that it has; nothing when it has none.

    Where networks are judged alone, each is judged with all preprocessing included too.
    """
    run = set(scores["model"])
    verdicts = []
    for baseline in (params.baseline, *params.further_baselines):
        judged = [name for name in proposals if name in run and name != baseline]
        for latency_of in _latencies_judged(params) if judged and baseline in run else ():
            against = params.model_copy(update={"baseline": baseline, "latency_of": latency_of})
            rule = criterion_of_track(track, against)
            found = judge_models(scores, efficiency, predictions, against, judged, rule)
            primary = (baseline, latency_of) == (params.baseline, params.latency_of)
            verdicts += [{**verdict, "primary": primary} for verdict in found]
    return verdicts


def _latencies_judged(params: EvaluateParams) -> tuple[Literal["whole", "model"], ...]:
    """What latency is judged of: as asked; and where that is the network alone, with all preprocessing beside it."""
    return ("whole",) if params.latency_of == "whole" else ("model", "whole")


@dataclass(frozen=True)
class Versions:
    """A dense network and what was made of it, by the part that each plays in comparisons.

    Attributes
    ----------
    as_large : the dense one, also trained on, with adapters or in eight bits
    smaller : all others
    tensors : of these the decomposed ones, which are proposals
    peers : of these what others are compared with at equal size: no decomposition, or the plainest one
    """

    as_large: list[str]
    smaller: list[str]
    tensors: list[str]
    peers: list[str]

    @classmethod
    def of(cls, dense: str, recipes: Mapping[str, CompressionRecipe], run: Collection[str]) -> Versions:
        """Those that were run; a compressed network is called ``<dense>.<variant>``."""
        there = {f"{dense}.{name}": recipe for name, recipe in recipes.items() if f"{dense}.{name}" in run}
        smaller = {name: recipe for name, recipe in there.items() if recipe.method not in AS_LARGE_AS_DENSE}
        return cls(
            as_large=[dense, *(name for name in there if name not in smaller)],
            smaller=list(smaller),
            tensors=[name for name, recipe in smaller.items() if recipe.is_tensor],
            peers=[name for name, recipe in smaller.items() if not recipe.is_tensor or recipe.method == "svd"],
        )


def judge_compression(
    scores: pd.DataFrame,
    efficiency: pd.DataFrame,
    predictions: pd.DataFrame,
    params: EvaluateParams,
    models: Sequence[str],
    recipes: Mapping[str, CompressionRecipe],
    batch_sizes: Sequence[int],
) -> list[Verdict]:
    """What `judge_models` says of every decomposed model at every batch size: against the dense one, then the peers.

    Against the dense model, also trained on, with adapters or in eight bits, the criterion is that of track C. Against
    a peer of the same size, and low rank is one, it is quality that is no lower at no more time.

    Parameters
    ----------
    scores, efficiency, predictions : as `judge_models` has them; compressed models are called ``<model>.<variant>``
    params : bounds, confidence, bootstrap; the baseline is each model's own dense one
    models : dense models
    recipes : by variant
    batch_sizes : whose latency is judged

    Returns
    -------
    Verdicts as of `judge_models`. ``primary`` are those against a network's own dense one at ``params.latency_batch``,
    or the first batch size where that was not timed.
    """
    first = params.latency_batch if params.latency_batch in batch_sizes else next(iter(batch_sizes), None)
    verdicts = []
    for model in models:
        there = Versions.of(model, recipes, set(scores["model"]))
        baselines = (*there.as_large, *there.peers)
        for batch, latency_of, baseline in product(batch_sizes, _latencies_judged(params), baselines):
            terms = {"baseline": baseline, "latency_batch": batch, "latency_of": latency_of}
            against = params.model_copy(update=terms)
            rule = criterion_of_track("track_c", against)
            if baseline in there.peers:
                rule = no_worse("at least as good and as fast at equal size", params.metric)
            judged = [name for name in there.tensors if name != baseline]
            found = judge_models(scores, efficiency, predictions, against, judged, rule) if judged else []
            primary = terms == {"baseline": model, "latency_batch": first, "latency_of": params.latency_of}
            verdicts += [{**verdict, "primary": primary} for verdict in found]
    return verdicts


def judge_forecasts(
    forecasts: pd.DataFrame,
    efficiency: pd.DataFrame,
    params: ForecastParams,
    recipes: Mapping[str, CompressionRecipe],
    naive: Sequence[str],
    batch_sizes: Sequence[int],
) -> list[Verdict]:
    """Verdicts on every series.

    Every smaller network, peers too, against its dense one and against what is as large as that: RMSE kept,
    parameters and latency cut as far as the parameters ask. Every decomposed network against its peers of equal size:
    no worse at no more time. Every network against the naive forecasts: no worse.

    Parameters
    ----------
    forecasts : one row a series, model, seed, window and step
    efficiency : one row a series and network: ``params`` and ``rounds_b<n>``
    params : dense networks, horizon, bounds, confidence, bootstrap
    recipes : by variant; a compressed network is called ``<model>.<variant>``
    naive : forecasts without weights
    batch_sizes : whose latency is judged

    Returns
    -------
    Verdicts as of `judge`, with ``rmse_rise``, ``params_cut`` and ``latency_cut_b<n>`` for every batch size, all of
    which are ``latency_batch``. ``primary`` are those on a smaller network against its own dense one.
    """
    costs, evaluate = costs_of(efficiency), params.evaluate
    measures = [
        error_rise(forecasts, params.horizon, naive, evaluate),
        size_cut(PARAMS_CUT, costs, "params", evaluate),
        *(time_cut(latency_cut_at(size), costs, f"rounds_b{size}", evaluate, seed=0) for size in batch_sizes),
    ]
    verdicts = []
    for dataset in dict.fromkeys(forecasts["dataset"]):
        run = set(forecasts.loc[forecasts["dataset"] == dataset, "model"])
        for compared, rule, primary in _forecasters_compared(params, recipes, naive, batch_sizes, run):
            terms = Terms("rmse", list(batch_sizes), "model", evaluate.confidence, primary)
            verdicts += judge([Pair(dataset, *names) for names in compared], measures, rule, terms)
    return verdicts


def _forecasters_compared(
    params: ForecastParams,
    recipes: Mapping[str, CompressionRecipe],
    naive: Sequence[str],
    batch_sizes: Sequence[int],
    run: Collection[str],
) -> Iterator[tuple[list[tuple[str, str]], Criterion, bool]]:
    """Models with their baselines, by which criterion, and whether that is primary."""
    latencies = [latency_cut_at(size) for size in batch_sizes]
    cheaper = smaller_and_faster(bound_on(RMSE_RISE, params.evaluate.max_rmse_rise), params.evaluate, latencies)
    as_fast = no_worse("as good and as fast at equal size" if latencies else "as good", "rmse", latencies)
    as_good = no_worse("as good", "rmse", ())
    for model in params.models.root:
        there = Versions.of(model, recipes, run)
        for baseline in there.as_large:
            yield [(name, baseline) for name in there.smaller], cheaper, baseline in params.models.root
        yield [(name, peer) for peer in there.peers for name in there.tensors if name != peer], as_fast, False
        networks = [name for name in (model, *(f"{model}.{name}" for name in recipes)) if name in run or name == model]
        yield [(name, rule) for rule in naive for name in networks], as_good, False
