"""Average precision is scikit-learn's, ties and weights included; differences have paired intervals."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from topology_efficient_dl.studies.closure.assessment import (
    Ranking,
    assess,
    average_precision,
    bootstrap_means,
)

ROWS = st.lists(st.tuples(st.booleans(), st.integers(0, 4), st.integers(1, 5)), min_size=1, max_size=40)


@settings(max_examples=200, deadline=None)
@given(ROWS.filter(lambda rows: any(row[0] for row in rows)))
def test_average_precision_is_that_of_scikit_learn(rows) -> None:
    closed, scores, weight = (np.array(column) for column in zip(*rows, strict=True))
    expected = average_precision_score(closed, scores)
    assert average_precision(closed, scores) == pytest.approx(expected)
    weighted = average_precision_score(closed, scores, sample_weight=weight)
    assert average_precision(closed, scores, weight) == pytest.approx(weighted)


def test_a_weight_is_that_many_candidates() -> None:
    closed, scores, weight = np.array([True, False, True, False]), np.array([4.0, 3, 3, 1]), np.array([2, 3, 1, 0])
    repeated = average_precision(np.repeat(closed, weight), np.repeat(scores, weight))
    assert average_precision(closed, scores, weight) == pytest.approx(repeated)


def test_nothing_that_closes_is_found_nowhere() -> None:
    assert average_precision(np.zeros(3, bool), np.arange(3.0)) == 0
    assert average_precision(np.array([True, False]), np.arange(2.0), np.array([0, 1])) == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_scores_that_are_not_finite_rank_last_and_together(bad: float) -> None:
    closed, scores = np.array([True, False, True, False]), np.array([bad, 2.0, 1.0, bad])
    assert average_precision(closed, scores) == average_precision(closed, np.array([-9.0, 2.0, 1.0, -9.0]))
    assert Ranking(closed, scores).not_finite == 2


def test_draws_are_shared_by_all_sides() -> None:
    rng = np.random.default_rng(0)
    closed = rng.random(2000) < 0.1
    good, bad = closed + rng.normal(size=2000), rng.normal(size=2000)
    sides = {
        "a": [Ranking(closed, good)],
        "b": [Ranking(closed, good), Ranking(closed, bad)],
        "c": [Ranking(closed, good)],
    }
    draws = bootstrap_means(sides, 300)
    np.testing.assert_array_equal(draws["a"], draws["c"])
    assert (draws["a"] > draws["b"]).all()
    assert abs(draws["a"].mean() - average_precision(closed, good)) < 2 * draws["a"].std()


@pytest.mark.parametrize(("noise", "status"), [(0.2, "confirmed"), (50.0, "refuted"), (1.0, "inconclusive")])
def test_a_comparison_is_with_the_best_of_a_kind_and_says_what_its_interval_says(noise: float, status: str) -> None:
    rng = np.random.default_rng(1)
    closed = rng.random(4000) < 0.05
    noisy = {
        "simplicial_logistic/0": noise, "without_recency/0": 1.0, "gat/0": 3.0, "gat/1": 3.0, "gat_edge_weights/0": 1.0,
        "gat_edge_weights/1": 1.0, "gat_columns/0": 8.0, "harmonic": 1.0, "jaccard": 9.0,
    }  # fmt: skip
    scores = {key: (closed + spread * 0.5 * rng.normal(size=4000)).astype(np.float32) for key, spread in noisy.items()}
    seconds = {"complex": 1.0, "past": 2.0, "0.2": 4.0, "scale": 8.0, "graph": 16.0, "edge_weights": 32.0}
    about = {
        "dataset": "toy",
        "parameters": dict.fromkeys(noisy, 5),
        "views": ["past", "0.2"],
        "seconds": {**seconds, **dict.fromkeys(noisy, 0.5)},
    }
    found = assess({"closed": closed, **scores, "about": np.array(json.dumps(about))}, 200, 0.95)
    classic, attention, ablation = found["comparisons"]
    assert (ablation["kind"], ablation["opponent"], ablation["status"]) == ("ablation", "without_recency", status)
    assert (classic["kind"], classic["opponent"]) == ("classic", "harmonic")
    assert (attention["kind"], attention["opponent"]) == ("attention", "gat_edge_weights")
    assert classic["low"] <= classic["difference"] <= classic["high"]
    assert attention["status"] == status
    rows = {(row["model"], row["seed"]): row for row in found["rows"]}
    assert set(rows) == {
        ("simplicial_logistic", None), ("without_recency", None), ("gat", 0), ("gat", 1), ("gat_edge_weights", 0),
        ("gat_edge_weights", 1), ("gat_columns", 0), ("harmonic", None), ("jaccard", None),
    }  # fmt: skip
    spent = {model: row["seconds_preprocessing"] for (model, _), row in rows.items()}
    assert spent == {
        "simplicial_logistic": 15, "without_recency": 11, "gat": 17, "gat_edge_weights": 49, "gat_columns": 31,
        "harmonic": 3, "jaccard": 3,
    }  # fmt: skip
    first = rows["harmonic", None]
    assert first["times_base_rate"] == pytest.approx(first["average_precision"] / closed.mean())
    assert json.loads(json.dumps(found, allow_nan=False)) == found
