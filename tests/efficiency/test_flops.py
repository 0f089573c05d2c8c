"""FLOPs of layers whose arithmetic is known by hand."""

import pytest
import torch
from tests.models.simplicial.cases import some_features, toy
from torch import nn
from torch_geometric.nn import GCNConv, SAGEConv

from topology_efficient_dl.complexes.groups import facets
from topology_efficient_dl.efficiency import FlopCount, count_flops, count_flops_of_call
from topology_efficient_dl.efficiency import flops as flops_module
from topology_efficient_dl.models.graph_baselines.gat import GAT, GATv2
from topology_efficient_dl.models.graph_baselines.gcn import GCN
from topology_efficient_dl.models.graph_baselines.hypergraph import HypergraphNetwork
from topology_efficient_dl.models.graph_baselines.inputs import graph_input, hypergraph_input
from topology_efficient_dl.models.graph_baselines.sage import GraphSAGE
from topology_efficient_dl.models.graph_baselines.transformer import GraphTransformer
from topology_efficient_dl.models.simplicial import (
    CellComplexNN,
    SimplicialMLP,
    SimplicialNN,
    SimplicialOperatorNet,
    complex_input,
)


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
        (nn.Linear(7, 5), (7,), 2 * 7 * 5 + 5),
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


# The toy complex: nodes, of them in edges, edges, of them in triangles, triangles, nodes of all facets.
N, JOINED, E, CLOSED, T, MEMBERS = 8, 7, 10, 8, 3, 13
F, W, C = 3, 8, 4


def along(n_entries, width):
    """Of a product with a sparse matrix, or a sum of messages along edges."""
    return 2 * n_entries * width


def linear(rows, n_in, n_out, bias=True):
    return rows * n_out * (2 * n_in + bias)


def layers_of(convolution, depth=2):
    """A network for nodes: convolutions with their shortcuts, then logits."""
    widths = [F] + [W] * (depth - 1)
    return sum(convolution(n_in) + linear(N, n_in, W) for n_in in widths) + linear(N, W, C)


def gcn(n_in):
    return linear(N, n_in, W, bias=False) + along(2 * E + N, W)


def sage(n_in):
    return linear(N, n_in, W) + linear(N, n_in, W, bias=False) + along(2 * E, n_in)


def attention(n_in, n_linear, bias):
    """Along edges and loops; the feature of a loop is the mean of those of its node's edges."""
    edges = along(2 * E, 1) + linear(2 * E + N, 1, W, bias=False) + along(2 * E + N, W)
    return n_linear * linear(N, n_in, W, bias) + edges


def gine():
    return along(2 * E, W) + linear(2 * E, 1, W) + 2 * linear(N, W, W)


def gps(local):
    to_all = linear(N, W, 3 * W) + 2 * 2 * N * N * W + linear(N, W, W)
    return linear(N, F, W) + local + to_all + linear(N, W, 2 * W) + linear(N, 2 * W, W) + linear(N, W, C)


def hypergraph(n_in):
    return linear(N, n_in, W, bias=False) + 2 * along(MEMBERS, W)


def graph_logits(n_pooled, n_joined):
    return along(n_pooled, W) + linear(1, n_joined * W, W) + linear(1, W, C)


GRAPH_NETWORKS = {
    "gcn": (GCN, {}, layers_of(gcn)),
    "gcn plain": (GCN, {"residual": False, "weighted": False}, gcn(F) + gcn(W) + linear(N, W, C)),
    "gcn graph": (GCN, {"task": "graph"}, layers_of(gcn) - linear(N, W, C) + graph_logits(N, 1)),
    "sage": (GraphSAGE, {}, layers_of(sage)),
    "gat": (GAT, {"heads": 2}, layers_of(lambda n_in: attention(n_in, 1, bias=False))),
    "gatv2": (GATv2, {"heads": 4}, layers_of(lambda n_in: attention(n_in, 2, bias=True))),
    "transformer": (GraphTransformer, {"heads": 2, "depth": 1}, gps(attention(W, 2, bias=True))),
    "transformer gine": (GraphTransformer, {"heads": 2, "depth": 1, "local": "gine"}, gps(gine())),
    "transformer global": (GraphTransformer, {"heads": 2, "depth": 1, "local": "none"}, gps(0)),
    "hypergraph": (HypergraphNetwork, {}, layers_of(hypergraph)),
}


