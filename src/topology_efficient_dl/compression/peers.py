"""What decompositions are compared with, at the same number of parameters: pruning, a small dense network, adapters,
int8."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.models.architecture import Architecture
from topology_efficient_dl.models.layers import in_one_piece
from topology_efficient_dl.models.registry import find_architecture
from topology_efficient_dl.models.trained import TrainedModel, build_network
from topology_efficient_dl.params.compression import CompressionRecipe
from topology_efficient_dl.tensor import candidates
from topology_efficient_dl.tensor.network import layer_at
from topology_efficient_dl.tensor.widths import widths_of

LORA_RANK = 8
HALVINGS = 20
"""Of the interval in which a share of widths is looked for."""

SHARES = 32
"""Shares of channels that are told apart; more would change nothing, as widths are multiples."""


@dataclass(frozen=True, eq=False)
class Start:
    """A smaller network before it is trained on.

    Attributes
    ----------
    network : with the weights to start from
    card : keys of the trained model's card that change
    rebuild : what the card's ``compression`` says beside method and names
    """

    network: nn.Module
    card: dict[str, Any] = field(default_factory=dict)
    rebuild: dict[str, Any] = field(default_factory=dict)


def prune_weights(model: TrainedModel, recipe: CompressionRecipe) -> Start:
    """The smallest weights of all matrices and kernels together are zero; the arithmetic stays dense.

    Han et al., *Learning both weights and connections for efficient neural networks* (NeurIPS 2015).

    Raises
    ------
    ParameterError : vectors alone are more than the budget, or weights are computed from others
    """
    network = model.module()
    if any(parametrize.is_parametrized(module) for module in network.modules()):
        raise ParameterError(
            f"weights of '{model.card['model']}' are computed from others (weight normalisation) and cannot be pruned "
            "one by one. Leave prune_weights out for this model"
        )
    weights = [weight for weight in network.parameters() if weight.ndim > 1]
    total = sum(weight.numel() for weight in network.parameters())
    prunable = sum(weight.numel() for weight in weights)
    zeros = total - int(recipe.keep * total)
    if zeros > prunable:
        raise ParameterError(
            f"keep {recipe.keep:g} cannot be met: {total - prunable} of {total} parameters are no matrices"
        )
    with torch.no_grad():
        magnitudes = torch.cat([weight.abs().flatten() for weight in weights])
        bound = magnitudes.kthvalue(zeros).values if zeros else torch.tensor(-1.0)
        for weight in weights:
            weight.mul_(weight.abs() > bound)
    return Start(network, {}, {"zeros": int(sum((weight == 0).sum() for weight in weights))})


def prune_channels(model: TrainedModel, recipe: CompressionRecipe) -> Start:
    """Channels with the smallest weights are taken out, as many of every layer, with all that depends on them.

    Widths stay multiples of ``recipe.multiple``, as ranks do.

    Fang et al., *DepGraph: towards any structural pruning* (CVPR 2023), by their library.

    Raises
    ------
    ParameterError : the network reads graphs or cannot be traced, or no share of channels meets the budget
    """
    if model.card["n_channels"] is None:
        raise ParameterError(
            f"'{model.card['model']}' reads graphs, which channels cannot be traced through. Leave prune_channels out "
            "for this model"
        )
    dense = model.module()
    sample = torch.zeros(2, model.card["n_channels"], model.card["n_timepoints"])
    total = sum(weight.numel() for weight in dense.parameters())

    low, high, found, failed = 0, SHARES, None, None
    while high - low > 1:
        step = (low + high) // 2
        try:
            network = _without_channels(dense, sample, step / SHARES, recipe.multiple)
        except ParameterError as error:  # of the library at some shares of some networks; a larger one may do
            low, failed = step, error
            continue
        if sum(weight.numel() for weight in network.parameters()) <= recipe.keep * total:
            found, high = network, step
        else:
            low = step
    if found is None:
        raise failed or ParameterError(f"keep {recipe.keep:g} cannot be met by taking channels out. Give more")
    return Start(found, {}, {"widths": {name: list(widths) for name, widths in widths_of(found).items()}})


def _without_channels(dense: nn.Module, sample: Tensor, ratio: float, multiple: int) -> nn.Module:
    import torch_pruning

    network = in_one_piece(copy.deepcopy(dense))
    heads = [layer for layer in network.modules() if isinstance(layer, nn.Linear)][-1:]
    try:
        pruner = torch_pruning.pruner.MagnitudePruner(
            network,
            sample,
            importance=torch_pruning.importance.MagnitudeImportance(p=2),
            pruning_ratio=ratio,
            round_to=multiple,
            ignored_layers=heads,
        )
        pruner.step()
        with torch.inference_mode():
            network(sample)
    except (RuntimeError, ValueError, AttributeError, NotImplementedError, AssertionError, IndexError) as error:
        raise ParameterError(
            f"channels of {type(dense).__name__} cannot be pruned: {type(error).__name__}: {error}. "
            "Leave prune_channels out for this model"
        ) from error
    return network.eval()


def small_dense(model: TrainedModel, recipe: CompressionRecipe) -> Start:
    """The same architecture, narrower, with new weights; the largest that keeps within the budget."""
    architecture = find_architecture(model.card["architecture"])
    options = narrowed(architecture, model.card, int(recipe.keep * model.card["n_params"]))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(model.card["seed"])
        network = build_network({**model.card, "options": options})
    return Start(network.eval(), {"options": options}, {})


def narrowed(architecture: Architecture, card: Mapping[str, Any], most: int) -> dict[str, Any]:
    """Options of the widest network of an architecture, between nothing and the card's, with at most so many
    parameters.

    Parameters
    ----------
    architecture : its ``widths`` are what is made smaller, all in proportion
    card : of the dense model
    most : trainable parameters

    Raises
    ------
    ParameterError : an architecture without widths, or the narrowest one has more
    """
    options = architecture.complete(card["size"], card["options"])
    widths = {name: options[name] for name in architecture.widths if options.get(name) is not None}
    if not widths:
        raise ParameterError(
            f"'{architecture.name}' has no widths to make smaller. Leave small_dense out for this model"
        )
    found, low, high = None, 0.0, 1.0
    for _ in range(HALVINGS):
        share = (low + high) / 2
        tried = {**card["options"], **{name: _scaled(value, share, architecture) for name, value in widths.items()}}
        if sum(weight.numel() for weight in _build(card, tried).parameters()) <= most:
            found, low = tried, share
        else:
            high = share
    if found is None:
        raise ParameterError(f"the narrowest '{architecture.name}' has more than {most} parameters. Give a larger keep")
    return found


def _scaled(width: Any, share: float, architecture: Architecture) -> Any:
    if isinstance(width, int):
        step = architecture.width_step
        return max(step, round(share * width / step) * step)
    return [_scaled(value, share, architecture) for value in width]


def _build(card: Mapping[str, Any], options: Mapping[str, Any]) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        return build_network({**card, "options": options})


def continued(model: TrainedModel, recipe: CompressionRecipe) -> Start:
    """The dense network as it is, to be trained on as the others are: what of their quality is due to more training."""
    return Start(model.module())


def lora(model: TrainedModel, recipe: CompressionRecipe) -> Start:
    """The dense network; only updates of low rank are learnt later, and multiplied into it: no smaller, cheaper to
    train.

    Hu et al., *LoRA: low-rank adaptation of large language models* (ICLR 2022).
    """
    network = model.module()
    adapted = [each.name for each in candidates(network, "svd", recipe.layers) if _has_weight(network, each.name)]
    if not adapted:
        raise ParameterError(
            "the network has no plain linear layer or convolution to adapt. Leave lora out for this model"
        )
    return Start(network, {}, {"adapted": adapted, "lora_rank": recipe.rank or LORA_RANK})


def _has_weight(network: nn.Module, name: str) -> bool:
    """Whether a layer is there before anything is opened, with one weight that is not computed from others."""
    try:
        layer = layer_at(network, name)
    except ParameterError:
        return False
    return not parametrize.is_parametrized(layer) and isinstance(getattr(layer, "weight", None), Tensor)


def int8(model: TrainedModel, recipe: CompressionRecipe) -> Start:
    """Linear and recurrent layers in int8 at inference, by torch's dynamic quantisation; convolutions stay float32."""
    return Start(model.module(), {}, {"quantised": "int8"})


PEERS: dict[str, Callable[[TrainedModel, CompressionRecipe], Start]] = {
    "continued": continued,
    "prune_weights": prune_weights,
    "prune_channels": prune_channels,
    "small_dense": small_dense,
    "lora": lora,
    "int8": int8,
}
"""By method."""
