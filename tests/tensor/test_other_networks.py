"""Networks of other people: merged and at full rank they answer as before, and what is reported of them is so."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tests.tensor.networks import Attends, Held, Padded, networks, settled, with_hook
from torch import nn
from torch.utils._pytree import tree_leaves

from topology_efficient_dl.errors import DataError, ParameterError
from topology_efficient_dl.tensor import (
    PARTS,
    Shape,
    candidates,
    design_by_budget,
    factorised_network,
    full_ranks,
)
from topology_efficient_dl.tensor.example import TOLERANCE, difference
from topology_efficient_dl.tensor.linear import default_modes
from topology_efficient_dl.tensor.merging import merge
from topology_efficient_dl.tensor.plain import copied

LAYERS = [part for part in PARTS if part != "bottleneck"]
NETWORKS = networks()
NOTHING_TO_FACTORISE = ("tied convolutions", "hook on a convolution", "held by a list", "lstm")
NO_BUDGET = ("attention with more",)
STRICT = 0.2
"""Share of the tolerance of `difference` within which answers are the same: 2e-5 in single precision."""


def size(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


@torch.no_grad()
def answer(network: nn.Module, call: tuple[Any, ...]) -> list[Any]:
    return tree_leaves(network(*call))


@pytest.mark.parametrize("name", NETWORKS)
def test_merged_it_answers_as_before(name: str) -> None:
    network, call = NETWORKS[name]
    made = merge(copied(network), call).network
    assert difference(answer(copied(network), call), answer(made, call)) <= STRICT


def test_a_network_with_optional_arguments_keeps_both_ways() -> None:
    network, (x,) = NETWORKS["optional"]
    mask = torch.rand(3, 8)
    torch.testing.assert_close(merge(network, x).network(x, mask), network(x, mask))


@pytest.mark.parametrize(
    ("name", "at", "reason"),
    [
        ("weight_norm", "1", "of 0: its weights are computed from others"),
        ("tied convolutions", "norm", "of a: its weight is also b.weight"),
        ("hook on a convolution", "1", "of 0: it has hooks"),
        ("hook on the whole", "", "the network itself has hooks"),
        ("twins", "arm.1", "of arm.0: it is called more than once"),
        ("same twice", "norm", "what it reads is read elsewhere too"),
        ("over other tokens", "1", "it is not over the outputs of convolutions or of a linear layer"),
        ("asks for a type", "", "its forward asks for types of its values"),
        ("asks torch for a type", "", "its forward asks for types of its values"),
        ("counts", "", "its forward sets attributes"),
        ("optional", "", "its forward has arguments that may be left out (mask)"),
    ],
)
def test_what_is_not_merged_is_named(name: str, at: str, reason: str) -> None:
    assert merge(*NETWORKS[name]).left[at] == reason


def test_what_can_be_folded_is_folded() -> None:
    for name in ("residual", "separable", "by keyword", "over features", "up and down", "half"):
        made = merge(*NETWORKS[name])
        assert made.left == {}, name
        assert not any(isinstance(each, nn.modules.batchnorm._BatchNorm) for each in made.network.modules()), name


def test_a_merge_is_undone_where_an_example_is_answered_otherwise() -> None:
    """Nothing tells a tracer that ``type(x)`` was asked for; an example does."""

    class Exact(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer, self.other = nn.Linear(8, 8), nn.Linear(8, 8)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layer(x) if type(x) is torch.Tensor else self.other(x)

    network, x = Exact().eval(), torch.randn(3, 8)
    made = merge(network, x)
    torch.testing.assert_close(made.network(x), network(x))
    assert "answers the example otherwise" in made.left[""]


@pytest.mark.parametrize("method", ["svd", "tucker", "tt", "cp"])
@pytest.mark.parametrize("name", NETWORKS)
def test_at_full_rank_it_answers_as_before(name: str, method: str) -> None:
    network, call = NETWORKS[name]
    try:
        layers = candidates(network, method, LAYERS)
    except ParameterError as nothing:
        pytest.skip(str(nothing))
    modes = {each.name: default_modes(each.layer) for each in layers if isinstance(each.layer, nn.Linear)}
    modes = modes if method in ("tt", "tucker") else {}
    shapes = {
        each.name: Shape(method, full_ranks(each.layer, method, modes.get(each.name)), modes.get(each.name))
        for each in layers
    }
    made, errors = factorised_network(network, shapes)
    assert difference(answer(copied(network), call), answer(made, call)) <= 1.0
    weakest = TOLERANCE[next(network.parameters()).dtype]
    assert max(errors.values()) <= max(weakest, 1e-6)


@pytest.mark.parametrize("method", ["svd", "tt"])
@pytest.mark.parametrize("name", [name for name in NETWORKS if name not in NO_BUDGET])
def test_a_budget_counts_the_network_that_is_built(name: str, method: str) -> None:
    network, call = NETWORKS[name]
    if name in NOTHING_TO_FACTORISE:
        with pytest.raises(ParameterError, match=r"it has: none\. Left as they are: "):
            design_by_budget(network, method, LAYERS, 0.8)
        return
    design = design_by_budget(network, method, LAYERS, 0.8)
    made, _ = design.built(call)
    assert design.params == size(made) <= 0.8 * size(network)
    assert design.params_dense == size(network)
    merged = merge(made, call).network
    assert difference(answer(copied(made), call), answer(merged, call)) <= 1.0


def test_one_layer_under_two_names_is_one_factorised_layer() -> None:
    network, _ = NETWORKS["one layer twice"]
    made, _ = design_by_budget(network, "svd", ["linear"], 0.5).built()
    assert made[0] is made[2]
    assert made[0] is not network[0]


def test_a_tied_embedding_stays_and_says_so() -> None:
    network, _ = NETWORKS["tied"]
    design = design_by_budget(network, "svd", ["linear"], 0.7)
    assert design.left["head"] == "its weight is also tokens.weight"
    made, _ = design.built()
    assert made.head.weight is made.tokens.weight
    with pytest.raises(ParameterError, match=r"head \(1600 weights\): its weight is also tokens.weight"):
        design_by_budget(network, "svd", ["linear"], 0.1)


@pytest.mark.parametrize(
    ("network", "at", "reason"),
    [
        (Held(), "first", "a list or dictionary that is no module holds it too"),
        (nn.Sequential(nn.Linear(16, 16), with_hook(nn.Linear(16, 16))), "1", "it has hooks"),
        (Attends(add_bias_kv=True), "attention", "it has bias_kv or add_zero_attn"),
        (Attends(kdim=8, vdim=8), "attention", "its keys or values have a width of their own (kdim, vdim)"),
        (nn.Sequential(nn.LSTM(8, 8), nn.Linear(16, 16)), "0", "'svd' has no form of a LSTM"),
        (nn.Sequential(nn.ConvTranspose1d(8, 8, 3), nn.Linear(16, 16)), "0", "'svd' has no form of a ConvTranspose1d"),
    ],
)
def test_layers_that_are_left_are_named(network: nn.Module, at: str, reason: str) -> None:
    both = nn.ModuleDict({"it": network, "beside": nn.Linear(16, 16)})
    left = design_by_budget(both, "svd", LAYERS, 0.95).left
    assert left[f"it.{at}"].startswith(reason)


def test_a_network_with_a_lazy_layer_has_to_be_called_first() -> None:
    with pytest.raises(ParameterError, match=r"network.0.weight has no shape before a first call"):
        design_by_budget(nn.Sequential(nn.LazyLinear(8), nn.Linear(8, 8)), "svd", LAYERS, 0.5)


def test_weights_that_are_computed_are_finite_and_masks_need_not_be() -> None:
    network = nn.Sequential(nn.utils.weight_norm(nn.Linear(8, 8)), nn.Linear(8, 8))
    network.mask = torch.full((2, 2), -torch.inf)
    assert design_by_budget(network, "svd", LAYERS, 0.8).left == {}
    with torch.no_grad():
        network[0].weight_v.zero_()
    with pytest.raises(DataError, match=r"network.0.weight: 64 of 64 weights are NaN"):
        design_by_budget(network, "svd", LAYERS, 0.8)


def test_only_what_was_asked_for_is_opened() -> None:
    network = nn.ModuleDict({"attention": nn.MultiheadAttention(16, 4, kdim=8), "conv": nn.Conv1d(16, 16, 3)})
    made, _ = design_by_budget(network, "svd", ["conv"], 0.9).built()
    assert type(made["attention"]) is nn.MultiheadAttention


class OwnEncoderLayer(nn.TransformerEncoderLayer):
    def _ff_block(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * super()._ff_block(x)


def test_an_encoder_layer_with_a_way_of_its_own_stays_closed() -> None:
    own = OwnEncoderLayer(16, 2, 32, batch_first=True)
    network = settled(nn.Sequential(own, nn.Linear(16, 16)))
    design = design_by_budget(network, "svd", LAYERS, 0.95)
    assert set(design.left) == {"0.self_attn", "0.linear1", "0.linear2"}
    assert all("OwnEncoderLayer has a way of its own (_ff_block)" in reason for reason in design.left.values())
    x = torch.randn(2, 5, 16)
    made, _ = design.built(x)
    torch.testing.assert_close(made[0](x), network[0](x))


def test_a_padded_encoder_puts_zeros_where_torchs_does() -> None:
    torch.manual_seed(0)
    network = Padded().eval()
    tokens, padding = torch.randn(2, 6, 16), torch.zeros(2, 6, dtype=torch.bool)
    padding[0, 4:] = True
    layers = candidates(network, "svd", ["ffn"])
    made, _ = factorised_network(network, {each.name: Shape("svd", (16,)) for each in layers})
    with torch.no_grad():
        expected = network(tokens, padding)
        torch.testing.assert_close(made(tokens, padding), expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(expected[0, 4:], network.encoder.norm(torch.zeros(2, 16)).detach())
    torch.testing.assert_close(made(tokens, padding), network(tokens, padding), atol=1e-5, rtol=1e-5)


def test_a_network_that_fails_on_an_example_is_refused_when_it_is_built() -> None:
    class Picky(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(16, 16)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layer(x) if isinstance(self.layer, nn.Linear) else self.layer.in_proj(x)

    design = design_by_budget(Picky(), "svd", ["linear"], 0.5)
    with pytest.raises(ParameterError, match="fails on the example: AttributeError"):
        design.built(torch.randn(2, 16))


def test_each_decomposition_of_a_budget_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    calls = []
    svd = np.linalg.svd
    monkeypatch.setattr(np.linalg, "svd", lambda *args, **how: calls.append(1) or svd(*args, **how))
    network = nn.Sequential(*(nn.Conv1d(8, 8, 3) for _ in range(3)))
    design_by_budget(network, "svd", ["conv"], 0.5)
    assert len(calls) == 3
