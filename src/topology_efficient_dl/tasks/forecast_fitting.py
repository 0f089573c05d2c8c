"""The fits of forecasters: in the one training loop, by squared errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from topology_efficient_dl.data.forecasting import ForecastSplit
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.models.trained import FORECAST, TrainedModel
from topology_efficient_dl.params.compression import FineTuneParams
from topology_efficient_dl.params.models import ModelSpec
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.tasks.series import describe_cell
from topology_efficient_dl.training.fine_tuning import train_on
from topology_efficient_dl.training.loop import fit_networks
from topology_efficient_dl.training.objective import Objective
from topology_efficient_dl.training.regression import Regression, TaughtRegression
from topology_efficient_dl.training.runtime import training_device
from topology_efficient_dl.training.samples import TensorSamples


def fit_forecaster(
    split: ForecastSplit,
    spec: ModelSpec,
    seed: int,
    train: TrainParams,
    *,
    model: str | None = None,
    progress: bool = False,
) -> TrainedModel:
    """Fit one forecaster. The same arguments on the same machine give bit-identical weights.

    Validation chooses the number of epochs, then the network is fitted anew on train and validation, as classifiers
    are.

    Parameters
    ----------
    split : windows of one series; test is not looked at
    spec : which network; it gives as many numbers as values are forecast
    seed : of initialisation, order and dropout
    train : the parameters of the loop
    model : the model's name in the zoo, for the card and for errors; the architecture's when None
    progress : draw a bar over epochs, if standard error is a terminal

    Returns
    -------
    A model whose card has ``task``, "forecast", and ``scaling``: ``relative_to, mean, scale``, as in the split.

    Raises
    ------
    ParameterError : unknown architecture or option, absent device, a model of features, an ensemble
    CellError : the loss became infinite or NaN
    """
    name = model or spec.architecture
    if spec.members > 1:
        raise ParameterError(
            f"zoo.{name}: an ensemble averages probabilities, and forecasts have none. Name a single network in "
            "forecast.models"
        )
    device = training_device(train)
    scaling = {"relative_to": split.relative_to, "mean": split.mean, "scale": split.scale}
    card = describe_cell(split, spec, seed, None, name) | {"task": FORECAST, "scaling": scaling}
    samples = TensorSamples({part: _tensors(split, part, device) for part in ("train", "validation", "development")})
    return fit_networks(card, samples, train, device, objective=_regression, progress=progress)


def fit_forecaster_on(
    network: nn.Module,
    teacher: TrainedModel,
    split: ForecastSplit,
    recipe: FineTuneParams,
    train: TrainParams,
    seed: int,
    **options: Any,
) -> list[dict[str, Any]]:
    """Train a compressed forecaster on, in place, with the dense one as its teacher.

    Parameters are those of `fine_tuning.train_on`; of ``split`` train and validation are learnt from together, and the
    temperature of distillation plays no part.
    """

    def learn(said: Tensor, how: TrainParams) -> tuple[Objective, Tensor]:
        targets = torch.from_numpy(split.development(split.targets))
        return TaughtRegression(network, how, recipe.distillation), torch.cat([targets, said], dim=1)

    return train_on(network, teacher, split.development(split.series), learn, recipe, train, seed, **options)


def _regression(network: nn.Module, train: TrainParams, class_weights: Tensor | None) -> Objective:
    return Regression(network, train)


def _tensors(split: ForecastSplit, part: str, device: torch.device) -> tuple[Tensor, Tensor]:
    both = split.series, split.targets
    arrays = [split.development(each) if part == "development" else each[part] for each in both]
    inputs, targets = (torch.from_numpy(np.ascontiguousarray(array)).to(device) for array in arrays)
    return inputs, targets
