"""What parents ask of a layer, they may ask of the layers that it was replaced by."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.models.layers import SameConv1d
from topology_efficient_dl.tensor import (
    Shape,
    design_by_rank,
    factorise,
    factorised_network,
    full_ranks,
    opened,
)

OF_CONVOLUTIONS = (
    "kernel_size", "stride", "padding", "dilation", "groups", "padding_mode", "in_channels", "out_channels",
    "transposed", "output_padding",
)  # fmt: skip


@pytest.mark.parametrize("method", ["svd", "tucker", "cp", "tt"])
@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv1d(6, 8, 5, stride=2, padding=4, dilation=2),
        nn.Conv1d(6, 8, 4, padding="same", padding_mode="circular"),
        nn.Conv2d(6, 8, (3, 5), stride=(2, 1), padding=(1, 2), dilation=(2, 1), groups=2, padding_mode="reflect"),
        nn.Conv2d(6, 8, (3, 5), padding="valid"),
        SameConv1d(6, 8, 6),
    ],
    ids=["1d", "same", "2d", "valid", "ours"],
)
def test_convolutions_tell_what_they_do(layer: Any, method: str) -> None:
    made: Any = factorise(layer, method, 2).layer
    for name in OF_CONVOLUTIONS:
        assert getattr(made, name) == getattr(layer, name), name
    assert made.weight.shape == layer.weight.shape


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("method", ["svd", "tt", "tucker"])
def test_attention_tells_its_projections(method: str, bias: bool) -> None:
    layer = nn.MultiheadAttention(8, 2, bias=bias, batch_first=True)
    shapes = {
        name: Shape(method, full_ranks(each, method))
        for name, each in opened(layer).named_modules()
        if isinstance(each, nn.Linear)
    }
    made: Any = factorised_network(layer, shapes)[0]
    torch.testing.assert_close(made.in_proj_weight, layer.in_proj_weight, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(made.out_proj.weight, layer.out_proj.weight, atol=1e-5, rtol=1e-5)
    assert (made.in_proj_bias is None) is (made.out_proj.bias is None) is not bias
    for name in ("_qkv_same_embed_dim", "embed_dim", "kdim", "vdim", "bias_k", "bias_v", "add_zero_attn", "num_heads"):
        assert getattr(made, name) == getattr(layer, name), name


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("closed", [True, False])
def test_a_gru_tells_its_weights_and_takes_torchs_names(closed: bool, bias: bool) -> None:
    gru = nn.GRU(5, 6, num_layers=2, bidirectional=True, bias=bias)
    made: Any = factorise(gru, "svd", (5, 12)).layer if closed else opened(gru)
    assert (made.bias, made.mode, made.proj_size) == (bias, "GRU", 0)
    for ours, theirs in zip(made.all_weights, gru.all_weights, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)
    assert hasattr(made, "bias_hh_l1_reverse") is bias
    assert not hasattr(made, "weight_ih_l2")
    values, state = torch.randn(7, 3, 5), torch.randn(4, 3, 6)
    torch.testing.assert_close(made(input=values, hx=state), gru(values, state), atol=1e-5, rtol=1e-5)
    small: Any = factorise(gru, "svd", 2).layer
    assert [[each.shape for each in part] for part in small.all_weights] == [
        [each.shape for each in part] for part in gru.all_weights
    ]


class ReadsState(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(16, 16), nn.Linear(16, 16)

    def forward(self, x: Tensor) -> Tensor:
        return self.first(x) @ self.second.state_dict()["weight"]


def test_a_layer_that_cannot_be_replaced_is_named() -> None:
    network, x = ReadsState(), torch.randn(2, 16)
    design = design_by_rank(network, "svd", ["linear"], 2)
    with pytest.raises(ParameterError, match=r"KeyError.*'first', 'second'; with 'second' left dense it does not"):
        design.built(x)
