"""Verdicts: each proposal against the baseline, per data set and over all, with the intervals they rest on.

``confirmed`` only if every interval of one route clears its bound; ``refuted`` only if every route has an interval
that fails its bound; ``inconclusive`` otherwise, which includes anything that was not measured often enough to
have an interval: one seed, one timing round, no timing at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from topology_efficient_dl.efficiency.latency import ratio_draws
from topology_efficient_dl.errors import DataError, ParameterError, did_you_mean
from topology_efficient_dl.evaluation.answers import ALL, explain
from topology_efficient_dl.evaluation.bootstrap import (
    LARGEST_FALL,
    Estimate,
    FloatArray,
    f1_drop,
    f1_drop_draws,
    interval_of,
    mean_draws,
    mean_over_datasets,
    pair_predictions,
    seed_for,
)
from topology_efficient_dl.evaluation.criteria import MEASURES, Criterion, criterion_of_track
from topology_efficient_dl.evaluation.failures import mistakes_note
from topology_efficient_dl.evaluation.metrics import require_columns
from topology_efficient_dl.evaluation.statistics import (
    holm,
    paired_t_test,
    score_matrix,
    wilcoxon_test,
)
from topology_efficient_dl.params.training import EvaluateParams

VERDICT_KEYS = (
    "dataset", "model", "baseline", "criterion", "f1_drop_pp", "latency_cut", "params_cut", "memory_cut", "p_value",
    "status",
)  # fmt: skip
"""The contract of a verdict; the intervals, the terms it was judged on, its conditions and an explanation follow."""


@dataclass(frozen=True)
class _Comparison:
    """One proposal against the baseline on one data set; draws are kept for the verdict over all."""

    dataset: str
    f1: Estimate
    latency: Estimate
    params: Estimate
    memory: Estimate
    f1_draws: FloatArray
    log_ratio_draws: FloatArray | None

    @property
    def estimates(self) -> dict[str, Estimate]:
        return dict(zip(MEASURES, (self.f1, self.latency, self.params, self.memory), strict=True))


def judge(
    scores: pd.DataFrame,
    efficiency: pd.DataFrame,
    predictions: pd.DataFrame,
    params: EvaluateParams,
    proposals: Sequence[str] | None = None,
    criterion: Criterion | None = None,
) -> list[dict[str, Any]]:
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
    One object per data set and proposal, then one per proposal with ``dataset`` "all": `VERDICT_KEYS`, then
    ``f1_drop_interval`` and ``latency_cut_interval`` ([low, high] or None), ``rule`` (the route that decided),
    ``metric`` (whose fall ``f1_drop_pp`` is, macro-F1 unless told otherwise), ``latency_batch``, ``latency_of``,
    ``confidence``, ``primary`` (whether the headline is about it: true here, callers with several baselines say),
    ``conditions`` (those of `Criterion.judged`), over all data sets ``n_datasets``, and ``explanation``.
    ``p_value`` is the paired t-test over seeds; over all data sets, Wilcoxon's with Holm's correction for the number of
    proposals.

    Raises
    ------
    ParameterError : the baseline or a proposal has no scores
    DataError : a table lacks a column, or two models were tested on different samples
    """
    require_columns(scores, ["dataset", "model", "seed", params.metric], "scores")
    require_columns(efficiency, ["dataset", "model"], "efficiency")
    names = _check_models(scores, params.baseline, proposals)
    rule = criterion or criterion_of_track("track_a", params)
    compared = {name: _compare_everywhere(scores, efficiency, predictions, params, name) for name in names}
    per_dataset = [
        _verdict(comparison, name, params, rule, _seed_p_value(scores, comparison.dataset, name, params))
        for name in names
        for comparison in compared[name]
    ]
    corrected = holm([_dataset_p_value(scores, name, params) for name in names])
    overall = [
        _overall(compared[name], per_dataset, name, params, rule, p_value, list(scores["dataset"].unique()))
        for name, p_value in zip(names, corrected, strict=True)
        if compared[name]
    ]
    for verdict in (*per_dataset, *overall):
        where = None if verdict["dataset"] == ALL else verdict["dataset"]
        verdict["explanation"] += mistakes_note(scores, (verdict["model"], params.baseline), where)
    return per_dataset + overall


