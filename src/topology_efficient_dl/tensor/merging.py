"""A network as it is deployed: normalisations folded into the layers before them, consecutive maps multiplied out.

Nothing here changes what a network computes, only how many operations it takes. A dense network gains too, so a
comparison merges both.
"""

from __future__ import annotations

import copy
import operator
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, fx, nn

from topology_efficient_dl.tensor.attention import OpenAttention
from topology_efficient_dl.tensor.linear import TTLinear, TuckerLinear
from topology_efficient_dl.tensor.recurrent import NarrowedGRU, OpenGRU

Convolution = nn.Conv1d | nn.Conv2d
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d)
_WHOLE = (TTLinear, TuckerLinear, OpenAttention, OpenGRU, NarrowedGRU)
"""Layers of this room whose course depends on shapes; there is nothing in them to merge."""


class _Tracer(fx.Tracer):
    """Takes every layer with weights whole, those of classes of their own too."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, (*_CONVOLUTIONS, nn.Linear, *_WHOLE)) or super().is_leaf_module(m, module_qualified_name)


def merged(network: nn.Module) -> nn.Module:
    """A copy in evaluation mode that computes the same with fewer operations.

    - Batch normalisation is folded into the convolution or linear layer before it; after a concatenation, into each of
      the layers that were concatenated.
    - A 1x1 convolution and the convolution after it, with nothing between, become one where that takes no more
      multiplications.
    - ReLU writes over what it reads where nothing else reads that.

    A network that `torch.fx` cannot trace, because its course depends on values, is copied as it is.

    Parameters
    ----------
    network : left as it is

    Examples
    --------
    >>> dense = nn.Sequential(nn.Conv1d(2, 3, 5, bias=False), nn.BatchNorm1d(3), nn.ReLU())
    >>> [type(layer).__name__ for layer in merged(dense).children()]
    ['Conv1d', 'ReLU']
    """
    made = copy.deepcopy(network).eval()
    traced = trace(made)
    if traced is None:
        return made
    with torch.no_grad():
        _fold_norms(traced)
        _multiply_out(traced)
    _write_over(traced)
    traced.graph.eliminate_dead_code()
    traced.delete_all_unused_submodules()
    traced.recompile()
    return traced.eval()


def trace(network: nn.Module) -> fx.GraphModule | None:
    """The course of a network as a graph over its own layers; None where it depends on values."""
    try:
        return fx.GraphModule(network, _Tracer().trace(network))
    except (fx.proxy.TraceError, TypeError, ValueError, RuntimeError):
        return None


def _layer(traced: fx.GraphModule, node: Any) -> nn.Module | None:
    if not isinstance(node, fx.Node) or node.op != "call_module":
        return None
    return traced.get_submodule(str(node.target))


def _used_once(node: fx.Node) -> bool:
    return len(node.users) == 1


def _fold_norms(traced: fx.GraphModule) -> None:
    for node in list(traced.graph.nodes):
        norm = _layer(traced, node)
        if not isinstance(norm, _NORMS) or norm.running_mean is None:
            continue
        before = node.args[0]
        parts = _concatenated(before)
        layers = [_layer(traced, part) for part in parts]
        foldable = all(_used_once(part) and _folds(layer) for part, layer in zip(parts, layers, strict=True))
        if not foldable or (before is not parts[0] and not _used_once(before)) or _shared(traced, parts):
            continue
        widths = [_outputs(layer) for layer in layers]
        scale, shift = _affine(norm)
        for layer, factor, offset in zip(layers, scale.split(widths), shift.split(widths), strict=True):
            _scale(layer, factor, offset)
        node.replace_all_uses_with(before)
        traced.graph.erase_node(node)


def _concatenated(node: fx.Node) -> Sequence[fx.Node]:
    """What is concatenated along channels; the node itself if nothing is."""
    if node.op == "call_function" and node.target is torch.cat:
        axis = node.kwargs.get("dim", node.args[1] if len(node.args) > 1 else 0)
        if axis == 1:
            parts: Any = node.args[0]
            return list(parts)
    return [node]


def _folds(layer: nn.Module | None) -> bool:
    return isinstance(layer, (*_CONVOLUTIONS, nn.Linear))


def _shared(traced: fx.GraphModule, nodes: Sequence[fx.Node]) -> bool:
    """Whether a layer is called in several places, so that changing it here would change it there."""
    targets = [node.target for node in traced.graph.nodes if node.op == "call_module"]
    return any(targets.count(node.target) > 1 for node in nodes)


def _outputs(layer: Any) -> int:
    found: int = layer.out_features if isinstance(layer, nn.Linear) else layer.out_channels
    return found


def _affine(norm: Any) -> tuple[Tensor, Tensor]:
    """Batch normalisation in evaluation as ``scale * x + shift``."""
    scale = torch.rsqrt(norm.running_var + norm.eps)
    if norm.weight is not None:
        scale = scale * norm.weight
    shift = -norm.running_mean * scale
    return scale, shift if norm.bias is None else shift + norm.bias


def _scale(layer: Any, factor: Tensor, offset: Tensor) -> None:
    """Multiply what a layer gives by a factor and add an offset, both (outputs,)."""
    layer.weight.mul_(factor.reshape(-1, *[1] * (layer.weight.ndim - 1)))
    bias = offset if layer.bias is None else layer.bias * factor + offset
    layer.bias = nn.Parameter(bias.clone())


def _multiply_out(traced: fx.GraphModule) -> None:
    changed = True
    while changed:
        changed = any(_merge_at(traced, node) for node in list(traced.graph.nodes))


def _merge_at(traced: fx.GraphModule, node: fx.Node) -> bool:
    """Make one of a 1x1 convolution and all convolutions that read it, where that takes no more multiplications."""
    first: Any = _layer(traced, node)
    if not _is_pointwise(first) or _shared(traced, [node]):
        return False
    users = list(node.users)
    seconds = [_layer(traced, user) for user in users]
    readable = all(_reads_pointwise(second) and (first.bias is None or _no_padding(second)) for second in seconds)
    if not users or not readable or _shared(traced, users):
        return False
    if sum(_merged_cost(first, second) for second in seconds) > _cost(first) + sum(map(_cost, seconds)):
        return False
    for user, second in zip(users, seconds, strict=True):
        _absorb(first, second)
        before: Any = node.args[0]
        user.replace_input_with(node, before)
    traced.graph.erase_node(node)
    return True


def _is_pointwise(layer: Any) -> bool:
    if not isinstance(layer, _CONVOLUTIONS) or layer.groups != 1:
        return False
    return set(layer.kernel_size) == {1} and set(layer.stride) == {1} and _no_padding(layer)


def _no_padding(layer: Any) -> bool:
    """Whether nothing is added before it reads; a 1x1 kernel adds nothing whatever its padding is called."""
    if isinstance(layer.padding, str):
        return layer.padding == "valid" or set(layer.kernel_size) == {1}
    return set(layer.padding) == {0}


def _reads_pointwise(layer: Any) -> bool:
    """A plain convolution without groups: what its class adds could not be kept when its channels change."""
    return type(layer) in _CONVOLUTIONS and layer.groups == 1


def _cost(layer: Any) -> int:
    """Multiplications per position."""
    return int(layer.weight.numel())


def _merged_cost(first: Any, second: Any) -> int:
    return _cost(second) // int(second.in_channels) * int(first.in_channels)


def _absorb(first: Any, second: Any) -> None:
    """Make the second convolution read what the first one reads.

    A bias of the first one is a constant that the second one sees wherever it is not padded; it can be moved through
    only where there is no padding.
    """
    weight = torch.einsum("om...,mi->oi...", second.weight, first.weight.flatten(1))
    if first.bias is not None:
        extra = torch.einsum("om...,m->o", second.weight, first.bias)
        second.bias = nn.Parameter(extra if second.bias is None else second.bias + extra)
    second.weight = nn.Parameter(weight.contiguous())
    second.in_channels = first.in_channels


def _write_over(traced: fx.GraphModule) -> None:
    """Let ReLU work in place where every call of it reads a result of its own that nothing else reads."""
    unsafe = {
        str(node.target) for node in traced.graph.nodes if _is_relu(traced, node) and not _overwritable(traced, node)
    }
    for node in traced.graph.nodes:
        layer: Any = _layer(traced, node)
        if _is_relu(traced, node) and str(node.target) not in unsafe:
            layer.inplace = True


def _is_relu(traced: fx.GraphModule, node: fx.Node) -> bool:
    return isinstance(_layer(traced, node), nn.ReLU)


def _overwritable(traced: fx.GraphModule, node: fx.Node) -> bool:
    before: Any = node.args[0]
    if not _used_once(before):
        return False
    if before.op == "call_function":
        return before.target in (torch.cat, torch.add, operator.add)
    return isinstance(_layer(traced, before), (*_CONVOLUTIONS, nn.Linear, *_NORMS))
