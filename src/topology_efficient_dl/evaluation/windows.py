"""Intervals of a rise of error over windows of one series."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from topology_efficient_dl.errors import DataError
from topology_efficient_dl.evaluation.bootstrap import (
    Estimate,
    FloatArray,
    interval_of,
)
from topology_efficient_dl.params.forecasting import ForecastCriterion


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
