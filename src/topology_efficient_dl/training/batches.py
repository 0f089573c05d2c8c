"""Mini-batches straight from memory."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor


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
