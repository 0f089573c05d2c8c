"""Which layers may be taken apart: those that compute what torch's class does, with weights that nothing else has.

A factorised or folded layer keeps weights and shape. What a subclass adds, a hook, or a second owner of a weight would
be lost without a word, so that such layers are left as they are, and the reason is named.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.nn.utils import parametrize
from torch.nn.utils.prune import BasePruningMethod
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm

from topology_efficient_dl.common.torch_internals import forward_pre_hooks, hooked_weight_name
from topology_efficient_dl.errors import ParameterError

DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)

_DERIVING = (WeightNorm, SpectralNorm, BasePruningMethod)
"""Hooks that compute a weight from others before every call; between calls the weight may be stale."""

_HOOKS = ("_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks", "_backward_hooks")

_HARMLESS = {"__init__", "__module__", "__doc__", "__repr__", "__annotations__", "extra_repr", "reset_parameters"}
"""What a subclass may define without computing anything else."""

_WEIGHTED = (nn.Linear, nn.modules.conv._ConvNd)

_PACKAGE = __name__.partition(".")[0]

_OF_TORCH = {"_parameters", "_buffers", "_modules", "parametrizations"}


@runtime_checkable
class Rebuildable(Protocol):
    """A convolution of a class of its own, which says how to build another one with other channels."""

    def with_channels(self, in_channels: int, out_channels: int, groups: int, bias: bool) -> nn.Module:
        """The same in all but channels, groups and bias; fresh weights on the same device and of the same dtype."""
        ...


def kind_of(layer: Any) -> type[Any]:
    """The class of torch's own that a layer is of, or that its class is made of.

    Examples
    --------
    >>> class Named(nn.Linear): pass
    >>> kind_of(Named(2, 2)).__name__
    'Linear'
    """
    return next(each for each in type(layer).__mro__ if _is_torchs(each))


def why_not_plain(layer: Any, *, computed: bool = True, beside: nn.Module | None = None) -> str | None:
    """Why a layer is more than its weights and the shape of its class; None where it is no more.

    Parameters
    ----------
    layer : any module; what is inside it counts too
    computed : weights that are computed from others (weight normalisation, pruning masks) are good enough to be read
    beside : a part that is kept as it is, and so may be of any class

    Examples
    --------
    >>> why_not_plain(nn.Linear(2, 2)) is None
    True
    >>> why_not_plain(nn.Linear(2, 2, dtype=torch.complex64))
    'its weights are complex64'
    """
    reasons = (_why_not(part, computed) for part in _parts(layer) if part is not beside)
    return _why_not_readable(layer) or next(filter(None, reasons), None)


def code_of_its_own(network: nn.Module) -> str | None:
    """Which part of a network is run by code that is neither torch's nor this package's; None where none is.

    Examples
    --------
    >>> code_of_its_own(nn.Sequential(nn.Linear(2, 2))) is None
    True
    """
    for name, module in network.named_modules():
        if _is_parametrization(name):
            continue
        at = name or "the network"
        if isinstance(module, torch.jit.ScriptModule):
            return f"{at} is compiled (a {type(module).__name__})"
        if any(not isinstance(hook, _DERIVING) for kind in _HOOKS for hook in getattr(module, kind).values()):
            return f"{at} has hooks"
        found = _foreign(module)
        if found:
            return f"{at}: its {found} is code of its own"
    return None


def is_of_the_package(module: nn.Module) -> bool:
    """Whether a module is one of the networks or layers of this package."""
    return type(module).__module__.split(".")[0] == _PACKAGE


def _is_parametrization(name: str) -> bool:
    return "parametrizations" in name.split(".")


def _foreign(module: nn.Module) -> str | None:
    """What a class of somebody else's, or the module itself, replaces of what is called."""
    classes = parametrize.type_before_parametrizations(module).__mro__
    if "forward" in vars(module):
        return "forward"
    for place, each in enumerate(classes):
        if each.__module__.startswith("torch.nn.") or each.__module__.split(".")[0] == _PACKAGE:
            continue
        names = set(vars(each)) - _HARMLESS - {"__dict__", "__weakref__"}
        inherited = {name for other in classes[place + 1 :] for name in vars(other)}
        found = sorted(names & inherited, key=lambda name: (name != "forward", name))
        if found and each is not object:
            return found[0]
    return None


def has_hooks(layer: nn.Module) -> bool:
    """Whether calls of a layer do more than its ``forward`` does."""
    return any(getattr(layer, kind) for kind in _HOOKS)


def _parts(layer: nn.Module) -> Iterator[nn.Module]:
    """A layer and what is inside it, but for what computes its weights."""
    yield layer
    for name, child in layer.named_children():
        if name != "parametrizations":
            yield from _parts(child)


def _why_not(layer: Any, computed: bool) -> str | None:
    hooks = [hook for kind in _HOOKS for hook in getattr(layer, kind).values()]
    derives = parametrize.is_parametrized(layer) or any(isinstance(hook, _DERIVING) for hook in hooks)
    if derives and not computed:
        return "its weights are computed from others"
    if not all(isinstance(hook, _DERIVING) for hook in hooks):
        return "it has hooks"
    own = _overridden(layer)
    name = parametrize.type_before_parametrizations(layer).__name__
    return f"its class {name} has a way of its own ({own})" if own else None


