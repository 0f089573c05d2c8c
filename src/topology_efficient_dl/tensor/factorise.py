"""A layer in, a layer out: one call for every kind of layer and every method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from topology_efficient_dl.errors import DataError, ParameterError, did_you_mean
from topology_efficient_dl.tensor.attention import OpenAttention, OpenEncoderLayer
from topology_efficient_dl.tensor.convolution import CONVOLUTION_FORMS
from topology_efficient_dl.tensor.forms import Form, Modes, Shape
from topology_efficient_dl.tensor.linear import LINEAR_FORMS, check_modes
from topology_efficient_dl.tensor.ranks import Ranks, resolve_ranks
from topology_efficient_dl.tensor.reconstruction import dense_weight
from topology_efficient_dl.tensor.recurrent import RECURRENT_FORMS, LowRankInputs, OpenGRU, input_weights

KINDS: dict[type[nn.Module], Mapping[str, Form]] = {
    nn.Linear: LINEAR_FORMS,
    nn.Conv1d: CONVOLUTION_FORMS,
    nn.Conv2d: CONVOLUTION_FORMS,
    nn.GRU: RECURRENT_FORMS,
}
"""Layers that are factorised themselves, and how."""

OPENED: dict[type[nn.Module], Any] = {
    nn.TransformerEncoderLayer: OpenEncoderLayer,
    nn.MultiheadAttention: OpenAttention,
    nn.GRU: OpenGRU,
}
"""Layers that are opened up into linear ones, which are factorised."""


@dataclass(frozen=True, eq=False)
class Factorised:
    """A factorised layer and what was lost.

    Attributes
    ----------
    layer : an ordinary module with the dense layer's inputs and outputs
    shape : method, ranks and modes, from which it can be rebuilt
    relative_error : Frobenius norm of the error of the weights over that of the weights; 0 where exact
    params_dense, params : weights before and after
    """

    layer: nn.Module
    shape: Shape
    relative_error: float
    params_dense: int
    params: int


def factorise(
    layer: nn.Module, method: str, rank: int | Sequence[int], modes: Modes | None = None, name: str = "layer"
) -> Factorised:
    """Decompose the weights of a linear layer, a convolution or the input maps of a GRU.

    Bias, stride, padding, dilation, groups, dtype and device are kept. At full rank the new layer gives the same
    numbers.

    Parameters
    ----------
    layer : `torch.nn.Linear`, `Conv1d`, `Conv2d`, `GRU` or a subclass
    method : ``svd`` (low rank) for all; ``tt`` (tensor train) and ``tucker``, which for a convolution is Tucker-2, for
        linear layers and convolutions; ``cp`` for convolutions. A GRU is opened first for others than ``svd``: `opened`
    rank : a bound for every bond of the factorisation, or one rank per bond
    modes : of ``tt`` and ``tucker`` of a linear layer: factors of its outputs and of its inputs
    name : what errors call the layer

    Raises
    ------
    ParameterError : a layer or method that there is none for, a rank below one or above the dimension
    DataError : a weight that is not finite

    Examples
    --------
    >>> found = factorise(nn.Linear(64, 64), "svd", 8)
    >>> found.params_dense, found.params
    (4160, 1088)
    >>> factorise(nn.Conv1d(8, 16, 9, padding=4), "tucker", 4).layer
    Sequential(
      (0): Conv1d(8, 4, kernel_size=(1,), stride=(1,), bias=False)
      (1): Conv1d(4, 4, kernel_size=(9,), stride=(1,), padding=(4,), bias=False)
      (2): Conv1d(4, 16, kernel_size=(1,), stride=(1,))
    )
    """
    form = form_of(layer, method, name)
    check_finite(layer, name)
    shape = shape_of(layer, method, rank, modes, name)
    made = form.empty(layer, shape)
    form.fill(made, layer, shape)
    made.train(layer.training)
    error = relative_error(made, layer)
    return Factorised(made, shape, error, _size(layer), _size(made))


def shape_of(
    layer: nn.Module, method: str, rank: int | Sequence[int], modes: Modes | None = None, name: str = "layer"
) -> Shape:
    """Method, ranks and modes of a factorisation, checked and cut to what is possible."""
    form = form_of(layer, method, name)
    used = check_modes(layer, modes) if isinstance(layer, nn.Linear) and method in ("tt", "tucker") else None
    ranks = resolve_ranks(rank, form.largest(layer, used), name)
    return Shape(method, form.feasible(layer, used, ranks), used)


def form_of(layer: nn.Module, method: str, name: str = "layer") -> Form:
    """How a layer is factorised by a method.

    Raises
    ------
    ParameterError : the layer cannot be factorised, or not by that method
    """
    for kind, forms in KINDS.items():
        if isinstance(layer, kind):
            if method not in forms:
                raise ParameterError(
                    f"{name}: {kind.__name__} has no method '{method}'{did_you_mean(method, forms) or '.'} "
                    f"There are: {', '.join(forms)}"
                )
            return forms[method]
    raise ParameterError(
        f"{name}: a layer of type {type(layer).__name__} cannot be factorised. Those that can: "
        f"{', '.join(kind.__name__ for kind in KINDS)}; inside a network also {', '.join(k.__name__ for k in OPENED)}"
    )


def check_finite(layer: nn.Module, name: str) -> None:
    """Refuse weights that are NaN or infinite.

    Raises
    ------
    DataError : names the layer, the parameter and how many
    """
    for parameter, values in layer.named_parameters():
        bad = int((~torch.isfinite(values)).sum())
        if bad:
            raise DataError(
                f"{name}.{parameter}: {bad} of {values.numel()} weights are NaN or infinite. Train the model again"
            )


@torch.no_grad()
def relative_error(factorised: nn.Module, layer: nn.Module) -> float:
    """``|W - W'| / |W|`` in the Frobenius norm; of a GRU that of its input weights."""
    if isinstance(layer, nn.GRU):
        return _error_of_gru(factorised, layer)
    dense: Any = layer
    weight: Tensor = dense.weight.detach().double().cpu()
    norm = float(weight.norm())
    if norm == 0.0:
        return 0.0
    return float((weight - dense_weight(factorised, layer)).norm()) / norm


def _error_of_gru(factorised: Any, layer: nn.GRU) -> float:
    restored = LowRankInputs().restored(factorised, layer)
    weights = [input_weights(layer, depth) for depth in range(layer.num_layers)]
    missed = sum(float(np.square(found - weight).sum()) for found, weight in zip(restored, weights, strict=True))
    return (missed / max(sum(float(np.square(weight).sum()) for weight in weights), 1e-300)) ** 0.5


def _size(layer: nn.Module) -> int:
    return sum(weight.numel() for weight in layer.parameters())


def full_ranks(layer: nn.Module, method: str, modes: Modes | None = None, name: str = "layer") -> Ranks:
    """Ranks at which a factorisation of a layer is exact."""
    return form_of(layer, method, name).largest(layer, modes)
