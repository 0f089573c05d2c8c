"""What torch keeps behind an underscore and has no public way to; no other module reaches for it.

A release of torch may take any of these away, and then this module is what has to change.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.prune import BasePruningMethod
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes, _get_current_dispatch_mode
from torch.utils._pytree import TreeSpec, tree_flatten

__all__ = [
    "TorchDispatchMode",
    "TreeSpec",
    "forward_pre_hooks",
    "hooked_weight_name",
    "is_left_aligned",
    "n_stored",
    "n_writes",
    "operators_are_watched",
    "tree_flatten",
    "unwatched",
]

unwatched = _disable_current_modes
"""Context in which no mode, such as a counter of FLOPs, sees operators."""


def operators_are_watched() -> bool:
    """Whether a mode, such as a counter of FLOPs or an exporter, sees operators."""
    return _get_current_dispatch_mode() is not None


def n_stored(matrix: Tensor) -> int:
    """Entries that a sparse tensor stores; ``values()`` would be an operator of its own, and counted."""
    return int(matrix._nnz())


def n_writes(tensor: Tensor) -> int:
    """How often a tensor was written in place."""
    return int(tensor._version)


def forward_pre_hooks(module: nn.Module) -> list[Any]:
    """What runs before every forward of a module; torch lists hooks nowhere."""
    return list(module._forward_pre_hooks.values())


def hooked_weight_name(hook: Any) -> str:
    """Name of the weight that a hook of weight norm, spectral norm or pruning computes."""
    return str(hook._tensor_name if isinstance(hook, BasePruningMethod) else hook.name)


def is_left_aligned(source: Tensor, kept: Tensor) -> bool:
    """Whether all padding stands at the end, as torch's own encoder asks before it takes padding out."""
    return bool(torch._nested_tensor_from_mask_left_aligned(source, kept))
