"""What a fit reads in batches: train, validation, and both together as development."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor


class Loader(Protocol):
    """Batches of inputs and targets, as many as its length says, anew in every pass."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[tuple[Any, Tensor]]: ...


Teacher = Callable[[Any, int | None], Tensor]
"""From inputs, and how many of them at once (all when None), to what a trained network says of them, (n, n_answers)."""


class Samples(Protocol):
    """Batches of a part of the data."""

    def targets(self, part: str) -> Tensor:
        """(n,) int64 class codes, or (n, horizon) float32 values, of a part: train, validation or development."""
        ...

    def batches(self, part: str, batch_size: int, shuffle_seed: int | None = None) -> Loader:
        """The part in batches of at most ``batch_size``; in its own order without a seed."""
        ...

    def taught(self, teacher: Teacher, batch_size: int, shuffle_seed: int) -> Loader:
        """Development in batches; what a teacher says of every sample, once, stands behind its targets."""
        ...


class Batches:
    """Batches of near-equal size, in order, or shuffled anew in every pass.

    ``n`` samples make ``ceil(n / batch_size)`` batches whose sizes differ by one at most. So no batch of one sample
    is left over, which batch normalisation could not normalise, and no sample is dropped.

    Parameters
    ----------
    inputs, targets : (n, ...) float32 and (n,) int64 tensors on one device
    batch_size : most samples in a batch
    shuffle_seed : seed of the order of all passes; the samples' own order when None

    Examples
    --------
    >>> batches = Batches(torch.zeros(17, 1), torch.zeros(17), batch_size=16)
    >>> [len(targets) for _, targets in batches]
    [9, 8]
    """

    def __init__(self, inputs: Tensor, targets: Tensor, batch_size: int, shuffle_seed: int | None = None) -> None:
        self.inputs, self.targets = inputs, targets
        self.n_batches = -(-len(targets) // batch_size)
        self.generator = None if shuffle_seed is None else torch.Generator().manual_seed(shuffle_seed)

    def __len__(self) -> int:
        return self.n_batches

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        if self.generator is None:
            yield from zip(self.inputs.tensor_split(len(self)), self.targets.tensor_split(len(self)), strict=True)
            return
        order = torch.randperm(len(self.targets), generator=self.generator).to(self.targets.device)
        for chosen in order.tensor_split(len(self)):
            yield self.inputs[chosen], self.targets[chosen]


class Shuffled:
    """Batches that were made before, in another order in every pass.

    Parameters
    ----------
    batches : inputs and targets
    seed : of the orders of all passes; always their own order when None
    """

    def __init__(self, batches: Sequence[tuple[Any, Tensor]], seed: int | None) -> None:
        self.made = batches
        self.generator = None if seed is None else np.random.default_rng(seed)

    def __len__(self) -> int:
        return len(self.made)

    def __iter__(self) -> Iterator[tuple[Any, Tensor]]:
        places = range(len(self)) if self.generator is None else self.generator.permutation(len(self))
        return (self.made[place] for place in places)

    def taught(self, teacher: Teacher, seed: int) -> Shuffled:
        """The same batches in the order of one pass, with what a teacher says of each behind its targets."""
        return Shuffled([(inputs, beside(targets, teacher(inputs, None))) for inputs, targets in self], seed)


class TensorSamples:
    """Samples that are rows of tensors.

    Parameters
    ----------
    parts : by part, inputs (n, ...) float32 and targets (n,) int64 or (n, horizon) float32, on one device
    at_once : how many samples a teacher is given at a time; all when None
    """

    def __init__(self, parts: Mapping[str, tuple[Tensor, Tensor]], at_once: int | None = None) -> None:
        self.parts, self.at_once = dict(parts), at_once

    def targets(self, part: str) -> Tensor:
        """As in `Samples`."""
        return self.parts[part][1]

    def batches(self, part: str, batch_size: int, shuffle_seed: int | None = None) -> Loader:
        """As in `Samples`."""
        return Batches(*self.parts[part], batch_size, shuffle_seed)

    def taught(self, teacher: Teacher, batch_size: int, shuffle_seed: int) -> Loader:
        """As in `Samples`."""
        inputs, targets = self.parts["development"]
        return Batches(inputs, beside(targets, teacher(inputs, self.at_once)), batch_size, shuffle_seed)


def beside(targets: Tensor, said: Tensor) -> Tensor:
    """(n, n_targets + n_answers) float32: targets, codes as one column, then what a teacher says."""
    own = targets[:, None].float() if targets.ndim == 1 else targets
    return torch.cat([own, said], dim=1)
