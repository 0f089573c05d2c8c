"""What every way to factorise a kind of layer has to say, and where the ways are entered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from topology_efficient_dl.tensor.decompositions import Array
from topology_efficient_dl.tensor.ranks import Ranks, rank_of_energy

Modes = tuple[tuple[int, ...], tuple[int, ...]]
"""How the outputs and the inputs of a matrix are numbered by several indices: factors of each, as many of both."""


@dataclass(frozen=True)
class Shape:
    """The form of one factorised layer, from which it can be rebuilt without weights.

    Attributes
    ----------
    method : one of `TENSOR_METHODS`
    ranks : one per bond
    modes : of matrices that are seen as tensors, else None
    """

    method: str
    ranks: Ranks
    modes: Modes | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values for a card."""
        found: dict[str, Any] = {"method": self.method, "ranks": list(self.ranks)}
        return found if self.modes is None else {**found, "modes": [list(side) for side in self.modes]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Shape:
        """The inverse of :meth:`to_json`."""
        modes = values.get("modes")
        sides = None if modes is None else (tuple(modes[0]), tuple(modes[1]))
        return cls(values["method"], tuple(values["ranks"]), sides)


Spectra = Sequence[Sequence[Array]]
"""For each bond of a factorisation, falling singular values: one array, or one for each group of a convolution."""

Level = tuple[nn.Module, str, NDArray[np.float64]]
"""A factor, the name of its weight, and for each of its outputs (n,) the least share of the ranks that includes it."""


class Form(Protocol):
    """One way to factorise one kind of layer."""

    def largest(self, layer: Any, modes: Modes | None) -> Ranks:
        """Ranks at which the factorisation is exact."""
        ...

    def feasible(self, layer: Any, modes: Modes | None, ranks: Ranks) -> Ranks:
        """Ranks cut to what they allow one another."""
        ...

    def spectra(self, layer: Any, modes: Modes | None) -> Spectra | None:
        """For each bond, singular values of the unfoldings that its rank has to do for; None if there are none."""
        ...

    def of_energy(self, layer: Any, modes: Modes | None, energy: float) -> Ranks:
        """The least ranks that keep a share of the energy, where `spectra` cannot say it."""
        ...

    def empty(self, layer: Any, shape: Shape) -> nn.Module:
        """The factorised layer, its weights as torch initialises them."""
        ...

    def fill(self, factorised: Any, layer: Any, shape: Shape) -> None:
        """Write the decomposed weights of the layer into the factorised one."""
        ...

    def levels(self, factorised: Any, layer: Any, shape: Shape) -> list[Level]:
        """For factors that give components: from which share of the ranks on each of their outputs is used."""
        ...


class BySpectra:
    """A form whose ranks follow from singular values."""

    def spectra(self, layer: Any, modes: Modes | None) -> Spectra | None:
        """As in `Form`."""
        raise NotImplementedError

    def of_energy(self, layer: Any, modes: Modes | None, energy: float) -> Ranks:
        """As in `Form`; the largest over groups."""
        return ranks_of_energy(self.spectra(layer, modes) or (), energy)


class FreeRanks(BySpectra):
    """A form whose ranks do not bound one another."""

    def feasible(self, layer: Any, modes: Modes | None, ranks: Ranks) -> Ranks:
        """As in `Form`: the ranks themselves."""
        return ranks


def ranks_of_energy(spectra: Spectra, energy: float) -> Ranks:
    """For each bond, the least rank that keeps a share of the squared singular values of all its unfoldings."""
    return tuple(max(rank_of_energy(values, energy) for values in bond) for bond in spectra)


def shares_of(rank: int, *, inner: int = 1, outer: int = 1) -> NDArray[np.float64]:
    """(outer * rank * inner,) share of a rank that includes each component, which each stand ``inner`` times in a row.

    Examples
    --------
    >>> shares_of(2, inner=2)
    array([0.5, 0.5, 1. , 1. ])
    """
    return np.tile(np.repeat(np.arange(1, rank + 1) / rank, inner), outer)


def array_of(weight: Tensor) -> Array:
    """A weight as an array in double precision."""
    found: Array = weight.detach().cpu().to(torch.float64, copy=True).numpy()
    return found


@torch.no_grad()
def write(parameter: Any, values: Array) -> None:
    """Write values into a parameter of the same number of elements, in its own dtype and device.

    Raises
    ------
    ValueError : the parameter is absent or holds another number of elements
    """
    if parameter is None or parameter.numel() != values.size:
        raise ValueError(f"{values.shape} does not fit {None if parameter is None else tuple(parameter.shape)}")
    parameter.copy_(torch.from_numpy(np.ascontiguousarray(values)).reshape(parameter.shape))


def take(parameter: Any, source: Tensor) -> None:
    """Write a weight into a parameter, which is learnt if the weight is."""
    write(parameter, array_of(source))
    parameter.requires_grad_(source.requires_grad)


@torch.no_grad()
def copy_bias(target: Any, layer: Any) -> None:
    """The bias of a layer, where it has one, as the bias of the last factor."""
    if layer.bias is not None:
        target.bias.copy_(layer.bias)


def like(layer: nn.Module) -> dict[str, Any]:
    """Device and dtype of a layer, as arguments of the next one."""
    weight = next(layer.parameters())
    return {"device": weight.device, "dtype": weight.dtype}