def judge_proposals(
    scores: pd.DataFrame,
    efficiency: pd.DataFrame,
    predictions: pd.DataFrame,
    params: EvaluateParams,
    proposals: Sequence[str],
    track: str = "track_a",
) -> list[dict[str, Any]]:
    """What `judge` says of the proposals of a run, against each baseline that it has; nothing when it has none.

    Where networks are judged alone, each is judged with all preprocessing included too.
    """
    run = set(scores["model"])
    verdicts = []
    for baseline in (params.baseline, *params.further_baselines):
        judged = [name for name in proposals if name in run and name != baseline]
        for latency_of in latencies_judged(params) if judged and baseline in run else ():
            against = params.model_copy(update={"baseline": baseline, "latency_of": latency_of})
            found = judge(scores, efficiency, predictions, against, judged, criterion_of_track(track, against))
            primary = (baseline, latency_of) == (params.baseline, params.latency_of)
            verdicts += [{**verdict, "primary": primary} for verdict in found]
    return verdicts


def latencies_judged(params: EvaluateParams) -> tuple[Literal["whole", "model"], ...]:
    """What latency is judged of: as asked; and where that is the network alone, with all preprocessing beside it."""
    return ("whole",) if params.latency_of == "whole" else ("model", "whole")


def _check_models(scores: pd.DataFrame, baseline: str, proposals: Sequence[str] | None) -> list[str]:
    known = [str(name) for name in scores["model"].unique()]
    names = [name for name in (known if proposals is None else proposals) if name != baseline]
    for name in (baseline, *names):
        if name not in known:
            hint = did_you_mean(name, known)
            raise ParameterError(f"evaluate: no scores of model '{name}'{hint or '.'} Scored: {', '.join(known)}")
    return names


def _compare_everywhere(
    scores: pd.DataFrame, efficiency: pd.DataFrame, predictions: pd.DataFrame, params: EvaluateParams, model: str
) -> list[_Comparison]:
    there = [set(scores.loc[scores["model"] == name, "dataset"]) for name in (model, params.baseline)]
    datasets = [str(name) for name in scores["dataset"].unique() if name in there[0] & there[1]]
    return [
        _compare(dataset, model, efficiency, _quality(dataset, model, scores, predictions, params), params)
        for dataset in datasets
    ]


def _quality(
    dataset: str, model: str, scores: pd.DataFrame, predictions: pd.DataFrame, params: EvaluateParams
) -> tuple[Estimate, FloatArray]:
    """The fall of quality with its interval, and draws of it."""
    seed, metric = seed_for(dataset, params.bootstrap_seed), params.metric
    undefined = _why_undefined(scores, dataset, (params.baseline, model), metric)
    if undefined:
        return Estimate(None, reason=undefined), np.empty(0)
    if params.resample == "draws":
        falls = 100.0 * (paired_scores(scores, dataset, params.baseline, model, metric) @ [1.0, -1.0])
        draws, drop, n = mean_draws(falls, params.n_bootstrap, seed), float(falls.mean()), len(falls)
    else:
        pair = pair_predictions(predictions, dataset, model, params.baseline, with_probabilities=metric == "auroc")
        draws, drop, n = f1_drop_draws(pair, params.n_bootstrap, seed, metric), f1_drop(pair, metric), len(pair.seeds)
    if n == 1:
        return Estimate(drop, reason="one seed"), draws
    return interval_of(drop, draws, params.confidence, LARGEST_FALL), draws


def _why_undefined(scores: pd.DataFrame, dataset: str, models: tuple[str, str], metric: str) -> str | None:
    """Which model has no such metric on which seeds that both have, and why; None where all is defined."""
    own = scores[scores["dataset"] == dataset]
    common = set.intersection(*(set(own.loc[own["model"] == name, "seed"]) for name in models))
    cells = own[own["model"].isin(models) & own["seed"].isin(common)]
    lacking = cells[pd.to_numeric(cells[metric], errors="coerce").isna()]
    if lacking.empty:
        return None
    first = lacking.iloc[0]
    why = f": {first[f'{metric}_reason']}" if first.get(f"{metric}_reason") else ""
    return f"undefined on {len(lacking)} of {len(cells)} cells, first {first['model']} with seed {first['seed']}{why}"


