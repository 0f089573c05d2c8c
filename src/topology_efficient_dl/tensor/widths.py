"""Networks whose layers have lost channels: how wide every layer is, and the network rebuilt so."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from torch import nn

from topology_efficient_dl.tensor.forms import like
from topology_efficient_dl.tensor.network import layer_at
from topology_efficient_dl.tensor.plain import Rebuildable

Widths = Mapping[str, tuple[int, ...]]
"""By name, inputs and outputs of a layer, or features of a normalisation."""


def widths_of(network: nn.Module) -> dict[str, tuple[int, ...]]:
    """Widths of all layers that have any.

    Examples
    --------
    >>> widths_of(nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.BatchNorm1d(2)))
    {'0': (3, 2), '2': (2,)}
    """
    found = {name: _widths(module) for name, module in network.named_modules()}
    return {name: widths for name, widths in found.items() if widths}


def _widths(layer: Any) -> tuple[int, ...]:
    if isinstance(layer, nn.Linear):
        return layer.in_features, layer.out_features
    if isinstance(layer, nn.Conv1d | nn.Conv2d):
        return layer.in_channels, layer.out_channels, layer.groups
    if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
        return (layer.num_features,)
    return ()


def with_widths(network: nn.Module, widths: Widths) -> nn.Module:
    """A copy of a network with other widths; the layers that differ are new, to be loaded.

    Raises
    ------
    ParameterError : there is no layer of that name
    """
    made = copy.deepcopy(network)
    for name, wanted in widths.items():
        layer = layer_at(made, name)
        if _widths(layer) != tuple(wanted):
            parent, _, attribute = name.rpartition(".")
            setattr(made.get_submodule(parent), attribute, _of_width(layer, *wanted).train(layer.training))
    return made


def _of_width(layer: Any, *widths: int) -> nn.Module:
    if isinstance(layer, nn.Linear):
        return nn.Linear(widths[0], widths[1], bias=layer.bias is not None, **like(layer))
    if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
        return type(layer)(widths[0], layer.eps, layer.momentum, layer.affine, layer.track_running_stats, **like(layer))
    inputs, outputs, groups = widths
    biased = layer.bias is not None
    if isinstance(layer, Rebuildable):
        return layer.with_channels(inputs, outputs, groups, biased)
    made: nn.Module = type(layer)(
        inputs, outputs, layer.kernel_size, layer.stride, layer.padding, layer.dilation, groups, biased,
        layer.padding_mode, **like(layer),
    )  # fmt: skip
    return made
