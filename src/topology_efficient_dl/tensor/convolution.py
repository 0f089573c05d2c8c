"""Convolutions as sequences of smaller ones: low rank, Tucker-2, CP, tensor train. Grouped ones by group.

Every form begins and ends with 1x1 convolutions between channels; what is between keeps stride, padding, padding mode
and dilation. No factor but the last has a bias, so that padding with zeros stays padding with zeros.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
from torch import nn

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.tensor.decompositions import (
    Array,
    cp_factors,
    cp_rank,
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
from topology_efficient_dl.tensor.plain import Rebuildable
from topology_efficient_dl.tensor.ranks import Ranks
from topology_efficient_dl.tensor.reconstruction import Factors

Convolution = nn.Conv1d | nn.Conv2d


def pointwise(layer: Convolution, in_channels: int, out_channels: int, bias: bool = False) -> nn.Module:
    """A 1x1 convolution between channels, in as many groups as the layer has."""
    kind = cast(Any, nn.Conv1d if isinstance(layer, nn.Conv1d) else nn.Conv2d)
    made: nn.Module = kind(in_channels, out_channels, 1, groups=layer.groups, bias=bias, **like(layer))
    return made


def spatial(
    layer: Convolution, in_channels: int, out_channels: int, *, groups: int, bias: bool = False, axis: int | None = None
) -> nn.Module:
    """A convolution as the layer's over time or space, or along one axis of space, between other channels."""
    if axis is None and isinstance(layer, Rebuildable):
        return layer.with_channels(in_channels, out_channels, groups, bias)
    if isinstance(layer, Rebuildable) and type(layer).forward not in (nn.Conv1d.forward, nn.Conv2d.forward):
        raise ParameterError(
            f"a {type(layer).__name__} computes in a way of its own, which cannot be split by axis; name another "
            "method, or leave its part out of compression.layers"
        )
    keep: Callable[[Any, int], Any] = (lambda values, other: values) if axis is None else _only(axis)
    kind = cast(Any, nn.Conv1d if isinstance(layer, nn.Conv1d) else nn.Conv2d)
    made: nn.Module = kind(
        in_channels,
        out_channels,
        keep(layer.kernel_size, 1),
        stride=keep(layer.stride, 1),
        padding=layer.padding if isinstance(layer.padding, str) else keep(layer.padding, 0),
        dilation=keep(layer.dilation, 1),
        groups=groups,
        bias=bias,
        padding_mode=layer.padding_mode,
        **like(layer),
    )
    return made


def _only(axis: int) -> Callable[[Any, int], Any]:
    return lambda values, other: tuple(value if place == axis else other for place, value in enumerate(values))


def by_group(layer: Convolution) -> list[Array]:
    """Weights of every group: (out / groups, in / groups, *kernel)."""
    return list(np.split(array_of(layer.weight), layer.groups))


def _channels(layer: Convolution) -> tuple[int, int]:
    """Outputs and inputs of one group."""
    return layer.out_channels // layer.groups, layer.in_channels // layer.groups


def _chain(*parts: nn.Module | None) -> Factors:
    return Factors(*(part for part in parts if part is not None))


def _write_groups(part: Any, groups: Sequence[Array]) -> None:
    write(part.weight, np.concatenate(groups))


class LowRank(FreeRanks):
    """``W[o, (i, t)] = A B``: the convolution to ``rank`` channels, then a 1x1 convolution.

    References
    ----------
    Zhang et al., *Accelerating very deep convolutional networks for classification and detection* (TPAMI 2016),
    section 3.
    """

    def largest(self, layer: Convolution, modes: Modes | None) -> Ranks:
        """As in `Form`."""
        outputs, inputs = _channels(layer)
        return (min(outputs, inputs * math.prod(layer.kernel_size)),)

    def spectra(self, layer: Convolution, modes: Modes | None) -> Spectra:
        """As in `Form`."""
        return [[singular_values(unfold(weight, 0)) for weight in by_group(layer)]]

    def empty(self, layer: Convolution, shape: Shape) -> Factors:
        """As in `Form`."""
        width = shape.ranks[0] * layer.groups
        return Factors(
            spatial(layer, layer.in_channels, width, groups=layer.groups),
            pointwise(layer, width, layer.out_channels, layer.bias is not None),
        )

    def fill(self, factorised: Factors, layer: Convolution, shape: Shape) -> None:
        """As in `Form`."""
        pairs = [low_rank(unfold(weight, 0), shape.ranks[0]) for weight in by_group(layer)]
        _write_groups(factorised[0], [right for _, right in pairs])
        _write_groups(factorised[1], [left for left, _ in pairs])
        copy_bias(factorised[1], layer)

    def levels(self, factorised: Factors, layer: Convolution, shape: Shape) -> list[Level]:
        """As in `Form`."""
        return [(factorised[0], "weight", shares_of(shape.ranks[0], outer=layer.groups))]