def _compare(
    dataset: str,
    model: str,
    efficiency: pd.DataFrame,
    quality: tuple[Estimate, FloatArray],
    params: EvaluateParams,
) -> _Comparison:
    f1, draws = quality
    ours, theirs = _costs(efficiency, dataset, model), _costs(efficiency, dataset, params.baseline)
    latency, ratios = _latency_cut(ours, theirs, params, seed_for(dataset, params.bootstrap_seed))
    return _Comparison(
        dataset,
        f1,
        latency,
        _exact_cut(ours, theirs, "params"),
        _exact_cut(ours, theirs, "peak_memory_mb"),
        draws,
        ratios,
    )


def _costs(efficiency: pd.DataFrame, dataset: str, model: str) -> dict[str, Any]:
    rows = efficiency[(efficiency["dataset"] == dataset) & (efficiency["model"] == model)]
    return {} if rows.empty else {str(key): value for key, value in rows.iloc[0].items()}


def _latency_cut(
    ours: dict[str, Any], theirs: dict[str, Any], params: EvaluateParams, seed: int
) -> tuple[Estimate, FloatArray | None]:
    """The cut with its interval, and draws of the log ratio, from rounds paired one by one."""
    prefix = "model_" if params.latency_of == "model" else ""
    top, bottom = (_rounds(costs, f"{prefix}rounds_b{params.latency_batch}") for costs in (ours, theirs))
    if top.size < 2 or top.size != bottom.size:
        point = _exact_cut(ours, theirs, f"{prefix}latency_ms_b{params.latency_batch}").value
        reason = "latency was not measured" if point is None else "latency was measured in fewer than two paired rounds"
        return Estimate(point, reason=reason), None
    ratios = top / bottom
    draws = ratio_draws(ratios, params.n_bootstrap, seed)
    return interval_of(1.0 - float(np.median(ratios)), 1.0 - draws, params.confidence), np.log(draws)


def _rounds(costs: dict[str, Any], key: str) -> FloatArray:
    """The per-round times; empty if there are none or one is not a positive number."""
    value = costs.get(key)
    if value is None or np.ndim(value) == 0:
        return np.empty(0)
    times = np.asarray(value, dtype=float)
    return times if np.isfinite(times).all() and (times > 0).all() else np.empty(0)


def _exact_cut(ours: dict[str, Any], theirs: dict[str, Any], key: str) -> Estimate:
    """The cut of a cost that does not vary; nothing where either side is null or the baseline's is 0."""
    mine, other = (_finite(costs.get(key)) for costs in (ours, theirs))
    if mine is None or other is None or other <= 0:
        return Estimate(None, reason=f"{key} was not measured")
    cut = 1.0 - mine / other
    return Estimate(cut, cut, cut)


def _finite(value: Any) -> float | None:
    return None if value is None or pd.isna(value) or not np.isfinite(value) else float(value)


def _seed_p_value(scores: pd.DataFrame, dataset: str, model: str, params: EvaluateParams) -> float | None:
    if _why_undefined(scores, dataset, (model, params.baseline), params.metric):
        return None
    both = paired_scores(scores, dataset, model, params.baseline, params.metric)
    return paired_t_test(both[:, 0], both[:, 1]).p_value


def paired_scores(scores: pd.DataFrame, dataset: str, first: str, second: str, metric: str) -> FloatArray:
    """(n_seeds, 2) scores of two models on one data set, of the seeds or draws that both have.

    Raises
    ------
    DataError : they have none in common
    """
    cells = scores[scores["dataset"] == dataset].pivot_table(index="seed", columns="model", values=metric)
    both = cells.reindex(columns=[first, second]).dropna()
    if both.empty:
        raise DataError(f"'{first}' and '{second}' have no common seed on '{dataset}'")
    return both.to_numpy(np.float64)


