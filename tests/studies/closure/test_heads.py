"""Heads: logistic regression is that of scikit-learn; attention does not know the order of nodes, and learns."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import torch

from topology_efficient_dl.params.studies import AttentionParams, AttentionTrial, CandidateParams
from topology_efficient_dl.studies.closure import heads
from topology_efficient_dl.studies.closure.assessment import average_precision
from topology_efficient_dl.studies.closure.heads import (
    LogisticHead,
    TriangleGAT,
    attention_input,
    fit_attention,
)
from topology_efficient_dl.studies.closure.horizons import Horizon, sample_horizon
from topology_efficient_dl.studies.closure.models import Beside

TRIAL = AttentionTrial(width=8, learning_rate=0.01, dropout=0.0)
SIZES = AttentionParams(batch_size=256, embedding=8, heads=2)


@pytest.fixture(scope="module")
def horizon(school) -> Horizon:
    return Horizon.from_arrays(sample_horizon(school, "validation/0.6", 0.2, CandidateParams()))


def graph_of(horizon: Horizon):
    return attention_input(horizon.node_features, horizon.edges, horizon.log_weights)


def network(horizon: Horizon, beside: Beside) -> TriangleGAT:
    torch.manual_seed(0)
    n_beside = horizon.beside(beside).shape[1]
    return TriangleGAT(horizon.node_features.shape[1], n_beside=n_beside, trial=TRIAL, embedding=8, heads=2)


def scored(model: TriangleGAT, horizon: Horizon, beside: Beside) -> np.ndarray:
    return model.score(model.embed(graph_of(horizon)), horizon.triangles, horizon.beside(beside))


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


@pytest.mark.parametrize("beside", get_args(Beside))
def test_the_order_of_three_nodes_plays_no_part(horizon, beside: Beside) -> None:
    model = network(horizon, beside)
    scores = scored(model, horizon, beside)
    turned = replace(horizon, triangles=np.ascontiguousarray(horizon.triangles[:, [2, 0, 1]]))
    np.testing.assert_allclose(scores, scored(model, turned, beside), rtol=1e-4, atol=1e-5)
    assert scores.std() > 0


def test_names_of_nodes_play_no_part(horizon) -> None:
    model, n_nodes = network(horizon, "edge_weights"), len(horizon.node_features)
    new = np.random.default_rng(0).permutation(n_nodes)
    features = np.empty_like(horizon.node_features)
    features[new] = horizon.node_features
    renamed = replace(horizon, node_features=features, edges=new[horizon.edges], triangles=new[horizon.triangles])
    found = (scored(model, each, "edge_weights") for each in (horizon, renamed))
    np.testing.assert_allclose(*found, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("beside", get_args(Beside))
def test_a_decoder_reads_what_its_model_says(horizon, beside: Beside) -> None:
    model = network(horizon, beside)
    for name in ("columns", "edge_weights"):
        other = replace(horizon, **{name: np.zeros_like(getattr(horizon, name))})
        same = np.array_equal(scored(model, horizon, beside), scored(model, other, beside))
        assert same is (name != beside), name


def test_scores_in_pieces_are_those_of_one_pass(horizon, monkeypatch: pytest.MonkeyPatch) -> None:
    model = network(horizon, "columns")
    whole = scored(model, horizon, "columns")
    assert model.training
    monkeypatch.setattr(heads, "PIECE", 7)
    np.testing.assert_allclose(whole, scored(model, horizon, "columns"), rtol=1e-5, atol=1e-6)


def test_weights_come_back_from_arrays(horizon) -> None:
    model = network(horizon, "edge_weights")
    arrays = {name: value.copy() for name, value in model.to_arrays().items()}
    torch.manual_seed(1)
    other = TriangleGAT(horizon.node_features.shape[1], n_beside=3, trial=TRIAL, embedding=8, heads=2)
    found = (scored(each, horizon, "edge_weights") for each in (model, other.with_arrays(arrays)))
    np.testing.assert_array_equal(*found)
    assert model.n_parameters == sum(value.size for value in arrays.values())


def test_attention_learns_what_it_is_shown_the_same_for_the_same_seed(horizon) -> None:
    fits = [fit_attention([horizon], TRIAL, SIZES, beside="edge_weights", steps=60, seed=seed) for seed in (3, 3, 4)]
    scores = [scored(fit, horizon, "edge_weights") for fit in fits]
    np.testing.assert_array_equal(scores[0], scores[1])
    assert not np.array_equal(scores[0], scores[2])
    assert average_precision(horizon.closed, scores[0]) > 2 * horizon.base_rate


def test_a_fit_ends_where_it_is_told(horizon) -> None:
    seen = []

    def look(step: int, model: TriangleGAT) -> bool:
        seen.append(step)
        return step < 3

    fit_attention([horizon], TRIAL, SIZES, beside="nodes", steps=9, seed=0, after_step=look)
    assert seen == [1, 2, 3]
