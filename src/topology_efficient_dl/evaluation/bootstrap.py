"""Bootstrap intervals, paired between two models: of a fall in quality or a rise of error, over seeds and samples.

The quality is one of `metrics.CLASS_METRICS`: each is computed from how often every sample was drawn.

Seeds are few, and drawing three with replacement from three shrinks their spread by a third; deviations over seeds (and
over data sets) are therefore rescaled by sqrt(n / (n - 1)), after Rao and Wu, *Resampling inference with complex
survey data*, JASA 83 (1988). Drawing seeds and samples both counts what is particular to one seed and one sample more
than once, so intervals err on the wide side: Owen, *The pigeonhole bootstrap*, Annals of Applied Statistics 1 (2007).

Windows of a forecast that begin one step apart overlap in all but one target, so whole stretches of neighbours are
drawn, as long as the horizon: Künsch, *The jackknife and the bootstrap for general stationary observations*, Annals of
Statistics 17 (1989); round the end, as in Politis and Romano, *A circular block-resampling procedure* (1992). A test
part of a few such stretches gives intervals that err on the narrow side.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from topology_efficient_dl.errors import DataError
from topology_efficient_dl.evaluation.metrics import METRICS, checked_labels, class_columns, decided
from topology_efficient_dl.evaluation.weighted import FloatArray, IntArray
from topology_efficient_dl.params.forecasting import ForecastCriterion

_CHUNK = 4_000_000

LARGEST_FALL = 100.0
"""Of macro-F1, accuracy or AUROC, in percentage points."""


@dataclass(frozen=True)
class Estimate:
    """A number with its interval; ``low`` and ``high`` are None, with a reason, where there is none.

    Attributes
    ----------
    value : the point estimate
    low, high : ends of the interval
    reason : why there is no interval, or what it leaves out
    draws : what a mean over data sets is drawn from: of a drop percentage points, of a cut logs of the ratio
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str | None = None
    draws: FloatArray | None = field(default=None, compare=False, repr=False)

    @property
    def interval(self) -> list[float] | None:
        """``[low, high]``, or None."""
        return None if self.low is None or self.high is None else [self.low, self.high]


@dataclass(frozen=True)
class PairedPredictions:
    """What two models predict on the same test samples, for the seeds that both have.

    Attributes
    ----------
    labels : (n_samples,) int codes
    baseline, model : (n_seeds, n_samples) int codes
    seeds : (n_seeds,) the common seeds
    probabilities : (2, n_seeds, n_samples, n_classes) of baseline and model, which AUROC is made from; None without
    """

    labels: IntArray
    baseline: IntArray
    model: IntArray
    seeds: tuple[int, ...]
    probabilities: FloatArray | None = None


def pair_predictions(
    predictions: pd.DataFrame, dataset: str, model: str, baseline: str, *, with_probabilities: bool = False
) -> PairedPredictions:
    """Line up two models' predictions on one data set by seed and sample index; what is not finite is no class.

    Parameters
    ----------
    predictions : ``dataset, model, seed, index, label, predicted``
    dataset, model, baseline : values of the first two columns
    with_probabilities : take ``p_0, p_1, ...`` too, which must be finite

    Raises
    ------
    DataError : no common seed, a negative label, or the two were tested on different samples
    """
    cells = predictions[(predictions["dataset"] == dataset) & predictions["model"].isin([model, baseline])]
    used = class_columns(cells) if len(cells) else []
    cells = cells.assign(predicted=decided(cells[used].to_numpy(float) if used else None, cells["predicted"]))
    wide = _by_sample(cells, "predicted")
    seeds = [set(wide[name].columns) if name in wide else set() for name in (model, baseline)]
    common = sorted(seeds[0] & seeds[1])
    if not common:
        raise DataError(f"'{model}' and '{baseline}' have no common seed on '{dataset}'")
    both = wide[[(name, seed) for name in (model, baseline) for seed in common]]
    if both.isna().any(axis=None):
        raise DataError(f"'{model}' and '{baseline}' were tested on different samples of '{dataset}'")
    labels = cells.groupby("index")["label"].first().reindex(wide.index)
    columns = [_by_sample(cells, name) for name in used] if with_probabilities else []
    spread = [[column[name][common].to_numpy(float).T for column in columns] for name in (baseline, model)]
    return PairedPredictions(
        labels=checked_labels(labels),
        baseline=both[baseline].to_numpy(np.int64).T,
        model=both[model].to_numpy(np.int64).T,
        seeds=tuple(common),
        probabilities=np.moveaxis(np.array(spread), 1, -1) if columns else None,
    )


