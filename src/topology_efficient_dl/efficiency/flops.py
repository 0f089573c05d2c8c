"""Arithmetic of one inference, counted by ptflops and checked against torch's own counter.

The figure is ptflops' multiply-accumulates x 2, at batch 1, from its operator-level (``aten``) backend: matrix
products and convolutions. A bias is one addition for every value that it is added to: ptflops has it as a
multiply-accumulate, two operations, torch not at all, so that both are corrected. Elementwise work (activations,
normalisation, norms, pooling, interpolation, a product and a sum that are written apart) is left out, as is usual, and
so is data movement. What was found with ptflops 0.7.5 on torch 2.13, against counts by hand:

============================ =============== =============== ===========================
layer                        ptflops pytorch ptflops aten    ``torch.utils.flop_counter``
============================ =============== =============== ===========================
Linear, Conv1d               bias twice      bias twice      right, without bias
the same on strided inputs   bias twice      without bias    without bias
BatchNorm1d                  elementwise     not counted     not counted
ReLU, pooling                counted twice   not counted     not counted
GRU                          with gates      bias twice      right, without bias
LSTM                         with gates      0 when fused    0 when fused
MultiheadAttention           40 % too high   bias twice      0 on the fast path
the same with a mask         40 % too high   scores missed   right, without bias
fused attention              right           products missed products missed
einsum                       0               right           right, without bias
``mv``, ``dot``, Bilinear    0               0               0
============================ =============== =============== ===========================

So both operator-level counters run on plain kernels (no oneDNN, no attention fast path, no fused attention), biases and
what both miss (products with vectors, bilinear maps, sums of embeddings) are counted here and added to both, and then
they agree. Operators that multiply in a way that nothing counts, complex numbers and somebody's own operators among
them, make the count None.

On graphs and complexes both miss what happens along edges. With n nodes, E messages or stored entries and width w,
torch-geometric 2.8 and the same counters:

============================== ===================================== =============================
product or layer               both counters                         counted here
============================== ===================================== =============================
CSR or CSC ``@`` features      as if dense, 2 n n w                  2 E w
``torch.sparse.mm``, vectors   0                                     2 E w
``scatter_add``, ``index_add`` 0                                     2 E w
GCNConv, SAGEConv              linear layers                         and 2 E w, of edges or of CSR
GATConv, GATv2Conv             linear layers, those of edges as well and 2 E w
HypergraphConv                 linear layer                          and 2 E w twice
GPSConv, multi-head            right, torch's without bias           the same, and its convolution
============================== ===================================== =============================

So the dense part is counted and cross-checked as ever, and the work along edges is added to both counts: a product
with a sparse matrix, and a sum or mean of messages along edges, which is the product with a matrix of E entries, are
2 E w each, however they are written and whether messages have weights or not. The same sum from the nodes to their
graph is n messages. Left out, as elementwise work and comparisons are elsewhere, are the softmax over edges with its
sums, LeakyReLU, attention scores that are written as a product and a sum of features, and maxima; and so are sums of
one number for each edge, such as degrees, which belong to the graph and not to its features.
"""

from __future__ import annotations

import io
import math
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
from torch.utils.flop_counter import FlopCounterMode

from topology_efficient_dl.common.torch_internals import TorchDispatchMode, n_stored, unwatched

TOLERANCE = 0.20
"""Largest accepted relative difference of the two counters."""

_UNCOUNTABLE = (
    "_fft_", "_sparse_", "linalg_", "cholesky", "triangular_solve", "ormqr", "cdist", "_dist", "pdist", "mkldnn_rnn",
    "_cudnn_rnn", "_thnn_fused", "_attention", "_transformer_encoder_layer", "sparse_sampled", "segment_reduce",
)  # fmt: skip
"""Parts of names of operators that multiply, and that nothing here counts."""

_ELEMENTWISE = ("linalg_vector_norm", "linalg_cross", "_linalg_check_errors")
"""Operators whose names look like those above, with work on single elements alone."""

_NAMESPACES = ("aten", "prim", "prims")
"""Of operators that are known; others are somebody's own code."""

_BY_COUNTERS = ("mm", "addmm", "bmm", "baddbmm")
_SPARSE_PRODUCTS = {"mm": 0, "mv": 0, "addmm": 1, "addmv": 1, "_sparse_mm": 0, "_sparse_addmm": 1}
"""Place of the left factor among the arguments."""

_BIASED = {
    "addmm": 0, "addmv": 0, "_addmm_activation": 0, "linear": 2, "convolution": 2, "_convolution": 2, "conv_tbc": 2,
}  # fmt: skip
"""Place of the bias among the arguments of products that add one."""

_COMPRESSED = (torch.sparse_csr, torch.sparse_csc)

_SUMS = ("scatter_add", "index_add", "scatter_reduce", "index_reduce")