@pytest.mark.parametrize("name", GRAPH_NETWORKS)
def test_graph_networks(name):
    network, options, expected = GRAPH_NETWORKS[name]
    module = network(F, C, **{"width": W, "depth": 2, **options})
    features, groups = some_features(N), facets(toy())
    reads = hypergraph_input(groups, features) if name == "hypergraph" else graph_input(toy(), features)
    counted = count_flops_of_call(module, reads)
    assert (counted.flops, counted.reason) == (expected, None)


UPPER = 2 * E + JOINED
"""Entries of the graph's Laplacian; those of edges and triangles are two factors each, of boundaries."""


def hodge_nodes(order):
    blocks = 1 + order + 1 + order
    return along(2 * order * UPPER + 2 * E, W) + linear(N, blocks * W, W)


def hodge_edges(order):
    laplacians = 2 * order * (2 * 2 * E + 2 * 3 * T)
    return along(laplacians + 2 * E + 3 * T, W) + linear(E, (3 + 4 * order) * W, W)


def hodge_triangles(order):
    return along(2 * order * 2 * 3 * T + 3 * T, W) + linear(T, (2 + 2 * order) * W, W)


def simplicial_graph(order):
    embed = linear(N + E + T, F, W)
    return embed + hodge_nodes(order) + hodge_edges(order) + hodge_triangles(order) + graph_logits(N + E + T, 3)


def upper_cells(n, n_neighbours, n_cofaces):
    heard = along(n_neighbours + n_cofaces, W)
    return heard + linear(n, 2 * W, W, bias=False) + linear(n, W, W)


CELL_NODES = upper_cells(N, 2 * E, 2 * E) + linear(N, W, W)
CELL_EDGES = upper_cells(E, 6 * T, 3 * T) + along(2 * E, W) + linear(E, W, W) + linear(E, 2 * W, W)
CELL_TRIANGLES = along(3 * T, W) + 2 * linear(T, W, W)

OPERATORS = ("weight", "log_weight", "triangles", "simplex_triangles", "groups")
STORED = 2 * 2 * E + 2 * 2 * CLOSED + 2 * MEMBERS


def operator_layer(n_in, width=W):
    linears = linear(N, n_in, width) + len(OPERATORS) * linear(N, n_in, width, bias=False)
    return linears + along(STORED, min(n_in, width))


HODGE, CELLS = {}, {"parts": ("cells",)}
BY_NAME = {"operators": OPERATORS, "parts": ()}

COMPLEX_NETWORKS = {
    "simplicial": (SimplicialNN, {}, HODGE, linear(N + E, F, W) + hodge_nodes(1) + linear(N, W, C)),
    "simplicial second order": (
        SimplicialNN,
        {"order": 2},
        HODGE,
        linear(N + E, F, W) + hodge_nodes(2) + linear(N, W, C),
    ),
    "simplicial graph": (SimplicialNN, {"task": "graph"}, HODGE, simplicial_graph(1)),
    "simplicial graph second order": (SimplicialNN, {"task": "graph", "order": 2}, HODGE, simplicial_graph(2)),
    "cells": (CellComplexNN, {}, CELLS, linear(N + E, F, W) + CELL_NODES + linear(N, W, C)),
    "cells graph": (
        CellComplexNN,
        {"task": "graph"},
        CELLS,
        linear(N + E + T, F, W) + CELL_NODES + CELL_EDGES + CELL_TRIANGLES + graph_logits(N + E + T, 3),
    ),
    "operators": (
        SimplicialOperatorNet,
        {"operators": OPERATORS, "depth": 2},
        BY_NAME,
        operator_layer(F) + operator_layer(W) + linear(N, W, C),
    ),
    "operators narrow": (
        SimplicialOperatorNet,
        {"operators": OPERATORS, "width": 2},
        BY_NAME,
        operator_layer(F, 2) + linear(N, 2, C),
    ),
}


