"""Arithmetic of one inference, counted by ptflops and checked against torch's own counter.

The figure is ptflops' multiply-accumulates x 2, at batch 1, from its operator-level (``aten``) backend: matrix
products and convolutions with their biases. Elementwise work (activations, normalisation, pooling) is left
out, as is usual, and so is data movement. What was found with ptflops 0.7.5 on torch 2.13, against counts by hand:

==================== =============== =============== ===========================
layer                ptflops pytorch ptflops aten    ``torch.utils.flop_counter``
==================== =============== =============== ===========================
Linear, Conv1d       right           right           right, without bias
BatchNorm1d          elementwise     not counted     not counted
ReLU, pooling        counted twice   not counted     not counted
GRU                  with gates      right           right, without bias
LSTM                 with gates      0 when fused    0 when fused
MultiheadAttention   40 % too high   right           0 on the fast path
fused attention      right           products missed products missed
einsum               0               right           right, without bias
==================== =============== =============== ===========================

So both operator-level counters run on plain kernels (no oneDNN, no attention fast path, no fused attention), where
they are right for every row, and where they differ by the biases only.
"""

from __future__ import annotations

import io
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from typing import Any

import torch
from ptflops import get_model_complexity_info
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

TOLERANCE = 0.20
"""Largest accepted relative difference of the two counters; biases of narrow layers explain up to this much."""

_UNCOUNTABLE = ("_fft_", "_sparse_", "linalg_", "cdist", "mkldnn_rnn", "_cudnn_rnn", "_thnn_fused", "sparse_sampled")


@dataclass(frozen=True)
class FlopCount:
    """Floating point operations of one inference at batch 1.

    Attributes
    ----------
    flops : operations, two per multiply-accumulate; None where they cannot be counted, never 0 for unknown
    reason : why ``flops`` is None, else None
    by : operations by counter: ``ptflops`` and ``torch``
    warning : a disagreement of the two counters, else None

    Examples
    --------
    Costs add up, and an unknown part makes the whole unknown:

    >>> (FlopCount(10) + FlopCount(5)).flops
    15
    >>> total = FlopCount(10) + FlopCount(None, reason="the engine is compiled code")
    >>> total.flops, total.reason
    (None, 'the engine is compiled code')
    """

    flops: int | None
    reason: str | None = None
    by: Mapping[str, int] = field(default_factory=dict)
    warning: str | None = None

    def __add__(self, other: FlopCount) -> FlopCount:
        known = self.flops is not None and other.flops is not None
        return FlopCount(
            flops=(self.flops or 0) + (other.flops or 0) if known else None,
            reason=_joined(self.reason, other.reason),
            by=dict(Counter(self.by) + Counter(other.by)),
            warning=_joined(self.warning, other.warning),
        )


def count_flops(module: nn.Module, input_shape: Sequence[int]) -> FlopCount:
    """Operations of ``module`` on one input of the given shape; see the module's text for what counts.

    The module is left as it was: mode, hooks and weights.

    Parameters
    ----------
    module : takes one float32 tensor (1, *input_shape)
    input_shape : shape of one sample, without the batch axis

    Returns
    -------
    A `FlopCount`; its ``flops`` is None with a reason if the module fails on such an input or leans on
    operators that neither counter knows (FFT, sparse products, linear algebra, fused recurrent kernels).

    Examples
    --------
    >>> count_flops(nn.Linear(7, 5, bias=False), (7,)).flops
    70
    >>> count_flops(nn.ReLU(), (7,)).reason
    'no matrix product or convolution was executed, so there is nothing that the counters count'
    """
    device = next((value.device for value in module.parameters()), torch.device("cpu"))
    sample = torch.zeros((1, *input_shape), device=device)
    return count_flops_of_call(module, sample)


