"""Linear layers as products of smaller ones: low rank, Tucker, tensor train.

A matrix of outputs by inputs is seen as a tensor when its outputs and its inputs are numbered by several indices each
(`Modes`). Outputs of a tensor train are numbered with the last index first, since they then leave the last product in
order and need no copy.
"""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.tensor.decompositions import (
    Array,
    feasible_tt_ranks,
    low_rank,
    singular_values,
    tt_cores,
    tt_ranks,
    tucker_factors,
    unfold,
)
from topology_efficient_dl.tensor.forms import (
    BySpectra,
    Form,
    FreeRanks,
    Level,
    Modes,
    Shape,
    Spectra,
    array_of,
    copy_bias,
    like,
    shares_of,
    write,
)
from topology_efficient_dl.tensor.ranks import Ranks
from topology_efficient_dl.tensor.reconstruction import Factors, of_unit_vectors


def balanced(number: int, parts: int) -> tuple[int, ...]:
    """Factors of a number, as many as parts and as equal as divisors allow, the smallest first.

    Examples
    --------
    >>> balanced(1024, 2), balanced(12, 2), balanced(7, 2), balanced(64, 3)
    ((32, 32), (3, 4), (1, 7), (4, 4, 4))
    """
    if parts == 1:
        return (number,)
    wanted = number ** (1.0 / parts)
    first = max(divisor for divisor in range(1, round(wanted) + 1) if number % divisor == 0)
    return (first, *balanced(number // first, parts - 1))


def default_modes(layer: nn.Linear, parts: int = 2) -> Modes:
    """Outputs and inputs in two near-equal factors each."""
    return balanced(layer.out_features, parts), balanced(layer.in_features, parts)


def check_modes(layer: nn.Linear, modes: Modes | None) -> Modes:
    """The modes given, if they multiply to the layer's widths; else the default ones.

    Raises
    ------
    ParameterError : they do not, or there are not as many of outputs as of inputs, or fewer than two
    """
    if modes is None:
        return default_modes(layer)
    right = _are_factors(modes) and tuple(map(math.prod, modes)) == (layer.out_features, layer.in_features)
    if not right or len(modes[0]) != len(modes[1]) or len(modes[0]) < 2 or min(*modes[0], *modes[1]) < 1:
        raise ParameterError(
            f"modes {modes!r} of a linear layer with {layer.out_features} outputs and {layer.in_features} inputs: "
            f"expected two lists of as many factors, for instance {default_modes(layer)}"
        )
    return modes


def _are_factors(modes: Any) -> bool:
    """Whether modes are two lists of whole numbers."""
    if not isinstance(modes, list | tuple) or len(modes) != 2:
        return False
    if not all(isinstance(side, list | tuple) for side in modes):
        return False
    return all(isinstance(each, numbers.Integral) and not isinstance(each, bool) for side in modes for each in side)


class LowRank(FreeRanks):
    """``W = A B``: a linear layer to ``rank`` numbers, and one from there."""

    def largest(self, layer: nn.Linear, modes: Modes | None) -> Ranks:
        """As in `Form`."""
        return (min(layer.out_features, layer.in_features),)

    def spectra(self, layer: nn.Linear, modes: Modes | None) -> Spectra:
        """As in `Form`."""
        return [[singular_values(array_of(layer.weight))]]

    def empty(self, layer: nn.Linear, shape: Shape) -> Factors:
        """As in `Form`."""
        (rank,) = shape.ranks
        return Factors(
            nn.Linear(layer.in_features, rank, bias=False, **like(layer)),
            nn.Linear(rank, layer.out_features, bias=layer.bias is not None, **like(layer)),
        )

    def fill(self, factorised: nn.Sequential, layer: nn.Linear, shape: Shape) -> None:
        """As in `Form`."""
        first, last = factorised
        left, right = low_rank(array_of(layer.weight), shape.ranks[0])
        write(first.weight, right)
        write(last.weight, left)
        copy_bias(last, layer)

    def levels(self, factorised: nn.Sequential, layer: nn.Linear, shape: Shape) -> list[Level]:
        """As in `Form`."""
        return [(factorised[0], "weight", shares_of(shape.ranks[0]))]


class TTLinear(nn.Module):
    """A matrix in tensor-train format (a matrix product operator), applied one core after the other.

    ``W[(o_d ... o_1), (i_1 ... i_d)] = G_1[o_1, i_1] ... G_d[o_d, i_d]`` with cores ``G_k`` of (r_{k-1}, o_k, i_k,
    r_k). Each
    core is a linear layer from ``(i_k, r_k)`` to ``(o_k, r_{k-1})``; what was computed stands before what is still to
    be read, so that every product is over the last axis.

    Parameters
    ----------
    modes : factors of outputs and of inputs, by core
    ranks : inner ranks, one fewer than cores
    bias : whether there is one

    References
    ----------
    Novikov et al., *Tensorizing neural networks* (NeurIPS 2015), section 3-4.
    """

    def __init__(self, modes: Modes, ranks: Ranks, bias: bool, **how: Any) -> None:
        super().__init__()
        outputs, inputs = modes
        bonds = (1, *ranks, 1)
        self.inputs, self.outputs, self.bonds = inputs, outputs, bonds
        self.cores = nn.ModuleList(
            nn.Linear(inputs[place] * bonds[place + 1], outputs[place] * bonds[place], bias=False, **how)
            for place in reversed(range(len(inputs)))
        )
        self.out_features, self.in_features = math.prod(outputs), math.prod(inputs)
        self.bias = nn.Parameter(torch.zeros(self.out_features, **how)) if bias else None

    @property
    def weight(self) -> Tensor:
        """(out_features, in_features) the matrix itself, for parents that read it."""
        return of_unit_vectors(self, self.in_features)

    def forward(self, values: Tensor) -> Tensor:
        """(..., in_features) -> (..., out_features)."""
        lead = values.shape[:-1]
        state = values.reshape(-1, 1, self.in_features)
        for step, core in enumerate(self.cores):
            place = len(self.inputs) - 1 - step
            done, rest = state.shape[1], math.prod(self.inputs[:place])
            # (rows, done, rest, i_k r_k) -> (rows, done, rest, o_k, r_{k-1}) -> (rows, done o_k, rest r_{k-1})
            product = core(state.reshape(-1, done, rest, self.inputs[place] * self.bonds[place + 1]))
            apart = product.unflatten(3, (self.outputs[place], self.bonds[place]))
            state = apart.transpose(2, 3).reshape(-1, done * self.outputs[place], rest * self.bonds[place])
        found = state.reshape(*lead, self.out_features)
        return found if self.bias is None else found + self.bias


class TensorTrain(BySpectra):
    """`TTLinear`."""

    def largest(self, layer: nn.Linear, modes: Modes | None) -> Ranks:
        """As in `Form`."""
        return tt_ranks(_sizes(check_modes(layer, modes)))

    def feasible(self, layer: nn.Linear, modes: Modes | None, ranks: Ranks) -> Ranks:
        """As in `Form`."""
        return feasible_tt_ranks(_sizes(check_modes(layer, modes)), ranks)

    def spectra(self, layer: nn.Linear, modes: Modes | None) -> Spectra:
        """As in `Form`."""
        tensor = _paired(layer, check_modes(layer, modes))
        cuts = range(1, tensor.ndim)
        return [[singular_values(tensor.reshape(math.prod(tensor.shape[:cut]), -1))] for cut in cuts]

    def empty(self, layer: nn.Linear, shape: Shape) -> TTLinear:
        """As in `Form`."""
        return TTLinear(check_modes(layer, shape.modes), shape.ranks, layer.bias is not None, **like(layer))

    def fill(self, factorised: TTLinear, layer: nn.Linear, shape: Shape) -> None:
        """As in `Form`."""
        outputs, inputs = check_modes(layer, shape.modes)
        cores = tt_cores(_paired(layer, (outputs, inputs)), shape.ranks)
        for place, (linear, core) in enumerate(zip(reversed(list(factorised.cores)), cores, strict=True)):
            before, _, after = core.shape
            apart = core.reshape(before, outputs[place], inputs[place], after)
            write(linear.weight, apart.transpose(1, 0, 2, 3))
        copy_bias(factorised, layer)

    def levels(self, factorised: TTLinear, layer: nn.Linear, shape: Shape) -> list[Level]:
        """As in `Form`."""
        outputs = factorised.outputs[::-1]
        pairs = zip(factorised.cores, shape.ranks[::-1], outputs, strict=False)
        return [(core, "weight", shares_of(rank, outer=n_outputs)) for core, rank, n_outputs in pairs]


def _sizes(modes: Modes) -> list[int]:
    """Outputs times inputs of every core."""
    return [first * second for first, second in zip(*modes, strict=True)]


def _paired(layer: nn.Linear, modes: Modes) -> Array:
    """The weights as a tensor with one axis ``(o_k, i_k)`` per core; the first output index runs fastest."""
    outputs, inputs = modes
    parts = len(outputs)
    tensor = array_of(layer.weight).reshape(*outputs[::-1], *inputs)
    axes = [axis for core in range(parts) for axis in (parts - 1 - core, parts + core)]
    return tensor.transpose(axes).reshape(_sizes(modes))


class TuckerLinear(nn.Module):
    """A matrix as a Tucker tensor: small factors along every input index, a core, small factors along every output
    index.

    ``W = (P_1 x ... x P_d) G (Q_1 x ... x Q_d)^T`` with Kronecker products of the factors.

    Parameters
    ----------
    modes : factors of outputs and of inputs
    ranks : of the outputs' indices, then of the inputs'
    bias : whether there is one

    References
    ----------
    Tucker (1966); Kossaifi et al., *Tensor regression networks* (JMLR 2020), section 4.
    """

    def __init__(self, modes: Modes, ranks: Ranks, bias: bool, **how: Any) -> None:
        super().__init__()
        outputs, inputs = modes
        parts = len(outputs)
        out_ranks, in_ranks = ranks[:parts], ranks[parts:]
        self.outputs, self.inputs, self.out_ranks, self.in_ranks = outputs, inputs, out_ranks, in_ranks
        self.reduce = nn.ModuleList(_linear(*pair, how) for pair in zip(inputs, in_ranks, strict=True))
        self.core = _linear(math.prod(in_ranks), math.prod(out_ranks), how)
        self.expand = nn.ModuleList(_linear(*pair, how) for pair in zip(out_ranks, outputs, strict=True))
        self.out_features, self.in_features = math.prod(outputs), math.prod(inputs)
        self.bias = nn.Parameter(self.core.weight.new_zeros(self.out_features)) if bias else None

    @property
    def weight(self) -> Tensor:
        """(out_features, in_features) the matrix itself, for parents that read it."""
        return of_unit_vectors(self, self.in_features)

    def forward(self, values: Tensor) -> Tensor:
        """(..., in_features) -> (..., out_features)."""
        lead = values.shape[:-1]
        small = _along_every_axis(values.reshape(-1, *self.inputs), self.reduce)
        core = self.core(small.flatten(1))
        large = _along_every_axis(core.reshape(-1, *self.out_ranks), self.expand)
        found = large.reshape(*lead, self.out_features)
        return found if self.bias is None else found + self.bias


def _along_every_axis(values: Tensor, factors: nn.ModuleList) -> Tensor:
    """Each factor along its own axis of (rows, n_1, ..., n_d), the last first; what is done is turned to the front."""
    for factor in reversed(list(factors)):
        values = factor(values).movedim(-1, 1)
    return values


def _linear(inputs: int, outputs: int, how: dict[str, Any]) -> nn.Linear:
    return nn.Linear(inputs, outputs, bias=False, **how)


class Tucker(FreeRanks):
    """`TuckerLinear`."""

    def largest(self, layer: nn.Linear, modes: Modes | None) -> Ranks:
        """As in `Form`."""
        outputs, inputs = check_modes(layer, modes)
        return (*outputs, *inputs)

    def spectra(self, layer: nn.Linear, modes: Modes | None) -> Spectra:
        """As in `Form`."""
        tensor = self._tensor(layer, check_modes(layer, modes))
        return [[singular_values(unfold(tensor, mode))] for mode in range(tensor.ndim)]

    def empty(self, layer: nn.Linear, shape: Shape) -> TuckerLinear:
        """As in `Form`."""
        return TuckerLinear(check_modes(layer, shape.modes), shape.ranks, layer.bias is not None, **like(layer))

    def fill(self, factorised: TuckerLinear, layer: nn.Linear, shape: Shape) -> None:
        """As in `Form`."""
        outputs, inputs = check_modes(layer, shape.modes)
        tensor = self._tensor(layer, (outputs, inputs))
        core, factors = tucker_factors(tensor, range(tensor.ndim), shape.ranks)
        parts = len(outputs)
        for linear, factor in zip(factorised.expand, factors[:parts], strict=True):
            write(linear.weight, factor)
        for linear, factor in zip(factorised.reduce, factors[parts:], strict=True):
            write(linear.weight, factor.T)
        write(factorised.core.weight, core)
        copy_bias(factorised, layer)

    def levels(self, factorised: TuckerLinear, layer: nn.Linear, shape: Shape) -> list[Level]:
        """As in `Form`; an output of the core is used when all its components are."""
        pairs = zip(factorised.reduce, factorised.in_ranks, strict=True)
        grid = np.meshgrid(*(shares_of(rank) for rank in factorised.out_ranks), indexing="ij")
        return [
            *((factor, "weight", shares_of(rank)) for factor, rank in pairs),
            (factorised.core, "weight", np.max(grid, axis=0).ravel()),
        ]

    def _tensor(self, layer: nn.Linear, modes: Modes) -> Array:
        outputs, inputs = modes
        return np.ascontiguousarray(array_of(layer.weight).reshape(*outputs, *inputs))


LINEAR_FORMS: dict[str, Form] = {"svd": LowRank(), "tucker": Tucker(), "tt": TensorTrain()}
BY_MODES = ("tucker", "tt")
"""Methods that see a matrix as a tensor, whose sizes are the modes."""
"""By method, how a linear layer is factorised. CP of a matrix is its low-rank form."""
