"""Cells of forecasters: one combination of series, model and seed, from fit to forecasts; and forecasts without any."""

from __future__ import annotations

import numpy as np
import pandas as pd

from topology_efficient_dl.collections.fingerprint import versioned
from topology_efficient_dl.data.forecasting import ForecastSplit
from topology_efficient_dl.data.forecasting.naive import NAIVE
from topology_efficient_dl.data.forecasting.series import FloatArray
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.models import ModelSpec
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.tasks.forecast_fitting import fit_forecaster
from topology_efficient_dl.training.runtime import reproducible

NO_SEED = 0
"""Stands where a forecast without weights has no seed."""


@versioned(1, name="training.forecast_cells:fit_forecast_cell")
def fit_forecast_cell(cell: tuple[ForecastSplit, tuple[str, ModelSpec], int], train: TrainParams) -> TrainedModel:
    """Fit one model on one series with one seed."""
    split, (name, spec), seed = cell
    return fit_forecaster(split, spec, seed, train, model=name)


@versioned(1, name="training.forecast_cells:forecast_cell")
def forecast_cell(cell: tuple[TrainedModel, ForecastSplit]) -> pd.DataFrame:
    """Forecasts of test in the series' unit; see `forecasts_table`."""
    model, split = cell
    with reproducible(model.card["seed"], threads=1):
        outputs = model.predictor(prepare=False).of_prepared(split.series["test"])
    return forecasts_table(split, model.card["model"], model.card["seed"], split.restored("test", outputs))


@versioned(1, name="training.forecast_cells:naive_cell")
def naive_cell(split: ForecastSplit, name: str) -> pd.DataFrame:
    """Forecasts of test by a rule of `NAIVE`; see `forecasts_table`."""
    return forecasts_table(split, name, NO_SEED, NAIVE[name](split, "test"))


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
