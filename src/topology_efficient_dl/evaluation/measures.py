"""Measures between two models on one data set, each with the way in which it is drawn anew, and their means.

A fall of quality is drawn by samples of one test set or by draws with a test set each, a rise of error by windows of a
series, a cut of latency by rounds of timing; sizes and memory are exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from topology_efficient_dl.efficiency.latency import ratio_draws
from topology_efficient_dl.errors import DataError
from topology_efficient_dl.evaluation.bootstrap import (
    LARGEST_FALL,
    Estimate,
    f1_drop,
    f1_drop_draws,
    interval_of,
    mean_draws,
    mean_over_datasets,
    pair_predictions,
    rmse_rise,
    seed_for,
    squared_errors,
)
from topology_efficient_dl.evaluation.criteria import QUALITY_DROP, RMSE_RISE, direction_of
from topology_efficient_dl.evaluation.metrics import METRICS, Direction
from topology_efficient_dl.evaluation.weighted import FloatArray
from topology_efficient_dl.params.forecasting import ForecastCriterion
from topology_efficient_dl.params.training import EvaluateParams

BootstrapParams = EvaluateParams | ForecastCriterion
"""What has ``confidence, n_bootstrap, bootstrap_seed``."""

Costs = Mapping[tuple[str, str], Mapping[str, Any]]
"""A row of costs by data set and model."""


@dataclass(frozen=True)
class Pair:
    """A model and the one that it is compared with."""

    dataset: str
    model: str
    baseline: str


@dataclass(frozen=True)
class Measure:
    """What two models are compared by.

    Attributes
    ----------
    name : a key of `criteria.MEASURES`, or of `latency_cut_at`; it says the direction
    sample : the measure of a pair, drawn anew
    params : of the bootstrap
    exact : whether it does not vary, so that its interval is the value itself
    """

    name: str
    sample: Callable[[Pair], Estimate]
    params: BootstrapParams
    exact: bool = False

    @property
    def direction(self) -> Direction:
        """What counts as positive."""
        return direction_of(self.name)

    @property
    def interval_key(self) -> str | None:
        """The field of a verdict that its interval stands in; None of what is exact."""
        return None if self.exact else f"{self.name.removesuffix('_pp')}_interval"

    def over_datasets(self, found: Mapping[str, Estimate]) -> Estimate:
        """Its mean over data sets, of cuts the geometric mean of ratios; without a value where one is unknown.

        Parameters
        ----------
        found : by data set
        """
        unknown = [name for name, each in found.items() if each.value is None]
        values = {name: float(each.value or 0.0) for name, each in found.items()}
        if self.direction == "cut":
            if unknown:
                return Estimate(None, reason="not measured on every data set")
            return _mean_size_cut(list(values.values())) if self.exact else self._mean_time_cut(values, found)
        if unknown:
            return Estimate(None, reason=f"undefined on {', '.join(unknown)}")
        mean = float(np.mean(list(values.values())))
        draws = _draws(found)
        if draws is None:
            return Estimate(mean, reason="one seed")
        drawn = mean_over_datasets(draws, values, self.params.bootstrap_seed)
        return interval_of(mean, drawn, self.params.confidence, LARGEST_FALL)

    def _mean_time_cut(self, values: Mapping[str, float], found: Mapping[str, Estimate]) -> Estimate:
        logs = {name: float(np.log1p(-value)) for name, value in values.items()}
        mean = 1.0 - float(np.exp(np.mean(list(logs.values()))))
        draws = _draws(found)
        if draws is None:
            return Estimate(mean, reason="latency was measured in fewer than two paired rounds on some data set")
        drawn = mean_over_datasets(draws, logs, self.params.bootstrap_seed)
        return interval_of(mean, 1.0 - np.exp(drawn), self.params.confidence)


def _mean_size_cut(cuts: Sequence[float]) -> Estimate:
    mean = 1.0 - float(np.prod([1.0 - cut for cut in cuts]) ** (1.0 / len(cuts)))
    return Estimate(mean, mean, mean)


def _draws(found: Mapping[str, Estimate]) -> dict[str, FloatArray] | None:
    """Of every data set; None if one has no interval."""
    known = {name: each.draws for name, each in found.items() if each.draws is not None and each.interval}
    return known if len(known) == len(found) else None


def quality_drop(scores: pd.DataFrame, predictions: pd.DataFrame, params: EvaluateParams) -> Measure:
    """The fall of ``params.metric``, drawn as ``params.resample`` has it: by samples and seeds, or by draws.

    Parameters
    ----------
    scores : one row per cell: ``dataset, model, seed`` and the metric
    predictions : one row per test sample and cell, as of `pair_predictions`; read where samples are drawn
    params : metric, resample, bootstrap
    """
    sample = _by_draws if params.resample == "draws" else partial(_by_samples, predictions=predictions)

    def drop(pair: Pair) -> Estimate:
        undefined = why_undefined(scores, pair, params.metric)
        if undefined:
            return Estimate(None, reason=undefined)
        value, draws, n_seeds = sample(pair, scores=scores, params=params)
        if n_seeds == 1:
            return Estimate(value, reason="one seed")
        return replace(interval_of(value, draws, params.confidence, LARGEST_FALL), draws=draws)

    return Measure(QUALITY_DROP, drop, params)


def _by_draws(pair: Pair, scores: pd.DataFrame, params: EvaluateParams) -> tuple[float, FloatArray, int]:
    falls = 100.0 * (paired_scores(scores, pair, params.metric) @ [-1.0, 1.0])
    draws = mean_draws(falls, params.n_bootstrap, seed_for(pair.dataset, params.bootstrap_seed))
    return float(falls.mean()), draws, len(falls)


def _by_samples(
    pair: Pair, scores: pd.DataFrame, params: EvaluateParams, predictions: pd.DataFrame
) -> tuple[float, FloatArray, int]:
    metric, seed = params.metric, seed_for(pair.dataset, params.bootstrap_seed)
    names = (pair.dataset, pair.model, pair.baseline)
    both = pair_predictions(predictions, *names, with_probabilities=METRICS[metric].of_probabilities)
    return f1_drop(both, metric), f1_drop_draws(both, params.n_bootstrap, seed, metric), len(both.seeds)


def why_undefined(scores: pd.DataFrame, pair: Pair, metric: str) -> str | None:
    """Which model has no such metric on which seeds that both have, and why; None where all is defined."""
    own, models = scores[scores["dataset"] == pair.dataset], (pair.baseline, pair.model)
    common = set.intersection(*(set(own.loc[own["model"] == name, "seed"]) for name in models))
    cells = own[own["model"].isin(models) & own["seed"].isin(common)]
    lacking = cells[pd.to_numeric(cells[metric], errors="coerce").isna()]
    if lacking.empty:
        return None
    first = lacking.iloc[0]
    why = f": {first[f'{metric}_reason']}" if first.get(f"{metric}_reason") else ""
    return f"undefined on {len(lacking)} of {len(cells)} cells, first {first['model']} with seed {first['seed']}{why}"


def paired_scores(scores: pd.DataFrame, pair: Pair, metric: str) -> FloatArray:
    """(n_seeds, 2) scores of the model and its baseline, of the seeds or draws that both have.

    Raises
    ------
    DataError : they have none in common
    """
    cells = scores[scores["dataset"] == pair.dataset].pivot_table(index="seed", columns="model", values=metric)
    both = cells.reindex(columns=[pair.model, pair.baseline]).dropna()
    if both.empty:
        raise DataError(f"'{pair.baseline}' and '{pair.model}' have no common seed on '{pair.dataset}'")
    return both.to_numpy(np.float64)


def error_rise(
    forecasts: pd.DataFrame, horizon: int, without_seeds: Sequence[str], params: ForecastCriterion
) -> Measure:
    """The rise of RMSE, drawn by seeds and by stretches of windows.

    Parameters
    ----------
    forecasts : one row a series, model, seed, window and step
    horizon : windows of a stretch
    without_seeds : forecasts that are the same for every seed
    params : bootstrap
    """

    def rise(pair: Pair) -> Estimate:
        names = (pair.model, pair.baseline)
        (seeds, ours), (others, theirs) = (squared_errors(forecasts, pair.dataset, name) for name in names)
        if pair.baseline not in without_seeds and seeds != others:
            raise DataError(
                f"'{pair.model}' and '{pair.baseline}' have different seeds on '{pair.dataset}': {seeds} and {others}"
            )
        return rmse_rise(ours, theirs, horizon, params, seed_for(pair.dataset, params.bootstrap_seed))

    return Measure(RMSE_RISE, rise, params)


def time_cut(
    name: str,
    costs: Costs,
    rounds: str,
    params: BootstrapParams,
    *,
    median: str | None = None,
    seed: int | None = None,
) -> Measure:
    """The cut of time, drawn by rounds that are paired one by one.

    Parameters
    ----------
    name : of the measure
    costs : by data set and model
    rounds : column with times of every round
    params : bootstrap
    median : column with the time where there are no rounds; None where nothing stands in for them
    seed : of the draws; of each data set its own when None
    """

    def cut(pair: Pair) -> Estimate:
        ours, theirs = _both(costs, pair)
        top, bottom = _rounds(ours, rounds), _rounds(theirs, rounds)
        if top.size < 2 or top.size != bottom.size:
            point = 1.0 - float(top[0] / bottom[0]) if top.size == bottom.size == 1 else None
            point = _cut(ours, theirs, median) if median else point
            few = "latency was measured in fewer than two paired rounds"
            return Estimate(point, reason="latency was not measured" if point is None else few)
        ratios = top / bottom
        own = seed_for(pair.dataset, params.bootstrap_seed) if seed is None else seed
        draws = ratio_draws(ratios, params.n_bootstrap, own)
        found = interval_of(1.0 - float(np.median(ratios)), 1.0 - draws, params.confidence)
        return replace(found, draws=np.log(draws))

    return Measure(name, cut, params)


def size_cut(name: str, costs: Costs, column: str, params: BootstrapParams) -> Measure:
    """The cut of a cost that does not vary; nothing where either side is unknown or the baseline's is 0.

    Parameters
    ----------
    name : of the measure
    costs : by data set and model
    column : of the cost
    params : of the bootstrap of other measures
    """

    def cut(pair: Pair) -> Estimate:
        value = _cut(*_both(costs, pair), column)
        return Estimate(value, value, value, f"{column} was not measured" if value is None else None)

    return Measure(name, cut, params, exact=True)


def costs_of(efficiency: pd.DataFrame) -> Costs:
    """Rows of an efficiency table by data set and model."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for row in efficiency.to_dict("records"):
        found.setdefault((row["dataset"], row["model"]), {str(key): value for key, value in row.items()})
    return found


def _both(costs: Costs, pair: Pair) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    ours, theirs = (costs.get((pair.dataset, name), {}) for name in (pair.model, pair.baseline))
    return ours, theirs


def _rounds(costs: Mapping[str, Any], key: str) -> FloatArray:
    """The per-round times; empty if there are none or one is not a positive number."""
    value = costs.get(key)
    if value is None or np.ndim(value) == 0:
        return np.empty(0)
    times = np.asarray(value, dtype=float)
    return times if np.isfinite(times).all() and (times > 0).all() else np.empty(0)


def _cut(ours: Mapping[str, Any], theirs: Mapping[str, Any], key: str) -> float | None:
    mine, other = (_finite(costs.get(key)) for costs in (ours, theirs))
    return None if mine is None or other is None or other <= 0 else 1.0 - mine / other


def _finite(value: Any) -> float | None:
    return None if value is None or pd.isna(value) or not np.isfinite(value) else float(value)
