"""Compressed networks trained on, each in the way of its method."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from topology_efficient_dl.collections.fingerprint import versioned
from topology_efficient_dl.data.split import Split
from topology_efficient_dl.models.trained import TrainedModel, weights_of
from topology_efficient_dl.params.compression import CompressionRecipe
from topology_efficient_dl.params.models import ModelSpec
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.tasks.series import fit
from topology_efficient_dl.tensor.forms import Shape
from topology_efficient_dl.tensor.network import layer_at, rank_levels
from topology_efficient_dl.tensor.widths import with_widths
from topology_efficient_dl.training.fine_tuning import fit_on
from topology_efficient_dl.training.runtime import member_seed
from topology_efficient_dl.training.weight_masks import Levels

ADAPTERS = 2
"""Number of the stream of random numbers that adapters start from; 0 and 1 are those of a fit and of fine-tuning."""

TuneCell = tuple[TrainedModel, TrainedModel, Split, CompressionRecipe]


class Source(Protocol):
    """What networks of a kind learn from: a split of series, windows of one series, or graphs."""

    @property
    def name(self) -> str:
        """Of the data set."""
        ...


class Fits(NamedTuple):
    """How networks of a kind are fitted from nothing, and trained on; see `fit` and `fit_on`."""

    fit: Callable[..., TrainedModel]
    fit_on: Callable[..., list[dict[str, Any]]]


CLASSIFIERS = Fits(fit, fit_on)


@versioned(1, name="compression.tuning:tune_cell")
def tune_cell(cell: TuneCell, train: TrainParams) -> TrainedModel:
    """One compressed model trained on, with the dense one as its teacher."""
    return tune(*cell, train)


def tune(
    compressed: TrainedModel,
    dense: TrainedModel,
    split: Source,
    recipe: CompressionRecipe,
    train: TrainParams,
    *,
    fits: Fits = CLASSIFIERS,
    progress: bool = False,
) -> TrainedModel:
    """Train a compressed model on.

    - Decompositions and pruned networks go on from their weights for ``fine_tune.epochs``.
    - A small dense network starts from nothing, so it has as many epochs as the dense one had at most; without
      distillation it is fitted just as the dense one was.
    - Adapters are learnt with all other weights frozen (normalisations still follow their inputs), then multiplied
      in. A quantised network stays as it is.

    Parameters
    ----------
    compressed : of `compression.compress`
    dense : what it was made of
    split : train and validation are learnt from; test is not looked at
    recipe : as it was compressed by
    train : of the dense model
    fits : how networks of this kind are fitted
    progress : draw a bar over epochs, if standard error is a terminal

    Raises
    ------
    CellError : the loss became infinite or NaN
    """
    if recipe.method == "int8":
        return compressed
    if recipe.method == "small_dense" and recipe.fine_tune.distillation == 0:
        return _from_scratch(compressed, split, train, fits)
    network, levels, shares = _prepared(compressed, dense, recipe)
    how = recipe.fine_tune
    if recipe.method == "small_dense":
        how = how.model_copy(update={"epochs": train.max_epochs, "learning_rate": train.learning_rate})
    name = f"{compressed.card['model']} on {split.name}, seed {compressed.card['seed']}"
    options: dict[str, Any] = {"levels": levels, "shares": shares, "name": name, "progress": progress}
    started = time.perf_counter()
    history = fits.fit_on(network, dense, split, how, train, compressed.card["seed"], **options)
    _merge_adapters(network)
    return _with_fit(compressed, network, history, time.perf_counter() - started)


def _from_scratch(compressed: TrainedModel, split: Source, train: TrainParams, fits: Fits) -> TrainedModel:
    card = compressed.card
    spec = ModelSpec(
        architecture=card["architecture"],
        size=card["size"],
        options=card["options"],
        normalise=card.get("normalise", False),
    )
    found = fits.fit(split, spec, card["seed"], train, model=card["model"])
    return TrainedModel(found.card | {"compression": card["compression"]}, found.weights)


def _prepared(
    compressed: TrainedModel, dense: TrainedModel, recipe: CompressionRecipe
) -> tuple[nn.Module, Levels, tuple[float, ...]]:
    """The network to train, what in it is held at zero, and for how long."""
    network, compression = compressed.module(), compressed.card["compression"]
    if recipe.method == "prune_weights":
        return network, _zeros(network), (1.0,)
    if recipe.method == "lora":
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(member_seed(compressed.card["seed"], ADAPTERS))
            _adapt(network, compression["adapted"], compression["lora_rank"])
    if recipe.is_tensor and recipe.schedule == "increasing":
        shapes = {name: Shape.from_json(values) for name, values in compression["shapes"].items()}
        narrow = with_widths(dense.module(), {key: tuple(each) for key, each in compression.get("widths", {}).items()})
        return network, rank_levels(network, narrow, shapes), recipe.stages
    return network, (), (1.0,)


def _zeros(network: nn.Module) -> Levels:
    """Every matrix with zeros, and where they are; what is above one never opens."""
    return [
        (module, name, np.where(weight.detach().numpy() == 0, 2.0, 0.0))
        for module in network.modules()
        for name, weight in module.named_parameters(recurse=False)
        if weight.ndim > 1 and bool((weight == 0).any())
    ]


class _LowRankUpdate(nn.Module):
    """``W + B A`` with ``W`` frozen and ``B`` zero at first."""

    def __init__(self, weight: Tensor, rank: int) -> None:
        super().__init__()
        flat = weight.flatten(1)
        self.down = nn.Parameter(torch.empty(rank, flat.shape[1]))
        self.up = nn.Parameter(torch.zeros(flat.shape[0], rank))
        nn.init.kaiming_uniform_(self.down, a=5**0.5)

    def forward(self, weight: Tensor) -> Tensor:
        """The weight with the update, in its own shape."""
        return weight + (self.up @ self.down).reshape(weight.shape)


def _adapt(network: nn.Module, names: list[str], rank: int) -> None:
    network.requires_grad_(False)
    for name in names:
        layer: Any = layer_at(network, name)
        update = _LowRankUpdate(layer.weight, min(rank, *layer.weight.flatten(1).shape))
        parametrize.register_parametrization(layer, "weight", update)
        layer.parametrizations.weight.original.requires_grad_(False)


def _merge_adapters(network: nn.Module) -> None:
    for module in network.modules():
        if parametrize.is_parametrized(module, "weight"):
            parametrize.remove_parametrizations(module, "weight", leave_parametrized=True)
    network.requires_grad_(True)


def _with_fit(
    compressed: TrainedModel, network: nn.Module, history: list[dict[str, Any]], seconds: float
) -> TrainedModel:
    """The compressed model with the weights and the learning curve of a fit."""
    outcome = {
        "epochs": len(history),
        "best_epochs": [len(history)],
        "best_epoch": len(history),
        "fit_seconds": compressed.card["fit_seconds"] + seconds,
        "history": [{"member": 0, **row} for row in history],
    }
    return TrainedModel(compressed.card | outcome, weights_of(network))
