"""Networks on graphs and hypergraphs: what holds for all, and known answers of their layers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.complexes.cases import known
from tests.models.simplicial.cases import N_CLASSES, N_FEATURES, some_features, toy, weighted

from topology_efficient_dl.complexes import SimplicialComplex
from topology_efficient_dl.complexes.batch import SimplicialBatch, disjoint_union
from topology_efficient_dl.complexes.groups import Groups, facets
from topology_efficient_dl.complexes.operators import simplex_adjacency
from topology_efficient_dl.errors import DataError, ParameterError
from topology_efficient_dl.models.graph_baselines import gat, gcn, hypergraph, sage, transformer
from topology_efficient_dl.models.graph_baselines.gat import GAT, GATv2
from topology_efficient_dl.models.graph_baselines.gcn import GCN
from topology_efficient_dl.models.graph_baselines.hypergraph import HypergraphNetwork, WeightedHypergraphConv
from topology_efficient_dl.models.graph_baselines.inputs import graph_input, hypergraph_input
from topology_efficient_dl.models.graph_baselines.sage import GraphSAGE
from topology_efficient_dl.models.graph_baselines.transformer import GraphTransformer

CASES = {
    "gcn": (GCN, {}),
    "gcn plain": (GCN, {"norm": "none", "residual": False, "weighted": False, "pooling": "sum"}),
    "sage": (GraphSAGE, {"norm": "batch"}),
    "gat": (GAT, {"heads": 2}),
    "gatv2": (GATv2, {"heads": 4, "attention_dropout": 0.1}),
    "transformer": (GraphTransformer, {"heads": 2}),
    "transformer gine": (GraphTransformer, {"heads": 2, "local": "gine", "norm": "batch"}),
    "transformer global": (GraphTransformer, {"heads": 1, "local": "none", "norm": "none"}),
    "hypergraph": (HypergraphNetwork, {}),
    "hypergraph plain": (HypergraphNetwork, {"weighted": False}),
}
TASKS = ("node", "graph")


@pytest.fixture(params=CASES)
def name(request):
    return request.param


def build(name, **changes):
    torch.manual_seed(3)
    network, options = CASES[name]
    return network(N_FEATURES, N_CLASSES, **{"width": 8, "depth": 2, **options, **changes})


def read(name, complex_, features):
    if not name.startswith("hypergraph"):
        return graph_input(complex_, features)
    if isinstance(complex_, SimplicialBatch):
        return hypergraph_input(facets(complex_.complex), features, complex_.index[0])
    return hypergraph_input(facets(complex_), features)


@pytest.mark.parametrize("task", TASKS)
def test_logits_have_a_row_for_each_node_or_graph(name, task):
    logits = build(name, task=task)(read(name, disjoint_union([toy(), known("octahedron")]), some_features(14)))
    assert logits.shape == ({"node": 14, "graph": 2}[task], N_CLASSES)
    assert logits.isfinite().all()


def test_relabelling_nodes_relabels_logits(name):
    network, features, order = build(name).eval(), some_features(8), np.random.default_rng(5).permutation(8)
    moved = np.empty_like(features)
    moved[order] = features
    before = network(read(name, toy(), features))
    after = network(read(name, toy().relabelled(order), moved))
    torch.testing.assert_close(after[order], before, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(after, before, atol=1e-3)


def test_relabelling_nodes_does_not_change_a_graph(name):
    network, features = build(name, task="graph").eval(), some_features(8)
    before = network(read(name, toy(), features))
    after = network(read(name, toy().relabelled(np.arange(8)[::-1]), features[::-1]))
    torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("task", TASKS)
def test_graphs_in_a_batch_do_not_see_each_other(name, task):
    parts = [toy(), weighted(known("torus of seven nodes")), SimplicialComplex.of_simplices(2, [])]
    features = [some_features(c.n_nodes, seed) for seed, c in enumerate(parts)]
    network = build(name, task=task).eval()
    together = network(read(name, disjoint_union(parts), np.concatenate(features)))
    alone = [network(read(name, c, x)) for c, x in zip(parts, features, strict=True)]
    torch.testing.assert_close(together, torch.cat(alone), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("simplices", [[], [(0, 1)]])
def test_graphs_may_have_no_edges(name, task, simplices):
    network = build(name, task=task)
    logits = network(read(name, SimplicialComplex.of_simplices(3, simplices), some_features(3)))
    logits.sum().backward()
    assert logits.isfinite().all()
    assert all(weight.grad is None or weight.grad.isfinite().all() for weight in network.parameters())


@pytest.mark.parametrize("task", TASKS)
def test_every_weight_has_a_gradient(name, task):
    network = build(name, task=task).eval()
    network(read(name, toy(), some_features(8))).square().sum().backward()
    assert {n for n, weight in network.named_parameters() if weight.grad is None or not weight.grad.any()} == set()


def test_one_seed_gives_one_network_and_one_output(name):
    graph, outputs = read(name, toy(), some_features(8)), []
    for network in (build(name), build(name)):
        torch.manual_seed(0)
        outputs.append(network(graph))
    assert torch.equal(*outputs)


def test_labels_can_be_learnt_by_heart(name):
    targets = torch.tensor([0, 1, 2, 3] * 2)
    graph, network = read(name, toy(), some_features(8)), build(name, width=32, dropout=0.0)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-2)
    for _ in range(200):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(network(graph), targets)
        loss.backward()
        optimizer.step()
        if loss.item() < 0.3:
            break
    # Without residuals nodes with the same neighbours are hard to tell apart.
    assert loss.item() < (0.3 if name != "gcn plain" else 1.0)


@pytest.mark.parametrize("network", ["gcn", "gat", "gatv2", "transformer", "transformer gine"])
def test_weights_of_edges_are_heard(network):
    heavier = weighted(toy(), seed=9)
    model = build(network).eval()
    before, after = (model(graph_input(c, some_features(8))) for c in (toy(), heavier))
    assert not torch.allclose(before, after, atol=1e-4)


def test_attention_reaches_nodes_without_edges_and_convolution_does_not():
    two = SimplicialComplex.of_simplices(3, [(0, 1)])
    changed = some_features(3)
    changed[2] += 1
    for network, reaches in (("gat", False), ("sage", False), ("transformer", True)):
        model = build(network).eval()
        before, after = (model(graph_input(two, x))[0] for x in (some_features(3), changed))
        assert torch.allclose(before, after, atol=1e-6) != reaches


def test_performer_is_an_option():
    network = GraphTransformer(N_FEATURES, N_CLASSES, width=8, heads=2, attention="performer").eval()
    assert network(graph_input(toy(), some_features(8))).shape == (8, N_CLASSES)


def test_gcn_layer_is_the_dense_formula():
    graph, network = graph_input(toy(), some_features(8)), build("gcn")
    adjacency = torch.tensor(simplex_adjacency(toy(), 1, logarithmic=True).toarray(), dtype=torch.float32) + torch.eye(
        8
    )
    scale = adjacency.sum(dim=1) ** -0.5
    layer = network.convolutions[0]
    expected = scale[:, None] * adjacency * scale @ graph.x @ layer.lin.weight.T + layer.bias
    torch.testing.assert_close(network.convolve(layer, graph.x, graph), expected)


def along_edges(network, convolution, features, graph):
    """What torch-geometric's layer finds by gathering and scattering."""
    if isinstance(network, GraphSAGE):
        return convolution(features, graph.edge_index)
    return convolution(features, graph.edge_index, graph.edge_weight if network.weighted else None)