@pytest.mark.parametrize("name", COMPLEX_NETWORKS)
def test_networks_on_complexes(name):
    network, options, reads, expected = COMPLEX_NETWORKS[name]
    module = network(F, C, **{"width": W, "depth": 1, **options})
    groups = facets(toy()) if reads is BY_NAME else None
    counted = count_flops_of_call(module, complex_input(toy(), some_features(N), groups=groups, **reads))
    assert (counted.flops, counted.reason) == (expected, None)


def test_propagated_features_need_no_edges():
    network = SimplicialMLP(5, C, block_sizes=(2, 3), width=W, depth=1)
    expected = linear(1, 2, W) + linear(1, 3, W) + linear(1, 2 * W, W) + linear(1, W, C)
    assert count_flops(network, (5,)).flops == expected


@pytest.mark.parametrize("layer", [GCNConv, SAGEConv])
def test_edges_and_sparse_matrices_cost_the_same(layer):
    graph, convolution = graph_input(toy(), some_features(N)), layer(F, W)
    network = (GCN if layer is GCNConv else GraphSAGE)(F, C, width=W, depth=1)

    class ByProduct(nn.Module):
        def forward(self, x):
            return network.convolve(convolution, x, graph)

    by_edges = count_flops_of_call(convolution, graph.x, graph.edge_index)
    assert by_edges.flops == count_flops_of_call(ByProduct(), graph.x).flops == (gcn if layer is GCNConv else sage)(F)


class Call(nn.Module):
    def __init__(self, call):
        super().__init__()
        self.call = call

    def forward(self, *given):
        return self.call(*given)


SPARSE = torch.tensor([[0.0, 2.0, 0.0], [1.0, 0.0, 3.0], [0.0, 0.0, 4.0], [0.0, 0.0, 0.0]]).to_sparse_csr()
COLUMNS = SPARSE.to_sparse_csc()
TO = torch.tensor([0, 0, 2])


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda x: SPARSE @ x, along(4, 5)),
        (lambda x: COLUMNS @ x, along(4, 5)),
        (lambda x: torch.sparse.mm(SPARSE, x), along(4, 5)),
        (lambda x: SPARSE @ x[:, 0], along(4, 1)),
        (lambda x: torch.addmm(torch.zeros(4, 5), SPARSE, x), along(4, 5)),
        (lambda x: torch.ones(2, 4) @ SPARSE, along(4, 2)),
        (lambda x: torch.zeros(3, 5).index_add(0, TO, x), along(3, 5)),
        (lambda x: torch.zeros(3, 5).scatter_add(0, TO[:, None].expand(3, 5), x), along(3, 5)),
        (lambda x: torch.zeros(3, 5).scatter_reduce(0, TO[:, None].expand(3, 5), x, "mean"), along(3, 5)),
        (lambda x: x @ x.T + torch.zeros(3, 5).index_add(0, TO, x).sum(), 2 * 3 * 5 * 3 + along(3, 5)),
    ],
    ids=[
        "matmul",
        "columns",
        "mm",
        "vector",
        "addmm",
        "right",
        "index_add",
        "scatter_add",
        "scatter_mean",
        "dense as well",
    ],
)
def test_products_and_sums_along_edges(call, expected):
    counted = count_flops_of_call(Call(call), torch.ones(3, 5))
    assert counted.flops == counted.by["ptflops"] == counted.by["torch"] == expected


@pytest.mark.parametrize(
    "call",
    [
        lambda x: torch.zeros(3).index_add(0, TO, x[:, 0]),
        lambda x: torch.zeros(3, 5).index_add(0, TO, torch.exp(x)),
        lambda x: torch.zeros(3, 5).scatter_reduce(0, TO[:, None].expand(3, 5), x, "amax"),
    ],
    ids=["degrees", "softmax", "maximum"],
)
def test_degrees_softmax_and_maxima_are_left_out(call):
    assert count_flops_of_call(Call(lambda x: (call(x), x @ x.T)), torch.ones(3, 5)).flops == 2 * 3 * 5 * 3