def _trilinear(args: Sequence[Any], _: Any) -> int:
    """``sum_ij x[i] W[o, i, j] y[j]``: every entry of the product of all three is added up once."""
    shapes = []
    for tensor, places in zip(args[:3], args[3:6], strict=True):
        for place in places:
            tensor = tensor.unsqueeze(place)
        shapes.append(tensor.shape)
    return math.prod(torch.broadcast_shapes(*shapes))


_PRODUCTS: dict[str, Callable[[Sequence[Any], Any], int]] = {
    "mv": lambda args, _: args[0].numel(),
    "addmv": lambda args, _: args[1].numel(),
    "dot": lambda args, _: args[0].numel(),
    "vdot": lambda args, _: args[0].numel(),
    "addr": lambda args, _: args[1].numel() * args[2].numel(),
    "addbmm": lambda args, _: args[1].numel() * args[2].shape[2],
    "_addmm_activation": lambda args, _: args[1].numel() * args[2].shape[1],
    "_int_mm": lambda args, _: args[0].numel() * args[1].shape[1],
    "conv_tbc": lambda args, result: result.numel() * math.prod(args[1].shape[:2]),
    "linear": lambda args, result: result.numel() * args[1].shape[1],
    "_embedding_bag": lambda args, _: args[1].numel() * args[0].shape[1],
    "_embedding_bag_forward_only": lambda args, _: args[1].numel() * args[0].shape[1],
    "_trilinear": _trilinear,
}
"""Multiply-accumulates of products that neither counter knows, by name, from their arguments and their result."""


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
    module : takes one tensor (1, *input_shape) of the dtype of its weights
    input_shape : shape of one sample, without the batch axis

    Returns
    -------
    A `FlopCount`; its ``flops`` is None with a reason if the module fails on such an input or leans on
    operators that are not counted (FFT, products with sparse tensors in coordinates or of two sparse tensors, linear
    algebra, fused recurrent kernels).

    Examples
    --------
    >>> count_flops(nn.Linear(7, 5, bias=False), (7,)).flops
    70
    >>> count_flops(nn.ReLU(), (7,)).reason
    'no matrix product or convolution was executed, so there is nothing that the counters count'
    """
    weight = next((value for value in module.parameters() if value.is_floating_point()), torch.zeros(()))
    return count_flops_of_call(module, torch.zeros((1, *input_shape), device=weight.device, dtype=weight.dtype))


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

    A sparse product costs what its stored entries cost:

    >>> count_flops_of_call(nn.Linear(1000, 3, bias=False), torch.eye(1000)).flops
    6000000
    >>> count_flops_of_call(nn.Linear(1000, 3, bias=False), torch.eye(1000).to_sparse_csr()).flops
    6000
    """
    with _as_it_was(module), _plain_kernels(), torch.no_grad():
        module.eval()
        try:
            with _Beside() as beside:
                module(*example)
            ptflops = _by_ptflops(module, example) - 2 * beside.biases_of_ptflops
            dense = {"ptflops": ptflops, "torch": _by_torch(module, example)}
        except (RuntimeError, ValueError, TypeError, LookupError, AttributeError, AssertionError) as error:
            return FlopCount(None, f"the model fails on the example input: {type(error).__name__}: {error}")
    by = {name: count + beside.flops + beside.biases for name, count in dense.items()}
    if beside.strange:
        return FlopCount(None, f"operators that no counter knows: {', '.join(sorted(beside.strange))}", by)
    if not any(by.values()):
        reason = "no matrix product or convolution was executed, so there is nothing that the counters count"
        return FlopCount(None, reason, by)
    if dense["ptflops"] == 0 < dense["torch"]:
        return FlopCount(None, f"ptflops counts 0 where torch counts {dense['torch']}", by)
    return FlopCount(by["ptflops"], None, by, _disagreement(dense))


def _disagreement(dense: Mapping[str, int]) -> str | None:
    ptflops, torchs = dense["ptflops"], dense["torch"]
    gap = abs(ptflops - torchs) / max(ptflops, 1)
    return f"ptflops {ptflops} and torch {torchs} differ by {gap:.0%}" if gap > TOLERANCE else None


def _by_ptflops(module: nn.Module, example: Sequence[Any]) -> int:
    with redirect_stdout(io.StringIO()):
        macs, _ = get_model_complexity_info(
            _Bound(module, example),
            (1,),
            input_constructor=lambda _: {},
            backend="aten",
            as_strings=False,
            print_per_layer_stat=False,
            verbose=False,
            custom_modules_hooks={torch.ops.aten.baddbmm: lambda args, _: args[1].numel() * args[2].shape[2]},
        )
    if macs is None:
        raise RuntimeError("ptflops could not run the model")
    return 2 * int(macs)


def _by_torch(module: nn.Module, example: Sequence[Any]) -> int:
    with FlopCounterMode(display=False) as counter, _Beside():
        module(*example)
    return int(counter.get_total_flops())


