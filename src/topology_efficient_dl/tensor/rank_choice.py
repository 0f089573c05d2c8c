"""Ranks for all layers of a network: one for all, by energy, by a budget of parameters; and layers better left
dense."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from torch import nn

from topology_efficient_dl.compression_params import Part
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.tensor.factorise import check_finite, form_of, shape_of
from topology_efficient_dl.tensor.forms import Modes, Shape
from topology_efficient_dl.tensor.linear import default_modes
from topology_efficient_dl.tensor.network import Candidate, Shapes
from topology_efficient_dl.tensor.ranks import rounded_down

STEPS = 24
"""Halvings of the energy until a budget is met; ranks are whole numbers, so more would change nothing."""


@dataclass(frozen=True)
class LayerPlan:
    """What becomes of one layer.

    Attributes
    ----------
    name, part : of the layer
    shape : of the factorised layer; None where it is left dense
    params_dense, params : weights of the dense layer, and of what stands in its place
    reason : why it is left dense
    """

    name: str
    part: Part
    shape: Shape | None
    params_dense: int
    params: int
    reason: str | None = None

    def left_dense(self, reason: str) -> LayerPlan:
        """The same layer, not factorised."""
        return replace(self, shape=None, params=self.params_dense, reason=reason)


def shapes_of(plans: Iterable[LayerPlan]) -> Shapes:
    """Shapes of the layers that are factorised, by name."""
    return {plan.name: plan.shape for plan in plans if plan.shape is not None}


def plan_by_rank(layers: Sequence[Candidate], method: str, rank: int) -> list[LayerPlan]:
    """One rank for every layer; layers that it does not make smaller are left dense.

    Raises
    ------
    ParameterError : a rank below one, or above the dimensions of every layer
    DataError : weights that are not finite
    """
    bounds = {each.name: max(_largest(each, method)) for each in layers}
    if rank > max(bounds.values()):
        widest = max(bounds, key=lambda name: bounds[name])
        raise ParameterError(
            f"rank {rank} is above the dimensions of every layer; the widest, {widest}, is exact at {bounds[widest]}. "
            f"Give 1 to {bounds[widest]}"
        )
    return [_plan(each, method, min(rank, bounds[each.name])) for each in _sound(layers)]


def plan_by_energy(layers: Sequence[Candidate], method: str, energy: float, multiple: int = 1) -> list[LayerPlan]:
    """For every layer the least ranks that keep a share of the squared singular values of its unfoldings.

    Parameters
    ----------
    energy : in (0, 1]
    multiple : ranks are rounded down to a multiple of it, down to one multiple

    Raises
    ------
    ParameterError : the energy is out of range
    DataError : weights that are not finite
    """
    if not 0.0 < energy <= 1.0:
        raise ParameterError(f"energy {energy}, expected more than 0 and at most 1")
    return [_plan(each, method, _ranks_of_energy(each, method, energy, multiple)) for each in _sound(layers)]


def plan_by_budget(
    layers: Sequence[Candidate], method: str, keep: float, total: int, multiple: int = 1
) -> list[LayerPlan]:
    """The most energy, the same for every layer, with which the network keeps within a share of its parameters.

    Layers with fast falling singular values give up more. Ranks of CP have no spectrum: every layer keeps the same
    share.

    Parameters
    ----------
    keep : share of the parameters of the whole network, in (0, 1)
    total : parameters of the whole network, of which those outside ``layers`` stay
    multiple : as in `plan_by_energy`

    Raises
    ------
    ParameterError : the budget is out of range, or even ranks of one do not meet it
    DataError : weights that are not finite
    """
    if not 0.0 < keep < 1.0:
        raise ParameterError(f"keep {keep}, expected a share of parameters between 0 and 1")
    sound = _sound(layers)
    rest = total - sum(each.params for each in sound)
    allowed = keep * total - rest
    least = [_plan(each, method, 1) for each in sound]
    if _size(least) > allowed:
        share = (_size(least) + rest) / total
        raise ParameterError(
            f"keep {keep:g} cannot be met: with ranks of one {share:.3f} of the parameters remain "
            f"({rest} of {total} are in layers that are not factorised). Give at least {share:.3f}, or name more layers"
        )
    found, low, high = least, 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        plans = [plan_at_level(each, method, middle, multiple) for each in sound]
        if _size(plans) <= allowed:
            found, low = plans, middle
        else:
            high = middle
    return found


def plan_at_level(layer: Candidate, method: str, level: float, multiple: int) -> LayerPlan:
    """At a level between 0 and 1: of energy, or for CP of the largest rank that makes the layer smaller."""
    if method != "cp":
        return _plan(layer, method, _ranks_of_energy(layer, method, max(level, 1e-9), multiple))
    one = _plan(layer, method, 1).params
    bias = layer.params - _weights(layer)
    useful = max(1, _weights(layer) // max(one - bias, 1))
    return _plan(layer, method, max(1, rounded_down(round(level * useful), multiple)))


def _weights(layer: Candidate) -> int:
    return sum(weight.numel() for name, weight in layer.layer.named_parameters() if "bias" not in name)


def _ranks_of_energy(layer: Candidate, method: str, energy: float, multiple: int) -> tuple[int, ...]:
    form, modes = form_of(layer.layer, method, layer.name), _modes(layer, method)
    return tuple(rounded_down(rank, multiple) for rank in form.of_energy(layer.layer, modes, energy))


def _largest(layer: Candidate, method: str) -> tuple[int, ...]:
    return form_of(layer.layer, method, layer.name).largest(layer.layer, _modes(layer, method))


def _modes(layer: Candidate, method: str) -> Modes | None:
    return default_modes(layer.layer) if isinstance(layer.layer, nn.Linear) and method in ("tt", "tucker") else None


def _plan(layer: Candidate, method: str, rank: int | tuple[int, ...]) -> LayerPlan:
    """A layer at some ranks, or left dense where that makes it no smaller."""
    shape = shape_of(layer.layer, method, rank, _modes(layer, method), layer.name)
    made = form_of(layer.layer, method, layer.name).empty(layer.layer, shape)
    params = sum(weight.numel() for weight in made.parameters())
    plan = LayerPlan(layer.name, layer.part, shape, layer.params, params)
    if params >= layer.params:
        return plan.left_dense(
            f"no smaller at ranks {', '.join(map(str, shape.ranks))}: {params} of {layer.params} weights"
        )
    return plan


def _sound(layers: Sequence[Candidate]) -> Sequence[Candidate]:
    for each in layers:
        check_finite(each.layer, each.name)
    return layers


def _size(plans: Iterable[LayerPlan]) -> int:
    return sum(plan.params for plan in plans)
