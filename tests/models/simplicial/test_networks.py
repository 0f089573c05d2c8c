"""Facts that hold for every network on complexes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.complexes.cases import known
from tests.models.simplicial.cases import CASES, N_CLASSES, some_features, toy, weighted

from topology_efficient_dl.complexes import SimplicialComplex
from topology_efficient_dl.complexes.batch import disjoint_union
from topology_efficient_dl.models.simplicial import cell_complex_nn, operator_net, simplicial_nn

TASKS = ("node", "graph")


@pytest.fixture(params=CASES)
def case(request):
    return CASES[request.param]


@pytest.mark.parametrize("task", TASKS)
def test_logits_have_a_row_for_each_node_or_graph(case, task):
    batch = disjoint_union([toy(), known("octahedron")])
    logits = case.network(task=task)(case.input(batch, some_features(14)))
    assert logits.shape == ({"node": 14, "graph": 2}[task], N_CLASSES)
    assert logits.dtype == torch.float32
    assert logits.isfinite().all()


def test_relabelling_nodes_relabels_logits(case):
    network, features, order = case.network().eval(), some_features(8), np.random.default_rng(5).permutation(8)
    moved = np.empty_like(features)
    moved[order] = features
    before = network(case.input(toy(), features))
    after = network(case.input(toy().relabelled(order), moved))
    torch.testing.assert_close(after[order], before, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(after, before, atol=1e-3)


def test_relabelling_nodes_does_not_change_a_graph(case):
    network, features, order = case.network(task="graph").eval(), some_features(8), np.arange(8)[::-1]
    before = network(case.input(toy(), features))
    after = network(case.input(toy().relabelled(order), features[::-1]))
    torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("task", TASKS)
def test_complexes_in_a_batch_do_not_see_each_other(case, task):
    parts = [toy(), weighted(known("torus of seven nodes")), SimplicialComplex.of_simplices(2, [], max_dimension=2)]
    features = [some_features(c.n_nodes, seed) for seed, c in enumerate(parts)]
    network = case.network(task=task).eval()
    together = network(case.input(disjoint_union(parts), np.concatenate(features)))
    alone = [network(case.input(c, x)) for c, x in zip(parts, features, strict=True)]
    torch.testing.assert_close(together, torch.cat(alone), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("simplices", [[], [(0, 1)], [(0, 1), (1, 2)], [(0, 1, 2)], [(0, 1, 2, 3)]])
def test_dimensions_may_be_empty_or_have_one_simplex_in_training(case, task, simplices):
    few = SimplicialComplex.of_simplices(5, simplices, max_dimension=2)
    network = case.network(task=task)
    logits = network(case.input(few, some_features(5)))
    logits.square().sum().backward()
    assert logits.isfinite().all()
    assert all(weight.grad is None or weight.grad.isfinite().all() for weight in network.parameters())


@pytest.mark.parametrize("task", TASKS)
def test_every_weight_has_a_gradient(case, task):
    network = case.network(task=task).eval()
    inputs = case.input(toy(), some_features(8))
    network(inputs).square().sum().backward()
    # Triangles of derived edges are the coboundary of a coboundary, and hear nothing.
    silent = {"embed.2.weight"} if getattr(network, "oriented", False) else set()
    without = {name for name, weight in network.named_parameters() if weight.grad is None or not weight.grad.any()}
    assert without == silent & {name for name, _ in network.named_parameters()}


def test_one_seed_gives_one_network_and_one_output(case):
    inputs = case.input(toy(), some_features(8))
    first, second = case.network(), case.network()
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    outputs = []
    for network in (first, second):
        torch.manual_seed(0)
        outputs.append(network(inputs))
    assert torch.equal(*outputs)


def test_nothing_is_learnt_from_dropout_at_inference(case):
    network, inputs = case.network(dropout=0.9).eval(), case.input(toy(), some_features(8))
    assert torch.equal(network(inputs), network(inputs))


def test_labels_can_be_learnt_by_heart(case):
    features, targets = some_features(8), torch.tensor([0, 1, 2, 3] * 2)
    inputs, network = case.input(toy(), features), case.network(width=32, dropout=0.0)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-2)
    for _ in range(200):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(network(inputs), targets)
        loss.backward()
        optimizer.step()
        if loss.item() < 0.2:
            break
    assert loss.item() < 0.2


@pytest.mark.parametrize("module", [simplicial_nn, cell_complex_nn, operator_net])
def test_sizes_grow(module):
    build = {
        simplicial_nn: simplicial_nn.SimplicialNN,
        cell_complex_nn: cell_complex_nn.CellComplexNN,
        operator_net: operator_net.SimplicialOperatorNet,
    }[module]
    assert tuple(module.SIZES) == ("small", "medium", "large")
    counts = [sum(w.numel() for w in build(5, 2, **options).parameters()) for options in module.SIZES.values()]
    assert counts == sorted(set(counts))
