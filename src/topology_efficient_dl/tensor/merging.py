"""A network as it is deployed: normalisations folded into the layers before them, consecutive maps multiplied out.

Nothing here changes what a network computes, only how many operations it takes: what is not known to stay the same is
left as it is, and named. A dense network gains too, so a comparison merges both.
"""

from __future__ import annotations

import copy
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn

from topology_efficient_dl.tensor.example import answers, difference
from topology_efficient_dl.tensor.plain import (
    code_of_its_own,
    copied,
    is_of_the_package,
    why_not_plain,
)
from topology_efficient_dl.tensor.tracing import (
    Untraceable,
    Uses,
    layer_of,
    trace,
)

_NORM_OF: dict[type[nn.Module], tuple[type[nn.Module], ...]] = {
    nn.BatchNorm1d: (nn.Conv1d, nn.Linear),
    nn.BatchNorm2d: (nn.Conv2d,),
}
"""By normalisation, the layers whose outputs it may scale."""

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d)
_FRESH = (*_CONVOLUTIONS, nn.Linear, *_NORM_OF)
"""Layers whose result is a new tensor."""

_MOST_UNDONE = 100.0
"""Largest offset of a folded linear layer, in units of its scale, that can be taken back in single precision."""


@dataclass(frozen=True, eq=False)
class Merged:
    """A merged network, and what was left as it was.

    Attributes
    ----------
    network : in evaluation mode
    left : by name, why a normalisation was not folded; by the empty name, why the network is a mere copy
    """

    network: nn.Module
    left: dict[str, str]


def merged(network: nn.Module, example: Any = None) -> nn.Module:
    """A copy in evaluation mode that computes the same with fewer operations: the network of `merge`.

    Examples
    --------
    >>> dense = nn.Sequential(nn.Conv1d(2, 3, 5, bias=False), nn.BatchNorm1d(3), nn.ReLU())
    >>> [type(layer).__name__ for layer in merged(dense, torch.zeros(1, 2, 9)).children()]
    ['Conv1d', 'ReLU']
    """
    return merge(network, example).network


def merge(network: nn.Module, example: Any = None) -> Merged:
    """Fold and multiply out what can be, in a copy in evaluation mode.

    - Batch normalisation is folded into the convolution or linear layer before it; after a concatenation, into each of
      the convolutions that were concatenated.
    - A 1x1 convolution and the convolution after it, with nothing between, become one where that takes no more
      multiplications.
    - ReLU writes over what it reads where nothing else reads that.

    Layers are plain ones of torch (or say how they are rebuilt), without hooks or computed weights, called once, and
    alone in having their weights. A network that `torch.fx` cannot trace for every call (see `trace`) is copied as it
    is.

    No trace shows all that Python code may do with its inputs. So without an example only networks are merged whose
    code is known, torch's layers and those of this package.

    Parameters
    ----------
    network : left as it is
    example : one input, or the tuple of its arguments. The copy has to answer it as the network does, up to rounding
        and in the same form; where it does not, nothing is merged

    Raises
    ------
    ParameterError : the network cannot be copied

    Examples
    --------
    >>> conv = nn.Conv1d(2, 3, 5)
    >>> hook = conv.register_forward_hook(lambda layer, given, found: 2 * found)
    >>> merge(nn.Sequential(conv, nn.BatchNorm1d(3)), torch.zeros(1, 2, 9)).left
    {'1': 'of 0: it has hooks'}
    """
    if any(isinstance(part, torch.jit.ScriptModule) for part in network.modules()):
        return Merged(copy.deepcopy(network).eval(), {"": str(code_of_its_own(network))})
    own = code_of_its_own(network) if example is None else None
    if own:
        return Merged(
            copied(network).eval(), {"": f"{own}; give `example` to have the merged network compared with it"}
        )
    try:
        made, left = _merged(network, batched=example is not None or is_of_the_package(network))
    except Untraceable as reason:
        return Merged(copied(network).eval(), {"": str(reason)})
    if example is None:
        return Merged(made, left)
    plain = copied(network).eval()
    otherwise = _why_not_same(copied(network).eval(), made, example)
    return Merged(plain, left | {"": otherwise}) if otherwise else Merged(made, left)


def _merged(network: nn.Module, batched: bool) -> tuple[nn.Module, dict[str, str]]:
    traced = trace(copied(network).eval())
    with torch.no_grad():
        left = _fold_norms(traced, batched)
        _multiply_out(traced)
    _write_over(traced)
    traced.delete_all_unused_submodules()
    traced.recompile()
    return traced.eval(), left


