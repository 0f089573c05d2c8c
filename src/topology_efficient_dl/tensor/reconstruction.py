"""The dense weights that a factorised layer stands for."""

from __future__ import annotations

import copy
import functools
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


class Factors(nn.Sequential):
    """The factors of a linear layer or a convolution; parents that read its weight get the product.

    Examples
    --------
    >>> made = Factors(nn.Linear(5, 2, bias=False), nn.Linear(2, 4))
    >>> made.weight.shape, made.bias.shape, made.in_features, made.out_features
    (torch.Size([4, 5]), torch.Size([4]), 5, 4)
    """

    @property
    def weight(self) -> Tensor:
        """The product of the factors, in the shape of the dense layer's weight and their own dtype."""
        if isinstance(self[0], nn.Linear):
            weights: list[Any] = [step.weight for step in self]
            product: Tensor = functools.reduce(lambda done, step: step @ done, weights)
            return product
        return _of_convolutions(list(self))

    @property
    def bias(self) -> Tensor | None:
        """That of the last factor."""
        last: Any = self[-1]
        found: Tensor | None = last.bias
        return found

    def __getattr__(self, name: str) -> Any:
        """What the dense layer had: widths of the ends, and what all convolutions do together along every axis."""
        if name in ("in_features", "in_channels"):
            return getattr(self[0], name)
        if name in ("out_features", "out_channels", "groups", "transposed", "output_padding"):
            return getattr(self[-1], name)
        if name in _TOGETHER or name == "padding_mode":
            values = [getattr(step, name) for step in self]
            named = [each for each in values if isinstance(each, str) and each != "zeros"]
            if named or name == "padding_mode":
                return (named or values)[0]
            return tuple(map(_TOGETHER[name], zip(*values, strict=True)))
        return super().__getattr__(name)


_TOGETHER: dict[str, Callable[[Any], int]] = {"kernel_size": max, "stride": math.prod, "dilation": max, "padding": sum}
"""Of the steps, of which along each axis all but one read single values."""


@torch.no_grad()
def dense_weight(factorised: nn.Module, layer: Any) -> Tensor:
    """Weights in the shape of the dense layer's, float64, on the CPU.

    Parameters
    ----------
    factorised : what a linear layer or a convolution was replaced by
    layer : the dense layer, for its shape

    Examples
    --------
    >>> dense = nn.Linear(3, 2)
    >>> bool(torch.allclose(dense_weight(dense, dense), dense.weight.double(), atol=1e-6))
    True
    """
    if isinstance(layer, nn.Linear):
        exact = copy.deepcopy(factorised).double().cpu()
        for name, weight in exact.named_parameters():
            weight.mul_(not name.endswith("bias"))  # next to which small weights would be rounded away
        return of_unit_vectors(exact, layer.in_features)
    steps = [factorised] if isinstance(factorised, nn.Conv1d | nn.Conv2d) else list(factorised.children())
    return _of_convolutions([copy.deepcopy(step).double().cpu() for step in steps])


def of_unit_vectors(layer: nn.Module, in_features: int) -> Tensor:
    """(out_features, in_features) what a layer makes of every unit vector, less what it makes of nothing."""
    weight = next(layer.parameters())
    vectors = torch.eye(in_features + 1, in_features, dtype=weight.dtype, device=weight.device)
    images = layer(vectors)
    found: Tensor = (images[:-1] - images[-1]).T
    return found


def _of_convolutions(steps: list[Any]) -> Tensor:
    groups = steps[-1].groups
    whole = functools.reduce(_composed, [_spread_out(step) for step in steps])
    blocks = [part.chunk(groups, dim=1)[place] for place, part in enumerate(whole.chunk(groups))]
    return torch.cat(blocks)


def _spread_out(convolution: Any) -> Tensor:
    """Weights (out, in, *kernel) of a convolution, with the zeros between its groups."""
    groups = convolution.groups
    if groups == 1:
        weight: Tensor = convolution.weight
        return weight
    parts = convolution.weight.chunk(groups)
    inputs = convolution.in_channels // groups
    whole = convolution.weight.new_zeros(convolution.out_channels, convolution.in_channels, *parts[0].shape[2:])
    for place, part in enumerate(parts):
        whole[place * len(part) : (place + 1) * len(part), place * inputs : (place + 1) * inputs] = part
    return whole


def _composed(first: Tensor, second: Tensor) -> Tensor:
    """One convolution after the other, where along each axis at most one has more than one tap."""
    taps = [max(pair) for pair in zip(first.shape[2:], second.shape[2:], strict=True)]
    product = torch.einsum("mis,omt->oist", first.flatten(2), second.flatten(2))
    return product.reshape(*product.shape[:2], *taps)