def _why_not_readable(layer: nn.Module) -> str | None:
    if any(isinstance(part, _WEIGHTED) and getattr(part, "weight", part) is None for part in layer.modules()):
        return "its weight is None"
    for weight in layer.parameters():
        if is_lazy(weight):
            return "its weights have no shape before a first call (a lazy layer)"
        if weight.is_meta or weight.layout != torch.strided:
            return f"its weights are {'on the meta device' if weight.is_meta else weight.layout}"
        if weight.dtype not in DTYPES:
            return f"its weights are {str(weight.dtype).removeprefix('torch.')}"
        if type(weight) not in (nn.Parameter, Tensor):
            return f"its weights are of class {type(weight).__name__}"
    return None


def _is_torchs(kind: type) -> bool:
    return kind.__module__.startswith(("torch.nn.modules", "torch.nn.parameter"))


def _overridden(layer: Any) -> str | None:
    """The first thing of torch's class that a subclass or the layer itself replaces."""
    kind = kind_of(layer)
    found: list[tuple[int, str]] = [(0, name) for name in vars(layer) if callable(getattr(kind, name, None))]
    classes = parametrize.type_before_parametrizations(layer).__mro__
    for place, each in enumerate(classes[: classes.index(kind)]):
        names = set(vars(each)) - _HARMLESS
        found += [(place, name) for name in sorted(names) if hasattr(kind, name) or name in ("weight", "bias")]
    rebuilt = next((place for place, each in enumerate(classes) if "with_channels" in vars(each)), None)
    if rebuilt is not None:  # it speaks for what its own class and those below it do
        found = [(place, name) for place, name in found if place < rebuilt or name in vars(layer)]
    return min(found)[1] if found else None


def why_shared(network: nn.Module) -> dict[int, str]:
    """By id of a module, why its weights are not its own: another module has one of them, or a plain list the module.

    One module under several names is no such case: it is replaced under all of them.
    """
    owners: dict[int, list[tuple[int, str]]] = {}
    for name, module in network.named_modules():
        for key, weight in module.named_parameters(recurse=False, remove_duplicate=False):
            owners.setdefault(id(weight), []).append((id(module), f"{name}.{key}".lstrip(".")))
    shared = [pairs for pairs in owners.values() if len(pairs) > 1]
    held = set(_held_apart(network))
    found: dict[int, str] = {}
    for module in network.modules():
        inside = {id(part) for part in module.modules()}
        for pairs in shared:
            mine = next((name for owner, name in pairs if owner in inside), None)
            if mine is not None:
                other = next(name for _, name in pairs if name != mine)
                found[id(module)] = f"its {mine.rpartition('.')[2]} is also {other}"
        if inside & held:
            found[id(module)] = "a list or dictionary that is no module holds it too"
    return found


def _held_apart(network: nn.Module) -> Iterator[int]:
    """Modules that attributes refer to past torch's own book-keeping, where a replacement would not be seen."""
    for module in network.modules():
        for name, value in vars(module).items():
            if name in _OF_TORCH:
                continue
            held = value.values() if isinstance(value, dict) else value
            for each in held if isinstance(value, dict | list | tuple | set) else (value,):
                if isinstance(each, nn.Module):
                    yield id(each)


def computed_names(layer: Any) -> list[str]:
    """Names of the weights of a layer that are computed from others, by parametrisations or by hooks."""
    names = list(layer.parametrizations) if parametrize.is_parametrized(layer) else []
    hooks: list[Any] = [hook for hook in forward_pre_hooks(layer) if isinstance(hook, _DERIVING)]
    return names + [hooked_weight_name(hook) for hook in hooks]


def check_network(network: Any) -> None:
    """Refuse what is no network whose layers can be replaced.

    Raises
    ------
    ParameterError : it is no `torch.nn.Module`, or compiled
    """
    if not isinstance(network, nn.Module):
        raise ParameterError(f"network: found {network!r} ({type(network).__name__}), expected a torch.nn.Module")
    for name, module in network.named_modules():
        if isinstance(module, torch.jit.ScriptModule):
            raise ParameterError(
                f"network: {name or 'it'} is compiled (a {type(module).__name__}), expected layers of torch.nn. "
                "Compress the network first and compile it then"
            )


@torch.no_grad()
def refresh(network: nn.Module) -> None:
    """Recompute the weights that hooks derive from others, as the next call in evaluation mode would."""
    for module in network.modules():
        for hook in forward_pre_hooks(module):
            if isinstance(hook, _DERIVING):
                with steady([module]):
                    hook(module, ())


def copied(network: nn.Module) -> nn.Module:
    """A copy of a network, its derived weights computed anew.

    Raises
    ------
    ParameterError : it cannot be copied
    """
    refresh(network)
    try:
        return copy.deepcopy(network)
    except (RuntimeError, TypeError, NotImplementedError) as error:
        raise ParameterError(f"a {type(network).__name__} cannot be copied: {error}") from error


@contextmanager
def steady(modules: Iterable[nn.Module]) -> Iterator[None]:
    """Modules in evaluation mode inside, so that reading a weight that is computed changes nothing."""
    modes = [(module, module.training) for module in modules]
    for module, _ in modes:
        module.training = False
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode
