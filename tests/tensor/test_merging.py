"""A merged network computes the same with fewer operations."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from tests.tensor.networks import Called, with_hook
from torch import nn

from topology_efficient_dl.models.layers import SameConv1d
from topology_efficient_dl.models.registry import build_model
from topology_efficient_dl.tensor import design_by_rank, factorised_network, shapes_of
from topology_efficient_dl.tensor.merging import merge, merged


def settled(network: nn.Module) -> nn.Module:
    """Statistics and scales of normalisations that are not those of a new network."""
    torch.manual_seed(1)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2.0)
            nn.init.normal_(module.weight, 1.0, 0.2)
            nn.init.normal_(module.bias)
    return network.eval()


def network(name: str) -> nn.Module:
    torch.manual_seed(0)
    return settled(build_model(name, "small", {}, n_channels=2, n_timepoints=40, n_classes=3))


def norms(module: nn.Module) -> int:
    return sum(isinstance(each, nn.BatchNorm1d | nn.BatchNorm2d) for each in module.modules())


@pytest.mark.parametrize("name", ["inception_time", "fcn", "resnet", "tcn", "tiny_cnn", "gru", "transformer"])
def test_a_merged_network_answers_as_before(name: str) -> None:
    dense = network(name)
    before = {key: value.clone() for key, value in dense.state_dict().items()}
    sample = torch.randn(5, 2, 40)
    torch.testing.assert_close(merged(dense)(sample), dense(sample), atol=1e-4, rtol=1e-4)
    for key, value in dense.state_dict().items():
        torch.testing.assert_close(value, before[key], atol=0, rtol=0)


def test_every_normalisation_behind_a_convolution_is_folded() -> None:
    assert [norms(merged(network(name))) for name in ("inception_time", "fcn", "tiny_cnn")] == [0, 0, 0]
    # A shortcut without a convolution has nothing to fold its normalisation into.
    assert norms(merged(network("resnet"))) == 1


@pytest.mark.parametrize("method", ["svd", "tucker", "cp"])
def test_a_factorised_inception_block_loses_its_bottleneck(method: str) -> None:
    dense = network("inception_time")
    shapes = shapes_of(design_by_rank(dense, method, ["conv"], 2).plans)
    small, _ = factorised_network(dense, shapes)
    fast, sample = merged(small.eval()), torch.randn(5, 2, 40)
    torch.testing.assert_close(fast(sample), small(sample), atol=1e-4, rtol=1e-4)
    assert norms(fast) == 0
    if method != "svd":  # whose first factor is the long convolution itself
        assert len(list(fast.modules())) < len(list(small.modules()))


def test_a_bias_is_moved_through_a_convolution_without_padding_only() -> None:
    torch.manual_seed(0)
    for padding, merges in ((0, True), (2, False), ("same", False), ("valid", True)):
        chain = nn.Sequential(nn.Conv1d(3, 6, 1, padding="same"), nn.Conv1d(6, 2, 5, padding=padding)).eval()
        fast, sample = merged(chain), torch.randn(2, 3, 20)
        torch.testing.assert_close(fast(sample), chain(sample), atol=1e-5, rtol=1e-5)
        assert (len(list(fast.children())) == 1) is merges


def test_what_would_take_more_multiplications_stays_apart() -> None:
    chain = nn.Sequential(nn.Conv1d(64, 2, 1, bias=False), nn.Conv1d(2, 64, 9)).eval()
    assert len(list(merged(chain).children())) == 2


def test_layers_that_are_used_twice_are_left_alone() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer, self.norm = SameConv1d(2, 2, 5), nn.BatchNorm1d(2)

        def forward(self, values: torch.Tensor) -> torch.Tensor:
            return self.norm(self.layer(values)) + self.layer(values)

    network = settled(Twice())
    sample = torch.randn(3, 2, 30)
    fast = merged(network, sample)
    assert norms(fast) == 1
    torch.testing.assert_close(fast(sample), network(sample))


def test_a_network_that_cannot_be_traced_is_copied() -> None:
    class Branching(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(2, 2)

        def forward(self, values: torch.Tensor) -> torch.Tensor:
            return self.layer(values) if bool(values.sum() > 0) else values

    network = Branching()
    found = merged(network)
    assert isinstance(found, Branching)
    assert found is not network


def test_a_network_with_a_factorised_head_is_merged_too() -> None:
    dense = network("fcn")
    small, _ = design_by_rank(dense, "tt", ["conv", "linear"], 1).built()
    sample = torch.randn(5, 2, 40)
    assert norms(merged(small)) == 0
    torch.testing.assert_close(merged(small)(sample), small.eval()(sample), atol=1e-4, rtol=1e-4)


def test_linear_layers_fold_too() -> None:
    torch.manual_seed(0)
    network = settled(nn.Sequential(nn.Linear(4, 5, bias=False), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 2)))
    sample = torch.randn(3, 4)
    assert norms(merged(network)) == 0
    torch.testing.assert_close(merged(network)(sample), network(sample))


def test_relu_writes_over_what_nothing_else_reads() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.other = nn.Conv1d(2, 2, 3, padding=1), nn.Conv1d(2, 2, 3, padding=1)
            self.once, self.again = nn.ReLU(), nn.ReLU()

        def forward(self, values: torch.Tensor) -> torch.Tensor:
            first = self.conv(values)
            return self.again(first) + first + self.once(self.other(values))

    torch.manual_seed(0)
    network, values = Twice().eval(), torch.randn(3, 2, 8)
    made = merged(network, values)
    assert made.get_submodule("once").inplace
    assert not made.get_submodule("again").inplace, "its input is read again"
    torch.testing.assert_close(made(values), network(values))
    assert not network.once.inplace, "the network itself is left as it is"


def test_relu_does_not_write_over_the_input() -> None:
    values = torch.randn(3, 2, 8)
    before = values.clone()
    merged(nn.Sequential(nn.ReLU(), nn.Conv1d(2, 2, 3)))(values)
    torch.testing.assert_close(values, before)


def pair(call: Callable[..., Any], **more: nn.Module) -> nn.Module:
    return settled(Called(call, a=nn.Conv1d(4, 4, 3, padding=1), norm=nn.BatchNorm1d(4), b=nn.Conv1d(4, 4, 1), **more))


class Two(nn.Module):
    """Two inputs, whose identity or absence decides."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.norm = nn.Conv1d(4, 4, 3), nn.BatchNorm1d(4)

    def forward(self, x: torch.Tensor, other: torch.Tensor | None) -> torch.Tensor:
        found = self.norm(self.a(x))
        return found if other is None else -found if other is x else 2 * found


