"""Layers that are more than their weights are refused; those that are not keep all that they had."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import prune

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.tensor import (
    design_by_budget,
    design_by_energy,
    factorise,
    full_ranks,
)
from topology_efficient_dl.tensor.linear import default_modes


class Cosine(nn.Linear):
    def forward(self, x: Tensor) -> Tensor:
        return F.linear(F.normalize(x, dim=-1), F.normalize(self.weight, dim=-1), self.bias)


class Halved(nn.GRU):
    def forward(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        found, last = super().forward(x, state)
        return 0.5 * found, last


class Standardised(nn.Conv1d):
    def _conv_forward(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return super()._conv_forward(x, weight - weight.mean(), bias)


class Named(nn.Linear):
    def extra_repr(self) -> str:
        return "named"


def hooked() -> nn.Module:
    layer = nn.Linear(8, 8)
    layer.register_forward_hook(lambda module, given, found: 2 * found)
    return layer


def patched() -> nn.Module:
    layer = nn.Linear(8, 8)
    layer.forward = lambda x: 2 * F.linear(x, layer.weight)
    return layer


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        (Cosine(8, 8), r"its class Cosine has a way of its own \(forward\)"),
        (Halved(8, 8), r"its class Halved has a way of its own \(forward\)"),
        (Standardised(8, 8, 3), r"its class Standardised has a way of its own \(_conv_forward\)"),
        (patched(), r"its class Linear has a way of its own \(forward\)"),
        (hooked(), "it has hooks"),
        (nn.Linear(8, 8, dtype=torch.complex64), "its weights are complex64"),
        (nn.Linear(8, 8, device="meta"), "its weights are on the meta device"),
        (nn.LazyLinear(8), "its weights have no shape before a first call"),
    ],
)
def test_what_a_factorised_layer_could_not_keep_is_refused(layer: nn.Module, reason: str) -> None:
    with pytest.raises(ParameterError, match=f"head: {reason}"):
        factorise(layer, "svd", 4, name="head")


def test_a_subclass_that_computes_the_same_is_taken() -> None:
    layer, x = Named(8, 8), torch.randn(3, 8)
    torch.testing.assert_close(factorise(layer, "svd", 8).layer(x), layer(x), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("wrap", [nn.utils.weight_norm, nn.utils.spectral_norm, lambda each: pruned(each)])
def test_weights_that_hooks_compute_are_read_as_the_next_call_has_them(wrap) -> None:
    torch.manual_seed(0)
    layer = wrap(nn.Linear(8, 8)).eval()
    with torch.no_grad():
        for weight in layer.parameters():
            weight.add_(torch.randn_like(weight))
    found, x = factorise(layer, "svd", 8).layer, torch.randn(3, 8)
    torch.testing.assert_close(found(x), layer(x), atol=1e-5, rtol=1e-5)


def pruned(layer: nn.Module) -> nn.Module:
    prune.random_unstructured(layer, "weight", 0.5)
    return layer


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("method", ["svd", "tt", "tucker"])
def test_half_precision_is_decomposed_in_double(dtype: torch.dtype, method: str) -> None:
    torch.manual_seed(0)
    layer = nn.Linear(16, 12, dtype=dtype)
    made = factorise(layer, method, full_ranks(layer, method, default_modes(layer)))
    assert {weight.dtype for weight in made.layer.parameters()} == {dtype}
    assert made.relative_error < 2e-2


def test_frozen_weights_stay_frozen() -> None:
    layer = nn.Linear(8, 8)
    layer.weight.requires_grad_(False)
    made = factorise(layer, "svd", 4).layer
    assert {name: weight.requires_grad for name, weight in made.named_parameters()} == {
        "0.weight": False, "1.weight": False, "1.bias": True,
    }  # fmt: skip
    gru = nn.GRU(8, 8).requires_grad_(False)
    assert not any(weight.requires_grad for weight in factorise(gru, "svd", 4).layer.parameters())


@pytest.mark.parametrize("rank", [np.int64(4), torch.tensor(4), np.array([4])])
def test_ranks_of_any_integer_type(rank) -> None:
    assert factorise(nn.Linear(16, 12), "svd", rank).shape.ranks == (4,)


@pytest.mark.parametrize("rank", [4.0, "4", None, True, (4.5,)])
def test_ranks_that_are_no_whole_numbers(rank) -> None:
    with pytest.raises(ParameterError, match="expected a whole number such as 4"):
        factorise(nn.Linear(16, 12), "svd", rank)


def test_shares_that_are_no_numbers() -> None:
    network = nn.Sequential(nn.Linear(16, 12))
    with pytest.raises(ParameterError, match=r"keep '0\.5', expected a number"):
        design_by_budget(network, "svd", ["linear"], "0.5")
    with pytest.raises(ParameterError, match="energy None, expected a number"):
        design_by_energy(network, "svd", ["linear"], None)


def strange_weights() -> dict[str, Tensor]:
    torch.manual_seed(0)
    weight = torch.randn(8, 6, 5)
    dead, alone = weight.clone(), torch.zeros(8, 6, 5)
    dead[1:] = 0
    alone[3, 2, 1] = 2.0
    same = weight[:1].expand(8, 6, 5).clone()
    channel = weight.clone()
    channel[:, 2] = 0
    return {
        "dead filters": dead, "dead channel": channel, "one entry": alone, "constant": torch.full((8, 6, 5), 0.3),
        "equal filters": same, "huge": weight * 1e37, "tiny": weight * 1e-35,
    }  # fmt: skip


@pytest.mark.parametrize("method", ["svd", "tucker", "cp", "tt"])
@pytest.mark.parametrize("name", strange_weights())
def test_weights_of_any_rank_and_scale(name: str, method: str) -> None:
    layer = nn.Conv1d(6, 8, 5)
    with torch.no_grad():
        layer.weight.copy_(strange_weights()[name])
    for rank in (1, 3, 5):
        made = factorise(layer, method, rank)
        assert all(bool(weight.isfinite().all()) for weight in made.layer.parameters())
        assert made.relative_error <= 1.0
        if name in ("one entry", "constant"):
            assert made.relative_error < 1e-5


def test_a_dead_filter_stays_dead() -> None:
    layer = nn.Conv1d(6, 8, 5, bias=False)
    with torch.no_grad():
        layer.weight[3] = 0
    assert not factorise(layer, "cp", 4).layer(torch.randn(2, 6, 20))[:, 3].any()
