"""The course of a network as a graph over its own layers, where it is the same for every input."""

from __future__ import annotations

import inspect
import os
import random
import sys
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor, fx, nn
from torch.nn.utils import parametrize

from topology_efficient_dl.common.torch_internals import n_writes
from topology_efficient_dl.tensor.attention import OpenAttention, OpenEncoder
from topology_efficient_dl.tensor.linear import TTLinear, TuckerLinear
from topology_efficient_dl.tensor.plain import has_hooks, why_not_plain, why_shared
from topology_efficient_dl.tensor.recurrent import NarrowedGRU, OpenGRU

_WITH_WEIGHTS = (nn.Conv1d, nn.Conv2d, nn.Linear)
_WHOLE = (TTLinear, TuckerLinear, OpenAttention, OpenEncoder, OpenGRU, NarrowedGRU)
"""Layers of this room whose course depends on shapes; there is nothing in them to merge."""

_TORCH = os.path.dirname(torch.__file__) + os.sep
_ASKS_FOR_OTHERS = ("is_tensor",)
"""Functions of torch that ask for a type on behalf of their caller."""


class Untraceable(Exception):
    """Why a graph would not stand for every call of a network."""


class _Value(fx.Proxy):
    """A value of the traced course, which notes whether the network's own code asks for its type."""

    @property  # type: ignore[misc]  # torch.Tensor itself, and Python's mocks, have such a property
    def __class__(self) -> type:
        frame = sys._getframe(1)
        while frame.f_back is not None and frame.f_code.co_filename.endswith(("abc>", "typing.py", "abc.py")):
            frame = frame.f_back
        if frame.f_code.co_name in _ASKS_FOR_OTHERS or not frame.f_code.co_filename.startswith(_TORCH):
            tracer: Any = self.tracer
            tracer.asks_for_types = True
        return type(self)


class _Tracer(fx.Tracer):
    """Takes every layer with weights whole, and those with hooks and computed weights too, which a graph would lose."""

    asks_for_types = False
    changes_modes = False

    def __init__(self) -> None:
        super().__init__()
        self._modes = _modes()

    def create_node(self, *args: Any, **kwargs: Any) -> fx.Node:
        self.changes_modes |= _modes() != self._modes
        return super().create_node(*args, **kwargs)

    def proxy(self, node: fx.Node) -> fx.Proxy:
        return _Value(node, self)

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        whole = isinstance(m, (*_WITH_WEIGHTS, *_WHOLE)) or has_hooks(m) or parametrize.is_parametrized(m)
        return whole or super().is_leaf_module(m, module_qualified_name)


def trace(network: nn.Module) -> fx.GraphModule:
    """The course of a network as a graph over its own layers, which are not copied.

    Parameters
    ----------
    network : in evaluation mode; tracing may leave marks on it, so give a copy

    Raises
    ------
    Untraceable : `torch.fx` cannot follow it, or what it follows is not all: hooks on the network itself, arguments
        that may be left out, types that are asked for, attributes that are set, random numbers or other tensors that
        are made
    """
    if has_hooks(network) or "forward" in vars(network):
        raise Untraceable("the network itself has hooks")
    optional = [each.name for each in _arguments(network) if each.default is not each.empty or each.kind in _OPEN_ENDED]
    if optional:
        raise Untraceable(f"its forward has arguments that may be left out ({', '.join(optional)})")
    tracer, before, chance = _Tracer(), _state(network), _chance()
    try:
        graph = tracer.trace(network)
        drew = repr(chance) != repr(_chance())
    except Exception as error:  # whatever a forward of someone's own does with a value that is none
        raise Untraceable(f"torch.fx cannot follow it: {type(error).__name__}: {str(error)[:120]}") from error
    finally:
        torch.set_rng_state(torch.frombuffer(bytearray(chance[0]), dtype=torch.uint8))
        random.setstate(chance[1])
        np.random.set_state(chance[2])  # noqa: NPY002  # others may use it
    made = [node for node in graph.nodes if node.op == "get_attr" and str(node.target).startswith("_tensor_constant")]
    if drew or made:
        raise Untraceable("its forward draws random numbers" if drew else "its forward makes tensors of its own")
    if tracer.asks_for_types:
        raise Untraceable("its forward asks for types of its values")
    if tracer.changes_modes:
        raise Untraceable("its forward changes how torch computes (no_grad, autocast)")
    if _state(network) != before:
        raise Untraceable("its forward sets attributes")
    return fx.GraphModule(network, graph)


def _modes() -> list[bool]:
    return [torch.is_grad_enabled(), *map(torch.is_autocast_enabled, ("cpu", "cuda"))]


def _chance() -> tuple[bytes, Any, Any]:
    """Where the generators of torch, Python and NumPy stand."""
    kind, keys, *rest = np.random.get_state(legacy=True)  # noqa: NPY002  # others may use it
    return torch.get_rng_state().numpy().tobytes(), random.getstate(), (kind, tuple(map(int, keys)), *rest)


_OPEN_ENDED = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _arguments(network: nn.Module) -> Iterable[inspect.Parameter]:
    return list(inspect.signature(type(network).forward).parameters.values())[1:]


def _state(network: nn.Module) -> list[Any]:
    """What a forward may leave behind: attributes, and how often weights and buffers were written."""
    found: list[Any] = []
    for module in network.modules():
        found += [(name, id(value), _size(value)) for name, value in vars(module).items()]
        tensors = (*module.parameters(recurse=False), *module.buffers(recurse=False))
        found += [(id(each), n_writes(each)) for each in tensors if not each.is_inference()]
    return found


def _size(value: Any) -> int:
    return len(value) if isinstance(value, list | dict | set) and not isinstance(value, Tensor) else 0


def layer_of(traced: fx.GraphModule, node: Any) -> nn.Module | None:
    """The layer that a node calls; None where it calls none."""
    if not isinstance(node, fx.Node) or node.op != "call_module":
        return None
    return traced.get_submodule(str(node.target))


class Uses:
    """What else has a part in a layer, by the course of the network and by its weights."""

    def __init__(self, traced: fx.GraphModule) -> None:
        self.traced = traced
        self.calls = [str(node.target) for node in traced.graph.nodes if node.op == "call_module"]
        self.reads = {str(node.target).rpartition(".")[0] for node in traced.graph.nodes if node.op == "get_attr"}
        self.shared = why_shared(traced)

    def why_not_alone(self, node: fx.Node) -> str | None:
        """Why a layer that is called at a node cannot be changed there; None where it can."""
        layer, name = layer_of(self.traced, node), str(node.target)
        if layer is None:
            return "it is no layer"
        if self.calls.count(name) > 1:
            return "it is called more than once"
        if name in self.reads:
            return "its weights are read elsewhere"
        return self.shared.get(id(layer)) or why_not_plain(layer, computed=False)
