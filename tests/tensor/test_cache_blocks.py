"""Batches taken apart give the same numbers."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from topology_efficient_dl.tensor.cache_blocks import CacheBlocks, in_cache_blocks


@pytest.mark.parametrize("n", [1, 4, 5, 23])
def test_parts_give_the_same_numbers(n: int) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv1d(2, 8, 5), nn.BatchNorm1d(8), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 12, 3)).eval()
    values = torch.randn(n, 2, 16)
    torch.testing.assert_close(CacheBlocks(network, 4)(values), network(values))


def test_size_follows_the_largest_result_of_a_layer() -> None:
    network = nn.Sequential(nn.Conv1d(1, 64, 1), nn.Conv1d(64, 2, 1)).eval()
    assert in_cache_blocks(network, torch.zeros(1, 1, 100), cache_bytes=10 * 64 * 100 * 4).size == 10
    assert in_cache_blocks(network, torch.zeros(1, 1, 100), cache_bytes=1).size == 1, "never less than one sample"


def test_parts_are_as_equal_as_possible() -> None:
    seen: list[int] = []

    class Watched(nn.Module):
        def forward(self, values: torch.Tensor) -> torch.Tensor:
            seen.append(len(values))
            return values

    CacheBlocks(Watched(), 27)(torch.zeros(64, 1))
    assert seen == [22, 21, 21]
