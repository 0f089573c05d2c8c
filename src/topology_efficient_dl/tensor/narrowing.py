"""Bottlenecks: a 1x1 convolution and the convolutions that read it, decomposed together.

Nothing stands between them, so together they are one linear map for each reader, and all of these share an input
factor. Its best rank is found by one singular value decomposition; the network that comes out has the same
layers, fewer channels between them, and no additional call.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import fx, nn

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.tensor.decompositions import Array, low_rank, singular_values
from topology_efficient_dl.tensor.forms import array_of, write
from topology_efficient_dl.tensor.merging import trace
from topology_efficient_dl.tensor.network import layer_at
from topology_efficient_dl.tensor.widths import with_widths

Convolution = nn.Conv1d | nn.Conv2d


@dataclass(frozen=True)
class Bottleneck:
    """A 1x1 convolution and its readers.

    Attributes
    ----------
    name : of the 1x1 convolution
    readers : names of the convolutions that read it, which nothing else does
    rank : channels between them
    """

    name: str
    readers: tuple[str, ...]
    rank: int


def bottlenecks(network: nn.Module) -> list[Bottleneck]:
    """The 1x1 convolutions of a network that only convolutions read, in the order of its course.

    Without bias, groups or padding, and called once. None where `torch.fx` cannot trace the network.

    Examples
    --------
    >>> bottlenecks(nn.Sequential(nn.Conv1d(8, 4, 1, bias=False), nn.Conv1d(4, 8, 3), nn.ReLU()))
    [Bottleneck(name='0', readers=('1',), rank=4)]
    """
    traced = trace(copy.deepcopy(network).eval())
    if traced is None:
        return []
    calls = [str(node.target) for node in traced.graph.nodes if node.op == "call_module"]
    found = []
    for node in traced.graph.nodes:
        readers = [str(user.target) for user in node.users]
        names = [str(node.target), *readers]
        once = node.op == "call_module" and all(calls.count(name) == 1 for name in names)
        if once and readers and _can_be_narrowed(traced, names):
            first: Any = traced.get_submodule(names[0])
            found.append(Bottleneck(names[0], tuple(readers), first.out_channels))
    return found


def _can_be_narrowed(traced: fx.GraphModule, names: Sequence[str]) -> bool:
    first, *readers = (traced.get_submodule(name) for name in names)
    return _is_plain_pointwise(first) and all(isinstance(each, Convolution) and each.groups == 1 for each in readers)


def _is_plain_pointwise(layer: Any) -> bool:
    if not isinstance(layer, Convolution) or layer.groups != 1 or layer.bias is not None:
        return False
    return (
        set(layer.kernel_size) == {1} and set(layer.stride) == {1} and layer.padding in ("same", "valid", (0,), (0, 0))
    )


def spectrum(network: nn.Module, bottleneck: Bottleneck) -> Array:
    """Singular values of what a bottleneck and its readers compute together, at most as many as it has channels."""
    return singular_values(_together(network, bottleneck))[: bottleneck.rank]


def narrowed(network: nn.Module, ranks: Mapping[str, int]) -> tuple[nn.Module, dict[str, float]]:
    """A copy of a network with fewer channels in some bottlenecks, and the relative error of each.

    Parameters
    ----------
    network : the trained dense network
    ranks : by names of `bottlenecks`, channels to keep

    Raises
    ------
    ParameterError : there is no such bottleneck, or a rank is below one or above its channels
    """
    known = {each.name: each for each in bottlenecks(network)}
    for name, rank in ranks.items():
        _check(name, rank, known)
    widths = {key: value for name, rank in ranks.items() for key, value in _widths(network, known[name], rank).items()}
    made, errors = with_widths(network, widths), {}
    for name, rank in ranks.items():
        errors[name] = _fill(made, network, known[name], rank)
    return made, errors


def _check(name: str, rank: int, known: Mapping[str, Bottleneck]) -> None:
    if name not in known:
        raise ParameterError(f"no bottleneck '{name}' in the network. There are: {', '.join(known) or 'none'}")
    if not 1 <= rank <= known[name].rank:
        raise ParameterError(f"{name}: rank {rank}, expected 1 to {known[name].rank}, the channels that it has")


def _widths(network: nn.Module, bottleneck: Bottleneck, rank: int) -> dict[str, tuple[int, ...]]:
    first: Any = layer_at(network, bottleneck.name)
    readers: dict[str, Any] = {name: layer_at(network, name) for name in bottleneck.readers}
    return {
        bottleneck.name: (first.in_channels, rank, 1),
        **{name: (rank, reader.out_channels, 1) for name, reader in readers.items()},
    }


@torch.no_grad()
def _fill(made: nn.Module, network: nn.Module, bottleneck: Bottleneck, rank: int) -> float:
    """Write the weights of a narrowed bottleneck and its readers; returns the relative error of what they compute."""
    whole = _together(network, bottleneck)
    left, right = low_rank(whole, rank)
    write(layer_at(made, bottleneck.name).weight, right)
    start = 0
    for name in bottleneck.readers:
        reader: Any = layer_at(network, name)
        target: Any = layer_at(made, name)
        taps = int(np.prod(reader.kernel_size))
        rows = left[start : start + reader.out_channels * taps].reshape(reader.out_channels, taps, rank)
        write(target.weight, rows.transpose(0, 2, 1))
        if reader.bias is not None:
            target.bias.copy_(reader.bias)
        start += reader.out_channels * taps
    norm = float(np.linalg.norm(whole))
    return float(np.linalg.norm(whole - left @ right)) / norm if norm else 0.0


def _together(network: nn.Module, bottleneck: Bottleneck) -> Array:
    """(outputs times taps of all readers, inputs of the bottleneck): each row is one tap of one output."""
    first = _weight(network, bottleneck.name)
    first = first.reshape(first.shape[:2])
    parts = []
    for name in bottleneck.readers:
        weight = _weight(network, name)
        apart = weight.reshape(*weight.shape[:2], -1).transpose(0, 2, 1)
        parts.append(apart.reshape(-1, weight.shape[1]) @ first)
    return np.concatenate(parts)


def _weight(network: nn.Module, name: str) -> Array:
    layer: Any = layer_at(network, name)
    return array_of(layer.weight)