@pytest.mark.parametrize("network", ["gcn", "gcn plain", "sage"])
@pytest.mark.parametrize("simplices", [None, [], [(0, 1)]])
def test_products_with_adjacencies_are_sums_along_edges(network, simplices):
    complex_ = toy() if simplices is None else SimplicialComplex.of_simplices(3, simplices)
    graph, model, found = graph_input(complex_, some_features(complex_.n_nodes)), build(network), {}
    for convolve in (model.convolve, lambda *given: along_edges(model, *given)):
        features = graph.x.clone().requires_grad_()
        values = convolve(model.convolutions[0], features, graph)
        gradients = torch.autograd.grad(values.square().sum(), [features, *model.convolutions[0].parameters()])
        found[convolve] = [values, *gradients]
    for by_product, by_edges in zip(*found.values(), strict=True):
        torch.testing.assert_close(by_product, by_edges, rtol=1e-5, atol=1e-6)


def test_adjacencies_are_made_once_and_only_if_they_are_read():
    graph = graph_input(toy(), some_features(8))
    build("gat")(graph)
    assert graph._adjacencies == {}
    build("gcn")(graph)
    made = dict(graph._adjacencies)
    assert set(made) == {("symmetric", True)}
    build("gcn")(graph)
    assert graph.adjacency("symmetric", weighted=True) is made["symmetric", True]
    assert made["symmetric", True].rows.col_indices().dtype == torch.int32
    assert made["symmetric", True].transposed is made["symmetric", True].rows
    assert graph.to("cpu").adjacency("symmetric", weighted=True) is made["symmetric", True]
    assert graph.to("meta")._adjacencies["symmetric", True].rows.device.type == "meta"