def _dataset_p_value(scores: pd.DataFrame, model: str, params: EvaluateParams) -> float | None:
    both = score_matrix(scores, params.metric).reindex(columns=[model, params.baseline]).dropna()
    return wilcoxon_test(both[model], both[params.baseline]).p_value


def _overall(
    compared: Sequence[_Comparison],
    verdicts: Sequence[dict[str, Any]],
    model: str,
    params: EvaluateParams,
    criterion: Criterion,
    p_value: float | None,
    datasets: Sequence[str],
) -> dict[str, Any]:
    f1, latency = _mean_drop(compared, params), _mean_latency_cut(compared, params)
    sizes, memories = (_mean_cut([getattr(one, name) for one in compared]) for name in ("params", "memory"))
    whole = _Comparison(ALL, f1, latency, sizes, memories, np.empty(0), None)
    verdict = _verdict(whole, model, params, criterion, p_value)
    mine = [each["status"] for each in verdicts if each["model"] == model]
    counts = ", ".join(f"{mine.count(status)} {status}" for status in dict.fromkeys(sorted(mine)))
    verdict["n_datasets"] = len(mine)
    verdict["explanation"] += f" By data set ({len(mine)}): {counts}."
    missing = [name for name in datasets if name not in {one.dataset for one in compared}]
    if missing:
        verdict["explanation"] += f" Not judged, as one of the two has no scores there: {', '.join(missing)}."
    return verdict


def _mean_drop(compared: Sequence[_Comparison], params: EvaluateParams) -> Estimate:
    unknown = [one.dataset for one in compared if one.f1.value is None]
    if unknown:
        return Estimate(None, reason=f"undefined on {', '.join(unknown)}")
    values = {one.dataset: float(one.f1.value or 0.0) for one in compared}
    mean = float(np.mean(list(values.values())))
    if any(one.f1.interval is None for one in compared):
        return Estimate(mean, reason="one seed")
    draws = mean_over_datasets({one.dataset: one.f1_draws for one in compared}, values, params.bootstrap_seed)
    return interval_of(mean, draws, params.confidence, LARGEST_FALL)


def _mean_latency_cut(compared: Sequence[_Comparison], params: EvaluateParams) -> Estimate:
    """One minus the geometric mean over data sets of the time ratios; None where a data set was not timed."""
    if any(one.latency.value is None for one in compared):
        return Estimate(None, reason="latency was not measured on every data set")
    values = {one.dataset: float(np.log1p(-float(one.latency.value or 0.0))) for one in compared}
    mean = 1.0 - float(np.exp(np.mean(list(values.values()))))
    logs = {one.dataset: one.log_ratio_draws for one in compared if one.log_ratio_draws is not None}
    if len(logs) < len(compared):
        return Estimate(mean, reason="latency was measured in fewer than two paired rounds on some data set")
    draws = mean_over_datasets(logs, values, params.bootstrap_seed)
    return interval_of(mean, 1.0 - np.exp(draws), params.confidence)


def _mean_cut(cuts: Sequence[Estimate]) -> Estimate:
    known = [cut.value for cut in cuts if cut.value is not None]
    if len(known) < len(cuts):
        return Estimate(None, reason="not measured on every data set")
    mean = 1.0 - float(np.prod([1.0 - cut for cut in known]) ** (1.0 / len(known)))
    return Estimate(mean, mean, mean)


def _verdict(
    comparison: _Comparison, model: str, params: EvaluateParams, criterion: Criterion, p_value: float | None
) -> dict[str, Any]:
    status, route = criterion.status(comparison.estimates)
    values = {measure: estimate.value for measure, estimate in comparison.estimates.items()}
    head = {"dataset": comparison.dataset, "model": model, "baseline": params.baseline, "criterion": criterion.text}
    verdict = {
        **head,
        **values,
        "p_value": p_value,
        "status": status,
        "f1_drop_interval": comparison.f1.interval,
        "latency_cut_interval": comparison.latency.interval,
        "rule": route.name,
        "metric": params.metric,
        "latency_batch": params.latency_batch,
        "latency_of": params.latency_of,
        "confidence": params.confidence,
        "primary": True,
        "conditions": criterion.judged(comparison.estimates),
    }
    return {**verdict, "explanation": explain(verdict)}