def _by_sample(cells: pd.DataFrame, column: str) -> pd.DataFrame:
    """One row a sample, one column a model and seed."""
    return cells.pivot_table(index="index", columns=["model", "seed"], values=column)


def f1_drop(pair: PairedPredictions, metric: str = "f1_macro") -> float:
    """Fall of macro-F1, or of another quality, from baseline to model, mean over seeds, in percentage points.

    Examples
    --------
    >>> labels = np.array([0, 0, 1, 1])
    >>> pair = PairedPredictions(labels, labels[None], np.array([[0, 1, 1, 1]]), (42,))
    >>> f1_drop(pair), f1_drop(pair, "accuracy")
    (26.66..., 25.0)
    """
    return float(_drops(pair, np.ones((1, pair.labels.size)), metric).mean())


def f1_drop_draws(pair: PairedPredictions, n_bootstrap: int, seed: int, metric: str = "f1_macro") -> FloatArray:
    """Bootstrap distribution of `f1_drop`: samples and seeds drawn with replacement, the same for both models.

    Parameters
    ----------
    pair : predictions of both models
    n_bootstrap : number of draws
    seed : of the random generator
    metric : a name of `metrics.CLASS_METRICS`, of the classes that a draw holds; a draw of samples where it is
        undefined, as AUROC is where all are of one class, is made again

    Returns
    -------
    (n_bootstrap,) percentage points. With one seed only the samples vary.

    Raises
    ------
    DataError : AUROC of predictions without probabilities, or of a test set of one class
    """
    rng = np.random.default_rng(seed)
    of_probabilities = METRICS[metric].of_probabilities
    patterns, weights = (pair, np.ones(pair.labels.size, np.int64)) if of_probabilities else _patterns(pair)
    share = weights / weights.sum()
    step = max(1, (_CHUNK // 8 if of_probabilities else _CHUNK) // weights.size)
    drops = np.concatenate([
        _drawn_drops(patterns, int(weights.sum()), share, min(step, n_bootstrap - start), rng, metric)
        for start in range(0, n_bootstrap, step)
    ])  # fmt: skip
    n_seeds = drops.shape[1]
    if n_seeds == 1:
        return drops[:, 0]
    mean = drops.mean(axis=1)
    drawn = np.take_along_axis(drops, rng.integers(n_seeds, size=drops.shape), axis=1).mean(axis=1)
    return mean + (drawn - mean) * np.sqrt(n_seeds / (n_seeds - 1))


def mean_draws(values: FloatArray, n_draws: int, seed: int) -> FloatArray:
    """Draws of a mean of few values, with the spread of Student's t: ``mean + t_{n-1} s / sqrt(n)``.

    Drawing n values from n is too narrow for small n, even rescaled: of three values that are normal, a percentile
    interval that says 95 % holds the mean some 80 times of 100. Draws are quantiles of t at equal steps, in random
    order, so that an interval of their percentiles is the exact one.

    Parameters
    ----------
    values : (n,) one value for each draw of labels, split or fold
    n_draws : number of draws
    seed : of their order

    Returns
    -------
    (n_draws,); of one value, that value throughout.

    Notes
    -----
    Draws of labels from one graph overlap, so the interval speaks of draws from this graph, and not of other graphs.

    References
    ----------
    Student, *The probable error of a mean*, Biometrika 6 (1908).

    Examples
    --------
    >>> mean_draws(np.array([1.0, 1.0]), 3, seed=0)
    array([1., 1., 1.])
    >>> low, high = np.quantile(mean_draws(np.array([-1.0, 0.0, 1.0]), 1000, seed=0), [0.025, 0.975])
    >>> round(high, 2)  # t is 4.30 with two degrees of freedom, s / sqrt(3) is 0.58
    2.48
    """
    if len(values) == 1:
        return np.full(n_draws, float(values[0]))
    steps = np.clip(np.linspace(0.0, 1.0, n_draws), 0.25 / n_draws, 1.0 - 0.25 / n_draws)
    pivots = np.random.default_rng(seed).permutation(stats.t.ppf(steps, len(values) - 1))
    return np.asarray(values.mean() + pivots * values.std(ddof=1) / np.sqrt(len(values)))


def _patterns(pair: PairedPredictions) -> tuple[PairedPredictions, IntArray]:
    """Samples with the same label and predictions throughout are one pattern; returned with their multiplicities."""
    rows = np.vstack([pair.labels[None], pair.baseline, pair.model])
    unique, counts = np.unique(rows, axis=1, return_counts=True)
    n_seeds = len(pair.seeds)
    return PairedPredictions(unique[0], unique[1 : n_seeds + 1], unique[n_seeds + 1 :], pair.seeds), counts


def _drawn_drops(
    pair: PairedPredictions, n: int, share: FloatArray, n_draws: int, rng: np.random.Generator, metric: str
) -> FloatArray:
    """(n_draws, n_seeds) falls under draws of n samples, all of them defined."""
    drops = _drops(pair, rng.multinomial(n, share, size=n_draws).astype(float), metric)
    while (undefined := np.isnan(drops).any(axis=1)).any():
        again = rng.multinomial(n, share, size=int(undefined.sum())).astype(float)
        drops[undefined] = _drops(pair, again, metric)
    return drops


def _drops(pair: PairedPredictions, weights: FloatArray, metric: str) -> FloatArray:
    """(n_draws, n_seeds) falls of quality under (n_draws, n_samples) sample weights, percentage points."""
    quality = METRICS[metric]
    sides: Iterable[Any] = (pair.baseline, pair.model)
    if quality.of_probabilities:
        if pair.probabilities is None or len(np.unique(pair.labels)) < 2:
            lack = "no probabilities" if pair.probabilities is None else "a test set of one class"
            needed = f"{quality.words} needs probabilities and two classes"
            raise DataError(f"{needed}, and there is {lack}; judge another metric")
        sides = pair.probabilities
    assert quality.weighted is not None
    base, other = ([quality.weighted(pair.labels, each, weights) for each in side] for side in sides)
    return 100.0 * (np.stack(base, axis=1) - np.stack(other, axis=1))


def interval_of(value: float, draws: FloatArray, confidence: float, largest: float = np.inf) -> Estimate:
    """A point estimate with the percentile interval of its draws, cut off at ``-largest`` and ``largest``.

    Draws of Student's t, and rescaled ones, may lie beyond what a value can be: a difference of shares is at most
    `LARGEST_FALL` percentage points.

    Examples
    --------
    >>> interval_of(50.0, np.arange(101.0), 0.5).interval
    [25.0, 75.0]
    >>> interval_of(50.0, np.arange(101.0), 0.5, largest=60.0).interval
    [25.0, 60.0]
    """
    low, high = np.clip(np.quantile(draws, [(1 - confidence) / 2, (1 + confidence) / 2]), -largest, largest)
    return Estimate(value, float(low), float(high))


def mean_over_datasets(draws: Mapping[str, FloatArray], values: Mapping[str, float], seed: int) -> FloatArray:
    """Bootstrap distribution of the mean over data sets: data sets are drawn, each with its own inner draw.

    Both levels vary, so the interval speaks of data sets like these, and errs on the wide side.

    Parameters
    ----------
    draws : by data set, (n_bootstrap,) draws of its value
    values : by data set, its point estimate
    seed : of the random generator

    Returns
    -------
    (n_bootstrap,); with one data set, its own draws.
    """
    table = np.stack(list(draws.values()), axis=1)
    n_draws, n_datasets = table.shape
    if n_datasets == 1:
        return table[:, 0]
    centre = float(np.mean([values[name] for name in draws]))
    picks = np.random.default_rng(seed).integers(n_datasets, size=(n_draws, n_datasets))
    drawn = np.take_along_axis(table, picks, axis=1).mean(axis=1)
    return centre + (drawn - centre) * np.sqrt(n_datasets / (n_datasets - 1))


def seed_for(name: str, seed: int) -> int:
    """A seed of its own for every name, the same on every machine."""
    return seed + zlib.crc32(name.encode())


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
