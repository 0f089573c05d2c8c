"""Whole networks: opened up they answer as before; ranks for all layers; what is left dense and why."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from topology_efficient_dl.errors import DataError, ParameterError
from topology_efficient_dl.models.registry import build_model
from topology_efficient_dl.params.training import EfficiencyParams
from topology_efficient_dl.tensor import (
    PARTS,
    candidates,
    design_by_budget,
    design_by_energy,
    design_by_rank,
    factorised_network,
    opened,
    shapes_of,
    with_shapes,
)
from topology_efficient_dl.tensor.latency_choice import design_by_latency, leave_slower_dense
from topology_efficient_dl.tensor.widths import with_widths

METHODS_OF = {
    "inception_time": ("svd", "tucker", "cp", "tt"),
    "fcn": ("svd", "tucker", "cp", "tt"),
    "resnet": ("svd", "tucker"),
    "gru": ("svd", "tucker", "tt"),
    "transformer": ("svd", "tucker", "tt"),
}


def network(name: str, **options: Any) -> nn.Module:
    torch.manual_seed(0)
    return build_model(name, "small", options, n_channels=2, n_timepoints=40, n_classes=3).eval()


def size(module: nn.Module) -> int:
    return sum(weight.numel() for weight in module.parameters())


@pytest.mark.parametrize("name", METHODS_OF)
def test_an_opened_network_answers_as_before(name: str) -> None:
    dense = network(name)
    sample = torch.randn(5, 2, 40)
    torch.testing.assert_close(opened(dense)(sample), dense(sample), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("norm_first", [True, False])
def test_an_opened_encoder_takes_masks(norm_first: bool) -> None:
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=norm_first)
    dense = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False).eval()
    values = torch.randn(3, 6, 8)
    causal = nn.Transformer.generate_square_subsequent_mask(6)
    padding = torch.zeros(3, 6, dtype=torch.bool)
    padding[0, 4:] = True
    for masks in ({}, {"mask": causal}, {"mask": causal.isinf()}, {"mask": causal, "src_key_padding_mask": padding}):
        torch.testing.assert_close(opened(dense)(values, **masks), dense(values, **masks), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("time_first", [True, False])
def test_an_opened_gru_is_the_same_with_time_first(time_first: bool) -> None:
    torch.manual_seed(0)
    dense = nn.GRU(3, 4, num_layers=2, batch_first=not time_first, bias=False, bidirectional=True)
    values, state = torch.randn(5, 6, 3), torch.randn(4, 6 if time_first else 5, 4)
    for ours, theirs in zip(opened(dense)(values, state), dense(values, state), strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize(("name", "method"), [(name, each) for name, methods in METHODS_OF.items() for each in methods])
def test_a_factorised_network_is_rebuilt_from_shapes_and_weights(name: str, method: str) -> None:
    dense = network(name)
    plans = design_by_rank(dense, method, PARTS, 2).plans
    small, errors = factorised_network(dense, shapes_of(plans))
    assert size(small) < size(dense)
    assert set(errors) == set(shapes_of(plans))
    again = with_shapes(network(name), shapes_of(plans))
    again.load_state_dict(small.state_dict())
    sample = torch.randn(5, 2, 40)
    torch.testing.assert_close(again(sample), small(sample))


def test_parts_of_a_transformer() -> None:
    dense = network("transformer")
    parts = {each.name.rpartition(".")[2]: each.part for each in candidates(dense, "svd")}
    assert parts["linear1"] == parts["linear2"] == "ffn"
    assert parts["in_map"] == parts["out_map"] == "attention"
    assert parts["head"] == "linear"
    assert parts["embed"] == "conv"
    assert {each.part for each in candidates(dense, "svd", ["ffn"])} == {"ffn"}
    assert [each.part for each in candidates(network("gru"), "svd")] == ["recurrent", "linear"]
    assert {each.part for each in candidates(network("gru"), "tt")} == {"recurrent", "linear"}


def test_only_what_is_factorised_is_opened() -> None:
    dense = network("transformer", depth=2)
    plans = design_by_rank(dense, "svd", ["ffn"], 2).plans
    shapes = {name: shape for name, shape in shapes_of(plans).items() if ".0." in name}
    small, _ = factorised_network(dense, shapes)
    kinds = [type(layer).__name__ for layer in small.encoder.layers]
    assert kinds == ["OpenEncoderLayer", "TransformerEncoderLayer"]


@pytest.mark.parametrize("method", ["svd", "tucker", "cp", "tt"])
@pytest.mark.parametrize("keep", [0.25, 0.5])
def test_a_budget_is_met_and_nearly_used(method: str, keep: float) -> None:
    dense = build_model("fcn", "small", {}, n_channels=1, n_timepoints=40, n_classes=3).eval()
    design = design_by_budget(dense, method, PARTS, keep)
    small, _ = design.built()
    assert 0.85 * keep < size(small) / size(dense) <= keep
    assert design.params == size(small)
    assert design.params_dense == size(dense)


def test_ranks_of_a_budget_can_be_multiples() -> None:
    dense = network("fcn")
    plans = design_by_budget(dense, "tucker", ["conv"], 0.5, multiple=4).plans
    ranks = [rank for shape in shapes_of(plans).values() for rank in shape.ranks]
    assert all(rank % 4 == 0 or rank < 4 for rank in ranks)


@pytest.mark.parametrize("method", ["svd", "tucker", "tt", "cp"])
def test_more_energy_is_less_error(method: str) -> None:
    dense = network("fcn", filters=(4, 6, 4))
    errors = [design_by_energy(dense, method, ["conv"], energy).built()[1] for energy in (0.5, 0.9, 1.0)]
    for name in errors[0].keys() & errors[1].keys():
        assert errors[1][name] <= errors[0][name] + 1e-9
        assert errors[0][name] <= (3 * 0.5) ** 0.5 + 1e-6


def test_what_is_no_smaller_is_left_dense_and_says_so() -> None:
    dense = network("fcn")
    plans = design_by_rank(dense, "svd", PARTS, 32).plans
    left = {plan.name: plan.reason for plan in plans if plan.shape is None}
    assert "head" in left
    assert "no smaller at ranks" in left["head"]
    assert all(plan.params == plan.params_dense for plan in plans if plan.shape is None)


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (
            lambda net: design_by_rank(net, "svd", PARTS, 1000).plans,
            "rank 1000 is above the dimensions of every layer",
        ),
        (
            lambda net: design_by_budget(net, "svd", PARTS, 0.001),
            r"keep 0.001 cannot be met.*Give at least",
        ),
        (lambda net: design_by_budget(net, "svd", PARTS, 1.5), "between 0 and 1"),
        (lambda net: design_by_energy(net, "svd", PARTS, 0.0), "energy 0.0, expected more than 0"),
        (lambda net: candidates(net, "svd", ["fnn"]), "no part 'fnn'; did you mean 'ffn'"),
        (
            lambda net: candidates(net, "svd", ["attention"]),
            "no attention layers that 'svd' can factorise; it has: conv, linear",
        ),
    ],
)
def test_refusals(action: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        action(network("fcn"))


def test_nan_in_a_network_is_named() -> None:
    dense = network("fcn")
    with torch.no_grad():
        dense.head.weight[0, 0] = float("inf")
    with pytest.raises(DataError, match=r"head.weight: 1 of"):
        design_by_rank(dense, "svd", PARTS, 1)


def test_slower_layers_are_left_dense() -> None:
    """Layers of a few channels cannot get faster by two more calls."""
    dense = network("fcn", filters=(4, 4, 4))
    quick = EfficiencyParams(rounds=3, min_run_seconds=0.005)
    design = leave_slower_dense(design_by_rank(dense, "tucker", ["conv"], 1), torch.randn(1, 2, 40), quick)
    reasons = [plan.reason for plan in design.plans]
    assert any(reason and "times the dense layer's time" in reason for reason in reasons)
    assert design.params == size(design.built()[0])


def test_latency_that_cannot_be_met_names_the_least() -> None:
    dense = network("fcn")
    quick = EfficiencyParams(rounds=2, min_run_seconds=0.002)
    budget = lambda keep: design_by_budget(dense, "svd", PARTS, keep)  # noqa: E731
    with pytest.raises(ParameterError, match=r"latency 0\.01 cannot be met: the least that was measured is"):
        design_by_latency(dense, budget, 0.01, torch.randn(1, 2, 40), quick)
    with pytest.raises(ParameterError, match="between 0 and 1"):
        design_by_latency(dense, budget, 2.0, torch.randn(1, 2, 40), quick)
    of_no_layer = lambda keep: design_by_budget(dense, "svd", ["ffn"], keep)  # noqa: E731
    with pytest.raises(ParameterError, match="no ffn layers"):
        design_by_latency(dense, of_no_layer, 0.5, torch.randn(1, 2, 40), quick)


@pytest.mark.parametrize("method", ["svd", "tucker", "tt", "cp"])
def test_joint_designs_meet_a_budget_and_are_rebuilt(method: str) -> None:
    dense = network("inception_time")
    design = design_by_budget(dense, method, ["conv"], 0.4, joint=True)
    small, errors = design.built()
    assert design.params == size(small)
    assert 0.3 * size(dense) < size(small) <= 0.4 * size(dense)
    assert any(name.endswith("bottleneck") for name in errors)
    before = {layer.name: layer.params for layer in candidates(dense, method, ["conv"])}
    assert {plan.name: plan.params_dense for plan in design.plans} == before
    narrow = [plan for plan in design.plans if plan.shape is None and plan.name in design.widths]
    assert narrow
    assert {plan.reason for plan in narrow} == {"narrowed together with its bottleneck"}
    sample = torch.randn(5, 2, 40)
    again = with_shapes(with_widths(network("inception_time"), design.widths), shapes_of(design.plans))
    again.load_state_dict(small.state_dict())
    torch.testing.assert_close(again(sample), small(sample))


def test_a_joint_design_at_full_level_is_the_network_itself() -> None:
    dense, sample = network("inception_time"), torch.randn(5, 2, 40)
    small, errors = design_by_energy(dense, "tucker", ["conv"], 1.0, joint=True).built()
    torch.testing.assert_close(small(sample), dense(sample), atol=1e-4, rtol=1e-4)
    assert max(errors.values(), default=0.0) < 1e-5


def test_joint_refusals() -> None:
    with pytest.raises(ParameterError, match=r"keep 0.001 cannot be met.*Give at least"):
        design_by_budget(network("inception_time"), "tucker", ["conv"], 0.001, joint=True)
    with pytest.raises(ParameterError, match="between 0 and 1"):
        design_by_budget(network("inception_time"), "tucker", ["conv"], 1.0, joint=True)
    broken = network("inception_time")
    with torch.no_grad():
        broken.blocks[1].bottleneck.weight[0, 0, 0] = float("nan")
    with pytest.raises(DataError, match=r"network.blocks.1.bottleneck.weight: 1 of"):
        design_by_budget(broken, "tucker", ["conv"], 0.3, joint=True)