class OwnCall(nn.Sequential):
    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * super().__call__(x)


class Backwards(nn.Sequential):
    def __iter__(self) -> Any:
        return reversed(list(super().__iter__()))


class Keeping(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer, self.calls = nn.Linear(4, 4), {"n": 0}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls["n"] += 1
        return self.layer(x) * self.calls["n"]


def on_an_alias(self: Any, x: torch.Tensor) -> torch.Tensor:
    found = self.norm(self.a(x))
    alias = found
    found += self.b(x)
    return found + alias


def writes_a_weight(self: Any, x: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        self.a.weight.mul_(1.5)
    return self.norm(self.a(x))


def with_other_weights(self: Any, x: torch.Tensor) -> torch.Tensor:
    weights = {"weight": 2 * self.a.weight, "bias": self.a.bias}
    return self.norm(torch.func.functional_call(self.a, weights, (x,)))


def in_half(self: Any, x: torch.Tensor) -> torch.Tensor:
    with torch.autocast("cpu", torch.bfloat16):
        return self.norm(self.a(x))


def asks(self: Any, x: torch.Tensor) -> torch.Tensor:
    try:
        return self.norm(self.a(x)) if type(x) is torch.Tensor and float(x.sum()) < 1e9 else x
    except TypeError:
        return x


SERIES = torch.linspace(-1, 1, 3 * 4 * 9).reshape(3, 4, 9)
OWN = {
    "in place on an alias": (pair(on_an_alias), (SERIES,)),
    "the same input twice": (settled(Two()), (SERIES, SERIES)),
    "no second input": (settled(Two()), (SERIES, None)),
    "asks for a type": (pair(asks), (SERIES,)),
    "writes a weight": (pair(writes_a_weight), (SERIES,)),
    "other weights": (pair(with_other_weights), (SERIES,)),
    "autocast": (pair(in_half), (SERIES,)),
    "call of its own": (settled(OwnCall(nn.Conv1d(4, 4, 3), nn.BatchNorm1d(4))), (SERIES,)),
    "order of its own": (settled(Backwards(nn.Conv1d(4, 4, 3), nn.BatchNorm1d(4))), (SERIES,)),
    "state in a dictionary": (Keeping().eval(), (torch.ones(2, 4),)),
    "chance of numpy": (pair(lambda self, x: self.norm(self.a(x)) if np.random.rand() < 2 else x), (SERIES,)),  # noqa: NPY002
    "ordered": (pair(lambda self, x: OrderedDict(y=self.norm(self.a(x)))), (SERIES,)),
    "hook": (with_hook(settled(nn.Sequential(nn.Conv1d(4, 4, 3), nn.BatchNorm1d(4), nn.ReLU())), "2"), (SERIES,)),
}


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("shown", [False, True])
def test_code_of_somebody_elses_is_merged_by_an_example_only(name: str, shown: bool) -> None:
    network, call = OWN[name]
    expected = copy.deepcopy(network)
    made = merge(network, call if shown else None)
    if not shown:
        assert type(made.network) is type(network)
        assert made.network is not network
        assert "give `example` to have the merged network compared with it" in made.left[""]
    for _ in range(2):
        torch.testing.assert_close(made.network(*call), expected(*call), atol=1e-5, rtol=1e-5)
    assert type(made.network(*call)) is type(expected(*call))


def test_one_series_without_a_batch_is_normalised_over_time() -> None:
    torch.manual_seed(0)
    chain = settled(nn.Sequential(nn.Conv1d(8, 8, 3, padding=1), nn.BatchNorm1d(8)))
    for sample in (torch.randn(8, 8), torch.randn(2, 8, 8)):
        torch.testing.assert_close(merged(chain)(sample), chain(sample))
        torch.testing.assert_close(merged(chain, sample)(sample), chain(sample), atol=1e-5, rtol=1e-5)
    assert "without a batch" in merge(chain).left["1"]
    assert "answers the example otherwise" in merge(chain, torch.randn(8, 8)).left[""]


def test_a_compiled_network_is_returned_as_it_is() -> None:
    chain = settled(nn.Sequential(nn.Conv1d(4, 4, 3), nn.BatchNorm1d(4)))
    for compiled in (torch.jit.script(chain), nn.Sequential(torch.jit.trace(chain, SERIES))):
        made = merge(compiled, SERIES)
        assert "is compiled" in made.left[""]
        torch.testing.assert_close(made.network(SERIES), chain(SERIES))
