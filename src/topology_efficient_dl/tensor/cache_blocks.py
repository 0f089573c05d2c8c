"""Large batches in parts whose intermediate results stay in the cache."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

CACHE_BYTES = 2 * 2**20
"""Of the largest intermediate result: what the second-level cache of one core holds on current machines. Halving or
doubling it changes little; with whole batches, results of a hundred channels are written to main memory and back."""


class CacheBlocks(nn.Module):
    """A network that takes a batch apart, so that what one layer writes the next one still finds in the cache.

    The same numbers: in evaluation mode every sample is computed by itself.

    Parameters
    ----------
    network : in evaluation mode
    size : most samples in a part
    """

    def __init__(self, network: nn.Module, size: int) -> None:
        super().__init__()
        self.network = network
        self.size = size

    def forward(self, inputs: Tensor) -> Tensor:
        """(batch, ...) -> (batch, ...), computed in parts as equal as possible."""
        if len(inputs) <= self.size:
            found: Tensor = self.network(inputs)
            return found
        parts = inputs.tensor_split(-(-len(inputs) // self.size))
        return torch.cat([self.network(part) for part in parts])


def in_cache_blocks(network: nn.Module, sample: Tensor, cache_bytes: int = CACHE_BYTES) -> CacheBlocks:
    """A network that takes large batches in parts that fit into the cache.

    Parameters
    ----------
    network : in evaluation mode, not copied
    sample : (1, ...) one input; what its layers give of it is measured
    cache_bytes : for the largest result of a layer

    Examples
    --------
    >>> in_cache_blocks(nn.Conv1d(1, 128, 3, padding=1), torch.zeros(1, 1, 512)).size
    8
    """
    largest = max(_largest_result(network, sample), 1)
    return CacheBlocks(network, max(1, cache_bytes // largest))


def _largest_result(network: nn.Module, sample: Tensor) -> int:
    """Bytes of the largest tensor that any layer gives of a sample."""
    sizes = [0]

    def note(_module: nn.Module, _inputs: Any, output: Any) -> None:
        if isinstance(output, Tensor):
            sizes.append(output.numel() * output.element_size())

    hooks = [module.register_forward_hook(note) for module in network.modules()]
    try:
        with torch.inference_mode():
            network(sample)
    finally:
        for hook in hooks:
            hook.remove()
    return max(sizes)
