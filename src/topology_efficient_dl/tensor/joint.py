"""A network's bottlenecks narrowed and its layers factorised at one level, and the level that a budget allows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from torch import nn

from topology_efficient_dl.compression_params import Part
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.tensor.factorise import check_finite
from topology_efficient_dl.tensor.narrowing import Bottleneck, bottlenecks, narrowed, spectrum
from topology_efficient_dl.tensor.network import Candidate, candidates, factorised_network
from topology_efficient_dl.tensor.rank_choice import STEPS, LayerPlan, plan_at_level, shapes_of
from topology_efficient_dl.tensor.ranks import rank_of_energy, rounded_down


@dataclass(frozen=True, eq=False)
class Design:
    """A network with narrower bottlenecks, and what becomes of its layers.

    Attributes
    ----------
    network : dense, its bottlenecks narrowed
    plans : for its layers
    bottleneck_errors : relative errors of the narrowed ones, by name
    """

    network: nn.Module
    plans: list[LayerPlan]
    bottleneck_errors: dict[str, float]

    @property
    def params(self) -> int:
        """Parameters of the network that comes out."""
        return _size(self.network) - sum(plan.params_dense - plan.params for plan in self.plans)

    def built(self) -> tuple[nn.Module, dict[str, float]]:
        """The network that comes out, and the relative errors of its layers."""
        network, errors = factorised_network(self.network, shapes_of(self.plans))
        return network, {**self.bottleneck_errors, **errors}


def design_at_level(network: nn.Module, method: str, parts: Iterable[Part], level: float, multiple: int = 1) -> Design:
    """Bottlenecks and layers that each keep the same share of their squared singular values.

    What reads a narrowed bottleneck needs no input factor of its own: for ``tucker`` it gets one of its outputs alone,
    which is the low-rank form.

    Parameters
    ----------
    network : the trained dense network
    method, parts : as in `candidates`
    level : energy in (0, 1]; for ``cp`` a share of the largest useful rank
    multiple : channels and ranks are rounded down to a multiple of it

    Raises
    ------
    ParameterError : no layer can be factorised
    DataError : weights that are not finite
    """
    check_finite(network, "network")
    found = _worth_narrowing(network, level, multiple) if "conv" in parts else {}
    narrow, errors = narrowed(network, {each.name: rank for each, rank in found.items()})
    layers = candidates(narrow, method, parts)
    inside = {name for each in found for name in (each.name, *each.readers)}
    readers = {name for each in found for name in each.readers}
    plans = [
        plan_at_level(layer, "svd" if method == "tucker" and layer.name in readers else method, level, multiple)
        if layer.name not in inside - readers
        else _narrowed_plan(layer)
        for layer in layers
    ]
    return Design(narrow, plans, errors)


def _worth_narrowing(network: nn.Module, level: float, multiple: int) -> dict[Bottleneck, int]:
    ranks = {
        each: rounded_down(rank_of_energy(spectrum(network, each), level), multiple) for each in bottlenecks(network)
    }
    return {each: rank for each, rank in ranks.items() if rank < each.rank}


def _narrowed_plan(layer: Candidate) -> LayerPlan:
    return LayerPlan(layer.name, layer.part, None, layer.params, layer.params, "narrowed together with what reads it")


def design_by_budget(network: nn.Module, method: str, parts: Iterable[Part], keep: float, multiple: int = 1) -> Design:
    """The highest level with which a network keeps within a share of its parameters.

    Raises
    ------
    ParameterError : the budget is out of range, or even ranks of one do not meet it
    DataError : weights that are not finite
    """
    if not 0.0 < keep < 1.0:
        raise ParameterError(f"keep {keep}, expected a share of parameters between 0 and 1")
    wanted = tuple(parts)
    total = _size(network)
    return _highest(lambda level: design_at_level(network, method, wanted, level, multiple), keep, total)


def _highest(design: Callable[[float], Design], keep: float, total: int) -> Design:
    found = design(1e-9)
    if found.params > keep * total:
        share = found.params / total
        raise ParameterError(
            f"keep {keep:g} cannot be met: with ranks of one {share:.3f} of the parameters remain. Give at least "
            f"{share:.3f}, or name more layers"
        )
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        tried = design(middle)
        if tried.params <= keep * total:
            found, low = tried, middle
        else:
            high = middle
    return found


def _size(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())