class Tucker2(FreeRanks):
    """``W[o, i, t] = sum_pq A[o, p] G[p, q, t] B[i, q]``: 1x1, the convolution between few channels, 1x1.

    Ranks are of outputs and inputs. A factor of full rank is square: it is multiplied into the core and left out.

    References
    ----------
    Kim et al., *Compression of deep convolutional neural networks for fast and low power mobile applications* (ICLR
    2016), section 3.1.
    """

    def largest(self, layer: Convolution, modes: Modes | None) -> Ranks:
        """As in `Form`."""
        outputs, inputs = _channels(layer)
        taps = math.prod(layer.kernel_size)
        return min(outputs, inputs * taps), min(inputs, outputs * taps)

    def spectra(self, layer: Convolution, modes: Modes | None) -> Spectra:
        """As in `Form`."""
        return [[singular_values(unfold(weight, mode)) for weight in by_group(layer)] for mode in (0, 1)]

    def empty(self, layer: Convolution, shape: Shape) -> Factors:
        """As in `Form`."""
        (outputs, inputs), groups, biased = _channels(layer), layer.groups, layer.bias is not None
        wide, narrow = (rank * groups for rank in shape.ranks)
        reduces, expands = shape.ranks[1] < inputs, shape.ranks[0] < outputs
        return _chain(
            pointwise(layer, layer.in_channels, narrow) if reduces else None,
            spatial(layer, narrow, wide, groups=groups, bias=biased and not expands),
            pointwise(layer, wide, layer.out_channels, biased) if expands else None,
        )

    def fill(self, factorised: Factors, layer: Convolution, shape: Shape) -> None:
        """As in `Form`."""
        outputs, inputs = _channels(layer)
        modes = [mode for mode, full in enumerate((outputs, inputs)) if shape.ranks[mode] < full]
        ranks = [shape.ranks[mode] for mode in modes]
        found = [tucker_factors(weight, modes, ranks) if modes else (weight, []) for weight in by_group(layer)]
        parts = list(factorised)
        _write_groups(parts[1 in modes], [core for core, _ in found])
        if 0 in modes:
            _write_groups(parts[-1], [factors[0] for _, factors in found])
        if 1 in modes:
            _write_groups(parts[0], [factors[-1].T for _, factors in found])
        copy_bias(parts[-1], layer)

    def levels(self, factorised: Factors, layer: Convolution, shape: Shape) -> list[Level]:
        """As in `Form`; factors that were left out have none."""
        outputs, inputs = _channels(layer)
        expands, reduces = shape.ranks[0] < outputs, shape.ranks[1] < inputs
        parts, groups = list(factorised), layer.groups
        first = [(parts[0], "weight", shares_of(shape.ranks[1], outer=groups))] if reduces else []
        return first + ([(parts[int(reduces)], "weight", shares_of(shape.ranks[0], outer=groups))] if expands else [])


