"""What becomes of a layer: its ranks by number, by energy or by a level in between, or that it is better left dense."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from torch import nn

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.params.compression import Part
from topology_efficient_dl.tensor.factorise import form_of, shape_of
from topology_efficient_dl.tensor.forms import Modes, Shape, ranks_of_energy
from topology_efficient_dl.tensor.linear import BY_MODES, default_modes
from topology_efficient_dl.tensor.network import Candidate, Shapes
from topology_efficient_dl.tensor.plain import copied
from topology_efficient_dl.tensor.ranks import rounded_down, whole_number


@dataclass(frozen=True)
class LayerPlan:
    """What becomes of one layer.

    Attributes
    ----------
    name, part : of the layer
    shape : of the factorised layer; None where it is left dense
    params_dense, params : weights of the layer in the trained network, and of what stands in its place
    reason : why it is left dense
    """

    name: str
    part: Part
    shape: Shape | None
    params_dense: int
    params: int
    reason: str | None = None

    def left_dense(self, reason: str, params: int) -> LayerPlan:
        """The same layer, not factorised, with so many weights."""
        return replace(self, shape=None, params=params, reason=reason)


def shapes_of(plans: Iterable[LayerPlan]) -> Shapes:
    """Shapes of the layers that are factorised, by name."""
    return {plan.name: plan.shape for plan in plans if plan.shape is not None}


def largest_ranks(layers: Iterable[Candidate], method: str) -> dict[str, int]:
    """By name, the rank at which a layer is exact."""
    return {each.name: max(_largest(each, method)) for each in layers}


def check_rank(rank: int, bounds: Mapping[str, int]) -> None:
    """Refuse a rank that is below one, or above what every layer is exact at.

    Parameters
    ----------
    rank : one for all layers
    bounds : by name, the rank at which a layer is exact; nothing is refused where there are none

    Raises
    ------
    ParameterError : as above
    """
    rank = whole_number(rank, "layers")
    if not bounds:
        return
    widest = max(bounds, key=lambda name: bounds[name])
    if rank < 1 or rank > bounds[widest]:
        where = "below one" if rank < 1 else "above the dimensions of every layer"
        raise ParameterError(
            f"rank {rank} is {where}; the widest, {widest}, is exact at {bounds[widest]}. Give 1 to {bounds[widest]}"
        )


def plan_of_rank(layer: Candidate, method: str, rank: int) -> LayerPlan:
    """A layer at a rank, or at its largest where that is less."""
    return _plan(layer, method, min(rank, max(_largest(layer, method))))


def plan_by_energy(layer: Candidate, method: str, energy: float, multiple: int = 1) -> LayerPlan:
    """The least ranks that keep a share of the squared singular values of every unfolding of a layer.

    Parameters
    ----------
    energy : in (0, 1]
    multiple : ranks are rounded down to a multiple of it, down to one multiple
    """
    modes = _modes(layer, method)
    spectra = layer.spectra(method, modes)
    if spectra is None:
        ranks = form_of(layer.layer, method, layer.name).of_energy(layer.layer, modes, energy)
    else:
        ranks = ranks_of_energy(spectra, energy)
    return _plan(layer, method, tuple(rounded_down(rank, multiple) for rank in ranks))


def plan_at_level(layer: Candidate, method: str, level: float, multiple: int = 1) -> LayerPlan:
    """At a level between 0 and 1: of energy, or for CP of the largest rank that makes the layer smaller."""
    if method != "cp":
        return plan_by_energy(layer, method, max(level, 1e-9), multiple)
    weights = sum(weight.numel() for name, weight in layer.layer.named_parameters() if "bias" not in name)
    of_one = _plan(layer, method, 1).params - (layer.params - weights)
    useful = max(1, weights // max(of_one, 1))
    return _plan(layer, method, max(1, rounded_down(round(level * useful), multiple)))


def n_params(network: nn.Module) -> int:
    """Trainable values of a network or a layer."""
    return sum(weight.numel() for weight in network.parameters())


def _largest(layer: Candidate, method: str) -> tuple[int, ...]:
    return form_of(layer.layer, method, layer.name).largest(layer.layer, _modes(layer, method))


def _modes(layer: Candidate, method: str) -> Modes | None:
    return default_modes(layer.layer) if isinstance(layer.layer, nn.Linear) and method in BY_MODES else None


def _plan(layer: Candidate, method: str, rank: int | tuple[int, ...]) -> LayerPlan:
    """A layer at some ranks, or left dense where that makes it no smaller."""
    shape = shape_of(layer.layer, method, rank, _modes(layer, method), layer.name)
    params = _params_of(layer, method, shape)
    plan = LayerPlan(layer.name, layer.part, shape, layer.params, params)
    if params >= layer.params:
        reason = f"no smaller at ranks {', '.join(map(str, shape.ranks))}: {params} of {layer.params} weights"
        return plan.left_dense(reason, layer.params)
    return plan


def _params_of(layer: Candidate, method: str, shape: Shape) -> int:
    """Weights of a layer of a shape, made without values."""
    if "of no values" not in layer.known:
        layer.known["of no values"] = copied(layer.layer).to("meta")
    if shape not in layer.known:
        hollow = layer.known["of no values"]
        layer.known[shape] = n_params(form_of(hollow, method, layer.name).empty(hollow, shape))
    found: int = layer.known[shape]
    return found
