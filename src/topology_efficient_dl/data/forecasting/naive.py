"""Forecasts that need no weights: what a network has to beat to be of any use."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from topology_efficient_dl.data.forecasting.series import FloatArray
from topology_efficient_dl.data.forecasting.windows import ForecastSplit


def naive(split: ForecastSplit, part: str) -> FloatArray:
    """(n_windows, horizon): the last value before the origin, for every step."""
    return np.repeat(split.past(part)[:, -1:], split.horizon, axis=1)


def seasonal_naive(split: ForecastSplit, part: str) -> FloatArray:
    """(n_windows, horizon): the value of the same place in the last season before the origin.

    References
    ----------
    Hyndman and Athanasopoulos, *Forecasting: principles and practice*, 3rd ed. (2021), section 5.2.
    """
    steps = np.arange(split.horizon) % split.season
    return split.past(part)[:, split.context - split.season + steps]


NAIVE: dict[str, Callable[[ForecastSplit, str], FloatArray]] = {"naive": naive, "seasonal_naive": seasonal_naive}
"""By the name that they have among models."""