def test_rows_of_adjacencies_are_those_who_hear():
    graph = graph_input(toy(), some_features(8))
    one_way = replace(graph, edge_index=graph.edge_index[:, :10], edge_weight=graph.edge_weight[:10])
    (sender, receiver), heard = one_way.edge_index, one_way.adjacency("row", weighted=True).rows.to_dense()
    assert torch.equal(heard.nonzero(), torch.stack([receiver, sender], dim=1).unique(dim=0))


def test_sage_layer_takes_means_of_neighbours():
    path = SimplicialComplex.of_simplices(3, [(0, 1), (1, 2)])
    graph, layer = graph_input(path, [[1.0], [2.0], [5.0]]), GraphSAGE(1, 2, width=1).convolutions[0]
    with torch.no_grad():
        layer.lin_l.weight.fill_(1)
        layer.lin_r.weight.fill_(10)
        layer.lin_l.bias.zero_()
    assert layer(graph.x, graph.edge_index).tolist() == [[12], [23], [52]]


def two_groups():
    """0 1 once and 1 2 three times."""
    ones = np.array([0, 0])
    return Groups(4, np.array([0, 2, 4]), np.array([0, 1, 1, 2]), np.array([1.0, 3.0]), ones, ones)


def test_weighted_hypergraph_layer_takes_weighted_means_of_means():
    layer = WeightedHypergraphConv(1, 1)
    with torch.no_grad():
        layer.lin.weight.fill_(1)
    graph = hypergraph_input(two_groups(), [[1.0], [2.0], [4.0], [9.0]])
    found = layer(graph.x, graph.incidence_index, torch.tensor([1.0, 3.0]))
    np.testing.assert_allclose(found.detach()[:, 0], [1.5, (1.5 + 3 * 3) / 4, 3, 0])
    np.testing.assert_allclose(graph.weight, np.log1p([1, 3]), rtol=1e-6)


def test_without_weights_the_hypergraph_layer_is_torch_geometrics():
    torch.manual_seed(0)
    layer, graph = WeightedHypergraphConv(N_FEATURES, 5), hypergraph_input(facets(toy()), some_features(8))
    plain = super(WeightedHypergraphConv, layer).forward(graph.x, graph.incidence_index)
    torch.testing.assert_close(layer(graph.x, graph.incidence_index, torch.ones(len(graph.weight))), plain)


def test_residuals_and_norms_are_options():
    assert GCN(3, 2, residual=False).shortcuts is None
    assert isinstance(GCN(3, 2, norm="none").norms[0], torch.nn.Identity)
    assert isinstance(GCN(3, 2, norm="batch").norms[0], torch.nn.BatchNorm1d)


@pytest.mark.parametrize("network", [GAT, GATv2, GraphTransformer])
def test_heads_must_divide_the_width(network):
    with pytest.raises(ParameterError, match="width is 8, and no multiple of the 3 heads"):
        network(3, 2, width=8, heads=3)


@pytest.mark.parametrize(
    ("module", "network"),
    [
        (gcn, GCN),
        (sage, GraphSAGE),
        (gat, GAT),
        (gat, GATv2),
        (transformer, GraphTransformer),
        (hypergraph, HypergraphNetwork),
    ],
)
def test_sizes_grow(module, network):
    assert tuple(module.SIZES) == ("small", "medium", "large")
    counts = [sum(w.numel() for w in network(5, 2, **options).parameters()) for options in module.SIZES.values()]
    assert counts == sorted(set(counts))


def test_inputs():
    graph = graph_input(toy(), some_features(8))
    assert graph.edge_index.shape == (2, 20)
    assert graph.edge_attr.shape == (20, 1)
    rebuilt = torch.zeros(8, 8).index_put((graph.edge_index[0], graph.edge_index[1]), graph.edge_weight)
    np.testing.assert_allclose(rebuilt, simplex_adjacency(toy(), 1, logarithmic=True).toarray(), rtol=1e-6)
    assert graph.to("meta").edge_weight.device.type == "meta"
    empty = graph_input(SimplicialComplex.of_simplices(0, []), np.empty((0, 2)))
    assert (empty.n_graphs, empty.edge_index.shape) == (0, (2, 0))
    groups = hypergraph_input(facets(toy()), some_features(8))
    assert groups.to("meta").incidence_index.device.type == "meta"
    with pytest.raises(DataError, match=r"have shape \(7, 3\); expected \(8, n_features\)"):
        graph_input(toy(), some_features(7))
