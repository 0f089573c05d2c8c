from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from topology_efficient_dl.training.samples import Batches


def batches_of(n, size, seed=None):
    return Batches(torch.arange(n).float()[:, None], torch.arange(n), size, seed)


@given(n=st.integers(1, 70), size=st.integers(1, 20), seed=st.none() | st.integers(0, 9))
def test_every_sample_comes_once_in_batches_of_near_equal_size(n, size, seed):
    batches = batches_of(n, size, seed)
    parts = list(batches)
    sizes = [len(targets) for _, targets in parts]
    assert len(parts) == len(batches)
    assert max(sizes) <= size
    assert max(sizes) - min(sizes) <= 1
    assert sorted(torch.cat([targets for _, targets in parts]).tolist()) == list(range(n))
    assert all(torch.equal(inputs[:, 0].long(), targets) for inputs, targets in parts)


def test_no_batch_of_one_is_left_over():
    assert [len(targets) for _, targets in batches_of(33, 16, seed=0)] == [11, 11, 11]


def test_order_changes_with_the_pass_and_with_the_seed_only():
    first, second = batches_of(40, 8, seed=1), batches_of(40, 8, seed=1)
    orders = [torch.cat([targets for _, targets in batches]).tolist() for batches in (first, first, second, second)]
    assert orders[0] == orders[2]
    assert orders[1] == orders[3]
    assert orders[0] != orders[1]
