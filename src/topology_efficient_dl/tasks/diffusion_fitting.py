"""Cells of label diffusion, which has no epochs."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.models.answers import check_finite
from topology_efficient_dl.models.simplicial.diffusion_kernels import DiffusionKernels
from topology_efficient_dl.models.simplicial.label_diffusion import DiffusionOptions, fit_label_diffusion
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.training import TrainParams

IntArray = NDArray[np.int64]


def check_diffusion_training(model: str, train: TrainParams) -> None:
    """Refuse class weights, which would change nothing.

    Raises
    ------
    ParameterError : ``class_weights`` is not ``none``
    """
    if train.class_weights != "none":
        raise ParameterError(
            f"train.class_weights: '{model}' is label diffusion, which gives every class the same say whatever the "
            f"parameter says. Set zoo.{model}.train.class_weights=none, so that it is seen that nothing changes"
        )


def fit_diffusion(card: dict[str, Any], kernels: DiffusionKernels, rows: IntArray, codes: IntArray) -> TrainedModel:
    """Fit one cell on train and validation together: there are no epochs to choose.

    Parameters
    ----------
    card : what is fitted, see ``TrainedModel``
    kernels : between all nodes
    rows, codes : (m,) int64 labelled nodes and their classes

    Raises
    ------
    CellError : kernels or coefficients are not finite
    """
    name = f"{card['model']} on {card['dataset']}, draw {card['seed']}"
    for kernel in (*kernels.labels, *([] if kernels.features is None else [kernels.features])):
        check_finite(name, "rows of a kernel", kernel)
    started = time.perf_counter()
    seen = np.full(kernels.labels.shape[1], -1)
    seen[rows] = codes
    with threadpool_limits(1):
        fit = fit_label_diffusion(kernels, seen, card["n_classes"], DiffusionOptions.of(card["options"]))
    check_finite(name, "coefficients", fit.coefficients)
    outcome = {
        "n_params": len(fit.coefficients),
        "channels": list(kernels.channel_names),
        "best_epochs": [],
        "best_epoch": 0,
        "epochs": 0,
        "fit_seconds": time.perf_counter() - started,
        "history": [],
    }
    weights = {"coefficients": torch.tensor(fit.coefficients, dtype=torch.float32)}
    return TrainedModel(card | outcome, weights, dict(fit.state))
