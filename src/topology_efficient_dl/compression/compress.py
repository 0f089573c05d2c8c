"""From a trained network to a smaller one: what becomes of every layer, and the weights to start from."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from topology_efficient_dl.collections.fingerprint import versioned
from topology_efficient_dl.collections.keys import compressed_name
from topology_efficient_dl.compression.peers import PEERS, Start
from topology_efficient_dl.data.split import SeriesByPart
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.models.trained import TrainedModel, weights_of
from topology_efficient_dl.params.compression import CompressionRecipe
from topology_efficient_dl.params.training import EfficiencyParams
from topology_efficient_dl.tensor import (
    Design,
    design_by_budget,
    design_by_energy,
    design_by_rank,
    shapes_of,
)
from topology_efficient_dl.tensor.cache_blocks import in_cache_blocks
from topology_efficient_dl.tensor.latency_choice import design_by_latency, leave_slower_dense
from topology_efficient_dl.tensor.merging import merged

LAYER_COLUMNS = [
    "dataset", "model", "seed", "layer", "part", "ranks", "params_dense", "params", "relative_error", "left_dense",
]  # fmt: skip


def layers_table(models: Iterable[TrainedModel]) -> pd.DataFrame:
    """What became of the layers of decomposed models, one row a layer.

    ``dataset, model, seed, layer, part, ranks`` (joined by x, empty where dense), ``params_dense, params,
    relative_error, left_dense`` (the reason, empty where factorised).
    """
    rows = [
        {
            **{name: model.card[name] for name in ("dataset", "model", "seed")},
            "layer": layer["name"],
            **{name: layer[name] for name in ("part", "params_dense", "params", "relative_error")},
            "ranks": "x".join(map(str, layer["ranks"] or [])),
            "left_dense": layer["left_dense"] or "",
        }
        for model in models
        for layer in model.card["compression"].get("layers", [])
    ]
    return pd.DataFrame(rows, columns=LAYER_COLUMNS)


Recipe = tuple[str, CompressionRecipe, tuple[EfficiencyParams, str] | None]
"""A variant's name, its recipe, and if timings have a say, how they are made and a digest of the machine."""


@versioned(2, name="compression.compress:compress_cell")
def compress_cell(cell: tuple[TrainedModel, SeriesByPart, Recipe]) -> TrainedModel:
    """One trained model made smaller by one recipe, not yet trained on."""
    model, split, (variant, recipe, measured) = cell
    efficiency = measured[0] if measured else None
    return compress(model, recipe, variant, sample_of(split, recipe.latency_batch), efficiency)


@versioned(1, name="compression.graph_cells:compress_graph_cell")
def compress_graph_cell(cell: tuple[TrainedModel, tuple[str, CompressionRecipe]]) -> TrainedModel:
    """One trained model of graphs made smaller by one recipe, not yet trained on."""
    model, (variant, recipe) = cell
    return compress(model, recipe, variant)


def sample_of(split: SeriesByPart, size: int) -> Tensor:
    """So many series of train, repeated if there are too few: what latencies are measured on."""
    series = split.series["train"]
    return torch.from_numpy(np.ascontiguousarray(series[np.arange(size) % len(series)], dtype=np.float32))