def test_empty_sparse_matrices_cost_nothing():
    empty = torch.zeros(4, 3).to_sparse_csr()
    counted = count_flops_of_call(Call(lambda x: (empty @ x, x @ x.T)), torch.ones(3, 5))
    assert (counted.flops, counted.reason) == (2 * 3 * 5 * 3, None)


@pytest.mark.parametrize(
    ("call", "operator"),
    [
        (lambda x: SPARSE @ SPARSE.to_dense().T.to_sparse_csr(), "mm"),
        (lambda x: torch.sparse.mm(SPARSE, x, "amax"), "_sparse_mm_reduce_impl"),
        (lambda x: torch.segment_reduce(x, "sum", lengths=torch.tensor([2, 1])), "segment_reduce"),
    ],
)
def test_other_sparse_operators_are_unknown(call, operator):
    counted = count_flops_of_call(Call(call), torch.ones(3, 5))
    assert counted.flops is None
    assert operator in counted.reason


def test_work_along_edges_does_not_hide_a_disagreement(monkeypatch):
    monkeypatch.setattr(flops_module, "_by_torch", lambda *_: 40)
    counted = count_flops_of_call(Call(lambda x: (SPARSE @ x, x @ x.T)), torch.ones(3, 5))
    assert counted.by == {"ptflops": 2 * 3 * 5 * 3 + along(4, 5), "torch": 40 + along(4, 5)}
    assert counted.warning == "ptflops 90 and torch 40 differ by 56%"


WEIGHTS = torch.ones(2, 7, 5)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda x: x @ x[0], 2 * 3 * 5),
        (lambda x: x[0] @ x[1], 2 * 5),
        (lambda x: torch.vdot(x[0], x[1]), 2 * 5),
        (lambda x: torch.addmv(torch.zeros(3), x, x[0]), 2 * 3 * 5 + 3),
        (lambda x: torch.addr(torch.zeros(3, 5), x[:, 0], x[0]), 2 * 3 * 5),
        (lambda x: torch.baddbmm(torch.zeros(2, 7, 3), WEIGHTS, x.T.expand(2, 5, 3)), 2 * 2 * 7 * 5 * 3),
        (lambda x: torch.addbmm(torch.zeros(7, 3), WEIGHTS, x.T.expand(2, 5, 3)), 2 * 2 * 7 * 5 * 3),
        (lambda x: nn.functional.bilinear(x, x, torch.ones(4, 5, 5)), 2 * 3 * 4 * 5 * 5),
        (lambda x: torch.einsum("ni,oij,nj->no", x, torch.ones(4, 5, 5), x), 2 * (3 * 5 * 20 + 3 * 4 * 5)),
        (lambda x: nn.functional.normalize(x, dim=1) @ x.T, 2 * 3 * 5 * 3),
        (lambda x: nn.functional.cosine_similarity(x, x) @ x, 2 * 3 * 5),
        (lambda x: torch.conv_tbc(x[:, None], torch.ones(2, 5, 4), torch.zeros(4)), 2 * (2 * 5 * 2 * 4) + 2 * 4),
        (lambda x: nn.functional.embedding_bag(TO[None], x), 2 * 3 * 5),
    ],
    ids=["mv", "dot", "vdot", "addmv", "addr", "baddbmm", "addbmm", "bilinear", "einsum of three", "norm", "cosine",
         "time first", "bag"],
)  # fmt: skip
def test_products_that_the_counters_miss(call, expected):
    counted = count_flops_of_call(Call(call), torch.ones(3, 5))
    assert (counted.flops, counted.reason, counted.warning) == (expected, None, None)
    assert counted.by["ptflops"] == counted.by["torch"]


class Shifted(nn.Module):
    """A convolution or a linear layer without a bias, and a parameter that is added to what it gives."""

    def __init__(self, layer, *shape):
        super().__init__()
        self.layer, self.shift = layer, nn.Parameter(torch.ones(shape))

    def forward(self, x):
        return self.layer(x) + self.shift


