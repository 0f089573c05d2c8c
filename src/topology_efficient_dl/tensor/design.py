"""What becomes of a whole network: bottlenecks narrowed, layers factorised; by one rank, by energy, by a budget."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace

from torch import nn

from topology_efficient_dl.compression_params import Part
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.tensor.factorise import check_finite
from topology_efficient_dl.tensor.narrowing import Bottleneck, bottlenecks, narrowed, spectrum
from topology_efficient_dl.tensor.network import Candidate, candidates, factorised_network
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
from topology_efficient_dl.tensor.ranks import rank_of_energy, rounded_down
from topology_efficient_dl.tensor.widths import widths_of

STEPS = 24
"""Halvings of the level until a budget is met; ranks are whole numbers, so more would change nothing."""

BOTTLENECK: Part = "bottleneck"

NARROWED = "narrowed together with its bottleneck"

PlanOfLayer = Callable[[Candidate, str], LayerPlan]


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

    @property
    def params(self) -> int:
        """Parameters of the network that comes out."""
        return self.params_dense - sum(plan.params_dense - plan.params for plan in self.plans)

    def built(self) -> tuple[nn.Module, dict[str, float]]:
        """The network that comes out, and the relative errors of its layers."""
        network, errors = factorised_network(self.network, shapes_of(self.plans))
        return network, {**self.bottleneck_errors, **errors}


def design_by_rank(network: nn.Module, method: str, parts: Iterable[Part], rank: int) -> Design:
    """One rank for every layer, and for bottlenecks if they are named; layers that it does not make smaller are left
    dense.

    Raises
    ------
    ParameterError : a rank below one, or above the dimensions of every layer; no layer that can be factorised
    DataError : weights that are not finite
    """
    check_finite(network, "network")
    wanted = tuple(parts)
    narrow = bottlenecks(network) if BOTTLENECK in wanted else []
    others = [part for part in wanted if part != BOTTLENECK]
    layers = candidates(network, method, others) if others else []
    check_rank(rank, {each.name: each.rank for each in narrow} | largest_ranks(layers, method))
    plan: PlanOfLayer = lambda layer, how: plan_of_rank(layer, how, rank)  # noqa: E731
    ranks = {each: min(rank, spectrum(network, each).size) for each in narrow if rank < each.rank}
    return _design(network, method, wanted, ranks, plan)


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
    if not 0.0 < energy <= 1.0:
        raise ParameterError(f"energy {energy}, expected more than 0 and at most 1")
    check_finite(network, "network")
    wanted = tuple(parts)
    plan: PlanOfLayer = lambda layer, how: plan_by_energy(layer, how, energy, multiple)  # noqa: E731
    return _design(network, method, wanted, _ranks(network, energy, multiple) if _narrows(wanted, joint) else {}, plan)


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
    if not 0.0 < keep < 1.0:
        raise ParameterError(f"keep {keep}, expected a share of parameters between 0 and 1")
    check_finite(network, "network")
    wanted = tuple(parts)

    def at_level(level: float) -> Design:
        plan: PlanOfLayer = lambda layer, how: plan_at_level(layer, how, level, multiple)  # noqa: E731
        ranks = _ranks(network, level, multiple) if _narrows(wanted, joint) else {}
        return _design(network, method, wanted, ranks, plan)

    return _highest(at_level, keep)


def _highest(at_level: Callable[[float], Design], keep: float) -> Design:
    found, low, high = at_level(1e-9), 0.0, 1.0
    if found.params > keep * found.params_dense:
        share = found.params / found.params_dense
        raise ParameterError(
            f"keep {keep:g} cannot be met: with ranks of one {share:.3f} of the parameters remain. Give at least "
            f"{share:.3f}, or name more layers"
        )
    for _ in range(STEPS):
        middle = (low + high) / 2
        tried = at_level(middle)
        if tried.params <= keep * tried.params_dense:
            found, low = tried, middle
        else:
            high = middle
    return found


def _ranks(network: nn.Module, level: float, multiple: int) -> dict[Bottleneck, int]:
    """Channels of the bottlenecks that get narrower at a level."""
    ranks = {
        each: rounded_down(rank_of_energy(spectrum(network, each), level), multiple) for each in bottlenecks(network)
    }
    return {each: rank for each, rank in ranks.items() if rank < each.rank}


def _narrows(parts: tuple[Part, ...], joint: bool) -> bool:
    """Whether bottlenecks are narrowed: if they are named, or if convolutions are and joint designs are wanted."""
    return BOTTLENECK in parts or (joint and "conv" in parts)


def _design(
    network: nn.Module, method: str, parts: tuple[Part, ...], ranks: dict[Bottleneck, int], plan: PlanOfLayer
) -> Design:
    if parts == (BOTTLENECK,) and not bottlenecks(network):
        raise ParameterError(
            "layers: the network has no bottleneck, a 1x1 convolution that convolutions alone read. Name other layers"
        )
    narrow, errors = narrowed(network, {each.name: rank for each, rank in ranks.items()})
    first, readers = {each.name for each in ranks}, {name for each in ranks for name in each.readers}
    sizes = {layer.name: layer.params for layer in _layers(network, method, parts, first | readers)}

    def planned(layer: Candidate) -> LayerPlan:
        if layer.name in first or layer.part not in parts:
            found = LayerPlan(layer.name, layer.part, None, layer.params, layer.params)
        else:
            found = plan(layer, "svd" if method == "tucker" and layer.name in readers else method)
        reason = NARROWED if found.shape is None and layer.name in first | readers else found.reason
        return replace(found, params_dense=sizes[layer.name], reason=reason)

    plans = [planned(layer) for layer in _layers(narrow, method, parts, first | readers)]
    widths = {name: each for name, each in widths_of(narrow).items() if name in first | readers}
    return Design(narrow, plans, n_params(network), errors, widths)


def _layers(network: nn.Module, method: str, parts: tuple[Part, ...], narrow: Collection[str]) -> list[Candidate]:
    """Layers of the parts that are wanted, and what is narrowed."""
    if BOTTLENECK not in parts:
        return candidates(network, method, parts)
    found = candidates(network, method, [*(part for part in parts if part not in (BOTTLENECK, "conv")), "conv"])
    return [layer for layer in found if layer.part in parts or layer.name in narrow]
