"""Compiled attention against torch-geometric's, from the same weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.graph_tasks import graph_set, material, static_graph
from tests.models.simplicial.cases import N_CLASSES, N_FEATURES, some_features, toy, weighted
from torch.nn.utils import parameters_to_vector

from topology_efficient_dl.complexes import SimplicialComplex
from topology_efficient_dl.complexes.batch import disjoint_union
from topology_efficient_dl.efficiency import count_flops_of_call
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.models.graph_baselines.fused_attention import AttentionRows
from topology_efficient_dl.models.graph_baselines.gat import GAT, GATv2
from topology_efficient_dl.models.graph_baselines.inputs import GraphInput, graph_input
from topology_efficient_dl.params.models import ModelSpec
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.tasks.graphs import GraphClasses
from topology_efficient_dl.tasks.task import fit as fit_task

TASKS = ("node", "graph")


@pytest.fixture(params=[GAT, GATv2])
def network(request):
    return request.param


def pair(network, **changes):
    """The same weights for both kernels, with biases that are not zero."""
    torch.manual_seed(3)
    options = {"width": 8, "heads": 2, "dropout": 0.0, **changes}
    edges, fused = (network(N_FEATURES, N_CLASSES, kernel=kernel, **options) for kernel in ("edges", "fused"))
    with torch.no_grad():
        for weight in edges.parameters():
            weight += 0.1 * torch.randn(weight.shape)
    fused.load_state_dict(edges.state_dict())
    return edges, fused


def outcome(network, graph, seed=0):
    """Logits, and gradients of all weights and of the features."""
    torch.manual_seed(seed)
    seen = replace(graph, x=graph.x.clone().requires_grad_())
    network.zero_grad()
    logits = network(seen)
    (logits * torch.linspace(-1, 2, logits.numel()).reshape(logits.shape)).sum().backward()
    return logits.detach(), {"x": seen.x.grad} | {name: w.grad.clone() for name, w in network.named_parameters()}


def assert_same(edges, fused):
    (logits, grads), (fused_logits, fused_grads) = edges, fused
    torch.testing.assert_close(fused_logits, logits, rtol=1e-5, atol=1e-5)
    assert fused_grads.keys() == grads.keys()
    scale = max(grad.norm().item() for grad in grads.values())
    for name, grad in grads.items():
        # What cancels to nothing is noise on the scale of the others.
        assert (fused_grads[name] - grad).norm() <= 1e-4 * grad.norm() + 1e-6 * scale, name


@st.composite
def graphs(draw):
    """1 to 3 weighted graphs of 1 to 12 nodes side by side, from none to all of their edges."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    parts = []
    for n in draw(st.lists(st.integers(1, 12), min_size=1, max_size=3)):
        kept = rng.random((n, n)) < draw(st.sampled_from([0.0, 0.2, 0.6, 1.0]))
        edges = np.argwhere(np.triu(kept, 1))
        parts.append(weighted(SimplicialComplex.of_simplices(n, edges.tolist()), int(rng.integers(1000))))
    union = disjoint_union(parts)
    return graph_input(union, rng.normal(size=(union.complex.n_nodes, N_FEATURES)))


@pytest.mark.parametrize("task", TASKS)
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(graph=graphs(), heads=st.sampled_from([1, 2, 8]))
def test_logits_and_gradients_are_torch_geometrics(network, task, graph, heads):
    edges, fused = pair(network, task=task, heads=heads)
    assert_same(outcome(edges, graph), outcome(fused, graph))


@pytest.mark.parametrize("changes", [{"norm": "none", "residual": False}, {"width": 36, "heads": 4}, {"depth": 1}])
def test_whatever_surrounds_the_attention(network, changes):
    edges, fused = pair(network, **changes)
    graph = graph_input(toy(), some_features(8))
    assert_same(outcome(edges, graph), outcome(fused, graph))


def test_one_seed_drops_the_same_attention_and_none_at_inference(network):
    edges, fused = pair(network, attention_dropout=0.4, dropout=0.3)
    graph = graph_input(toy(), some_features(8))
    assert_same(outcome(edges, graph, 5), outcome(fused, graph, 5))
    assert not torch.allclose(fused(graph), fused(graph))
    fused.eval()
    assert torch.equal(fused(graph), fused(graph))
    assert_same(outcome(edges.eval(), graph), outcome(fused, graph))


def test_loops_and_repeated_edges_are_as_torch_geometric_has_them(network):
    ends = torch.tensor([[0, 1, 1, 2, 2, 0, 0], [1, 0, 1, 0, 2, 1, 1]])
    graph = GraphInput(
        x=torch.from_numpy(some_features(4)),
        edge_index=ends,
        edge_weight=torch.linspace(0.1, 2.0, 7),
        batch=torch.zeros(4, dtype=torch.int64),
        n_graphs=1,
    )
    edges, fused = pair(network)
    assert_same(outcome(edges, graph), outcome(fused, graph))


