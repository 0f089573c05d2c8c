"""What a network answers, compared before and after it was changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from topology_efficient_dl.common.torch_internals import TreeSpec, tree_flatten
from topology_efficient_dl.errors import ParameterError

TOLERANCE = {torch.float16: 2e-2, torch.bfloat16: 1e-1, torch.float32: 1e-4, torch.float64: 1e-9}
"""Largest difference of two answers, as a share of the largest number in the first, that rounding may explain."""


def answers(network: Callable[..., Any], example: Any) -> list[Any]:
    """The tensors, and whatever else, that a network gives of an example: one input, or the tuple of its arguments.

    Where that is more than one tensor, the form that it has (tuple, dict, OrderedDict) is the first of the answers.
    An argument that is given twice is one tensor for the network too.
    """
    args = example if isinstance(example, tuple) else (example,)
    with torch.no_grad():
        leaves, form = tree_flatten(network(*_clones(args)))
    return leaves if form.is_leaf() else [form, *leaves]


def _clones(args: tuple[Any, ...]) -> list[Any]:
    made = {id(each): each.clone() for each in args if isinstance(each, Tensor)}
    return [made.get(id(each), each) for each in args]


def difference(first: list[Any], second: list[Any]) -> float:
    """Largest difference of two lists of answers as a share of what `TOLERANCE` allows; infinite if their form differs.

    Examples
    --------
    >>> difference([torch.ones(2)], [torch.ones(2)]), difference([torch.ones(2)], [torch.ones(3)])
    (0.0, inf)
    """
    if _form(first) != _form(second):
        return float("inf")
    worst = 0.0
    for one, other in zip(first, second, strict=True):
        if isinstance(one, Tensor) and one.numel():
            one_, other_ = one.detach().to(torch.complex128), other.detach().to(torch.complex128)
            largest = max(float(one_.abs().nan_to_num(0.0, 0.0).max()), 1e-30)
            same = torch.isclose(one_, other_, rtol=0.0, atol=0.0, equal_nan=True)
            gap = torch.where(same, 0.0, (one_ - other_).abs()).nan_to_num(torch.inf)
            worst = max(worst, float(gap.max()) / largest / TOLERANCE.get(one.dtype, 1e-4))
    return worst


def check_call(dense: nn.Module, made: nn.Module, example: Any) -> None:
    """Refuse a network that does not answer an example in the form in which the dense one does.

    Raises
    ------
    ParameterError : it fails, or answers in another form
    """
    expected = answers(dense, example)
    try:
        found = answers(made, example)
    except Exception as error:  # whatever a network of someone's own meets, it is to be told now
        raise ParameterError(
            f"the compressed network fails on the example: {type(error).__name__}: {error}. Name fewer layers"
        ) from error
    if _form(expected) != _form(found):
        raise ParameterError(
            f"the compressed network answers the example with {_form(found)}, the dense one with {_form(expected)}. "
            "Name fewer layers"
        )


def _form(found: list[Any]) -> list[str]:
    return [_form_of(each) for each in found]


def _form_of(value: Any) -> str:
    if not isinstance(value, Tensor):
        return str(value) if isinstance(value, TreeSpec) else repr(value)
    kind = "" if type(value) in (Tensor, nn.Parameter) else f"{type(value).__name__} "
    return f"{kind}{value.dtype} {tuple(value.shape)}"
