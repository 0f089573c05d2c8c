"""How large a model is: what training may change, and what inference has to carry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import nn


@dataclass(frozen=True)
class ParameterCount:
    """Two sizes of one model.

    Attributes
    ----------
    params : values that inference needs: every weight, trainable or frozen, plus every floating point buffer
    trainable : values that an optimiser may change
    bytes : memory of the values that inference needs
    """

    params: int
    trainable: int
    bytes: int


def count_parameters(module: nn.Module) -> int:
    """Number of values that inference needs; the ``params`` column of the results.

    Weights count whether or not they are trained (a frozen random projection still has to be shipped), and so
    do floating point buffers, such as the running mean and variance of batch normalisation. Integer buffers
    (step counters, index tables) and buffers that are not saved with the model do not count. Storage that
    several names share is counted once.

    Parameters
    ----------
    module : any torch module

    Returns
    -------
    Number of values; 0 for a module without any.

    Examples
    --------
    >>> count_parameters(nn.Linear(7, 5))
    40
    >>> count_parameters(nn.BatchNorm1d(3))  # scale and shift, plus running mean and variance
    12
    """
    return measure_parameters(module).params


def measure_parameters(module: nn.Module) -> ParameterCount:
    """All sizes of a module at once; see `count_parameters` for what counts.

    Examples
    --------
    >>> measure_parameters(nn.BatchNorm1d(3))
    ParameterCount(params=12, trainable=6, bytes=48)
    """
    kept = list(_once(_inference_values(module)))
    return ParameterCount(
        params=sum(value.numel() for value in kept),
        trainable=sum(value.numel() for value in _once(module.parameters()) if value.requires_grad),
        bytes=sum(value.numel() * value.element_size() for value in kept),
    )


def _inference_values(module: nn.Module) -> Iterator[torch.Tensor]:
    yield from module.parameters()
    saved = module.state_dict(keep_vars=True)
    for name, buffer in module.named_buffers():
        if name in saved and (buffer.is_floating_point() or buffer.is_complex()):
            yield buffer


def _once(values: Iterable[torch.Tensor]) -> Iterator[torch.Tensor]:
    """Each tensor the first time that its storage is met; buffers may be views that share memory."""
    seen: set[tuple[int, int, int]] = set()
    for value in values:
        key = (value.data_ptr(), int(value.storage_offset()), value.numel()) if value.numel() else (id(value), 0, 0)
        if key not in seen:
            seen.add(key)
            yield value
