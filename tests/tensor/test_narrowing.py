"""Bottlenecks are found, and narrowed as well as a rank allows."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.models.registry import build_model
from topology_efficient_dl.tensor.design import (
    NARROWED,
    design_by_budget,
    design_by_energy,
    design_by_rank,
)
from topology_efficient_dl.tensor.narrowing import (
    Bottleneck,
    Narrowing,
    bottlenecks,
    narrowed,
)
from topology_efficient_dl.tensor.widths import widths_of, with_widths


def inception() -> nn.Module:
    torch.manual_seed(0)
    return build_model("inception_time", "small", {}, n_channels=2, n_timepoints=40, n_classes=3).eval()


def test_bottlenecks_of_inception_time() -> None:
    found = bottlenecks(inception())
    assert found[1] == Bottleneck("blocks.1.bottleneck", tuple(f"blocks.1.branches.{each}" for each in range(3)), 8)
    assert [each.name for each in found] == [f"blocks.{block}.bottleneck" for block in range(3)]
    fcn = build_model("fcn", "small", {}, n_channels=2, n_timepoints=40, n_classes=3)
    assert bottlenecks(fcn) == []


def test_all_channels_give_the_same_numbers_and_half_of_them_the_best_ones() -> None:
    dense, sample = inception(), torch.randn(4, 2, 40)
    full, errors = narrowed(dense, {each.name: Narrowing(dense).spectrum(each).size for each in bottlenecks(dense)})
    torch.testing.assert_close(full(sample), dense(sample), atol=1e-4, rtol=1e-4)
    assert max(errors.values()) < 1e-6
    one = bottlenecks(dense)[1]
    _, halved = narrowed(dense, {one.name: 4})
    values = Narrowing(dense).spectrum(one)
    assert halved[one.name] == pytest.approx(np.sqrt(np.square(values[4:]).sum() / np.square(values).sum()))


def test_a_narrowed_network_is_rebuilt_from_widths() -> None:
    dense, sample = inception(), torch.randn(4, 2, 40)
    small, _ = narrowed(dense, {"blocks.1.bottleneck": 3})
    again = with_widths(inception(), widths_of(small))
    again.load_state_dict(small.state_dict())
    torch.testing.assert_close(again(sample), small(sample))
    assert widths_of(small)["blocks.1.branches.0"] == (3, 8, 1)


def test_refusals() -> None:
    with pytest.raises(
        ParameterError, match=r"no bottleneck 'blocks.1' in the network. There are: blocks.0.bottleneck"
    ):
        narrowed(inception(), {"blocks.1": 3})
    with pytest.raises(ParameterError, match="rank 9, expected 1 to 8"):
        narrowed(inception(), {"blocks.1.bottleneck": 9})


def test_bottlenecks_alone_by_rank_energy_and_budget() -> None:
    dense, sample = inception(), torch.randn(4, 2, 40)
    by_rank = design_by_rank(dense, "tucker", ["bottleneck"], 3)
    assert {each.rank for each in bottlenecks(by_rank.network)} == {3, 2}, "the first has two inputs"
    assert by_rank.params == sum(weight.numel() for weight in by_rank.built()[0].parameters())
    assert {plan.reason for plan in by_rank.plans} == {NARROWED}, "no other layer is planned for"
    by_budget = design_by_budget(dense, "svd", ["bottleneck"], 0.6)
    assert by_budget.params <= 0.6 * by_budget.params_dense
    full = design_by_energy(dense, "svd", ["bottleneck"], 1.0)
    torch.testing.assert_close(full.built()[0](sample), dense(sample), atol=1e-4, rtol=1e-4)


def test_bottlenecks_with_heads_of_the_same_rank() -> None:
    design = design_by_rank(inception(), "svd", ["bottleneck", "linear"], 2)
    found = {plan.name: plan for plan in design.plans}
    assert found["head"].shape is not None
    assert found["blocks.1.branches.0"].reason == NARROWED


def test_networks_without_bottlenecks_and_ranks_above_them_are_refused() -> None:
    fcn = build_model("fcn", "small", {}, n_channels=2, n_timepoints=40, n_classes=3)
    with pytest.raises(ParameterError, match="the network has no bottleneck"):
        design_by_energy(fcn, "svd", ["bottleneck"], 0.9)
    with pytest.raises(
        ParameterError,
        match=r"rank 64 is above the dimensions of every layer; the widest, .*, is exact at 8. Give 1 to 8",
    ):
        design_by_rank(inception(), "svd", ["bottleneck"], 64)
