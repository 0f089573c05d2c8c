"""A whole network: the layers in it that can be factorised, and the network with some of them replaced."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from torch import nn

from topology_efficient_dl.errors import ParameterError, did_you_mean
from topology_efficient_dl.params.compression import Part
from topology_efficient_dl.tensor.attention import (
    OpenAttention,
    OpenEncoder,
    OpenEncoderLayer,
    why_closed_attention,
    why_closed_encoder_layer,
)
from topology_efficient_dl.tensor.factorise import (
    KINDS,
    OPENED,
    check_method,
    factorise,
    form_of,
    why_not_factorised,
)
from topology_efficient_dl.tensor.forms import Level, Shape, Spectra
from topology_efficient_dl.tensor.plain import (
    check_network,
    copied,
    kind_of,
    steady,
    why_not_plain,
    why_shared,
)
from topology_efficient_dl.tensor.recurrent import RecurrentDirection

PARTS: tuple[Part, ...] = get_args(Part)
"""Parts of a network: convolutions; the channels between a 1x1 convolution and the convolutions that read it (no layer
of their own: see `tensor.narrowing`); the two linear layers of an encoder or decoder layer; projections of attention;
the maps of a GRU; other linear layers, such as heads."""

Shapes = Mapping[str, Shape]
"""Shapes of factorised layers by the layers' names in the opened network."""

_CLOSED: dict[type[nn.Module], Callable[[Any], str | None]] = {
    nn.TransformerEncoderLayer: why_closed_encoder_layer,
    nn.MultiheadAttention: why_closed_attention,
    nn.GRU: lambda layer: why_not_plain(layer, computed=False),
}
"""By kind, why a layer cannot be opened up."""

_KEEPS_ITS_OWN = (nn.MultiheadAttention, nn.TransformerEncoderLayer)
"""Layers that hand the weights of layers inside them to kernels: while they are closed, nothing in them is replaced."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A layer of a part that can be factorised, or the reason why it cannot.

    Attributes
    ----------
    name : in the opened network
    layer : the dense layer
    part : what it is for
    reason : why it has to stay as it is; None where it can be factorised
    known : what was found out about it, such as its singular values, so that it is found out once
    """

    name: str
    layer: nn.Module
    part: Part
    reason: str | None = None
    known: dict[Any, Any] = field(default_factory=dict)

    @property
    def params(self) -> int:
        """Its weights."""
        return sum(weight.numel() for weight in self.layer.parameters())

    def spectra(self, method: str, modes: Any) -> Spectra | None:
        """Singular values of its unfoldings, computed at the first call."""
        key = "spectra", method, modes
        if key not in self.known:
            with steady(self.layer.modules()):
                self.known[key] = form_of(self.layer, method, self.name).spectra(self.layer, modes)
        found: Spectra | None = self.known[key]
        return found


def opened(network: nn.Module, *, only: Collection[str] | None = None, fill: bool = True) -> nn.Module:
    """A copy of a network whose attention and recurrent layers are made of linear layers: the same numbers.

    Layers that cannot be opened up, such as attention with keys of a width of their own, stay as they are.

    Parameters
    ----------
    network : left as it is
    only : names of linear layers that are to be there; what none of them is in stays closed. All are opened when None
    fill : copy the weights of opened layers too; without it they are new

    Raises
    ------
    ParameterError : the network cannot be copied

    Examples
    --------
    >>> [name for name, _ in opened(nn.Sequential(nn.GRU(2, 3))).named_modules() if name.endswith("map")]
    ['0.layers.0.0.input_map', '0.layers.0.0.hidden_map']
    """
    made = copied(network)
    closed = why_closed(made)
    for name, module in list(made.named_modules()):
        if kind_of(module) not in OPENED or name in closed or _is_inside(made, name, tuple(OPENED.values())):
            continue
        if only is None or any(each.startswith(f"{name}.".lstrip(".")) and each != name for each in only):
            made = _replaced(made, name, _open(module, fill))
    return made


def opened_attention(network: nn.Module) -> nn.Module:
    """A copy whose attention is made of linear layers, and whose GRUs are torch's own."""
    return opened(
        network, only=[f"{name}.map" for name, each in network.named_modules() if isinstance(each, _KEEPS_ITS_OWN)]
    )


def why_closed(network: nn.Module) -> dict[str, str]:
    """By name, why attention, encoder layers and GRUs cannot be opened up, for those that cannot."""
    found: dict[str, str] = {}
    shared = why_shared(network)
    for name, module in network.named_modules():
        why = _CLOSED.get(kind_of(module))
        if why is None:
            continue
        outer = next((each for each in _above(name) if each in found and _keeps(network.get_submodule(each))), None)
        reason = shared.get(id(module)) or why(module) or (found[outer] if outer is not None else None)
        encoder = network.get_submodule(name.rpartition(".layers.")[0]) if ".layers." in f".{name}" else None
        if reason is None and isinstance(module, nn.TransformerEncoderLayer) and encoder is not None:
            reason = _why_encoder_keeps(encoder)
        if reason:
            found[name] = reason
    return found


def _why_encoder_keeps(encoder: nn.Module) -> str | None:
    """Why the encoder around an encoder layer has to have torch's own layers."""
    if not isinstance(encoder, nn.TransformerEncoder) or not encoder.use_nested_tensor:
        return None
    reason = why_not_plain(encoder, beside=encoder.layers)
    return f"the encoder around it reads its weights, and {reason}" if reason else None


def _keeps(module: nn.Module) -> bool:
    return isinstance(module, _KEEPS_ITS_OWN)