class CanonicalPolyadic(FreeRanks):
    """``W[o, i, t] = sum_r A[o, r] B[i, r] C[t, r]``: 1x1, a filter for every channel (one per axis of space), 1x1.

    References
    ----------
    Lebedev et al., *Speeding-up convolutional neural networks using fine-tuned CP-decomposition* (ICLR 2015), section
    3.
    """

    def largest(self, layer: Convolution, modes: Modes | None) -> Ranks:
        """As in `Form`."""
        return (cp_rank((*_channels(layer), *layer.kernel_size)),)

    def spectra(self, layer: Convolution, modes: Modes | None) -> None:
        """As in `Form`: there are none."""

    def of_energy(self, layer: Convolution, modes: Modes | None, energy: float) -> Ranks:
        """As in `Form`, by trial: ranks are doubled until the error allows it, then halved between."""
        (bound,) = self.largest(layer, modes)
        groups = by_group(layer)

        def kept(rank: int) -> bool:
            return all(_kept_energy(weight, cp_factors(weight, rank)) >= energy for weight in groups)

        high = 1
        while high < bound and not kept(high):
            high = min(2 * high, bound)
        low = high // 2
        while high - low > max(1, high // 16):
            middle = (low + high) // 2
            low, high = (low, middle) if kept(middle) else (middle, high)
        return (high,)

    def empty(self, layer: Convolution, shape: Shape) -> Factors:
        """As in `Form`."""
        width = shape.ranks[0] * layer.groups
        axes: list[int | None] = [None] if isinstance(layer, nn.Conv1d) else [0, 1]
        return Factors(
            pointwise(layer, layer.in_channels, width),
            *(spatial(layer, width, width, groups=width, axis=axis) for axis in axes),
            pointwise(layer, width, layer.out_channels, layer.bias is not None),
        )

    def fill(self, factorised: Factors, layer: Convolution, shape: Shape) -> None:
        """As in `Form`."""
        found = [cp_factors(weight, shape.ranks[0]) for weight in by_group(layer)]
        parts = list(factorised)
        _write_groups(parts[-1], [factors[0] for factors in found])
        for place, part in enumerate(parts[:-1]):
            _write_groups(part, [factors[1 + place].T for factors in found])
        copy_bias(parts[-1], layer)

    def levels(self, factorised: Factors, layer: Convolution, shape: Shape) -> list[Level]:
        """As in `Form`."""
        return [(factorised[0], "weight", shares_of(shape.ranks[0], outer=layer.groups))]


class TensorTrain(BySpectra):
    """Channels in, one core per axis of time or space, channels out, each tied to the next by a rank.

    ``W[o, i, s, t] = A[i, :] B[:, s, :] C[:, t, :] D[:, o]``; over time alone the same layers as Tucker-2, found by
    TT-SVD.

    References
    ----------
    Garipov et al., *Ultimate tensorization* (2016), section 3.1, without reshaping of channels.
    """

    def largest(self, layer: Convolution, modes: Modes | None) -> Ranks:
        """As in `Form`."""
        return tt_ranks(self._axes(layer))

    def feasible(self, layer: Convolution, modes: Modes | None, ranks: Ranks) -> Ranks:
        """As in `Form`."""
        return feasible_tt_ranks(self._axes(layer), ranks)

    def spectra(self, layer: Convolution, modes: Modes | None) -> Spectra:
        """As in `Form`."""
        tensors = [_inputs_first(weight) for weight in by_group(layer)]
        cuts = range(1, len(self._axes(layer)))
        return [
            [singular_values(tensor.reshape(math.prod(tensor.shape[:cut]), -1)) for tensor in tensors] for cut in cuts
        ]

    def empty(self, layer: Convolution, shape: Shape) -> Factors:
        """As in `Form`."""
        groups, widths = layer.groups, [rank * layer.groups for rank in shape.ranks]
        axes: list[int | None] = [None] if isinstance(layer, nn.Conv1d) else [0, 1]
        steps = zip(widths[:-1], widths[1:], axes, strict=True)
        return Factors(
            pointwise(layer, layer.in_channels, widths[0]),
            *(spatial(layer, before, after, groups=groups, axis=axis) for before, after, axis in steps),
            pointwise(layer, widths[-1], layer.out_channels, layer.bias is not None),
        )

    def fill(self, factorised: Factors, layer: Convolution, shape: Shape) -> None:
        """As in `Form`."""
        found = [tt_cores(_inputs_first(weight), shape.ranks) for weight in by_group(layer)]
        for place, part in enumerate(factorised):
            # A core is (before, n, after); a convolution's weight (after, before, n).
            last, first = place == len(factorised) - 1, place == 0
            axes = (1, 0, 2) if last else ((2, 1, 0) if first else (2, 0, 1))
            _write_groups(part, [cores[place].transpose(axes) for cores in found])
        copy_bias(factorised[-1], layer)

    def levels(self, factorised: Factors, layer: Convolution, shape: Shape) -> list[Level]:
        """As in `Form`."""
        parts = list(factorised)[:-1]
        return [
            (part, "weight", shares_of(rank, outer=layer.groups)) for part, rank in zip(parts, shape.ranks, strict=True)
        ]

    def _axes(self, layer: Convolution) -> tuple[int, ...]:
        outputs, inputs = _channels(layer)
        return (inputs, *layer.kernel_size, outputs)


def _inputs_first(weight: Array) -> Array:
    """(out, in, *kernel) -> (in, *kernel, out)."""
    return np.ascontiguousarray(np.moveaxis(weight, 0, -1))


def _kept_energy(weight: Array, factors: Sequence[Array]) -> float:
    letters = "abcd"[: len(factors)]
    terms = ",".join(f"{letter}z" for letter in letters)
    error = weight - np.einsum(f"{terms}->{letters}", *factors, optimize=True)
    return 1.0 - float(np.square(error).sum()) / max(float(np.square(weight).sum()), 1e-300)


CONVOLUTION_FORMS: dict[str, Form] = {
    "svd": LowRank(),
    "tucker": Tucker2(),
    "cp": CanonicalPolyadic(),
    "tt": TensorTrain(),
}
"""By method, how a convolution is factorised."""
