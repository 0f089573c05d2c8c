"""What becomes of a whole network: bottlenecks narrowed, layers factorised; by one rank, by energy, by a budget."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from torch import nn

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.params.compression import Part
from topology_efficient_dl.tensor.decompositions import Array
from topology_efficient_dl.tensor.example import check_call
from topology_efficient_dl.tensor.factorise import check_finite, check_method
from topology_efficient_dl.tensor.narrowing import Bottleneck, Narrowing
from topology_efficient_dl.tensor.network import (
    Candidate,
    factorised_network,
    layer_at,
    layers_of,
    parts_of,
    with_shapes,
)
from topology_efficient_dl.tensor.plain import check_network, copied, refresh
from topology_efficient_dl.tensor.rank_choice import (
    LayerPlan,
    check_rank,
    largest_ranks,
    n_params,
    plan_at_level,
    plan_by_energy,
    plan_of_rank,
    shapes_of,
)
from topology_efficient_dl.tensor.ranks import (
    check_multiple,
    rank_of_energy,
    rounded_down,
    share,
)
from topology_efficient_dl.tensor.widths import widths_of

STEPS = 24
"""Halvings of the level until a budget is met; ranks are whole numbers, so more would change nothing."""

FEW = 12
"""Replaced layers up to which each is left dense in turn, to find out which one a network cannot do without."""

BOTTLENECK: Part = "bottleneck"

NARROWED = "narrowed together with its bottleneck"

PlanOfLayer = Callable[[Candidate, str], LayerPlan]

Plans = tuple[dict[str, int], list[LayerPlan]]
"""Channels of the bottlenecks that get narrower, by name, and what becomes of the layers."""


@dataclass(frozen=True, eq=False)
class Design:
    """A network with narrower bottlenecks, and what becomes of its layers.

    Attributes
    ----------
    network : dense, its bottlenecks narrowed
    plans : for its layers
    params_dense : parameters of the network before anything was narrowed
    bottleneck_errors : by name, relative error of what a narrowed bottleneck and its readers compute together
    widths : of the layers that are narrower than before
    """

    network: nn.Module
    plans: list[LayerPlan]
    params_dense: int
    bottleneck_errors: dict[str, float]
    widths: dict[str, tuple[int, ...]]

    @cached_property
    def params(self) -> int:
        """Parameters of the network that comes out, counted on it: what several layers share counts once."""
        return n_params(with_shapes(self.network, shapes_of(self.plans)))

    @property
    def left(self) -> dict[str, str]:
        """By name, why layers of the parts that were asked for are dense as they were."""
        return {plan.name: plan.reason for plan in self.plans if plan.reason and plan.reason != NARROWED}

    def built(self, example: Any = None) -> tuple[nn.Module, dict[str, float]]:
        """The network that comes out, and the relative errors of its layers.

        Parameters
        ----------
        example : one input of the network, or the tuple of its arguments; what comes out has to answer it in the same
            form as the dense network

        Raises
        ------
        ParameterError : it does not
        """
        network, errors = factorised_network(self.network, shapes_of(self.plans))
        if example is not None:
            self._check_call(network, example)
        return network, {**self.bottleneck_errors, **errors}

    def _check_call(self, network: nn.Module, example: Any) -> None:
        """As `check_call`; its error names the layers that were replaced, and the one without which it would pass."""
        try:
            check_call(self.network, network, example)
        except ParameterError as error:
            names = list(shapes_of(self.plans))
            guilty = [name for name in names if self._passes_without(name, example)] if len(names) <= FEW else []
            shown = ", ".join(f"'{name}'" for name in names[:FEW]) + (", ..." if len(names) > FEW else "")
            found = f"; with {' or '.join(map(repr, guilty))} left dense it does not" if guilty else ""
            raise ParameterError(f"{error}. Layers that were replaced: {shown}{found}") from error

    def _passes_without(self, name: str, example: Any) -> bool:
        shapes = {each: shape for each, shape in shapes_of(self.plans).items() if each != name}
        try:
            check_call(self.network, factorised_network(self.network, shapes)[0], example)
        except ParameterError:
            return False
        return True


def design_by_rank(network: nn.Module, method: str, parts: Iterable[Part], rank: int) -> Design:
    """One rank for every layer, and for bottlenecks if they are named; layers that it does not make smaller are left
    dense.

    Raises
    ------
    ParameterError : a rank below one, or above the dimensions of every layer; no layer that can be factorised
    DataError : weights that are not finite
    """
    material = _Material(network, method, parts)
    others = [layer for layer in material.layers if layer.part in material.parts and layer.reason is None]
    narrow = material.narrowing.bottlenecks if material.narrowing else []
    check_rank(rank, {each.name: each.rank for each in narrow} | largest_ranks(others, method))
    ranks = {each.name: min(rank, material.spectrum(each).size) for each in narrow if rank < each.rank}
    return material.design((ranks, material.plans(ranks, lambda layer, how: plan_of_rank(layer, how, rank))))


def design_by_energy(
    network: nn.Module, method: str, parts: Iterable[Part], energy: float, multiple: int = 1, *, joint: bool = False
) -> Design:
    """Bottlenecks and layers that each keep a share of their squared singular values.

    Parameters
    ----------
    network : the trained dense network
    method, parts : as in `candidates`
    energy : in (0, 1]
    multiple : channels and ranks are rounded down to a multiple of it
    joint : narrow bottlenecks. What reads one needs no input factor of its own: for ``tucker`` it gets one of its
        outputs alone, which is the low-rank form

    Raises
    ------
    ParameterError : the energy is out of range; no layer that can be factorised
    DataError : weights that are not finite
    """
    if not 0.0 < share(energy, "energy") <= 1.0:
        raise ParameterError(f"energy {energy}, expected more than 0 and at most 1")
    check_multiple(multiple)
    material = _Material(network, method, parts, joint)
    ranks = material.ranks(energy, multiple)
    plans = material.plans(ranks, lambda layer, how: plan_by_energy(layer, how, energy, multiple))
    return material.design((ranks, plans))


def design_by_budget(
    network: nn.Module, method: str, parts: Iterable[Part], keep: float, multiple: int = 1, *, joint: bool = False
) -> Design:
    """The most energy, the same everywhere, with which a network keeps within a share of its parameters.

    Layers with fast falling singular values give up more. Ranks of CP have no spectrum: every layer keeps the same
    share of its largest useful rank.

    Parameters
    ----------
    keep : share of the parameters of the whole network, in (0, 1)
    network, method, parts, multiple, joint : as in `design_by_energy`

    Raises
    ------
    ParameterError : the budget is out of range, or even ranks of one do not meet it; no layer that can be factorised
    DataError : weights that are not finite
    """
    if not 0.0 < share(keep, "keep") < 1.0:
        raise ParameterError(f"keep {keep}, expected a share of parameters between 0 and 1")
    check_multiple(multiple)
    material = _Material(network, method, parts, joint)

    def at_level(level: float) -> Plans:
        ranks = material.ranks(level, multiple)
        return ranks, material.plans(ranks, lambda layer, how: plan_at_level(layer, how, level, multiple))

    return material.design(_highest(at_level, keep, n_params(network)))


def _highest(at_level: Callable[[float], Plans], keep: float, dense: int) -> Plans:
    found, low, high = at_level(1e-9), 0.0, 1.0
    if _params(found, dense) > keep * dense:
        least = _params(found, dense) / dense
        raise ParameterError(
            f"keep {keep:g} cannot be met: with ranks of one {least:.3f} of the parameters remain. Give at least "
            f"{least:.3f}, or name more layers{_why_more(found)}"
        )
    for _ in range(STEPS):
        middle = (low + high) / 2
        tried = at_level(middle)
        if _params(tried, dense) <= keep * dense:
            found, low = tried, middle
        else:
            high = middle
    return found


def _params(plans: Plans, dense: int) -> int:
    return dense - sum(plan.params_dense - plan.params for plan in plans[1])


def _why_more(plans: Plans) -> str:
    """The largest layers that are left dense, and why."""
    left = sorted((plan for plan in plans[1] if plan.shape is None and plan.reason), key=lambda plan: -plan.params)
    shown = "; ".join(f"{plan.name} ({plan.params} weights): {plan.reason}" for plan in left[:3])
    return f". Left dense: {shown}" if shown else ""


class _Material:
    """A network on its way to a design: bottlenecks, layers and their singular values are found out once.

    Parameters
    ----------
    network, method, parts, joint : as in `design_by_energy`
    """

    def __init__(self, network: nn.Module, method: str, parts: Iterable[Part], joint: bool = False) -> None:
        check_network(network)
        check_method(method)
        refresh(network)
        check_finite(network, "network")
        self.network, self.method = network, method
        self.parts = parts_of(parts)
        narrows = BOTTLENECK in self.parts or (joint and "conv" in self.parts)
        self.narrowing = Narrowing(network) if narrows else None
        found = self.narrowing.bottlenecks if self.narrowing else []
        if self.parts == (BOTTLENECK,) and not found:
            raise ParameterError(
                "layers: the network has no bottleneck, a 1x1 convolution that convolutions alone read. Name other "
                "layers"
            )
        self._readers = {each.name: each.readers for each in found}
        asked = [part for part in self.parts if part != BOTTLENECK]
        self.layers = layers_of(network, method, [*asked, "conv"] if BOTTLENECK in self.parts else asked)
        self._at: dict[tuple[tuple[str, int], ...], tuple[nn.Module, dict[str, float]]] = {}

    def spectrum(self, bottleneck: Bottleneck) -> Array:
        """Singular values of a bottleneck and its readers."""
        assert self.narrowing is not None
        return self.narrowing.spectrum(bottleneck)

    def ranks(self, level: float, multiple: int) -> dict[str, int]:
        """Channels of the bottlenecks that get narrower at a level."""
        found = self.narrowing.bottlenecks if self.narrowing else []
        ranks = {each: rounded_down(rank_of_energy(self.spectrum(each), level), multiple) for each in found}
        return {each.name: rank for each, rank in ranks.items() if rank < each.rank}

    def plans(self, ranks: dict[str, int], plan: PlanOfLayer) -> list[LayerPlan]:
        """What becomes of the layers whose part was asked for, and of those that are narrowed."""
        readers = {name for each in ranks for name in self._readers[each]}
        narrow = self._narrowed(ranks)[0]

        def planned(layer: Candidate) -> LayerPlan:
            changed = layer.name in readers or layer.name in ranks
            now = Candidate(layer.name, layer_at(narrow, layer.name), layer.part, layer.reason) if changed else layer
            if now.reason or layer.name in ranks or layer.part not in self.parts:
                found = LayerPlan(now.name, now.part, None, now.params, now.params, now.reason)
            else:
                found = plan(now, "svd" if self.method == "tucker" and layer.name in readers else self.method)
            reason = NARROWED if found.shape is None and changed else found.reason
            return replace(found, params_dense=layer.params, reason=reason)

        wanted = {*self.parts}
        return [planned(each) for each in self.layers if each.part in wanted or each.name in readers | ranks.keys()]

    def design(self, found: Plans) -> Design:
        """The network with narrower bottlenecks, and the plans for its layers."""
        ranks, plans = found
        narrow, errors = self._narrowed(ranks)
        changed = {*ranks, *(name for each in ranks for name in self._readers[each])}
        widths = {name: each for name, each in widths_of(narrow).items() if name in changed}
        made = narrow if ranks else copied(self.network)
        return Design(made, plans, n_params(self.network), errors, widths)

    def _narrowed(self, ranks: dict[str, int]) -> tuple[nn.Module, dict[str, float]]:
        if self.narrowing is None or not ranks:
            return self.network, {}
        key = tuple(ranks.items())
        if key not in self._at:
            self._at = {key: self.narrowing.narrowed(ranks)}
        return self._at[key]