def compress(
    model: TrainedModel,
    recipe: CompressionRecipe,
    variant: str,
    sample: Tensor | None = None,
    efficiency: EfficiencyParams | None = None,
) -> TrainedModel:
    """Make a trained model smaller.

    Parameters
    ----------
    model : one network that reads series, or graphs
    recipe : method, parts, ranks
    variant : the recipe's name, for the card
    sample : (n, n_channels, n_timepoints) float32, for choices that are measured; None for networks that read graphs
    efficiency : how they are measured; the defaults when None

    Returns
    -------
    A model whose card has ``compression``: ``variant, method, base`` (the dense model's name), ``params_dense``,
    ``layers`` (name, part, reason if left dense, relative error of the weights), and what it takes to rebuild it.

    Raises
    ------
    ParameterError : an ensemble, a model of features, a rank or budget that cannot be, no layer that can be factorised,
        a choice by timings without a sample
    DataError : weights that are not finite
    """
    name = compressed_name(model.card["model"], variant)
    _check_one_network(model, name)
    started = time.perf_counter()
    try:
        start = (
            _factorised(model, recipe, sample, efficiency) if recipe.is_tensor else PEERS[recipe.method](model, recipe)
        )
    except ParameterError as error:
        raise ParameterError(f"{name} on {model.card['dataset']}: {error}") from error
    how = {
        "variant": variant,
        "method": recipe.method,
        "base": model.card["model"],
        "params_dense": model.card["n_params"],
    }
    found = _as_model(model, start, name, how, time.perf_counter() - started)
    try:
        found.float_module()
    except RuntimeError as error:  # of torch: names or shapes of weights differ
        raise ParameterError(f"{name}: what {recipe.method} made cannot be rebuilt from its card: {error}") from error
    return found


def _check_one_network(model: TrainedModel, name: str) -> None:
    if model.card["members"] > 1 or model.card["recipe"] is not None:
        raise ParameterError(
            f"{name}: compression takes one network that reads series or graphs; '{model.card['model']}' is "
            f"{'an ensemble' if model.card['members'] > 1 else 'a model of features'}. Name another in track_c.models"
        )


def _as_model(model: TrainedModel, start: Start, name: str, how: Mapping[str, Any], seconds: float) -> TrainedModel:
    card = model.card | start.card | {"model": name, "compression": {**how, **start.rebuild}}
    outcome = {
        "n_params": sum(weight.numel() for weight in start.network.parameters()),
        "best_epochs": [0],
        "best_epoch": 0,
        "epochs": 0,
        "fit_seconds": seconds,
        "history": [],
    }
    return TrainedModel(card | outcome, weights_of(start.network))


def _factorised(
    model: TrainedModel, recipe: CompressionRecipe, sample: Tensor | None, efficiency: EfficiencyParams | None
) -> Start:
    if sample is None and recipe.is_measured:
        raise ParameterError(
            "latency and leave_slower_dense time layers on series, and this network reads graphs. Give keep, rank or "
            "energy"
        )
    design = _design(model.module(), recipe, sample, efficiency or EfficiencyParams())
    network, errors = design.built(None if sample is None else sample[:1])
    layers = [
        {
            "name": plan.name,
            "part": plan.part,
            "ranks": list(plan.shape.ranks) if plan.shape else None,
            "params_dense": plan.params_dense,
            "params": plan.params,
            "relative_error": errors.get(plan.name),
            "left_dense": plan.reason,
        }
        for plan in design.plans
    ]
    shapes = {name: shape.to_json() for name, shape in shapes_of(design.plans).items()}
    widths = {name: list(each) for name, each in design.widths.items()}
    return Start(network, {}, {"shapes": shapes, "widths": widths, "layers": layers})


def _deployed(sample: Tensor, network: nn.Module) -> nn.Module:
    return in_cache_blocks(merged(network), sample)


def _design(dense: nn.Module, recipe: CompressionRecipe, sample: Tensor | None, efficiency: EfficiencyParams) -> Design:
    """By the first of rank, energy, latency and keep that is given; then without what would get slower."""
    what = (dense, recipe.method, recipe.layers)
    budget = partial(design_by_budget, *what, multiple=recipe.multiple, joint=recipe.joint)
    if recipe.rank is not None:
        design = design_by_rank(*what, recipe.rank)
    elif recipe.energy is not None:
        design = design_by_energy(*what, recipe.energy, recipe.multiple, joint=recipe.joint)
    elif recipe.latency is not None and sample is not None:
        deployed = partial(_deployed, sample[:1])
        design = design_by_latency(dense, budget, recipe.latency, sample, efficiency, deployed)
    else:
        design = budget(recipe.keep)
    if sample is None or not recipe.leave_slower_dense:
        return design
    return leave_slower_dense(design, sample, efficiency)
