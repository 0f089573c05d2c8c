"""Forecasts of a series: from windows to what a network reads, and to tables of what it says; and naive forecasts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from topology_efficient_dl.data.forecasting import ForecastSplit
from topology_efficient_dl.data.forecasting.series import FloatArray
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.models.trained import FORECAST, TrainedModel
from topology_efficient_dl.params.models import ModelSpec
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.tasks.series import AT_ONCE, describe_series, on_device
from topology_efficient_dl.training.objective import Objective, Regression, Teaching
from topology_efficient_dl.training.samples import TensorSamples

NO_SEED = 0
"""Stands where a forecast without weights has no seed."""


@dataclass(frozen=True)
class Forecasts:
    """Which values follow on every window of a series; see `Task`.

    Validation chooses the number of epochs, then a network is fitted anew on train and validation, as classifiers are;
    it gives as many numbers as values are forecast. The card has ``task``, "forecast", and ``scaling``:
    ``relative_to, mean, scale``, as in the split.

    Attributes
    ----------
    split : windows of one series; for fits test is not looked at
    """

    split: ForecastSplit

    @property
    def name(self) -> str:
        """As in `Task`."""
        return self.split.name

    @property
    def state(self) -> Mapping[str, NDArray[Any]]:
        """As in `Task`: there is none."""
        return {}

    def describe(self, spec: ModelSpec, seed: int, model: str) -> dict[str, Any]:
        """As in `Task`.

        Raises
        ------
        ParameterError : an unknown architecture, a model of features, an ensemble
        """
        if spec.members > 1:
            raise ParameterError(
                f"zoo.{model}: an ensemble averages probabilities, and forecasts have none. Name a single network in "
                "forecast.models"
            )
        split = self.split
        scaling = {"relative_to": split.relative_to, "mean": split.mean, "scale": split.scale}
        return describe_series(split, spec, seed, None, model) | {"task": FORECAST, "scaling": scaling}

    def solve(self, card: dict[str, Any], train: TrainParams) -> None:
        """As in `Task`: every forecaster is fitted in the loop."""

    def samples(self, card: Mapping[str, Any], device: torch.device) -> TensorSamples:
        """As in `Task`."""
        split, both = self.split, (self.split.series, self.split.targets)
        parts = {part: on_device(device, *(each[part] for each in both)) for part in ("train", "validation")}
        parts["development"] = on_device(device, *map(split.development, both))
        return TensorSamples(parts, AT_ONCE)

    def objective(
        self, network: nn.Module, train: TrainParams, targets: Tensor, teaching: Teaching | None = None
    ) -> Objective:
        """As in `Task`."""
        return Regression(network, train, teaching)

    def answers(self, model: TrainedModel) -> pd.DataFrame:
        """As in `Task`, in the series' unit; see `forecasts_table`."""
        outputs = model.predictor(prepare=False).of_prepared(self.split.series["test"])
        restored = self.split.restored("test", outputs)
        return forecasts_table(self.split, model.card["model"], model.card["seed"], restored)


def forecasts_table(split: ForecastSplit, model: str, seed: int, forecasts: FloatArray) -> pd.DataFrame:
    """One row a window and step: ``dataset, model, seed, window, origin, step`` (from 1), ``target, forecast``."""
    n_windows, horizon = forecasts.shape
    return pd.DataFrame(
        {
            "dataset": split.name,
            "model": model,
            "seed": seed,
            "window": np.repeat(np.arange(n_windows), horizon),
            "origin": np.repeat(split.origins["test"], horizon),
            "step": np.tile(np.arange(1, horizon + 1), n_windows),
            "target": split.truth("test").ravel(),
            "forecast": forecasts.ravel(),
        }
    )