def _above(name: str) -> list[str]:
    """Names of what a layer is inside of, the outermost first."""
    steps = name.split(".") if name else []
    return [".".join(steps[:depth]) for depth in range(len(steps))]


def _is_inside(network: nn.Module, name: str, kinds: tuple[type[nn.Module], ...]) -> bool:
    return any(isinstance(network.get_submodule(each), kinds) for each in _above(name))


def _open(layer: Any, fill: bool) -> nn.Module:
    made = OPENED[kind_of(layer)](layer)
    if fill:
        made.fill(layer)
    found: nn.Module = made.train(layer.training)
    return found


def _replaced(network: nn.Module, name: str, layer: nn.Module) -> nn.Module:
    """The network with another layer at a name, and at all others of the same layer; the layer itself at no name."""
    if not name:
        return layer
    before = network.get_submodule(name)
    for alias, module in list(network.named_modules(remove_duplicate=False)):
        if module is before:
            parent, _, attribute = alias.rpartition(".")
            setattr(network.get_submodule(parent), attribute, layer)
    encoder = name.rpartition(".layers.")[0]
    if isinstance(layer, OpenEncoderLayer) and ".layers." in f".{name}":
        around: Any = network.get_submodule(encoder)
        if isinstance(around, nn.TransformerEncoder) and around.use_nested_tensor:
            return _replaced(network, encoder, OpenEncoder(around).train(around.training))
    return network


def candidates(network: nn.Module, method: str, parts: Iterable[Part] = PARTS) -> list[Candidate]:
    """The layers of a network that a method can factorise, in the order of its modules.

    Parameters
    ----------
    network : a network of torch's own layers
    method : ``svd`` takes a GRU as it is, with torch's kernel; for the others it is opened
    parts : which of them

    Raises
    ------
    ParameterError : an unknown part, or a network without any layer of them that can be factorised
    """
    return [each for each in layers_of(network, method, parts) if each.reason is None]


def layers_of(network: nn.Module, method: str, parts: Iterable[Part] = PARTS) -> list[Candidate]:
    """As `candidates`, with the layers of those parts that have to stay as they are, and why."""
    check_network(network)
    check_method(method)
    wanted = parts_of(parts)
    for part in wanted:
        if part not in PARTS:
            raise ParameterError(
                f"layers: no part '{part}'{did_you_mean(str(part), PARTS) or '.'} There are: {', '.join(PARTS)}"
            )
    everything = list(_all_layers(network, method))
    found = [each for each in everything if each.part in wanted]
    if all(each.reason for each in found):
        there = ", ".join(sorted({each.part for each in everything if each.reason is None})) or "none"
        left = "; ".join(f"{each.name or 'the network'}: {each.reason}" for each in found[:3])
        raise ParameterError(
            f"layers: the network has no {' or '.join(wanted)} layers that '{method}' can factorise; it has: {there}"
            + (f". Left as they are: {left}" if left else "")
        )
    return found


def parts_of(parts: Any) -> tuple[Part, ...]:
    """Parts as a tuple; one may be given by its name alone.

    Raises
    ------
    ParameterError : they are no list of names
    """
    found = (parts,) if isinstance(parts, str) else tuple(parts) if isinstance(parts, Iterable) else None
    if not found:
        raise ParameterError(f"layers: found {parts!r}, expected a list of some of: {', '.join(PARTS)}")
    return found


def _all_layers(network: nn.Module, method: str) -> Iterator[Candidate]:
    closed, shared = why_closed(network), why_shared(network)
    whole = [name for name, module in network.named_modules() if isinstance(module, nn.GRU) and method in KINDS[nn.GRU]]
    seen = opened(network)
    for name in whole:
        seen = _replaced(seen, name, copied(network.get_submodule(name)))
    by_name = {name: shared[id(each)] for name, each in network.named_modules() if id(each) in shared}
    for name, module in seen.named_modules():
        part = _part(seen, name, module)
        if part is None or _is_inside(seen, name, (nn.MultiheadAttention,)):
            continue
        keeper = next((each for each in _above(name) if each in closed and _keeps(seen.get_submodule(each))), None)
        reason = None if keeper is None else f"{keeper or 'the network'} stays as it is: {closed[keeper]}"
        yield Candidate(name, module, part, reason or by_name.get(name) or _why_left(module, method, closed.get(name)))


def _why_left(module: nn.Module, method: str, closed: str | None) -> str | None:
    for kind, forms in KINDS.items():
        if isinstance(module, kind) and method in forms:
            return why_not_factorised(module, method)
    return closed or f"'{method}' has no form of a {kind_of(module).__name__}"


def _part(network: nn.Module, name: str, layer: nn.Module) -> Part | None:
    """What a layer is for; None for what no part is made of."""
    parent = network.get_submodule(name.rpartition(".")[0]) if name else None
    if isinstance(layer, nn.RNNBase | nn.RNNCellBase) or isinstance(parent, RecurrentDirection):
        return "recurrent"
    if isinstance(layer, nn.MultiheadAttention) or isinstance(parent, OpenAttention | nn.MultiheadAttention):
        return "attention" if isinstance(layer, nn.MultiheadAttention | nn.Linear) else None
    if isinstance(layer, nn.Linear):
        around = OpenEncoderLayer | nn.TransformerEncoderLayer | nn.TransformerDecoderLayer
        return "ffn" if isinstance(parent, around) else "linear"
    return "conv" if isinstance(layer, nn.modules.conv._ConvNd) else None


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

    A layer that stands under several names is replaced under all of them.

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
        found = factorise(layer_at(made, name), shape.method, shape.ranks, shape.modes, name or "the network")
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
