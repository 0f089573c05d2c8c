"""Heads: logistic regression is that of scikit-learn; attention does not know the order of nodes, and learns."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from topology_efficient_dl.closure import heads
from topology_efficient_dl.closure.assessment import average_precision
from topology_efficient_dl.closure.heads import LogisticHead, TriangleGAT, attention_input, fit_attention
from topology_efficient_dl.closure.horizons import Horizon, sample_horizon
from topology_efficient_dl.graph_params import AttentionParams, AttentionTrial, CandidateParams

TRIAL = AttentionTrial(width=8, learning_rate=0.01, dropout=0.0)
SIZES = AttentionParams(batch_size=256, embedding=8, heads=2)


@pytest.fixture(scope="module")
def horizon(school) -> Horizon:
    return Horizon.from_arrays(sample_horizon(school, "validation/0.6", 0.2, CandidateParams()))


def graph_of(horizon: Horizon):
    return attention_input(horizon.node_features, horizon.edges, horizon.log_weights)


def network(horizon: Horizon, edge_weights: bool) -> TriangleGAT:
    torch.manual_seed(0)
    return TriangleGAT(horizon.node_features.shape[1], edge_weights=edge_weights, trial=TRIAL, embedding=8, heads=2)


def test_the_logistic_head_has_the_least_penalised_loss(horizon) -> None:
    places = np.array([0, 3, 5])
    head = LogisticHead.fit([horizon, horizon], places, 0.1)
    weights = torch.tensor(head.weights, dtype=torch.float64, requires_grad=True)
    bias = torch.tensor(head.bias, dtype=torch.float64, requires_grad=True)
    logits = torch.tensor(horizon.columns[:, places], dtype=torch.float64) @ weights + bias
    closed = torch.tensor(horizon.closed, dtype=torch.float64)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, closed) + 0.05 * (weights**2).sum()
    loss.backward()
    assert max(abs(weights.grad).max(), abs(bias.grad).max()) < 1e-4
    np.testing.assert_allclose(head(horizon.columns), logits.detach().numpy(), rtol=1e-4, atol=1e-5)
    assert head.n_parameters == 4


@pytest.mark.parametrize("edge_weights", [False, True])
def test_the_order_of_three_nodes_plays_no_part(horizon, edge_weights: bool) -> None:
    model = network(horizon, edge_weights)
    scores = model.score(graph_of(horizon), horizon.triangles, horizon.edge_weights)
    turned = model.score(graph_of(horizon), np.ascontiguousarray(horizon.triangles[:, [2, 0, 1]]), horizon.edge_weights)
    np.testing.assert_allclose(scores, turned, rtol=1e-4, atol=1e-5)
    assert scores.std() > 0


def test_names_of_nodes_play_no_part(horizon) -> None:
    model, n_nodes = network(horizon, True), len(horizon.node_features)
    new = np.random.default_rng(0).permutation(n_nodes)
    features = np.empty_like(horizon.node_features)
    features[new] = horizon.node_features
    other = attention_input(features, new[horizon.edges], horizon.log_weights)
    scores = model.score(graph_of(horizon), horizon.triangles, horizon.edge_weights)
    renamed = model.score(other, new[horizon.triangles], horizon.edge_weights)
    np.testing.assert_allclose(scores, renamed, rtol=1e-3, atol=1e-4)


def test_only_one_of_the_decoders_reads_weights_of_edges(horizon) -> None:
    for edge_weights in (False, True):
        model = network(horizon, edge_weights)
        scores = model.score(graph_of(horizon), horizon.triangles, horizon.edge_weights)
        without = model.score(graph_of(horizon), horizon.triangles, np.zeros_like(horizon.edge_weights))
        assert np.array_equal(scores, without) is not edge_weights


def test_scores_in_pieces_are_those_of_one_pass(horizon, monkeypatch: pytest.MonkeyPatch) -> None:
    model = network(horizon, True)
    whole = model.score(graph_of(horizon), horizon.triangles, horizon.edge_weights)
    assert model.training
    monkeypatch.setattr(heads, "PIECE", 7)
    pieces = model.score(graph_of(horizon), horizon.triangles, horizon.edge_weights)
    np.testing.assert_allclose(whole, pieces, rtol=1e-5, atol=1e-6)


def test_weights_come_back_from_arrays(horizon) -> None:
    model = network(horizon, True)
    arrays = {name: value.copy() for name, value in model.to_arrays().items()}
    torch.manual_seed(1)
    other = TriangleGAT(horizon.node_features.shape[1], edge_weights=True, trial=TRIAL, embedding=8, heads=2)
    scores, again = (
        each.score(graph_of(horizon), horizon.triangles, horizon.edge_weights)
        for each in (model, other.with_arrays(arrays))
    )
    np.testing.assert_array_equal(scores, again)
    assert model.n_parameters == sum(value.size for value in arrays.values())


def test_attention_learns_what_it_is_shown_the_same_for_the_same_seed(horizon) -> None:
    fits = [fit_attention([horizon], TRIAL, SIZES, edge_weights=True, steps=60, seed=seed) for seed in (3, 3, 4)]
    scores = [fit.score(graph_of(horizon), horizon.triangles, horizon.edge_weights) for fit in fits]
    np.testing.assert_array_equal(scores[0], scores[1])
    assert not np.array_equal(scores[0], scores[2])
    assert average_precision(horizon.closed, scores[0]) > 2 * horizon.base_rate


def test_a_fit_ends_where_it_is_told(horizon) -> None:
    seen = []

    def look(step: int, model: TriangleGAT) -> bool:
        seen.append(step)
        return step < 3

    fit_attention([horizon], TRIAL, SIZES, edge_weights=False, steps=9, seed=0, after_step=look)
    assert seen == [1, 2, 3]
