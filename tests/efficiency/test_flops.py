"""FLOPs of layers whose arithmetic is known by hand."""

import pytest
import torch
from torch import nn

from topology_efficient_dl.efficiency import FlopCount, count_flops, count_flops_of_call
from topology_efficient_dl.efficiency import flops as flops_module


class SelfAttention(nn.Module):
    def __init__(self, need_weights):
        super().__init__()
        self.attention, self.need_weights = nn.MultiheadAttention(16, 4, batch_first=True, bias=False), need_weights

    def forward(self, x):
        return self.attention(x, x, x, need_weights=self.need_weights)[0]


class Einsum(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(7, 5))

    def forward(self, x):
        return torch.einsum("bi,ij->bj", x, self.weight)


class Spectrum(nn.Module):
    def forward(self, x):
        return torch.fft.rfft(x).abs()


class SparseProduct(nn.Module):
    def forward(self, x):
        return torch.sparse.mm(torch.eye(7).to_sparse(), x.T)


ATTENTION = 2 * (4 * 12 * 16 * 16 + 2 * 12 * 12 * 16)


@pytest.mark.parametrize(
    ("module", "shape", "expected"),
    [
        (nn.Linear(7, 5, bias=False), (7,), 2 * 7 * 5),
        (nn.Linear(7, 5), (7,), 2 * (7 * 5 + 5)),
        (nn.Linear(7, 5, bias=False), (4, 7), 4 * 2 * 7 * 5),
        (nn.Conv1d(3, 8, 5, padding=2, bias=False), (3, 20), 2 * 3 * 8 * 5 * 20),
        (nn.Conv1d(8, 8, 3, groups=4, padding=1, bias=False), (8, 20), 2 * 2 * 8 * 3 * 20),
        (nn.GRU(6, 10, batch_first=True, bias=False), (12, 6), 12 * 2 * 3 * 10 * (6 + 10)),
        (nn.LSTM(6, 10, batch_first=True, bias=False), (12, 6), 12 * 2 * 4 * 10 * (6 + 10)),
        (SelfAttention(need_weights=True), (12, 16), ATTENTION),
        (SelfAttention(need_weights=False), (12, 16), ATTENTION),
        (Einsum(), (7,), 2 * 7 * 5),
    ],
    ids=["linear", "bias", "sequence", "conv", "groups", "gru", "lstm", "attention", "fused_attention", "einsum"],
)
def test_known_layers(module, shape, expected):
    counted = count_flops(module, shape)
    assert counted.flops == expected
    assert counted.by["ptflops"] == expected


def test_depth_adds_up_and_activations_are_free():
    stack = nn.Sequential(nn.Linear(7, 5, bias=False), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 3, bias=False))
    assert count_flops(stack, (7,)).flops == 2 * (7 * 5 + 5 * 3)


@pytest.mark.parametrize(("module", "operator"), [(Spectrum(), "_fft_r2c"), (SparseProduct(), "_sparse_")])
def test_operators_beyond_the_counters_make_the_cost_unknown(module, operator):
    counted = count_flops(module, (7,))
    assert counted.flops is None
    assert operator in counted.reason


def test_nothing_countable_is_unknown_and_not_zero():
    assert count_flops(nn.Flatten(), (3, 7)).flops is None


def test_a_model_that_fails_is_named_with_its_error():
    counted = count_flops(nn.Linear(7, 5), (6,))
    assert counted.flops is None
    assert "RuntimeError" in counted.reason


def test_disagreement_is_reported(monkeypatch):
    monkeypatch.setattr(flops_module, "_by_torch", lambda *_: 40)
    counted = count_flops(nn.Linear(7, 5, bias=False), (7,))
    assert counted.flops == 70
    assert "70" in counted.warning
    assert "40" in counted.warning


def test_quiet_and_without_traces_on_the_model(capsys):
    model = nn.Sequential(nn.Conv1d(1, 4, 3), nn.ReLU()).train()
    threads, mkldnn, fast = (
        torch.get_num_threads(),
        torch.backends.mkldnn.enabled,
        torch.backends.mha.get_fastpath_enabled(),
    )
    count_flops(model, (1, 9))
    assert capsys.readouterr().out == ""
    assert model.training
    assert model[0].training
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in model.modules())
    assert (threads, mkldnn, fast) == (
        torch.get_num_threads(), torch.backends.mkldnn.enabled, torch.backends.mha.get_fastpath_enabled(),
    )  # fmt: skip


def test_several_inputs():
    class Product(nn.Module):
        def forward(self, a, b):
            return a @ b

    assert count_flops_of_call(Product(), torch.ones(2, 3), torch.ones(3, 5)).flops == 2 * 2 * 3 * 5


def test_sum_keeps_every_reason():
    total = FlopCount(None, "a") + FlopCount(1) + FlopCount(None, "b", warning="w")
    assert (total.flops, total.reason, total.warning) == (None, "a; b", "w")