def _why_not_same(plain: nn.Module, made: nn.Module, example: Any) -> str | None:
    """Why a merged network does not stand for a network; None where two calls in a row are answered alike."""
    for _ in range(2):  # what a call leaves behind shows in the next one
        expected = answers(plain, example)
        try:
            found = answers(made, example)
        except Exception as error:  # noqa: BLE001  # whatever a course that was traced without values meets
            return f"merged, it fails on the example: {type(error).__name__}: {str(error)[:120]}"
        gap = difference(expected, found)
        if not gap <= 1.0:
            return f"merged, it answers the example otherwise, {gap:.1e} times what rounding explains"
    return None


class FoldedLinear(nn.Linear):
    """A linear layer with the batch normalisation behind it folded in.

    Of vectors (n, features) the normalisation scales the features; of sequences (n, tokens, features) it scales the
    tokens, so there the folding is taken back.
    """

    def __init__(self, layer: nn.Linear, scale: Tensor, shift: Tensor) -> None:
        super().__init__(layer.in_features, layer.out_features, device="meta")
        self.weight, self.bias = layer.weight, layer.bias
        self.register_buffer("scale", scale, persistent=False)
        self.register_buffer("shift", shift, persistent=False)

    def forward(self, input: Tensor) -> Tensor:
        """(n, in_features) -> (n, out_features), or (n, tokens, in_features) -> (n, tokens, out_features)."""
        found = super().forward(input)
        if found.dim() != 3:
            return found
        scale, shift = self.get_buffer("scale"), self.get_buffer("shift")
        return (found - shift) / scale * scale[:, None] + shift[:, None]


def _read(node: Any) -> Any:
    """The one value that a call of a layer reads; None if there are more."""
    given = [*node.args, *node.kwargs.values()]
    return given[0] if len(given) == 1 and isinstance(given[0], fx.Node) else None


def _fold_norms(traced: fx.GraphModule, batched: bool) -> dict[str, str]:
    """Fold what can be; by name, why other normalisations could not."""
    left = {}
    for node in list(traced.graph.nodes):
        norm: Any = layer_of(traced, node)
        if not isinstance(norm, nn.modules.batchnorm._BatchNorm):
            continue
        reason = _fold(traced, node, norm, batched)
        if reason:
            left[str(node.target)] = reason
    return left


def _fold(traced: fx.GraphModule, node: fx.Node, norm: Any, batched: bool) -> str | None:
    """Fold a normalisation into what it reads; why not, where it cannot be.

    Of one series without a batch, (channels, time), a normalisation behind a convolution scales the times.
    """
    before = _read(node)
    if type(norm) not in _NORM_OF or norm.running_mean is None or norm.training or before is None:
        return "it is no batch normalisation by running statistics of one input"
    reason = why_not_plain(norm, computed=False)
    if reason:
        return reason
    parts = _concatenated(before)
    if len(set(parts)) < len(parts) or any(len(each.users) != 1 for each in (before, *parts)):
        return "what it reads is read elsewhere too"
    uses = Uses(traced)
    for part in parts:
        reason = uses.why_not_alone(part)
        if reason:
            return f"of {part.target}: {reason}"
    layers: list[Any] = [layer_of(traced, part) for part in parts]
    kinds = _NORM_OF[type(norm)] if len(layers) == 1 else (_NORM_OF[type(norm)][0],)
    fitting = all(
        isinstance(layer, kinds) and _read(part) is not None for layer, part in zip(layers, parts, strict=True)
    )
    if not fitting or sum(map(_outputs, layers)) != norm.num_features:
        return "it is not over the outputs of convolutions or of a linear layer"
    if not batched and isinstance(layers[0], nn.Conv1d):
        return "it may read one series without a batch, and would scale its times; give `example`"
    if {layer.weight.dtype for layer in layers} != {norm.running_mean.dtype}:
        return "its statistics are of another precision than the weights before it"
    return _fold_into(traced, node, parts, *_affine(norm))


def _fold_into(
    traced: fx.GraphModule, node: fx.Node, parts: Sequence[fx.Node], scale: Tensor, shift: Tensor
) -> str | None:
    layers: list[Any] = [layer_of(traced, part) for part in parts]
    of_vectors = isinstance(layers[0], nn.Linear)
    if of_vectors and not bool(((shift / scale).abs() <= _MOST_UNDONE).all()):
        return "its scales are too small to take back, if the linear layer before it should read sequences"
    widths = [_outputs(layer) for layer in layers]
    for layer, factor, offset in zip(layers, scale.split(widths), shift.split(widths), strict=True):
        _scale(layer, factor, offset)
    if of_vectors:
        dtype = layers[0].weight.dtype
        traced.add_submodule(str(parts[0].target), FoldedLinear(layers[0], scale.to(dtype), shift.to(dtype)))
    node.replace_all_uses_with(node.all_input_nodes[0])
    traced.graph.erase_node(node)
    return None


