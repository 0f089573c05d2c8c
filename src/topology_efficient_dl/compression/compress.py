"""From a trained network to a smaller one: what becomes of every layer, and the weights to start from."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from topology_efficient_dl.collections.fingerprint import versioned
from topology_efficient_dl.compression.peers import PEERS, Start
from topology_efficient_dl.compression_params import CompressionRecipe
from topology_efficient_dl.data.split import Split
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params import EfficiencyParams
from topology_efficient_dl.tensor import candidates, plan_by_budget, plan_by_energy, plan_by_rank, shapes_of
from topology_efficient_dl.tensor.joint import Design, design_at_level, design_by_budget
from topology_efficient_dl.tensor.latency_choice import design_by_latency, leave_slower_dense
from topology_efficient_dl.tensor.merging import merged
from topology_efficient_dl.tensor.narrowing import bottlenecks
from topology_efficient_dl.tensor.widths import widths_of

LAYER_COLUMNS = [
    "dataset", "model", "seed", "layer", "part", "ranks", "params_dense", "params", "relative_error", "left_dense",
]  # fmt: skip


def compressed_name(model: str, variant: str) -> str:
    """How a compressed model is called: the dense model's name, a dot, the variant's.

    Examples
    --------
    >>> compressed_name("inception_time", "tucker")
    'inception_time.tucker'
    """
    return f"{model}.{variant}"


def compressed_key(key: str) -> str:
    """``<dataset>/<model>/<seed>/<variant>`` as ``<dataset>/<model>.<variant>/<seed>``.

    Examples
    --------
    >>> compressed_key("GunPoint/inception_time/42/tucker")
    'GunPoint/inception_time.tucker/42'
    """
    dataset, model, seed, variant = key.split("/")
    return f"{dataset}/{compressed_name(model, variant)}/{seed}"


def dense_key(key: str) -> str:
    """The key of the dense model that a compressed one was made of.

    Examples
    --------
    >>> dense_key("GunPoint/inception_time.tucker/42")
    'GunPoint/inception_time/42'
    """
    dataset, model, seed = key.split("/")
    return f"{dataset}/{model.rpartition('.')[0]}/{seed}"


def variant_of(key: str) -> str:
    """The variant in the key of a compressed model.

    Examples
    --------
    >>> variant_of("GunPoint/inception_time.tucker/42")
    'tucker'
    """
    return key.split("/")[1].rpartition(".")[2]


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


Recipe = tuple[str, CompressionRecipe, EfficiencyParams | None]
"""A variant's name, its recipe, and how it is measured, if it is."""


@versioned(1)
def compress_cell(cell: tuple[TrainedModel, Split, Recipe]) -> TrainedModel:
    """One trained model made smaller by one recipe, not yet trained on."""
    model, split, (variant, recipe, efficiency) = cell
    return compress(model, recipe, variant, sample_of(split, recipe.latency_batch), efficiency)


def sample_of(split: Split, size: int) -> Tensor:
    """So many series of train, repeated if there are too few: what latencies are measured on."""
    series = split.series["train"]
    return torch.from_numpy(np.ascontiguousarray(series[np.arange(size) % len(series)], dtype=np.float32))


def compress(
    model: TrainedModel,
    recipe: CompressionRecipe,
    variant: str,
    sample: Tensor,
    efficiency: EfficiencyParams | None = None,
) -> TrainedModel:
    """Make a trained model smaller.

    Parameters
    ----------
    model : one network that reads series
    recipe : method, parts, ranks
    variant : the recipe's name, for the card
    sample : (n, n_channels, n_timepoints) float32, for choices that are measured
    efficiency : how they are measured; the defaults when None

    Returns
    -------
    A model whose card has ``compression``: ``variant, method, base`` (the dense model's name), ``params_dense``,
    ``layers`` (name, part, reason if left dense, relative error of the weights), and what it takes to rebuild it.

    Raises
    ------
    ParameterError : an ensemble, a model of features, a rank or budget that cannot be, no layer that can be factorised
    DataError : weights that are not finite
    """
    name = compressed_name(model.card["model"], variant)
    if model.card["members"] > 1 or model.card["recipe"] is not None:
        raise ParameterError(
            f"{name}: compression takes one network that reads series; '{model.card['model']}' is "
            f"{'an ensemble' if model.card['members'] > 1 else 'a model of features'}. Name another in track_c.models"
        )
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
    seconds = time.perf_counter() - started
    return _as_model(model, start, name, how, seconds)


def _as_model(model: TrainedModel, start: Start, name: str, how: Mapping[str, Any], seconds: float) -> TrainedModel:
    card = model.card | start.card | {"model": name, "compression": {**how, **start.rebuild}}
    weights = {key: value.detach().clone().contiguous() for key, value in start.network.state_dict().items()}
    outcome = {
        "n_params": sum(weight.numel() for weight in start.network.parameters()),
        "best_epochs": [0],
        "best_epoch": 0,
        "epochs": 0,
        "fit_seconds": seconds,
        "history": [],
    }
    return TrainedModel(card | outcome, weights)


def _factorised(
    model: TrainedModel, recipe: CompressionRecipe, sample: Tensor, efficiency: EfficiencyParams | None
) -> Start:
    design = _design(model.module(), recipe, sample, efficiency or EfficiencyParams())
    network, errors = design.built()
    shapes = shapes_of(design.plans)
    widths = {name: each for name, each in widths_of(design.network).items() if name in _narrow(design)}
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
    rebuild = {"shapes": {name: shape.to_json() for name, shape in shapes.items()}, "layers": layers}
    return Start(
        network, {}, rebuild | ({"widths": {key: list(each) for key, each in widths.items()}} if widths else {})
    )


def _narrow(design: Design) -> set[str]:
    found = [each for each in bottlenecks(design.network) if each.name in design.bottleneck_errors]
    return {name for each in found for name in (each.name, *each.readers)}


def _design(dense: nn.Module, recipe: CompressionRecipe, sample: Tensor, efficiency: EfficiencyParams) -> Design:
    """By the first of rank, energy, latency and keep that is given; then without what would get slower."""
    budget = _by_budget(dense, recipe)
    if recipe.rank is not None:
        layers = candidates(dense, recipe.method, recipe.layers)
        design = Design(dense, plan_by_rank(layers, recipe.method, recipe.rank), {})
    elif recipe.energy is not None:
        design = _by_energy(dense, recipe, recipe.energy)
    elif recipe.latency is not None:
        design = design_by_latency(dense, budget, recipe.latency, sample, efficiency, merged)
    else:
        design = budget(recipe.keep)
    if not recipe.leave_slower_dense:
        return design
    plans = leave_slower_dense(design.network, design.plans, sample, efficiency)
    return Design(design.network, plans, design.bottleneck_errors)


def _by_energy(dense: nn.Module, recipe: CompressionRecipe, energy: float) -> Design:
    if recipe.joint:
        return design_at_level(dense, recipe.method, recipe.layers, energy, recipe.multiple)
    layers = candidates(dense, recipe.method, recipe.layers)
    return Design(dense, plan_by_energy(layers, recipe.method, energy, recipe.multiple), {})


def _by_budget(dense: nn.Module, recipe: CompressionRecipe) -> Callable[[float], Design]:
    if recipe.joint:
        return lambda keep: design_by_budget(dense, recipe.method, recipe.layers, keep, recipe.multiple)
    layers = candidates(dense, recipe.method, recipe.layers)
    total = sum(weight.numel() for weight in dense.parameters())
    return lambda keep: Design(dense, plan_by_budget(layers, recipe.method, keep, total, recipe.multiple), {})
