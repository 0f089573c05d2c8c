"""A whole network: the layers in it that can be factorised, and the network with some of them replaced."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from torch import nn

from topology_efficient_dl.compression_params import Part
from topology_efficient_dl.errors import ParameterError, did_you_mean
from topology_efficient_dl.tensor.attention import OpenAttention, OpenEncoderLayer
from topology_efficient_dl.tensor.factorise import KINDS, OPENED, factorise, form_of
from topology_efficient_dl.tensor.forms import Level, Shape
from topology_efficient_dl.tensor.recurrent import RecurrentDirection

PARTS: tuple[Part, ...] = get_args(Part)
"""Parts of a network: convolutions; the channels between a 1x1 convolution and the convolutions that read it (no layer
of their own: see `tensor.narrowing`); the two linear layers of an encoder layer; its projections; the maps of a GRU;
other linear layers, such as heads."""

Shapes = Mapping[str, Shape]
"""Shapes of factorised layers by the layers' names in the opened network."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A layer that can be factorised.

    Attributes
    ----------
    name : in the opened network
    layer : the dense layer
    part : what it is for
    """

    name: str
    layer: nn.Module
    part: Part

    @property
    def params(self) -> int:
        """Its weights."""
        return sum(weight.numel() for weight in self.layer.parameters())


def opened(network: nn.Module, *, only: Collection[str] | None = None, fill: bool = True) -> nn.Module:
    """A copy of a network whose attention and recurrent layers are made of linear layers: the same numbers.

    Parameters
    ----------
    network : left as it is
    only : names of linear layers that are to be there; what none of them is in stays closed. All are opened when None
    fill : copy the weights of opened layers too; without it they are new

    Examples
    --------
    >>> [name for name, _ in opened(nn.Sequential(nn.GRU(2, 3))).named_modules() if name.endswith("map")]
    ['0.layers.0.0.input_map', '0.layers.0.0.hidden_map']
    """
    made = copy.deepcopy(network)
    closed = [(name, module) for name, module in made.named_modules() if type(module) in OPENED]
    for name, module in closed:
        inside = only is None or any(each.startswith(f"{name}.") for each in only)
        if inside and not _inside_opened(made, name):
            made = _replaced(made, name, _open(module, fill))
    return made


def opened_attention(network: nn.Module) -> nn.Module:
    """A copy whose attention is made of linear layers, and whose GRUs are torch's own."""
    closed = (nn.TransformerEncoderLayer, nn.MultiheadAttention)
    return opened(network, only=[f"{name}." for name, each in network.named_modules() if isinstance(each, closed)])


def _open(layer: Any, fill: bool) -> nn.Module:
    made = OPENED[type(layer)](layer)
    if fill:
        made.fill(layer)
    found: nn.Module = made.train(layer.training)
    return found


def _replaced(network: nn.Module, name: str, layer: nn.Module) -> nn.Module:
    """The network with another layer at a name; the layer itself, where the name is that of the whole."""
    if not name:
        return layer
    parent, _, attribute = name.rpartition(".")
    setattr(network.get_submodule(parent), attribute, layer)
    return network


def _inside_opened(network: nn.Module, name: str) -> bool:
    """Whether an opened layer stands above: its own attention was opened with it."""
    steps = name.split(".")
    above = (".".join(steps[:depth]) for depth in range(1, len(steps)))
    return any(isinstance(network.get_submodule(path), tuple(OPENED.values())) for path in above)


def candidates(network: nn.Module, method: str, parts: Iterable[Part] = PARTS) -> list[Candidate]:
    """The layers of a network that a method can factorise, in the order of its modules.

    Parameters
    ----------
    network : a network of torch's own layers
    method : ``svd`` takes a GRU as it is, with torch's kernel; for the others it is opened
    parts : which of them

    Raises
    ------
    ParameterError : an unknown part, or a network without any of them
    """
    wanted = tuple(parts)
    for part in wanted:
        if part not in PARTS:
            raise ParameterError(
                f"layers: no part '{part}'{did_you_mean(part, PARTS) or '.'} There are: {', '.join(PARTS)}"
            )
    everything = list(_all_candidates(network, method))
    found = [each for each in everything if each.part in wanted]
    if not found:
        there = ", ".join(sorted({each.part for each in everything})) or "none"
        raise ParameterError(
            f"layers: the network has no {' or '.join(wanted)} layers that '{method}' can factorise; it has: {there}"
        )
    return found


def _all_candidates(network: nn.Module, method: str) -> Iterator[Candidate]:
    whole = [name for name, module in network.named_modules() if isinstance(module, nn.GRU) and method in KINDS[nn.GRU]]
    seen = opened(network)
    for name in whole:
        seen = _replaced(seen, name, network.get_submodule(name))
    for name, module in seen.named_modules():
        forms = next((forms for kind, forms in KINDS.items() if isinstance(module, kind)), {})
        if method in forms:
            yield Candidate(name, module, _part(seen, name, module))


def _part(network: nn.Module, name: str, layer: nn.Module) -> Part:
    parent = network.get_submodule(name.rpartition(".")[0])
    if isinstance(layer, nn.GRU) or isinstance(parent, RecurrentDirection):
        return "recurrent"
    if isinstance(parent, OpenAttention):
        return "attention"
    if isinstance(parent, OpenEncoderLayer):
        return "ffn"
    return "linear" if isinstance(layer, nn.Linear) else "conv"


def with_shapes(network: nn.Module, shapes: Shapes) -> nn.Module:
    """A copy of a network in which the layers named have a shape; their weights are new, to be loaded or filled.

    Parameters
    ----------
    network : the dense network
    shapes : by the names of `candidates`

    Raises
    ------
    ParameterError : there is no such layer
    """
    made = opened(network, only=shapes, fill=False)
    for name, shape in shapes.items():
        layer = layer_at(made, name)
        made = _replaced(made, name, form_of(layer, shape.method, name).empty(layer, shape).train(layer.training))
    return made


def factorised_network(network: nn.Module, shapes: Shapes) -> tuple[nn.Module, dict[str, float]]:
    """A copy of a network with the layers named decomposed, and the relative error of each.

    Parameters
    ----------
    network : the trained dense network
    shapes : by the names of `candidates`

    Raises
    ------
    ParameterError : there is no such layer, or its ranks do not fit
    DataError : weights that are not finite
    """
    made, errors = opened(network, only=shapes), {}
    for name, shape in shapes.items():
        found = factorise(layer_at(made, name), shape.method, shape.ranks, shape.modes, name)
        made, errors[name] = _replaced(made, name, found.layer), found.relative_error
    return made, errors


def layer_at(network: nn.Module, name: str) -> nn.Module:
    """The layer of that name.

    Raises
    ------
    ParameterError : there is none
    """
    try:
        return network.get_submodule(name)
    except AttributeError:
        names = [each for each, _ in network.named_modules() if each]
        raise ParameterError(f"no layer '{name}' in the network{did_you_mean(name, names) or '.'}") from None


def rank_levels(network: nn.Module, dense: nn.Module, shapes: Shapes) -> list[Level]:
    """Of every factorised layer, the factors that give components, and from which share of the ranks on each is used.

    Parameters
    ----------
    network : the factorised network
    dense : the dense one, for the layers' shapes
    shapes : by the names of `candidates`
    """
    whole, found = opened(dense, only=shapes, fill=False), []
    for name, shape in shapes.items():
        layer = layer_at(whole, name)
        found += form_of(layer, shape.method, name).levels(layer_at(network, name), layer, shape)
    return found