class _Bound(nn.Module):
    """A call without arguments in the shape of a module; hides the children, on which ptflops would leave hooks."""

    def __init__(self, module: nn.Module, example: Sequence[Any]) -> None:
        super().__init__()
        self.call = lambda: module(*example)

    def forward(self) -> Any:
        with _Beside():
            return self.call()


class _Beside(TorchDispatchMode):
    """Counts what the counters around it do not: products with vectors, sparse products, sums along edges.

    Attributes
    ----------
    flops : operations that neither counter knows
    biases : additions of biases, one for each value that has one added
    biases_of_ptflops : those that ptflops has counted, as a multiplication and an addition each
    strange : names of operators that nothing here counts
    """

    def __init__(self) -> None:
        super().__init__()
        self.flops = self.biases = self.biases_of_ptflops = 0
        self.strange: set[str] = set()
        self._product: Any = None
        self._exponentials: Any = None

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func._overloadpacket.__name__
        product = _sparse_product(name, args)
        if product is not None:
            self.flops += product
            with unwatched():  # the counters would take it for dense
                return func(*args, **(kwargs or {}))
        strange = _strange(func.namespace, name, args)
        if strange:
            self.strange.add(strange)
        if name.rstrip("_") in _SUMS and args[3] is not self._exponentials:
            self.flops += _sum_along_edges(args)
        result = func(*args, **(kwargs or {}))
        if name.rstrip("_") in _PRODUCTS and not strange:
            self.flops += 2 * int(_PRODUCTS[name.rstrip("_")](args, result))
        self._note_biases(name.rstrip("_"), args, kwargs or {}, result)
        if name.rstrip("_") == "exp":  # what a softmax over edges sums up next
            self._exponentials = result
        return result

    def _note_biases(self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any], result: Any) -> None:
        """Count what a product adds by itself, and what is added to its result right after it."""
        if name in _BIASED:
            bias = args[_BIASED[name]] if len(args) > _BIASED[name] else None
            size = result.numel() if bias is not None else 0
            self.biases += size if kwargs.get("beta", 1) else 0
            self.biases_of_ptflops += size if name in ("addmm", "convolution", "_convolution") else 0
        elif name == "add" and self._product is not None:
            biases = [each for each in args[:2] if _is_bias(each)]
            if biases and any(each is not biases[0] and _is_of(each, self._product) for each in args[:2]):
                self.biases += result.numel()
        if name in (*_BY_COUNTERS, *_PRODUCTS, *_BIASED) or (
            self._product is not None and _is_of(result, self._product)
        ):
            self._product = result if isinstance(result, torch.Tensor) else None
        elif name not in ("t", "view", "detach"):
            self._product = None


def _is_bias(value: Any) -> bool:
    """Whether a value is learnt and has one number for every place of a single axis, wherever that axis stands."""
    return isinstance(value, nn.Parameter) and value.ndim > 0 and value.numel() == max(value.shape)


def _is_of(value: Any, product: torch.Tensor) -> bool:
    """Whether a value is a product, or a view of it."""
    same = isinstance(value, torch.Tensor) and value.layout == product.layout == torch.strided
    return same and value.untyped_storage().data_ptr() == product.untyped_storage().data_ptr()


def _sparse_product(name: str, args: Sequence[Any]) -> int | None:
    if name not in _SPARSE_PRODUCTS:
        return None
    left, right = args[_SPARSE_PRODUCTS[name] :][:2]
    if left.layout in _COMPRESSED and right.layout == torch.strided:
        return 2 * n_stored(left) * (right.shape[1] if right.ndim == 2 else 1)
    if left.layout == torch.strided and right.layout in _COMPRESSED:
        return 2 * n_stored(right) * int(left.shape[0])
    return None


def _sum_along_edges(args: Sequence[Any]) -> int:
    messages, reduction = args[3], args[4] if len(args) > 4 else "sum"
    is_feature = messages.ndim > 1 and messages.is_floating_point()
    return 2 * int(messages.numel()) if is_feature and reduction in ("sum", "mean") else 0


def _strange(namespace: str, name: str, args: Sequence[Any]) -> str | None:
    """How an operator is called that multiplies in a way that nothing here counts; None for all others."""
    tensors = [value for value in args if isinstance(value, torch.Tensor)]
    bare = name.rstrip("_")
    if "mm" in name or "conv" in name or bare in _PRODUCTS:
        if any(value.is_complex() for value in tensors):
            return f"{name} of complex numbers"
        if any(value.layout != torch.strided for value in tensors):
            return name
    if namespace not in _NAMESPACES:
        return f"{namespace}::{name}"
    unknown = "mm" in name and bare not in (*_BY_COUNTERS, *_PRODUCTS)
    return name if unknown or (name not in _ELEMENTWISE and any(part in name for part in _UNCOUNTABLE)) else None


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
