"""Compressed forecasters trained on, as `compression.tuning` does it with classifiers."""

from __future__ import annotations

from topology_efficient_dl.collections.fingerprint import versioned
from topology_efficient_dl.compression.tuning import Fits, tune
from topology_efficient_dl.data.forecasting import ForecastSplit
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.compression import CompressionRecipe
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.tasks.forecast_fitting import fit_forecaster, fit_forecaster_on

FORECASTERS = Fits(fit_forecaster, fit_forecaster_on)


@versioned(1, name="compression.forecast_tuning:tune_forecast_cell")
def tune_forecast_cell(
    cell: tuple[TrainedModel, TrainedModel, ForecastSplit, CompressionRecipe], train: TrainParams
) -> TrainedModel:
    """One compressed forecaster trained on, with the dense one as its teacher."""
    return tune(*cell, train, fits=FORECASTERS)
