from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from topology_efficient_dl.data.cleaning import z_normalise
from topology_efficient_dl.models.layers import (
    CHUNK_FROM,
    SameConv1d,
    ZNormalised,
    chunk_width,
    initialise,
)


@settings(max_examples=40, deadline=None)
@given(
    kernel=st.integers(1, 45),
    batch=st.integers(1, 4),
    time=st.sampled_from([1, 5, 24, 300, CHUNK_FROM]),
    bias=st.booleans(),
)
def test_same_convolution_equals_the_plain_one(kernel, batch, time, bias):
    layer = SameConv1d(3, 4, kernel, bias=bias)
    values = torch.randn(batch, 3, time)
    padded = F.pad(values, ((kernel - 1) // 2, kernel // 2))
    torch.testing.assert_close(layer(values), F.conv1d(padded, layer.weight, layer.bias), rtol=1e-4, atol=1e-5)


def test_pieces_have_the_same_gradients_as_the_whole():
    layer = SameConv1d(3, 4, 40).double()
    values = torch.randn(2, 3, CHUNK_FROM, dtype=torch.float64, requires_grad=True)
    pieces = torch.autograd.grad(layer(values).square().sum(), [values, layer.weight])
    layer.taps = 40
    whole = torch.autograd.grad(layer(values).square().sum(), [values, layer.weight])
    for ours, plain in zip(pieces, whole, strict=True):
        torch.testing.assert_close(ours, plain)


@pytest.mark.parametrize(("kernel", "taps"), [(13, 13), (16, 8), (24, 12), (26, 13), (17, 17)])
def test_long_kernels_are_cut_where_they_can_be(kernel, taps):
    assert chunk_width(kernel) == taps


def test_glorot_bounds_and_zero_biases():
    model = torch.nn.Sequential(torch.nn.Conv1d(16, 32, 5), torch.nn.Linear(64, 64))
    initialise(model)
    bound = (6 / (16 * 5 + 32 * 5)) ** 0.5
    assert 0.95 * bound < model[0].weight.abs().max() <= bound
    assert not model[0].bias.any()
    assert not model[1].bias.any()


def test_recurrent_weights_are_orthogonal_by_gate():
    gru = torch.nn.GRU(3, 8)
    initialise(gru)
    for gate in gru.weight_hh_l0.detach().chunk(3):
        torch.testing.assert_close(gate @ gate.T, torch.eye(8), atol=1e-5, rtol=0)


def test_a_network_may_see_its_series_z_normalised():
    series = 100 + 20 * torch.randn(5, 3, 40, generator=torch.Generator().manual_seed(0))
    series[1, 2] = 7.3
    expected = np.stack([z_normalise(values) for values in series.double().numpy()])
    np.testing.assert_allclose(ZNormalised(nn.Identity())(series), expected, atol=1e-5)
