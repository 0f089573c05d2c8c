"""A trained forecaster as a user calls it: past values in, future values out, both in the unit of the series."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from topology_efficient_dl.data.preparation import check_finite
from topology_efficient_dl.errors import DataError, ParameterError
from topology_efficient_dl.models.trained import FORECAST, TrainedModel


class Forecaster:
    """Past values in, forecasts out; scaling by train's mean and standard deviation is part of it.

    Parameters
    ----------
    model : of `tasks.cells.fit_forecast_cell`, or what was made of it
    merge : fold normalisations and multiply out consecutive maps first

    Raises
    ------
    ParameterError : the model is a classifier
    """

    def __init__(self, model: TrainedModel, *, merge: bool = False) -> None:
        if model.card.get("task") != FORECAST:
            raise ParameterError(
                f"'{model.card['model']}' on '{model.card['dataset']}' is a classifier; call its predictor() instead"
            )
        self.predictor = model.predictor(merge=merge, prepare=False)
        self.context, self.scaling = model.card["n_timepoints"], model.card["scaling"]

    def __call__(self, past: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """(n, horizon) forecasts.

        Parameters
        ----------
        past : (n, context) values in time order, the last one just before the forecast

        Raises
        ------
        DataError : another number of values than the network was fitted to, or values or forecasts that are not finite
        """
        values = np.asarray(past, dtype=np.float64)
        if values.ndim != 2 or values.shape[1] != self.context:
            raise DataError(
                f"past values have shape {values.shape}, expected (n, {self.context}) as in the fit. Give the last "
                f"{self.context} values before each forecast"
            )
        check_finite(values, "past values: ", "Fill missing ones first")
        zero = values[:, -1:] if self.scaling["relative_to"] == "last" else self.scaling["mean"]
        with np.errstate(over="ignore"):
            inputs = ((values - zero) / self.scaling["scale"]).astype(np.float32)
        found = self.predictor.of_prepared(inputs[:, None]).astype(np.float64) * self.scaling["scale"] + zero
        check_finite(found, "forecasts: ", "Are the values in the unit of train?")
        return found
