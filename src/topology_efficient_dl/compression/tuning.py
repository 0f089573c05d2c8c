"""Compressed networks of all kinds trained on, each in the way of its method."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from topology_efficient_dl.collections.fingerprint import versioned
from topology_efficient_dl.data.forecasting import ForecastSplit
from topology_efficient_dl.data.split import Split
from topology_efficient_dl.models.trained import TrainedModel, weights_of
from topology_efficient_dl.params.compression import CompressionRecipe
from topology_efficient_dl.params.models import ModelSpec
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.tasks.forecasts import Forecasts
from topology_efficient_dl.tasks.series import SeriesClasses
from topology_efficient_dl.tasks.task import Task, fit, own_training
from topology_efficient_dl.tensor.forms import Shape
from topology_efficient_dl.tensor.network import layer_at, rank_levels
from topology_efficient_dl.tensor.widths import with_widths
from topology_efficient_dl.training.fine_tuning import Lesson, train_on
from topology_efficient_dl.training.runtime import member_seed, training_device
from topology_efficient_dl.training.weight_masks import Held, Levels

if TYPE_CHECKING:
    from topology_efficient_dl.tasks.graphs import TuneGraphCell

ADAPTERS = 2
"""Number of the stream of random numbers that adapters start from; 0 and 1 are those of a fit and of fine-tuning."""

TuneCell = tuple[TrainedModel, TrainedModel, Split, CompressionRecipe]
TuneForecastCell = tuple[TrainedModel, TrainedModel, ForecastSplit, CompressionRecipe]


@versioned(1, name="compression.tuning:tune_cell")
def tune_cell(cell: TuneCell, train: TrainParams) -> TrainedModel:
    """One compressed model trained on, with the dense one as its teacher."""
    compressed, dense, split, recipe = cell
    return tune(compressed, dense, SeriesClasses(split), recipe, train)


@versioned(1, name="compression.graph_cells:tune_graph_cell")
def tune_graph_cell(cell: TuneGraphCell, train: TrainParams) -> TrainedModel:
    """One compressed model of graphs trained on, with the dense one as its teacher."""
    from topology_efficient_dl.tasks.graphs import GraphClasses  # torch-geometric, which cells of series do without

    compressed, dense, recipe, spec, task, complex_, features, groups = cell
    return tune(compressed, dense, GraphClasses.of(task, complex_, features, groups), recipe, own_training(spec, train))


@versioned(1, name="compression.forecast_tuning:tune_forecast_cell")
def tune_forecast_cell(cell: TuneForecastCell, train: TrainParams) -> TrainedModel:
    """One compressed forecaster trained on, with the dense one as its teacher."""
    compressed, dense, split, recipe = cell
    return tune(compressed, dense, Forecasts(split), recipe, train)


def tune(
    compressed: TrainedModel,
    dense: TrainedModel,
    task: Task,
    recipe: CompressionRecipe,
    train: TrainParams,
    *,
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
    task : what both learn; train and validation are learnt from together, and test is not looked at
    recipe : as it was compressed by
    train : of the dense model
    progress : draw a bar over epochs, if standard error is a terminal

    Raises
    ------
    CellError : the loss became infinite or NaN
    """
    if recipe.method == "int8":
        return compressed
    if recipe.method == "small_dense" and recipe.fine_tune.distillation == 0:
        return _from_scratch(compressed, task, train)
    network, held = _prepared(compressed, dense, recipe)
    how, seed = recipe.fine_tune, compressed.card["seed"]
    if recipe.method == "small_dense":
        how = how.model_copy(update={"epochs": train.max_epochs, "learning_rate": train.learning_rate})
    name = f"{compressed.card['model']} on {task.name}, seed {seed}"
    started = time.perf_counter()
    samples = task.samples(dense.card, training_device(train))
    lesson = Lesson(name, dense, samples, task.objective)
    history = train_on(network, lesson, how, train, seed, held, progress)
    _merge_adapters(network)
    return _with_fit(compressed, network, history, time.perf_counter() - started)


def _from_scratch(compressed: TrainedModel, task: Task, train: TrainParams) -> TrainedModel:
    card = compressed.card
    spec = ModelSpec(
        architecture=card["architecture"],
        size=card["size"],
        options=card["options"],
        normalise=card.get("normalise", False),
        features=card.get("features"),
    )
    found = fit(task, spec, card["seed"], train, model=card["model"])
    return TrainedModel(found.card | {"compression": card["compression"]}, found.weights)


def _prepared(compressed: TrainedModel, dense: TrainedModel, recipe: CompressionRecipe) -> tuple[nn.Module, Held]:
    """The network to train, and what in it is held at zero."""
    network, compression = compressed.module(), compressed.card["compression"]
    if recipe.method == "prune_weights":
        return network, Held(_zeros(network))
    if recipe.method == "lora":
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(member_seed(compressed.card["seed"], ADAPTERS))
            _adapt(network, compression["adapted"], compression["lora_rank"])
    if recipe.is_tensor and recipe.schedule == "increasing":
        shapes = {name: Shape.from_json(values) for name, values in compression["shapes"].items()}
        narrow = with_widths(dense.module(), {key: tuple(each) for key, each in compression.get("widths", {}).items()})
        return network, Held(rank_levels(network, narrow, shapes), recipe.stages)
    return network, Held()


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
