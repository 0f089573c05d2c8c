"""A layer in, a layer out: one call for every kind of layer and every method."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from topology_efficient_dl.errors import DataError, ParameterError, did_you_mean
from topology_efficient_dl.params.compression import TENSOR_METHODS
from topology_efficient_dl.tensor.attention import OpenAttention, OpenEncoderLayer
from topology_efficient_dl.tensor.convolution import CONVOLUTION_FORMS
from topology_efficient_dl.tensor.forms import (
    Form,
    Modes,
    Shape,
    like,
)
from topology_efficient_dl.tensor.linear import BY_MODES, LINEAR_FORMS, check_modes
from topology_efficient_dl.tensor.plain import (
    Rebuildable,
    computed_names,
    kind_of,
    refresh,
    steady,
    why_not_plain,
)
from topology_efficient_dl.tensor.ranks import Ranks, resolve_ranks
from topology_efficient_dl.tensor.reconstruction import dense_weight
from topology_efficient_dl.tensor.recurrent import (
    RECURRENT_FORMS,
    LowRankInputs,
    OpenGRU,
    input_weights,
)

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

    Bias, stride, padding, dilation, groups, dtype, device and ``requires_grad`` are kept. At full rank the new layer
    gives the same numbers. Weights are read as the next call in evaluation mode would have them.

    Parameters
    ----------
    layer : `torch.nn.Linear`, `Conv1d`, `Conv2d`, `GRU`, or a subclass that computes the same
    method : ``svd`` (low rank) for all; ``tt`` (tensor train) and ``tucker``, which for a convolution is Tucker-2, for
        linear layers and convolutions; ``cp`` for convolutions. A GRU is opened first for others than ``svd``: `opened`
    rank : a bound for every bond of the factorisation, or one rank per bond
    modes : of ``tt`` and ``tucker`` of a linear layer: factors of its outputs and of its inputs
    name : what errors call the layer

    Raises
    ------
    ParameterError : a layer or method that there is none for, a rank below one or above the dimension; a layer that is
        more than its weights: a class with a ``forward`` of its own, hooks, complex weights; see `why_not_plain`
    DataError : a weight that is not finite

    Examples
    --------
    >>> found = factorise(nn.Linear(64, 64), "svd", 8)
    >>> found.params_dense, found.params
    (4160, 1088)
    >>> factorise(nn.Conv1d(8, 16, 9, padding=4), "tucker", 4).layer
    Factors(
      (0): Conv1d(8, 4, kernel_size=(1,), stride=(1,), bias=False)
      (1): Conv1d(4, 4, kernel_size=(9,), stride=(1,), padding=(4,), bias=False)
      (2): Conv1d(4, 16, kernel_size=(1,), stride=(1,))
    )
    """
    form = form_of(layer, method, name)
    reason = why_not_factorised(layer, method)
    if reason:
        way_out = "; give it with_channels(...), as Rebuildable asks, or leave" if _is_ones_own(layer) else ". Leave"
        raise ParameterError(f"{name}: {reason}, which a factorised layer could not keep{way_out} this layer dense")
    refresh(layer)
    check_finite(layer, name)
    with steady(layer.modules()):
        shape = shape_of(layer, method, rank, modes, name)
        made = form.empty(layer, shape)
        form.fill(made, layer, shape)
        error = relative_error(made, layer)
    if not all(bool(weight.isfinite().all()) for weight in made.parameters()):
        raise ParameterError(f"{name}: the factors of '{method}' are beyond the range of {like(layer)['dtype']}")
    _learn_as(made, layer)
    return Factorised(made.train(layer.training), shape, error, _size(layer), _size(made))


def _is_ones_own(layer: nn.Module) -> bool:
    return isinstance(layer, nn.Conv1d | nn.Conv2d) and type(layer) is not kind_of(layer)


def _learn_as(made: nn.Module, layer: nn.Module) -> None:
    """Freeze factors if weights were frozen, and biases if biases were."""
    learnt: dict[bool, bool] = {}
    for name, weight in layer.named_parameters():
        learnt["bias" in name] = learnt.get("bias" in name, False) or weight.requires_grad
    for name, weight in made.named_parameters():
        weight.requires_grad_(learnt.get("bias" in name, True))


def shape_of(
    layer: nn.Module, method: str, rank: int | Sequence[int], modes: Modes | None = None, name: str = "layer"
) -> Shape:
    """Method, ranks and modes of a factorisation, checked and cut to what is possible."""
    form = form_of(layer, method, name)
    used = check_modes(layer, modes) if isinstance(layer, nn.Linear) and method in BY_MODES else None
    ranks = resolve_ranks(rank, form.largest(layer, used), name)
    return Shape(method, form.feasible(layer, used, ranks), used)


def form_of(layer: nn.Module, method: str, name: str = "layer") -> Form:
    """How a layer is factorised by a method.

    Raises
    ------
    ParameterError : the layer cannot be factorised, or not by that method
    """
    check_method(method, name)
    for kind, forms in KINDS.items():
        if isinstance(layer, kind):
            if method not in forms:
                raise ParameterError(
                    f"{name}: {kind.__name__} has no method '{method}'{did_you_mean(str(method), forms) or '.'} "
                    f"There are: {', '.join(forms)}"
                )
            return forms[method]
    raise ParameterError(
        f"{name}: a layer of type {type(layer).__name__} cannot be factorised. Those that can: "
        f"{', '.join(kind.__name__ for kind in KINDS)}; inside a network also {', '.join(k.__name__ for k in OPENED)}"
    )


def check_method(method: Any, name: str = "method") -> None:
    """Refuse a method that is no name.

    Raises
    ------
    ParameterError : it is none
    """
    if not isinstance(method, str):
        raise ParameterError(f"{name}: found method {method!r}, expected one of: {', '.join(TENSOR_METHODS)}")


def why_not_factorised(layer: nn.Module, method: str) -> str | None:
    """Why a layer of a kind that a method takes cannot be factorised all the same; None where it can."""
    by_axis = isinstance(layer, nn.Conv2d) and method in ("cp", "tt") and isinstance(layer, Rebuildable)
    if by_axis and why_not_plain(layer) is None:
        return f"its class {type(layer).__name__} computes in a way of its own that cannot be split by axis"
    return why_not_plain(layer)


def check_finite(layer: nn.Module, name: str) -> None:
    """Refuse weights that are NaN or infinite.

    Raises
    ------
    DataError : names the layer, the parameter and how many
    ParameterError : weights of a lazy layer that was never called
    """
    for parameter, values in [*layer.named_parameters(), *_computed(layer)]:
        if is_lazy(values):
            raise ParameterError(f"{name}.{parameter} has no shape before a first call (a lazy layer); call it once")
        if values.is_meta or values.layout != torch.strided:
            continue
        bad = int((~torch.isfinite(values)).sum())
        if bad:
            raise DataError(
                f"{name}.{parameter}: {bad} of {values.numel()} weights are NaN or infinite. Train the model again"
            )


@torch.no_grad()
def _computed(layer: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Weights that are computed from others, by parametrisations or by hooks that have run."""
    for name, module in layer.named_modules():
        with steady(module.modules()):
            yield from ((f"{name}.{each}".lstrip("."), getattr(module, each)) for each in computed_names(module))


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
