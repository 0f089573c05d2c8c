"""The dense weights that a factorised layer stands for."""

from __future__ import annotations

import functools
from typing import Any

import torch
from torch import Tensor, nn


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
        return _of_linear(factorised, layer.in_features)
    steps = [factorised] if isinstance(factorised, nn.Conv1d | nn.Conv2d) else list(factorised.children())
    whole = functools.reduce(_composed, [_spread_out(step) for step in steps])
    blocks = [part.chunk(layer.groups, dim=1)[place] for place, part in enumerate(whole.chunk(layer.groups))]
    return torch.cat(blocks)


def _of_linear(factorised: nn.Module, in_features: int) -> Tensor:
    """What the layer makes of every unit vector, less what it makes of nothing."""
    weight = next(factorised.parameters())
    vectors = torch.eye(in_features + 1, in_features, dtype=weight.dtype, device=weight.device)
    images = factorised(vectors).double().cpu()
    found: Tensor = (images[:-1] - images[-1]).T
    return found


def _spread_out(convolution: Any) -> Tensor:
    """Weights (out, in, *kernel) float64 of a convolution, with the zeros between its groups."""
    groups = convolution.groups
    parts = convolution.weight.detach().double().cpu().chunk(groups)
    inputs = convolution.in_channels // groups
    whole = torch.zeros(convolution.out_channels, convolution.in_channels, *parts[0].shape[2:], dtype=torch.float64)
    for place, part in enumerate(parts):
        whole[place * len(part) : (place + 1) * len(part), place * inputs : (place + 1) * inputs] = part
    return whole


def _composed(first: Tensor, second: Tensor) -> Tensor:
    """One convolution after the other, where along each axis at most one has more than one tap."""
    taps = [max(pair) for pair in zip(first.shape[2:], second.shape[2:], strict=True)]
    product = torch.einsum("mis,omt->oist", first.flatten(2), second.flatten(2))
    return product.reshape(*product.shape[:2], *taps)
