"""Verdicts on forecasters: RMSE kept at fewer parameters and less time, with intervals over windows and seeds.

Windows that begin one step apart overlap in all but one target, so whole stretches of neighbours are drawn, as long as
the horizon: Künsch, *The jackknife and the bootstrap for general stationary observations*, Annals of Statistics 17
(1989); round the end, as in Politis and Romano, *A circular block-resampling procedure* (1992). A test part of a few
such stretches gives intervals that err on the narrow side.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from topology_efficient_dl.efficiency.latency import paired_ratio
from topology_efficient_dl.errors import DataError
from topology_efficient_dl.evaluation.answers import explain
from topology_efficient_dl.evaluation.bootstrap import (
    Estimate,
    FloatArray,
    interval_of,
    seed_for,
)
from topology_efficient_dl.evaluation.criteria import (
    EQUAL_TIME_TOLERANCE,
    Condition,
    Criterion,
    Route,
)
from topology_efficient_dl.params.compression import AS_LARGE_AS_DENSE, CompressionRecipe
from topology_efficient_dl.params.forecasting import ForecastCriterion

RMSE_RISE = "rmse_rise"
PARAMS_CUT = "params_cut"
SMALLER = "smaller and faster"

Costs = Mapping[str, Any]


def window_weights(n_windows: int, block: int, n_draws: int, seed: int) -> FloatArray:
    """How often every window is drawn when stretches of neighbours are drawn, round the end.

    Parameters
    ----------
    n_windows : in time order
    block : windows in a stretch, no more than there are
    n_draws : rows
    seed : of the random generator

    Returns
    -------
    (n_draws, n_windows); rows sum to the smallest multiple of the block that is no less than ``n_windows``.

    Examples
    --------
    >>> window_weights(4, 2, 1, seed=0).sum()
    4.0
    """
    block = min(block, n_windows)
    n_blocks = -(-n_windows // block)
    starts = np.random.default_rng(seed).integers(n_windows, size=(n_draws, n_blocks))
    drawn = (starts[:, :, None] + np.arange(block)).reshape(n_draws, -1) % n_windows
    flat = drawn + n_windows * np.arange(n_draws)[:, None]
    return np.bincount(flat.ravel(), minlength=n_draws * n_windows).reshape(n_draws, n_windows).astype(np.float64)


def squared_errors(forecasts: pd.DataFrame, dataset: str, model: str) -> tuple[tuple[int, ...], FloatArray]:
    """The seeds of a model on a series, and (n_seeds, n_windows) mean squared errors over steps.

    Infinite where a forecast is not finite: such a window must not be left out, nor judged by its other steps.

    Raises
    ------
    DataError : there are no forecasts of it
    """
    cells = forecasts[(forecasts["dataset"] == dataset) & (forecasts["model"] == model)]
    if cells.empty:
        raise DataError(f"no forecasts of '{model}' on '{dataset}'; run the pipeline that makes them")
    squares = cells.assign(square=((cells["forecast"] - cells["target"]) ** 2).fillna(np.inf))
    table = squares.pivot_table(index="seed", columns="window", values="square", aggfunc="mean")
    return tuple(int(seed) for seed in table.index), table.to_numpy(np.float64)


def rmse_rise(ours: FloatArray, theirs: FloatArray, block: int, params: ForecastCriterion, seed: int) -> Estimate:
    """Relative rise of RMSE, of its mean over seeds, with an interval over windows and seeds, both paired.

    Parameters
    ----------
    ours, theirs : (n_seeds, n_windows) squared errors, in one order; of an opponent without seeds (1, n_windows)
    block : windows that are drawn together
    params : confidence, draws
    seed : of the random generator

    Returns
    -------
    Without an interval where there is one seed; without a value where an error is not finite.

    Raises
    ------
    DataError : different windows or seeds

    Examples
    --------
    >>> errors = np.array([[1.0, 4.0], [2.0, 3.0]])
    >>> rmse_rise(4 * errors, errors, 1, ForecastCriterion(n_bootstrap=100), 0).interval
    [1.0, 1.0]
    """
    if ours.shape[1] != theirs.shape[1] or len(theirs) not in (1, len(ours)):
        raise DataError(f"forecasts must pair up by seed and window: {ours.shape} and {theirs.shape}")
    if not (np.isfinite(ours).all() and np.isfinite(theirs).all()):
        return Estimate(None, reason="forecasts that are not finite")
    both = np.stack([ours, np.broadcast_to(theirs, ours.shape)])
    value = _rise(np.sqrt(both.mean(axis=2)).mean(axis=1))
    n_seeds = len(ours)
    if n_seeds == 1:
        return Estimate(value, reason="one seed")
    weights = window_weights(ours.shape[1], block, params.n_bootstrap, seed)
    # (2, n_seeds, n_draws): every seed under every draw of windows.
    roots = np.sqrt(both @ weights.T / weights.sum(axis=1))
    picks = np.random.default_rng(seed + 1).integers(n_seeds, size=(n_seeds, params.n_bootstrap))
    drawn = np.take_along_axis(roots, np.broadcast_to(picks, roots.shape), axis=1)
    centre = _rise(roots.mean(axis=1))
    draws = centre + (_rise(drawn.mean(axis=1)) - centre) * np.sqrt(n_seeds / (n_seeds - 1))
    return interval_of(float(value), draws, params.confidence)


def _rise(pair: FloatArray) -> Any:
    """Of (2, ...) ours and theirs."""
    return pair[0] / pair[1] - 1.0


def judge_forecasts(
    forecasts: pd.DataFrame,
    efficiency: pd.DataFrame,
    models: Sequence[str],
    recipes: Mapping[str, CompressionRecipe],
    naive: Sequence[str],
    horizon: int,
    batch_sizes: Sequence[int],
    params: ForecastCriterion,
) -> list[dict[str, Any]]:
    """Verdicts on every series.

    Every smaller network, peers too, against its dense one and against what is as large as that: RMSE kept,
    parameters and latency cut as far as the parameters ask. Every decomposed network against its peers of equal size:
    no worse at no more time. Every network against the naive forecasts: no worse.

    Parameters
    ----------
    forecasts : one row a series, model, seed, window and step
    efficiency : one row a series and network: ``params`` and ``rounds_b<n>``
    models : dense networks
    recipes : by variant; a compressed network is called ``<model>.<variant>``
    naive : forecasts without weights
    horizon : values that are forecast at once
    batch_sizes : whose latency is judged
    params : bounds, confidence, bootstrap

    Returns
    -------
    Objects with ``dataset, model, baseline, criterion, rmse_rise, rmse_rise_interval, params_cut``, for every batch
    size ``latency_cut_b<n>`` and its ``_interval``, ``status`` and ``rule``; then ``metric, latency_batch`` (all of
    them), ``latency_of, confidence, primary`` (against the network's own dense one), ``conditions, explanation``.
    """
    verdicts = []
    for dataset in dict.fromkeys(forecasts["dataset"]):
        forecast = set(forecasts.loc[forecasts["dataset"] == dataset, "model"])
        costs = {row["model"]: row for row in efficiency[efficiency["dataset"] == dataset].to_dict("records")}
        for model, baseline, rule in _comparisons(models, recipes, naive, batch_sizes, params, forecast):
            estimates = _estimates(forecasts, costs, (dataset, model, baseline), horizon, batch_sizes, params)
            smaller = rule.routes[0].name == SMALLER and baseline in models
            terms = {
                "metric": "rmse", "latency_batch": list(batch_sizes), "latency_of": "model",
                "confidence": params.confidence, "primary": smaller,
            }  # fmt: skip
            verdicts.append(_verdict((dataset, model, baseline), rule, estimates, terms))
    return verdicts


def _comparisons(
    models: Sequence[str],
    recipes: Mapping[str, CompressionRecipe],
    naive: Sequence[str],
    batch_sizes: Sequence[int],
    params: ForecastCriterion,
    forecast: Collection[str],
) -> list[tuple[str, str, Criterion]]:
    cheaper, as_fast, as_good = _smaller_and_faster(batch_sizes, params), _no_worse(batch_sizes), _no_worse(())
    found = []
    for model in models:
        there = {name: recipe for name, recipe in recipes.items() if f"{model}.{name}" in forecast}
        large = [name for name, recipe in there.items() if recipe.method in AS_LARGE_AS_DENSE]
        smaller = [name for name in there if name not in large]
        tensors = [name for name in smaller if recipes[name].is_tensor]
        peers = [name for name in smaller if not recipes[name].is_tensor or recipes[name].method == "svd"]
        baselines = [model, *(f"{model}.{name}" for name in large)]
        found += [(f"{model}.{name}", baseline, cheaper) for baseline in baselines for name in smaller]
        pairs = [(name, peer) for peer in peers for name in tensors if name != peer]
        found += [(f"{model}.{name}", f"{model}.{peer}", as_fast) for name, peer in pairs]
        networks = [model, *(f"{model}.{name}" for name in there)]
        found += [(network, rule, as_good) for rule in naive for network in networks]
    return found


def _smaller_and_faster(batch_sizes: Sequence[int], params: ForecastCriterion) -> Criterion:
    kept = Condition(RMSE_RISE, False, params.max_rmse_rise, f"RMSE rises by at most {_percent(params.max_rmse_rise)}")
    smaller = _floor(PARAMS_CUT, params.min_params_cut, "parameters fall")
    faster = [_floor(_cut(size), params.min_latency_cut, f"latency at batch {size} falls") for size in batch_sizes]
    return Criterion((Route(SMALLER, (kept, smaller, *faster)),))


def _no_worse(batch_sizes: Sequence[int]) -> Criterion:
    """RMSE that is no higher; and where batch sizes are named, at no more time."""
    kept = Condition(RMSE_RISE, False, 0.0, "RMSE is no higher")
    tolerance = _percent(EQUAL_TIME_TOLERANCE)
    times = [
        Condition(_cut(size), True, -EQUAL_TIME_TOLERANCE, f"latency at batch {size} rises by at most {tolerance}")
        for size in batch_sizes
    ]
    name = "as good and as fast at equal size" if times else "as good"
    return Criterion((Route(name, (kept, *times)),))


def _floor(measure: str, bound: float, words: str) -> Condition:
    return Condition(measure, True, bound, f"{words} by at least {_percent(bound)}")


def _percent(share: float) -> str:
    return f"{100 * share:g} %"


def _cut(batch: int) -> str:
    return f"latency_cut_b{batch}"


def _estimates(
    forecasts: pd.DataFrame,
    costs: Mapping[str, Costs],
    cell: tuple[str, str, str],
    horizon: int,
    batch_sizes: Sequence[int],
    params: ForecastCriterion,
) -> dict[str, Estimate]:
    dataset, model, baseline = cell
    (seeds, ours), (others, theirs) = (squared_errors(forecasts, dataset, name) for name in (model, baseline))
    if baseline in costs and seeds != others:
        raise DataError(f"'{model}' and '{baseline}' have different seeds on '{dataset}': {seeds} and {others}")
    rise = rmse_rise(ours, theirs, horizon, params, seed_for(dataset, params.bootstrap_seed))
    mine, other = costs.get(model, {}), costs.get(baseline, {})
    times = {_cut(size): _latency_cut(mine, other, size, params) for size in batch_sizes}
    return {RMSE_RISE: rise, PARAMS_CUT: _params_cut(mine, other), **times}


def _params_cut(ours: Costs, theirs: Costs) -> Estimate:
    if not ours.get("params") or not theirs.get("params"):
        return Estimate(None, reason="no parameters")
    cut = 1.0 - ours["params"] / theirs["params"]
    return Estimate(cut, cut, cut)


def _latency_cut(ours: Costs, theirs: Costs, batch: int, params: ForecastCriterion) -> Estimate:
    top, bottom = (costs.get(f"rounds_b{batch}") for costs in (ours, theirs))
    if top is None or bottom is None:
        return Estimate(None, reason="latency was not measured")
    ratio = paired_ratio(top, bottom, params.confidence, params.n_bootstrap)
    if ratio.low is None or ratio.high is None:
        return Estimate(1.0 - ratio.median, reason="one round")
    return Estimate(1.0 - ratio.median, 1.0 - ratio.high, 1.0 - ratio.low)


def _verdict(
    cell: tuple[str, str, str],
    criterion: Criterion,
    estimates: Mapping[str, Estimate],
    terms: Mapping[str, Any],
) -> dict[str, Any]:
    status, route = criterion.status(estimates)
    numbers: dict[str, Any] = {}
    for measure, estimate in estimates.items():
        numbers[measure] = estimate.value
        if measure != PARAMS_CUT:
            numbers[f"{measure}_interval"] = estimate.interval
    head = dict(zip(("dataset", "model", "baseline"), cell, strict=True)) | {"criterion": criterion.text}
    verdict = {**head, **numbers, "status": status, "rule": route.name, **terms}
    verdict["conditions"] = criterion.judged(estimates)
    return {**verdict, "explanation": explain(verdict)}
