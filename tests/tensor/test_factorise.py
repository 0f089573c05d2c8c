"""A layer in, a layer out: exact at full rank, with everything kept, and refused where it cannot be."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import tensorly as tl
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from topology_efficient_dl.errors import DataError, ParameterError
from topology_efficient_dl.models.layers import SameConv1d
from topology_efficient_dl.tensor import dense_weight, factorise, full_ranks
from topology_efficient_dl.tensor.forms import Shape

LINEAR = {
    "plain": nn.Linear(24, 36),
    "without bias": nn.Linear(24, 36, bias=False),
    "double": nn.Linear(12, 10, dtype=torch.float64),
    "prime": nn.Linear(7, 12),
}
CONVOLUTIONS = {
    "time": nn.Conv1d(6, 8, 5, padding=2),
    "without bias": nn.Conv1d(6, 8, 5, bias=False),
    "strided": nn.Conv1d(6, 8, 5, stride=2, padding=1, dilation=2),
    "groups": nn.Conv1d(6, 8, 5, groups=2),
    "circular": nn.Conv1d(6, 8, 5, padding=2, padding_mode="circular"),
    "same, as a word": nn.Conv1d(6, 8, 4, padding="same"),
    "Keras' same": SameConv1d(6, 8, 6),
    "long": SameConv1d(6, 8, 20, bias=False),
    "space": nn.Conv2d(4, 6, (3, 5), padding=(1, 2)),
    "space, strided": nn.Conv2d(4, 6, 3, stride=(2, 1), dilation=(1, 2), padding=(0, 2)),
    "space, groups": nn.Conv2d(4, 6, 3, groups=2, padding=1),
    "double": nn.Conv1d(6, 8, 5, dtype=torch.float64),
}
ALL = [
    *((layer, method) for layer, method in itertools.product(LINEAR.values(), ("svd", "tucker", "tt"))),
    *((layer, method) for layer, method in itertools.product(CONVOLUTIONS.values(), ("svd", "tucker", "cp", "tt"))),
]


def sample_for(layer: nn.Module) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    dtype = next(layer.parameters()).dtype
    if isinstance(layer, nn.Linear):
        shape: tuple[int, ...] = (3, 4, layer.in_features)
    else:
        shape = (3, layer.in_channels, *([23, 19] if isinstance(layer, nn.Conv2d) else [40]))
    return torch.randn(shape, generator=generator, dtype=dtype)


@pytest.mark.parametrize(("layer", "method"), ALL, ids=lambda value: str(value).replace(" ", ""))
def test_full_rank_gives_the_same_numbers(layer: nn.Module, method: str) -> None:
    found = factorise(layer, method, full_ranks(layer, method))
    sample = sample_for(layer)
    assert found.relative_error < 1e-6
    torch.testing.assert_close(found.layer(sample), layer(sample), atol=2e-5, rtol=2e-5)
    assert {weight.dtype for weight in found.layer.parameters()} == {sample.dtype}


@pytest.mark.parametrize(("layer", "method"), ALL, ids=lambda value: str(value).replace(" ", ""))
def test_the_error_is_that_of_the_weights_it_stands_for(layer: nn.Module, method: str) -> None:
    """A dense layer with the weights that are reconstructed answers as the factorised one."""
    found = factorise(layer, method, 2)
    weight = dense_weight(found.layer, layer)
    same = _with_weight(layer, weight)
    sample = sample_for(layer)
    torch.testing.assert_close(found.layer(sample), same(sample), atol=2e-5, rtol=2e-5)
    dense = layer.weight.detach().double()
    assert found.relative_error == pytest.approx(float((weight - dense).norm() / dense.norm()))
    assert 0 < found.relative_error < 1
    assert found.params == sum(each.numel() for each in found.layer.parameters())


@pytest.mark.parametrize(("layer", "method"), ALL, ids=lambda value: str(value).replace(" ", ""))
def test_it_trains_and_its_state_goes_round(layer: nn.Module, method: str) -> None:
    first, second = factorise(layer, method, 2).layer, factorise(layer, method, 2).layer
    sample = sample_for(layer)
    first(sample).square().sum().backward()
    assert all(weight.grad is not None and bool(weight.grad.isfinite().all()) for weight in first.parameters())
    with torch.no_grad():
        for weight in first.parameters():
            weight.add_(0.1)
    second.load_state_dict(first.state_dict())
    torch.testing.assert_close(second(sample), first(sample))


def _with_weight(layer: nn.Module, weight: torch.Tensor) -> nn.Module:
    import copy

    made = copy.deepcopy(layer)
    with torch.no_grad():
        made.weight.copy_(weight)
    return made


@settings(max_examples=25, deadline=None)
@given(outputs=st.integers(2, 12), inputs=st.integers(2, 12), rank=st.integers(1, 12), seed=st.integers(0, 99))
def test_low_rank_is_the_best_of_its_rank(outputs: int, inputs: int, rank: int, seed: int) -> None:
    """Eckart and Young: the squared error is the sum of the squared singular values that were left out."""
    torch.manual_seed(seed)
    layer = nn.Linear(inputs, outputs)
    rank = min(rank, outputs, inputs)
    found = factorise(layer, "svd", rank)
    values = np.linalg.svd(layer.weight.detach().double().numpy(), compute_uv=False)
    expected = np.sqrt(np.square(values[rank:]).sum() / np.square(values).sum())
    assert found.relative_error == pytest.approx(expected, abs=1e-6)


def test_a_weight_of_a_rank_is_found_exactly_by_every_method() -> None:
    torch.manual_seed(0)
    layer = nn.Conv1d(6, 8, 5)
    factors = [torch.randn(size, 2) for size in (8, 6, 5)]
    with torch.no_grad():
        layer.weight.copy_(torch.einsum("or,ir,tr->oit", *factors))
    for method in ("svd", "tucker", "cp", "tt"):
        assert factorise(layer, method, 2).relative_error < 1e-3, method


def test_tucker_agrees_with_tensorly() -> None:
    torch.manual_seed(0)
    layer = nn.Conv1d(6, 8, 5)
    weight = layer.weight.detach().double().numpy()
    (core, factors), _ = tl.decomposition.partial_tucker(weight, rank=[4, 3], modes=[0, 1])
    theirs = tl.tenalg.multi_mode_dot(core, factors, modes=[0, 1])
    ours = dense_weight(factorise(layer, "tucker", (4, 3)).layer, layer).numpy()
    assert np.linalg.norm(weight - ours) == pytest.approx(np.linalg.norm(weight - theirs), rel=1e-3)


def test_tensor_train_with_three_cores_and_modes_of_ones_own() -> None:
    torch.manual_seed(0)
    layer = nn.Linear(24, 36)
    modes = ((4, 3, 3), (2, 3, 4))
    full = factorise(layer, "tt", full_ranks(layer, "tt", modes), modes)
    assert full.relative_error < 1e-6
    small = factorise(layer, "tt", 3, modes)
    assert small.shape == Shape("tt", (3, 3), modes)
    assert Shape.from_json(small.shape.to_json()) == small.shape
    assert small.params == 36 + 4 * 2 * 3 + 3 * 3 * 3 * 3 + 3 * 4 * 3


def test_gru_with_low_rank_inputs() -> None:
    torch.manual_seed(0)
    gru = nn.GRU(5, 6, num_layers=2, batch_first=True, bidirectional=True)
    values, state = torch.randn(3, 7, 5), torch.randn(4, 3, 6)
    full = factorise(gru, "svd", (5, 12)).layer
    for ours, theirs in zip(full(values, state), gru(values, state), strict=True):
        torch.testing.assert_close(ours, theirs)
    small = factorise(gru, "svd", 3)
    assert small.params < small.params_dense
    assert 0 < small.relative_error < 1
    assert small.layer(values)[0].shape == (3, 7, 12)


@pytest.mark.parametrize(
    ("layer", "method", "rank", "message"),
    [
        (nn.Linear(8, 4), "svd", 5, "layer: rank 5 is above the dimension: it is exact at 4. Give 1 to 4"),
        (nn.Linear(8, 4), "svd", 0, "rank 0, expected a whole number of at least 1"),
        (nn.Linear(8, 4), "tt", (1, 1), r"ranks \(1, 1\), expected 1 of them"),
        (nn.Linear(8, 4), "cp", 2, "Linear has no method 'cp'. There are: svd, tucker, tt"),
        (nn.Conv1d(2, 2, 3), "tuker", 1, "did you mean 'tucker'"),
        (nn.LayerNorm(4), "svd", 1, "type LayerNorm cannot be factorised"),
    ],
)
def test_refusals(layer: nn.Module, method: str, rank: int, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        factorise(layer, method, rank)


def test_a_convolution_of_ones_own_must_say_how_it_is_built_anew() -> None:
    class Shifted(nn.Conv1d):
        def forward(self, values: torch.Tensor) -> torch.Tensor:
            return super().forward(values.roll(1, 2))

    with pytest.raises(
        ParameterError, match=r"its class Shifted has a way of its own \(forward\).*give it with_channels"
    ):
        factorise(Shifted(4, 4, 3), "svd", 2)


def test_wrong_modes_are_refused_with_right_ones() -> None:
    with pytest.raises(ParameterError, match=r"for instance \(\(2, 2\), \(2, 4\)\)"):
        factorise(nn.Linear(8, 4), "tt", 2, ((2, 3), (2, 4)))


def test_weights_that_are_not_finite_are_named() -> None:
    layer = nn.Linear(8, 4)
    with torch.no_grad():
        layer.weight[1, 2] = float("nan")
    with pytest.raises(DataError, match=r"head.weight: 1 of 32 weights are NaN or infinite"):
        factorise(layer, "svd", 2, name="head")


def test_a_layer_of_zeros_stays_one() -> None:
    layer = nn.Conv1d(4, 4, 3)
    nn.init.zeros_(layer.weight)
    for method in ("svd", "tucker", "cp", "tt"):
        found = factorise(layer, method, 2)
        assert found.relative_error == 0
        assert bool(found.layer(torch.ones(1, 4, 9)).isfinite().all()), method