def count_flops_of_call(module: nn.Module, *example: Any) -> FlopCount:
    """Operations of ``module(*example)``, for models whose input is not one tensor, such as graphs.

    Parameters
    ----------
    module : a torch module
    example : the arguments of one inference at batch 1

    Examples
    --------
    >>> count_flops_of_call(nn.Bilinear(2, 3, 4, bias=False), torch.ones(1, 2), torch.ones(1, 3)).by.keys()
    dict_keys(['ptflops', 'torch'])
    """
    with _as_it_was(module), _plain_kernels(), torch.no_grad():
        module.eval()
        try:
            strange = _uncountable_operators(lambda: module(*example))
            by = {"ptflops": _by_ptflops(module, example), "torch": _by_torch(module, example)}
        except (RuntimeError, ValueError, TypeError, IndexError, AssertionError, NotImplementedError) as error:
            return FlopCount(None, f"the model fails on the example input: {type(error).__name__}: {error}")
    if strange:
        return FlopCount(None, f"operators that no counter knows: {', '.join(sorted(strange))}", by)
    return _compared(by)


def _compared(by: Mapping[str, int]) -> FlopCount:
    if not any(by.values()):
        reason = "no matrix product or convolution was executed, so there is nothing that the counters count"
        return FlopCount(None, reason, by)
    if by["ptflops"] == 0:
        return FlopCount(None, f"ptflops counts 0 where torch counts {by['torch']}", by)
    gap = abs(by["ptflops"] - by["torch"]) / by["ptflops"]
    warning = f"ptflops {by['ptflops']} and torch {by['torch']} differ by {gap:.0%}" if gap > TOLERANCE else None
    return FlopCount(by["ptflops"], None, by, warning)


def _by_ptflops(module: nn.Module, example: Sequence[Any]) -> int:
    with redirect_stdout(io.StringIO()):
        macs, _ = get_model_complexity_info(
            _Bound(lambda: module(*example)),
            (1,),
            input_constructor=lambda _: {},
            backend="aten",
            as_strings=False,
            print_per_layer_stat=False,
            verbose=False,
        )
    if macs is None:
        raise RuntimeError("ptflops could not run the model")
    return 2 * int(macs)


def _by_torch(module: nn.Module, example: Sequence[Any]) -> int:
    with FlopCounterMode(display=False) as counter:
        module(*example)
    return int(counter.get_total_flops())


class _Bound(nn.Module):
    """A call without arguments in the shape of a module; hides the children, on which ptflops would leave hooks."""

    def __init__(self, call: Callable[[], Any]) -> None:
        super().__init__()
        self.call = call

    def forward(self) -> Any:
        return self.call()


class _OperatorLog(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.strange: set[str] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func._overloadpacket.__name__
        if any(part in name for part in _UNCOUNTABLE) or _is_sparse_product(name, args):
            self.strange.add(name)
        return func(*args, **(kwargs or {}))


def _is_sparse_product(name: str, args: Sequence[Any]) -> bool:
    tensors = [value for value in args if isinstance(value, torch.Tensor)]
    return "mm" in name and any(value.layout != torch.strided for value in tensors)


def _uncountable_operators(call: Callable[[], Any]) -> set[str]:
    with _OperatorLog() as log:
        call()
    return log.strange


@contextmanager
def _plain_kernels() -> Iterator[None]:
    """Kernels that decompose into the products which counters see; everything is put back afterwards."""
    fast_path = torch.backends.mha.get_fastpath_enabled()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with torch.backends.mkldnn.flags(enabled=False), sdpa_kernel(SDPBackend.MATH):
            torch.backends.mha.set_fastpath_enabled(False)
            try:
                yield
            finally:
                torch.backends.mha.set_fastpath_enabled(fast_path)


@contextmanager
def _as_it_was(module: nn.Module) -> Iterator[None]:
    modes = {part: part.training for part in module.modules()}
    try:
        yield
    finally:
        for part, training in modes.items():
            part.training = training


def _joined(*texts: str | None) -> str | None:
    return "; ".join(text for text in texts if text) or None
