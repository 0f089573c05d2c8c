"""Propagation before training, and the perceptron that reads it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.complexes.cases import known
from tests.models.simplicial.cases import some_features, toy

from topology_efficient_dl.complexes.batch import disjoint_union
from topology_efficient_dl.complexes.groups import facets
from topology_efficient_dl.complexes.statistics import node_statistics
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.models.simplicial import (
    NODE_OPERATORS,
    SimplicialMLP,
    node_operators,
    pooled_features,
    propagated_features,
    standardised_counts,
)
from topology_efficient_dl.models.simplicial.simplicial_mlp import SIZES, BlockDropout


def toy_features(hops=2):
    """Everything there is, of the toy complex."""
    statistics = standardised_counts(node_statistics(toy()).values)
    return propagated_features(some_features(8), hops, node_operators(toy(), NODE_OPERATORS, facets(toy())), statistics)


@given(st.integers(0, 3), st.lists(st.sampled_from(NODE_OPERATORS), max_size=3, unique=True))
def test_blocks_are_dense_products(hops, names):
    operators = node_operators(toy(), names, facets(toy()))
    found = propagated_features(some_features(8), hops, operators)
    assert found.values.dtype == np.float32
    expected = {"own": some_features(8)}
    for name, factors in operators.items():
        matrix = np.linalg.multi_dot([np.eye(8), *(factor.toarray() for factor in factors)])
        expected |= {f"{name}^{k}": np.linalg.matrix_power(matrix, k) @ some_features(8) for k in range(1, hops + 1)}
    assert found.names == tuple(expected)
    for block, values in zip(found.blocks(), expected.values(), strict=True):
        np.testing.assert_allclose(block, values, atol=1e-5)


def test_statistics_go_with_the_features():
    found = toy_features()
    width = 3 + len(node_statistics(toy()).names)
    assert found.sizes == (width,) * (1 + 2 * len(NODE_OPERATORS))
    np.testing.assert_array_equal(found.blocks()[0][:, 3:], standardised_counts(node_statistics(toy()).values))
    assert found.values.shape == (8, sum(found.sizes))


def test_relabelling_permutes_rows():
    order = np.random.default_rng(0).permutation(8)
    moved = np.empty_like(some_features(8))
    moved[order] = some_features(8)
    names = ["weight", "triangles"]
    before = propagated_features(some_features(8), 2, node_operators(toy(), names))
    after = propagated_features(moved, 2, node_operators(toy().relabelled(order), names))
    np.testing.assert_allclose(after.values[order], before.values, atol=1e-6)


def test_a_union_propagates_as_its_parts_do():
    parts = [toy(), known("octahedron")]
    batch = disjoint_union(parts)
    names = ["log_weight", "simplex_triangles"]
    together = propagated_features(some_features(14), 1, node_operators(batch.complex, names))
    alone = [
        propagated_features(x, 1, node_operators(c, names)).values
        for c, x in zip(parts, np.split(some_features(14), [8]), strict=True)
    ]
    np.testing.assert_allclose(together.values, np.concatenate(alone), atol=1e-6)
    graphs = pooled_features(together, batch.index[0], 3)
    np.testing.assert_allclose(graphs.values[:2], [rows.mean(axis=0) for rows in alone], atol=1e-6)
    assert not graphs.values[2].any()
    assert (graphs.sizes, graphs.names) == (together.sizes, together.names)


def test_negative_hops_are_refused():
    with pytest.raises(ParameterError, match="hops is -1"):
        propagated_features(some_features(8), -1, {})


@pytest.mark.parametrize("norm", ["batch", "layer", "none"])
@pytest.mark.parametrize("depth", [0, 2])
def test_logits_and_gradients(norm, depth):
    found = toy_features()
    network = SimplicialMLP(found.values.shape[1], 4, block_sizes=found.sizes, width=8, depth=depth, norm=norm).eval()
    logits = network(torch.tensor(found.values))
    assert logits.shape == (8, 4)
    logits.square().sum().backward()
    assert all(weight.grad is not None and weight.grad.any() for weight in network.parameters())


def test_rows_do_not_see_each_other_at_inference():
    found = toy_features()
    network = SimplicialMLP(found.values.shape[1], 4, block_sizes=found.sizes).eval()
    rows = torch.tensor(found.values)
    torch.testing.assert_close(network(rows), torch.cat([network(row[None]) for row in rows]), rtol=1e-4, atol=1e-5)


def test_blocks_meet_only_after_their_own_layers():
    network = SimplicialMLP(5, 2, block_sizes=(2, 3), width=4, depth=0, norm="none", dropout=0.0).eval()
    x = torch.randn(6, 5)
    first, second = (block[0] for block in network.blocks)
    joined = torch.relu(torch.cat([first(x[:, :2]), second(x[:, 2:])], dim=1))
    torch.testing.assert_close(network(x), network.head(joined))


def test_block_dropout_drops_blocks_whole_and_keeps_the_mean():
    dropout, blocks = BlockDropout(0.25), torch.ones(4000, 3, 2)
    found = dropout(blocks)
    assert torch.equal(found[..., 0], found[..., 1])
    assert found.unique().tolist() == pytest.approx([0, 4 / 3])
    assert found.mean().item() == pytest.approx(1, abs=0.05)
    assert dropout.eval()(blocks) is blocks


def test_one_seed_gives_one_network():
    def logits():
        torch.manual_seed(4)
        return SimplicialMLP(6, 2, block_sizes=(3, 3))(torch.ones(4, 6))

    assert torch.equal(logits(), logits())


def test_sizes_grow_and_must_add_up():
    counts = [sum(w.numel() for w in SimplicialMLP(6, 2, **options).parameters()) for options in SIZES.values()]
    assert counts == sorted(set(counts))
    with pytest.raises(ParameterError, match="add up to 5, and there are 6"):
        SimplicialMLP(6, 2, block_sizes=(2, 3))
