"""What a fit reads in batches: train, validation, and both together as development."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from torch import Tensor

from topology_efficient_dl.training.batches import Batches


class Loader(Protocol):
    """Batches of inputs and targets, as many as its length says, anew in every pass."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[tuple[Any, Tensor]]: ...


class Samples(Protocol):
    """Batches of a part of the data."""

    def targets(self, part: str) -> Tensor:
        """(n,) int64 class codes of a part: train, validation or development."""
        ...

    def batches(self, part: str, batch_size: int, shuffle_seed: int | None = None) -> Loader:
        """The part in batches of at most ``batch_size``; in its own order without a seed."""
        ...


class TensorSamples:
    """Samples that are rows of tensors.

    Parameters
    ----------
    parts : by part, inputs (n, ...) float32 and targets (n,) int64, on one device
    """

    def __init__(self, parts: Mapping[str, tuple[Tensor, Tensor]]) -> None:
        self.parts = dict(parts)

    def targets(self, part: str) -> Tensor:
        """As in `Samples`."""
        return self.parts[part][1]

    def batches(self, part: str, batch_size: int, shuffle_seed: int | None = None) -> Loader:
        """As in `Samples`."""
        return Batches(*self.parts[part], batch_size, shuffle_seed)