def _concatenated(node: fx.Node) -> Sequence[fx.Node]:
    """What is concatenated along channels; the node itself if nothing is."""
    if node.op == "call_function" and node.target is torch.cat and not set(node.kwargs) - {"dim", "tensors"}:
        axis = node.kwargs.get("dim", node.args[1] if len(node.args) > 1 else 0)
        parts: Any = node.args[0] if node.args else node.kwargs["tensors"]
        if axis == 1 and isinstance(parts, list | tuple):
            return list(parts)
    return [node]


def _outputs(layer: Any) -> int:
    found: int = layer.out_features if isinstance(layer, nn.Linear) else layer.out_channels
    return found


def _affine(norm: Any) -> tuple[Tensor, Tensor]:
    """Batch normalisation in evaluation as ``scale * x + shift``, at least in single precision."""
    mean, variance, weight, bias = map(_at_least_single, (norm.running_mean, norm.running_var, norm.weight, norm.bias))
    scale = torch.rsqrt(variance + norm.eps)
    if weight is not None:
        scale = scale * weight
    shift = -mean * scale
    return scale, shift if bias is None else shift + bias


def _at_least_single(weight: Any) -> Any:
    return weight.float() if weight is not None and weight.dtype in (torch.float16, torch.bfloat16) else weight


def _scale(layer: Any, factor: Tensor, offset: Tensor) -> None:
    """Multiply what a layer gives by a factor and add an offset, both (outputs,)."""
    weight, bias = _at_least_single(layer.weight), _at_least_single(layer.bias)
    _set(layer, "weight", weight * factor.reshape(-1, *[1] * (weight.ndim - 1)))
    _set(layer, "bias", offset.clone() if bias is None else bias * factor + offset)


def _set(layer: Any, name: str, values: Tensor) -> None:
    """Give a layer another weight, of the dtype that it had, which is learnt if its weights were."""
    like: Tensor = layer.weight
    setattr(layer, name, nn.Parameter(values.to(like.dtype).contiguous(), requires_grad=like.requires_grad))


def _multiply_out(traced: fx.GraphModule) -> None:
    """Make one of 1x1 convolutions and what reads them, as long as there are any."""
    while any(_merge_at(traced, node) for node in list(traced.graph.nodes)):
        pass


def _merge_at(traced: fx.GraphModule, node: fx.Node) -> bool:
    """Make one of a 1x1 convolution and all convolutions that read it, where that takes no more multiplications."""
    first: Any = layer_of(traced, node)
    if not _is_pointwise(first):
        return False
    users = list(node.users)
    seconds = [layer_of(traced, user) for user in users]
    if not users or not all(_reads_pointwise(first, second) for second in seconds):
        return False
    uses = Uses(traced)
    before = _read(node)
    if before is None or any(uses.why_not_alone(each) or _read(each) is None for each in (node, *users)):
        return False
    if sum(_merged_cost(first, second) for second in seconds) > _cost(first) + sum(map(_cost, seconds)):
        return False
    for user, second in zip(users, seconds, strict=True):
        _absorb(first, second)
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


def _reads_pointwise(first: Any, layer: Any) -> bool:
    """A plain convolution without groups: what its class adds could not be kept when its channels change."""
    if type(layer) not in _CONVOLUTIONS or layer.groups != 1 or layer.weight.dtype != first.weight.dtype:
        return False
    return first.bias is None or _no_padding(layer)


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
    outer, inner, bias = map(_at_least_single, (second.weight, first.weight, second.bias))
    if first.bias is not None:
        extra = torch.einsum("om...,m->o", outer, _at_least_single(first.bias))
        bias = extra if bias is None else bias + extra
    _set(second, "weight", torch.einsum("om...,mi->oi...", outer, inner.flatten(1)))
    if bias is not None:
        _set(second, "bias", bias)
    second.in_channels = first.in_channels


def _write_over(traced: fx.GraphModule) -> None:
    """Let ReLU work in place where every call of it reads a result of its own that nothing else reads."""
    nodes = [node for node in traced.graph.nodes if _is_relu(traced, node)]
    unsafe = {str(node.target) for node in nodes if not _overwritable(traced, node)}
    for node in nodes:
        layer: Any = layer_of(traced, node)
        layer.inplace = str(node.target) not in unsafe or layer.inplace


def _is_relu(traced: fx.GraphModule, node: fx.Node) -> bool:
    layer = layer_of(traced, node)
    return type(layer) is nn.ReLU and why_not_plain(layer) is None


def _overwritable(traced: fx.GraphModule, node: fx.Node) -> bool:
    before: Any = _read(node)
    if before is None or len(before.users) != 1:
        return False
    if before.op == "call_function":
        return before.target in (torch.cat, torch.add, operator.add) and "out" not in before.kwargs
    layer = layer_of(traced, before)
    return isinstance(layer, _FRESH) and why_not_plain(layer) is None
