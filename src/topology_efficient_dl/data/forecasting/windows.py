"""Windows of one series with the values that follow: train first, then validation, test last; nothing looks ahead."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topology_efficient_dl.collections.fingerprint import versioned
from topology_efficient_dl.data.cleaning import z_normalise
from topology_efficient_dl.data.forecasting.series import FloatArray, ForecastSeries
from topology_efficient_dl.data.split import PARTS
from topology_efficient_dl.errors import DataError, ParameterError, StorageError
from topology_efficient_dl.params.forecasting import WindowParams

IntArray = NDArray[np.int64]
Float32Array = NDArray[np.float32]

FEWEST_WINDOWS = 2
"""Of train: batch normalisation cannot learn from one."""

ORIGINS = "origins_"


@dataclass(frozen=True)
class ForecastSplit:
    """One series as windows, by part. A window is known by its *origin*: the place of the first value it forecasts.

    Every target of a part lies within the part's own stretch of time. Contexts reach back as far as they have to, for
    validation and test also into the parts before: that is known when a forecast is made.

    Attributes
    ----------
    name : of the series
    values : (n,) float64, the whole series in its own unit
    origins : by part, (n_windows,) int64
    context, horizon : values of a window, and values that follow and are forecast
    season : values after which the series repeats itself
    relative_to : what networks see as zero, see ``WindowParams``
    mean, scale : mean and standard deviation of the values of train, and of no others
    unit, source : of the series, in words
    """

    name: str
    values: FloatArray
    origins: dict[str, IntArray]
    context: int
    horizon: int
    season: int
    relative_to: str
    mean: float
    scale: float
    unit: str
    source: str

    @property
    def n_channels(self) -> int:
        """Channels of a window: one."""
        return 1

    @property
    def n_timepoints(self) -> int:
        """Values in a window."""
        return self.context

    @property
    def n_classes(self) -> int:
        """What a network gives: as many numbers as values are forecast."""
        return self.horizon

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the numbers that a network gives."""
        return tuple(f"t+{step}" for step in range(1, self.horizon + 1))

    def past(self, part: str) -> FloatArray:
        """(n_windows, context) values before the origins, in the series' unit."""
        return self.values[self.origins[part][:, None] + np.arange(-self.context, 0)]

    def truth(self, part: str) -> FloatArray:
        """(n_windows, horizon) values from the origins on, in the series' unit."""
        return self.values[self.origins[part][:, None] + np.arange(self.horizon)]

    @cached_property
    def series(self) -> dict[str, Float32Array]:
        """By part, (n_windows, 1, context) float32: what networks read."""
        return {part: self._scaled(part, self.past(part))[:, None] for part in PARTS}

    @cached_property
    def targets(self) -> dict[str, Float32Array]:
        """By part, (n_windows, horizon) float32: what networks learn to say."""
        return {part: self._scaled(part, self.truth(part)) for part in PARTS}

    def restored(self, part: str, outputs: NDArray[np.floating[Any]]) -> FloatArray:
        """What networks said, (n_windows, horizon), in the series' unit."""
        return np.asarray(outputs, dtype=np.float64) * self.scale + self._zeros(part)

    def development(self, inputs: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        """All that a model may be fitted on: train, then validation."""
        return np.concatenate([inputs["train"], inputs["validation"]])

    def _zeros(self, part: str) -> FloatArray:
        """(n_windows, 1) what counts as zero."""
        if self.relative_to == "last":
            return self.values[self.origins[part] - 1][:, None]
        return np.full((len(self.origins[part]), 1), self.mean)

    def _scaled(self, part: str, values: FloatArray) -> Float32Array:
        return ((values - self._zeros(part)) / self.scale).astype(np.float32)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Plain arrays by name, for ``.npz`` files."""
        rest = {name: getattr(self, name) for name in _PLAIN}
        return {
            "values": self.values,
            **{ORIGINS + part: self.origins[part] for part in PARTS},
            "metadata": np.array(json.dumps(rest, sort_keys=True), dtype=np.str_),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> ForecastSplit:
        """The inverse of :meth:`to_arrays`.

        Raises
        ------
        StorageError : an array is missing
        """
        try:
            origins = {part: np.asarray(arrays[ORIGINS + part]) for part in PARTS}
            return cls(
                values=np.asarray(arrays["values"]),
                origins=origins,
                **json.loads(np.asarray(arrays["metadata"]).item()),
            )
        except (KeyError, ValueError, TypeError) as error:
            raise StorageError(f"not stored windows of a series: {error}; compute them again") from error


_PLAIN = ("name", "context", "horizon", "season", "relative_to", "mean", "scale", "unit", "source")


@versioned(1, name="data.forecasting.windows:cut_windows")
def cut_windows(series: ForecastSeries, params: WindowParams) -> ForecastSplit:
    """The series as windows, cut in time order.

    Parameters
    ----------
    series : in time order
    params : context, horizon, shares, and what networks see as zero

    Raises
    ------
    DataError : the series is too short, or does not vary in train
    ParameterError : the context is shorter than a season

    Examples
    --------
    >>> line = ForecastSeries("line", np.arange(20.0), 2, "steps", "made here")
    >>> split = cut_windows(line, WindowParams(context=4, horizon=2))
    >>> split.origins["train"].tolist(), split.origins["test"].tolist()
    ([4, 5, 6, 7, 8, 9, 10], [16, 17, 18])
    """
    starts = _starts(series, params)
    _check_length(series, params, starts)
    if params.context < series.season:
        raise ParameterError(
            f"forecast.context {params.context} is shorter than a season of '{series.name}' ({series.season} values), "
            "and the seasonal naive forecast, which networks are compared with, repeats the last season. Give "
            f"forecast.context={series.season} or more, or leave the series out of forecast.datasets"
        )
    train = series.values[: starts[1]]
    scale = float(train.std())
    if scale == 0 or not z_normalise(train[None]).any():
        raise DataError(
            f"series '{series.name}' has the same value {train[0]:g} throughout train, but for rounding, so that "
            "there is no scale. Give train more of it (smaller forecast.validation_share and test_share), or leave the "
            "series out"
        )
    firsts = (params.context, *starts[1:-1])
    origins = {
        part: np.arange(first, end - params.horizon + 1, dtype=np.int64)
        for part, first, end in zip(PARTS, firsts, starts[1:], strict=True)
    }
    how = {name: getattr(params, name) for name in ("context", "horizon", "relative_to")}
    what = {name: getattr(series, name) for name in ("name", "values", "season", "unit", "source")}
    return ForecastSplit(**what, **how, origins=origins, mean=float(train.mean()), scale=scale)


def _starts(series: ForecastSeries, params: WindowParams) -> tuple[int, int, int, int]:
    """Where train, validation and test begin, and where test ends."""
    n = len(series.values)
    n_test, n_validation = round(params.test_share * n), round(params.validation_share * n)
    return 0, n - n_test - n_validation, n - n_test, n


def _check_length(series: ForecastSeries, params: WindowParams, starts: tuple[int, int, int, int]) -> None:
    sizes = dict(zip(PARTS, np.diff(starts).tolist(), strict=True))
    needed = {
        "train": params.context + params.horizon + FEWEST_WINDOWS - 1,
        "validation": params.horizon,
        "test": params.horizon,
    }
    for part, size in sizes.items():
        if size < needed[part]:
            why = (
                f"context {params.context} + horizon {params.horizon}, {FEWEST_WINDOWS} windows"
                if part == "train"
                else f"horizon {params.horizon}"
            )
            raise DataError(
                f"series '{series.name}' is too short: of its {len(series.values)} values {size} are in {part}, which "
                f"needs at least {needed[part]} ({why}). Give a smaller forecast.context or forecast.horizon, other "
                "forecast.validation_share and test_share, or leave the series out of forecast.datasets"
            )


def describe_windows(split: ForecastSplit) -> dict[str, Any]:
    """One tidy row: ``dataset, n_values, n_train, n_validation, n_test`` (windows), ``context, horizon, season, unit,
    source``."""
    counts = {f"n_{part}": len(split.origins[part]) for part in PARTS}
    rest = {name: getattr(split, name) for name in ("context", "horizon", "season", "unit", "source")}
    return {"dataset": split.name, "n_values": len(split.values), **counts, **rest}
