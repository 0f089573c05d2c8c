"""A merged network computes the same with fewer operations."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from topology_efficient_dl.models.layers import SameConv1d
from topology_efficient_dl.models.registry import build_model
from topology_efficient_dl.tensor import design_by_rank, factorised_network, shapes_of
from topology_efficient_dl.tensor.merging import merged


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
    fast = merged(network)
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
    made = merged(network)
    assert made.get_submodule("once").inplace
    assert not made.get_submodule("again").inplace, "its input is read again"
    torch.testing.assert_close(made(values), network(values))
    assert not network.once.inplace, "the network itself is left as it is"


def test_relu_does_not_write_over_the_input() -> None:
    values = torch.randn(3, 2, 8)
    before = values.clone()
    merged(nn.Sequential(nn.ReLU(), nn.Conv1d(2, 2, 3)))(values)
    torch.testing.assert_close(values, before)
