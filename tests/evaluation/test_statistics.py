"""Tests against scipy, by hand, and where they say nothing."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from topology_efficient_dl.errors import DataError
from topology_efficient_dl.evaluation.statistics import (
    holm,
    paired_t_test,
    paired_t_tests,
    pairwise_wilcoxon,
    rank_models,
    wilcoxon_test,
)


def scores_of(columns, seeds=(1,)):
    rows = [
        {"dataset": f"d{place}", "model": model, "seed": seed, "f1_macro": value}
        for model, values in columns.items()
        for place, value in enumerate(values)
        for seed in seeds
    ]
    return pd.DataFrame(rows)


def test_t_test_agrees_with_scipy():
    rng = np.random.default_rng(1)
    a, b = rng.random(5), rng.random(5)
    assert paired_t_test(a, b).p_value == pytest.approx(stats.ttest_rel(a, b).pvalue)


def test_wilcoxon_agrees_with_scipy():
    rng = np.random.default_rng(2)
    a, b = rng.random(12), rng.random(12)
    assert wilcoxon_test(a, b).p_value == pytest.approx(stats.wilcoxon(a, b).pvalue)


@pytest.mark.parametrize(
    ("test", "a", "b"),
    [
        (paired_t_test, [0.9], [0.8]),
        (paired_t_test, [0.9, 0.8, 0.7], [0.9, 0.8, 0.7]),
        (paired_t_test, [0.9, 0.8, 0.7], [0.8, 0.7, 0.6]),
        (wilcoxon_test, [0.5] * 10, [0.5] * 10),
        (wilcoxon_test, [1, 2, 3, 4, 5], [0] * 5),
        (wilcoxon_test, [1, 2, 3, 4, 5, 0, 0], [0] * 7),
    ],
    ids=["one_seed", "identical", "constant_gap", "all_ties", "five_sets", "ties_leave_five"],
)
def test_where_a_test_says_nothing_it_gives_a_reason_and_no_number(test, a, b):
    found = test(a, b)
    assert found.p_value is None
    assert found.statistic is None
    assert found.reason


def test_unpaired_lengths_are_refused():
    with pytest.raises(DataError, match="one length"):
        paired_t_test([1, 2], [1])


def test_holm_by_hand():
    # sorted .005 .01 .03 .04; times 4 3 2 1: .02 .03 .06 .04; running maximum: .02 .03 .06 .06
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holm_never_exceeds_one():
    assert holm([0.9, 0.8]) == [1.0, 1.0]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_is_at_least_the_raw_value_and_keeps_the_order(p_values):
    adjusted = holm(p_values)
    assert all(a >= p for a, p in zip(adjusted, p_values, strict=True))
    assert list(np.argsort(adjusted, kind="stable")) == sorted(range(len(p_values)), key=lambda i: (adjusted[i], i))
    assert all(
        adjusted[i] <= adjusted[j]
        for i in range(len(p_values))
        for j in range(len(p_values))
        if p_values[i] <= p_values[j]
    )


def test_pairs_of_models_are_corrected_together():
    rng = np.random.default_rng(3)
    base = rng.random(10)
    table = pairwise_wilcoxon(scores_of({"a": base, "b": base + 0.1 + 0.01 * rng.random(10), "c": base}))
    assert table[["model_a", "model_b"]].to_numpy().tolist() == [["a", "b"], ["a", "c"], ["b", "c"]]
    assert table["p_holm"].tolist() == [2 * 2 / 2**10, None, 2 * 2 / 2**10]
    assert "0 pairs that differ" in table["reason"][1]
    assert table["mean_difference"][0] < 0


def test_sets_that_one_model_lacks_are_left_out_of_its_pairs():
    scores = scores_of({"a": np.arange(8.0), "b": np.arange(8.0) + 1}).drop(index=3)
    assert pairwise_wilcoxon(scores)["n_datasets"][0] == 7


def test_seed_tests_per_data_set():
    scores = pd.DataFrame({
        "dataset": "d", "model": ["a", "b"] * 3, "seed": [1, 1, 2, 2, 3, 3], "f1_macro": [0.9, 0.7, 0.8, 0.75, 0.95, 0.8]
    })  # fmt: skip
    row = paired_t_tests(scores, "a").iloc[0]
    assert (row["model"], row["n_seeds"]) == ("b", 3)
    assert row["p_value"] == pytest.approx(stats.ttest_rel([0.9, 0.8, 0.95], [0.7, 0.75, 0.8]).pvalue)


def test_average_ranks_by_hand_and_friedman_by_scipy():
    columns = {"a": [3, 3, 3, 3, 3, 1], "b": [2, 2, 2, 2, 2, 3], "c": [1, 1, 1, 2, 1, 2]}
    ranking = rank_models(scores_of(columns))
    assert ranking.average_ranks == pytest.approx({"a": 8 / 6, "b": 11.5 / 6, "c": 16.5 / 6})
    assert ranking.test.p_value == pytest.approx(stats.friedmanchisquare(*columns.values()).pvalue)


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"a": [1] * 8, "b": [2] * 8}, "2 models"),
        ({"a": [1] * 5, "b": [2] * 5, "c": [3] * 5}, "5 data sets"),
        ({"a": [1] * 8, "b": [1] * 8, "c": [1] * 8}, "score the same"),
    ],
)
def test_friedman_says_nothing(columns, reason):
    ranking = rank_models(scores_of(columns))
    assert ranking.test.p_value is None
    assert reason in ranking.test.reason