@pytest.mark.parametrize("shape", [(3, 1), (1, 3, 1)])
def test_a_parameter_along_one_axis_is_a_bias_wherever_that_stands(shape):
    convolution = nn.Conv1d(2, 3, 2, bias=False)
    assert count_flops(Shifted(convolution, *shape), (2, 5)).flops == 2 * 2 * 3 * 2 * 4 + 3 * 4
    assert count_flops(Shifted(nn.Linear(7, 5, bias=False), 1, 5), (7,)).flops == 2 * 7 * 5 + 5


@pytest.mark.parametrize(
    ("module", "shape", "biases"),
    [
        (lambda bias: nn.Linear(7, 5, bias=bias), (7,), 5),
        (lambda bias: nn.Linear(7, 5, bias=bias), (4, 7), 4 * 5),
        (lambda bias: nn.Sequential(nn.Unflatten(1, (7, 4)), Call(lambda x: x.mT), nn.Linear(7, 5, bias=bias)), (28,), 20),
        (lambda bias: nn.Conv1d(3, 8, 5, bias=bias), (3, 20), 8 * 16),
        (lambda bias: nn.ConvTranspose1d(4, 8, 4, stride=2, groups=2, bias=bias), (4, 20), 8 * 42),
        (lambda bias: nn.GRU(6, 10, batch_first=True, bias=bias), (12, 6), 12 * 2 * 30),
        (lambda bias: nn.LSTM(6, 10, batch_first=True, bias=bias), (12, 6), 12 * 2 * 40),
        (lambda bias: nn.TransformerEncoderLayer(16, 4, 32, batch_first=True, bias=bias), (12, 16), 12 * (4 + 2 + 1) * 16),
    ],
    ids=["linear", "sequence", "strided", "conv", "transposed", "gru", "lstm", "encoder"],
)  # fmt: skip
def test_a_bias_is_one_addition(module, shape, biases):
    """Both GRU and LSTM have two biases."""
    with_bias, without = (count_flops(module(bias), shape) for bias in (True, False))
    assert with_bias.flops - without.flops == biases
    assert with_bias.by["ptflops"] == with_bias.by["torch"]


def test_masked_attention_has_its_scores_counted():
    attention = nn.MultiheadAttention(16, 4, batch_first=True, bias=False)
    call = Call(lambda x: attention(x, x, x, attn_mask=torch.zeros(12, 12))[0])
    assert count_flops_of_call(call, torch.ones(1, 12, 16)).flops == ATTENTION


@pytest.mark.parametrize(
    ("call", "operator"),
    [
        (lambda x: torch.linalg.inv(torch.eye(3)) @ x, "linalg_inv_ex"),
        (lambda x: torch.cdist(x, x) @ x, "_cdist_forward"),
        (lambda x: nn.functional.pdist(x), "_pdist_forward"),
        (lambda x: torch.cholesky_solve(x @ x.T, torch.eye(3)), "cholesky_solve"),
        (lambda x: x.to(torch.complex64) @ x.T.to(torch.complex64), "mm of complex numbers"),
    ],
)
def test_what_multiplies_in_a_way_of_its_own_is_unknown(call, operator):
    counted = count_flops_of_call(Call(call), torch.ones(3, 5))
    assert counted.flops is None
    assert operator in counted.reason


def test_an_operator_of_ones_own_is_unknown():
    @torch.library.custom_op("test_flops::square", mutates_args=())
    def square(x: torch.Tensor) -> torch.Tensor:
        return x @ x.T

    counted = count_flops_of_call(Call(lambda x: square(x) @ x), torch.ones(3, 5))
    assert (counted.flops, counted.reason) == (None, "operators that no counter knows: test_flops::square")


def test_half_precision_is_counted_in_its_own_dtype():
    assert count_flops(nn.Linear(7, 5, bias=False).bfloat16(), (7,)).flops == 2 * 7 * 5
