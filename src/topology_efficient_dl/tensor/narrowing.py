"""Bottlenecks: a 1x1 convolution and the convolutions that read it, decomposed together.

Nothing stands between them, so together they are one linear map for each reader, and all of these share an input
factor. Its best rank is found by one singular value decomposition; the network that comes out has the same
layers, fewer channels between them, and no additional call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import fx, nn

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.tensor.decompositions import (
    Array,
    Decomposed,
    decomposed,
    low_rank,
    singular_values,
)
from topology_efficient_dl.tensor.forms import array_of, copy_bias, write
from topology_efficient_dl.tensor.network import layer_at
from topology_efficient_dl.tensor.plain import copied
from topology_efficient_dl.tensor.tracing import (
    Untraceable,
    Uses,
    layer_of,
    trace,
)
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

    Without bias, groups or padding, plain, and called once, as their readers are. None where `torch.fx` cannot trace
    the network for every call.

    Examples
    --------
    >>> bottlenecks(nn.Sequential(nn.Conv1d(8, 4, 1, bias=False), nn.Conv1d(4, 8, 3), nn.ReLU()))
    [Bottleneck(name='0', readers=('1',), rank=4)]
    """
    try:
        traced = trace(copied(network).eval())
    except Untraceable:
        return []
    uses, found = Uses(traced), []
    for node in traced.graph.nodes:
        users = list(node.users)
        first: Any = layer_of(traced, node)
        if not users or not _is_plain_pointwise(first) or not all(_reads(traced, user) for user in users):
            continue
        if not any(uses.why_not_alone(each) for each in (node, *users)):
            readers = tuple(str(user.target) for user in users)
            found.append(Bottleneck(str(node.target), readers, first.out_channels))
    return found


def _reads(traced: fx.GraphModule, node: fx.Node) -> bool:
    layer: Any = layer_of(traced, node)
    return isinstance(layer, Convolution) and layer.groups == 1


def _is_plain_pointwise(layer: Any) -> bool:
    if not isinstance(layer, Convolution) or layer.groups != 1 or layer.bias is not None:
        return False
    return (
        set(layer.kernel_size) == {1} and set(layer.stride) == {1} and layer.padding in ("same", "valid", (0,), (0, 0))
    )


def narrowed(network: nn.Module, ranks: Mapping[str, int]) -> tuple[nn.Module, dict[str, float]]:
    """As `Narrowing.narrowed`, for one time."""
    return Narrowing(network).narrowed(ranks)


class Narrowing:
    """The bottlenecks of a network, each decomposed once however often they are narrowed.

    Parameters
    ----------
    network : the trained dense network
    """

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self.bottlenecks = bottlenecks(network)
        self._by_name = {each.name: each for each in self.bottlenecks}
        self._together: dict[str, Array] = {}
        self._spectra: dict[str, Array] = {}
        self._decomposed: dict[str, Decomposed] = {}

    def spectrum(self, bottleneck: Bottleneck) -> Array:
        """Singular values of what a bottleneck and its readers compute together, at most as many as its channels."""
        name = bottleneck.name
        if name not in self._spectra:
            self._spectra[name] = singular_values(self._whole(name))[: bottleneck.rank]
        return self._spectra[name]

    def narrowed(self, ranks: Mapping[str, int]) -> tuple[nn.Module, dict[str, float]]:
        """A copy of the network with fewer channels in some bottlenecks, and the relative error of each.

        Parameters
        ----------
        ranks : by names of `bottlenecks`, channels to keep

        Raises
        ------
        ParameterError : there is no such bottleneck, or a rank is below one or above its channels
        """
        for name, rank in ranks.items():
            _check(name, rank, self._by_name)
        widths = {
            key: value
            for name, rank in ranks.items()
            for key, value in _widths(self.network, self._by_name[name], rank).items()
        }
        made = with_widths(self.network, widths)
        return made, {name: self._fill(made, self._by_name[name], rank) for name, rank in ranks.items()}

    def _whole(self, name: str) -> Array:
        if name not in self._together:
            self._together[name] = _together(self.network, self._by_name[name])
        return self._together[name]

    @torch.no_grad()
    def _fill(self, made: nn.Module, bottleneck: Bottleneck, rank: int) -> float:
        """Write the weights of a narrowed bottleneck and its readers; returns the error of what they compute."""
        whole = self._whole(bottleneck.name)
        if bottleneck.name not in self._decomposed:
            self._decomposed[bottleneck.name] = decomposed(whole)
        left, right = low_rank(self._decomposed[bottleneck.name], rank)
        _write(made, self.network, bottleneck.name, right)
        start = 0
        for name in bottleneck.readers:
            reader: Any = layer_at(self.network, name)
            taps = int(np.prod(reader.kernel_size))
            rows = left[start : start + reader.out_channels * taps].reshape(reader.out_channels, taps, rank)
            _write(made, self.network, name, rows.transpose(0, 2, 1))
            start += reader.out_channels * taps
        norm = float(np.linalg.norm(whole))
        return float(np.linalg.norm(whole - left @ right)) / norm if norm else 0.0


def _write(made: nn.Module, network: nn.Module, name: str, weight: Array) -> None:
    """Write a weight, and the bias as it was, into a layer that is learnt as the dense one was."""
    target: Any = layer_at(made, name)
    dense: Any = layer_at(network, name)
    write(target.weight, weight)
    copy_bias(target, dense)
    for key, each in dense.named_parameters():
        target.get_parameter(key).requires_grad_(each.requires_grad)


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