def test_rows_have_every_edge_once_and_each_node_itself():
    graph = graph_input(toy(), some_features(8))
    rows = graph.attention_rows()
    receivers = np.repeat(np.arange(8), np.diff(rows.pointers))
    sender, receiver = graph.edge_index.numpy()
    loops = np.arange(8)
    np.testing.assert_array_equal(rows.senders, np.concatenate([sender, loops])[rows.order])
    np.testing.assert_array_equal(receivers, np.concatenate([receiver, loops])[rows.order])
    means = [graph.edge_weight.numpy()[receiver == i].mean() if (receiver == i).any() else 0 for i in loops]
    np.testing.assert_allclose(rows.features[rows.senders == receivers], means, rtol=1e-6)
    assert np.array_equal(np.sort(rows.order), np.arange(len(sender) + 8))


def test_rows_are_made_once_and_only_if_they_are_read(network, monkeypatch):
    made, of_edges = [], AttentionRows.of_edges
    monkeypatch.setattr(AttentionRows, "of_edges", lambda *given: made.append(given) or of_edges(*given))
    edges, fused = pair(network)
    graph = graph_input(toy(), some_features(8))
    edges(graph)
    assert not made
    with torch.inference_mode():
        fused(graph)
    fused(graph.to("cpu")).sum().backward()
    assert len(made) == 1


def test_the_kernel_is_no_part_of_the_weights(network):
    torch.manual_seed(0)
    edges = network(N_FEATURES, N_CLASSES)
    torch.manual_seed(0)
    fused = network(N_FEATURES, N_CLASSES, kernel="fused")
    assert edges.kernel == "edges"
    assert fused.state_dict().keys() == edges.state_dict().keys()
    assert all(torch.equal(fused.state_dict()[name], weight) for name, weight in edges.state_dict().items())


@pytest.mark.parametrize("make", [static_graph, graph_set])
@pytest.mark.parametrize("architecture", ["gat", "gatv2"])
def test_two_epochs_end_at_the_same_weights(make, architecture):
    task = make()
    parts, train = material(task), TrainParams(max_epochs=2, min_epochs=2, refit=False)
    edges, fused, again = (
        fit_task(
            GraphClasses(task, parts),
            ModelSpec(architecture=architecture, size="small", options={"kernel": k}),
            0,
            train,
        )
        for k in ("edges", "fused", "fused")
    )
    assert fused.card["options"]["kernel"] == "fused"
    ends = [parameters_to_vector(model.module().parameters()) for model in (edges, fused, again)]
    # AdamW moves a weight by the learning rate, 1e-3, even where its gradient is noise; there are few of those.
    assert (ends[1] - ends[0]).abs().mean() < 1e-5
    assert torch.equal(ends[2], ends[1])


def test_runs_agree_to_the_bit(network):
    _, fused = pair(network, attention_dropout=0.2)
    (logits, grads), (logits_again, grads_again) = (
        outcome(fused, graph_input(toy(), some_features(8)), seed=1) for _ in range(2)
    )
    assert torch.equal(logits, logits_again)
    assert all(torch.equal(grads_again[name], grad) for name, grad in grads.items())


def test_operations_are_counted_as_along_edges(network):
    edges, fused = pair(network)
    graph = graph_input(toy(), some_features(8))
    counts = [count_flops_of_call(module, graph) for module in (edges, fused)]
    assert counts[0] == counts[1]
    assert counts[0].flops > 0


def test_what_is_not_a_number_does_not_vanish(network):
    edges, fused = pair(network)
    features = some_features(8)
    features[2] = np.nan
    graph = graph_input(toy(), features)
    assert torch.equal(fused(graph).isnan(), edges(graph).isnan())
    assert 0 < fused(graph).isnan().sum() < 8 * N_CLASSES


def test_half_precision_around_it_leaves_the_attention_in_float32(network):
    edges, fused = pair(network)
    graph = graph_input(toy(), some_features(8))
    with torch.autocast("cpu", torch.bfloat16):
        logits, grads = outcome(fused, graph)
    torch.testing.assert_close(logits.float(), edges(graph).detach(), rtol=0.05, atol=0.1)
    assert all(grad.isfinite().all() for grad in grads.values())


def test_no_such_kernel(network):
    with pytest.raises(ParameterError, match="kernel is 'fast'; expected one of edges, fused"):
        network(N_FEATURES, N_CLASSES, kernel="fast")


def test_other_devices_and_types_are_refused(network):
    _, fused = pair(network)
    graph = graph_input(toy(), some_features(8))
    with pytest.raises(
        ParameterError, match=r"float32 on the CPU, and features are torch.float32 on meta; take kernel"
    ):
        fused.to("meta")(graph.to("meta"))
    with pytest.raises(ParameterError, match=r"features are torch.float64 on cpu"):
        pair(network)[1].double()(replace(graph, x=graph.x.double()))
