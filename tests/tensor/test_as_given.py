"""What is given of a wrong kind is refused with the key, what was found, and what is allowed."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.tensor import (
    candidates,
    design_by_budget,
    design_by_energy,
    design_by_rank,
    factorise,
)
from topology_efficient_dl.tensor.merging import merge

DENSE = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8))


@pytest.mark.parametrize(
    "modes", [8, ((2, 4),), ((2.0, 4.0), (2, 4)), ("24", "24"), ((2, 4), None), ((True, 8), (2, 4)), {}]
)
@pytest.mark.parametrize("method", ["tt", "tucker"])
def test_modes_are_two_lists_of_whole_numbers(modes: Any, method: str) -> None:
    with pytest.raises(
        ParameterError, match=r"^modes .* 8 outputs and 8 inputs: .*for instance \(\(2, 4\), \(2, 4\)\)"
    ):
        factorise(nn.Linear(8, 8), method, 2, modes)


@pytest.mark.parametrize("method", [["svd"], None, 3, {}])
def test_a_method_is_a_name(method: Any) -> None:
    for call in (
        lambda: factorise(nn.Linear(8, 8), method, 2),
        lambda: design_by_budget(DENSE, method, ["linear"], 0.5),
        lambda: candidates(DENSE, method),
    ):
        with pytest.raises(ParameterError, match="expected one of: svd, tucker, cp, tt"):
            call()


@pytest.mark.parametrize("kind", [nn.Linear, lambda *widths: nn.Conv1d(*widths, 3)])
def test_a_layer_without_a_weight_is_named(kind: Any) -> None:
    layer = kind(8, 8)
    layer.weight = None
    with pytest.raises(ParameterError, match="head: its weight is None"):
        factorise(layer, "svd", 2, name="head")
    whole = nn.Sequential(layer, nn.BatchNorm1d(8), nn.Linear(8, 8))
    assert design_by_budget(whole, "svd", ["linear", "conv"], 0.9).left == {"0": "its weight is None"}
    assert merge(whole).left["1"] == "of 0: its weight is None"


@pytest.mark.parametrize("parts", [None, 5, [], ()])
def test_parts_are_a_list_of_names(parts: Any) -> None:
    for call in (
        lambda: design_by_budget(DENSE, "svd", parts, 0.5),
        lambda: design_by_rank(DENSE, "svd", parts, 2),
        lambda: candidates(DENSE, "svd", parts),
    ):
        with pytest.raises(ParameterError, match=r"layers: found .*, expected a list of some of: .*conv"):
            call()


@pytest.mark.parametrize("multiple", [0, None, -4, 1.5, "4", True])
def test_a_multiple_is_a_whole_number(multiple: Any) -> None:
    for design in (design_by_budget, design_by_energy):
        with pytest.raises(ParameterError, match=r"multiple: found .*, expected a whole number of at least 1"):
            design(DENSE, "svd", ["linear"], 0.5, multiple)


@pytest.mark.parametrize(
    "network", [None, torch.relu, "net", torch.jit.script(DENSE), nn.Sequential(torch.jit.script(DENSE))]
)
def test_a_network_is_a_module_that_is_not_compiled(network: Any) -> None:
    for call in (
        lambda: design_by_budget(network, "svd", ["linear"], 0.5),
        lambda: candidates(network, "svd"),
    ):
        with pytest.raises(ParameterError, match=r"network: .*expected (a torch.nn.Module|layers of torch.nn)"):
            call()
