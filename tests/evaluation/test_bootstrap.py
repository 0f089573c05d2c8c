"""The bootstrap of the fall in macro-F1."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score

from topology_efficient_dl.errors import DataError
from topology_efficient_dl.evaluation.bootstrap import (
    PairedPredictions,
    f1_drop,
    f1_drop_draws,
    interval_of,
    mean_draws,
    mean_over_datasets,
    pair_predictions,
    seed_for,
)
from topology_efficient_dl.evaluation.weighted import weighted_accuracy, weighted_auroc


def simulate(rng, p_base, p_model, n_samples=300, n_seeds=3, seed_sd=0.02):
    labels = np.arange(n_samples) % 2
    difficulty = rng.random(n_samples)

    def predict(p):
        level = p + seed_sd * rng.standard_normal((n_seeds, 1))
        wrong = difficulty[None] + 0.3 * rng.standard_normal((n_seeds, n_samples)) > level
        return np.where(wrong, 1 - labels, labels)

    return PairedPredictions(labels, predict(p_base), predict(p_model), tuple(range(n_seeds)))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 6))
def test_point_estimate_is_scikit_learns(seed, n_classes):
    rng = np.random.default_rng(seed)
    labels, base, model = (rng.integers(n_classes, size=(k, 40)) for k in (1, 2, 2))
    expected = np.mean([
        f1_score(labels[0], b, average="macro") - f1_score(labels[0], m, average="macro")
        for b, m in zip(base, model, strict=True)
    ])  # fmt: skip
    assert f1_drop(PairedPredictions(labels[0], base, model, (1, 2))) == pytest.approx(100 * expected)


WEIGHTED = st.lists(st.integers(0, 3), min_size=30, max_size=30)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 4), WEIGHTED)
def test_weighted_qualities_are_scikit_learns(seed, n_classes, drawn):
    """Rounded probabilities have ties; weights of 0 to 3 are samples that a draw leaves out or holds often."""
    rng = np.random.default_rng(seed)
    weights = np.array([drawn, rng.integers(1, 4, 30)], float)
    weights[:, :n_classes] += 1  # every class is held
    labels = np.concatenate([np.arange(n_classes), rng.integers(n_classes, size=30 - n_classes)])
    spread = np.round(rng.dirichlet(np.ones(n_classes), size=30), 1)
    found = weighted_auroc(labels, spread, weights)
    predicted = spread.argmax(axis=1)
    codes = [1] if n_classes == 2 else range(n_classes)
    for row, area in zip(weights, found, strict=True):
        expected = np.mean([roc_auc_score(labels == code, spread[:, code], sample_weight=row) for code in codes])
        assert area == pytest.approx(expected)
    shares = weighted_accuracy(labels, predicted, weights)
    assert shares == pytest.approx([accuracy_score(labels, predicted, sample_weight=row) for row in weights])


def test_a_draw_without_a_class_has_the_mean_area_of_the_others_and_one_of_one_class_none():
    labels, spread = np.array([0, 1, 2, 2]), np.eye(3)[[0, 1, 2, 0]]
    weights = np.array([[1.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 2.0]])
    area, nothing = weighted_auroc(labels, spread, weights)
    expected = np.mean([roc_auc_score(labels[[0, 2, 3]] == code, spread[[0, 2, 3], code]) for code in (0, 2)])
    assert area == pytest.approx(expected)
    assert np.isnan(nothing)


def scored(pair, seed=0):
    """Probabilities that go with the predictions, more or less sure."""
    rng = np.random.default_rng(seed)
    sure = np.stack([pair.baseline, pair.model])
    high = 0.5 + 0.5 * rng.random(sure.shape)
    return replace(
        pair, probabilities=np.stack([np.where(sure == 0, high, 1 - high), np.where(sure == 1, high, 1 - high)], -1)
    )


@pytest.mark.parametrize("metric", ["accuracy", "auroc"])
def test_another_quality_is_resampled_itself(metric):
    """Draws made by hand, with scikit-learn, have the same mean and spread."""
    pair = scored(simulate(np.random.default_rng(0), 0.8, 0.7, n_samples=60, n_seeds=1))
    draws, rng = f1_drop_draws(pair, 2000, 0, metric), np.random.default_rng(1)
    assert not np.allclose(draws, f1_drop_draws(pair, 2000, 0))

    def quality(side, rows):
        if metric == "accuracy":
            return accuracy_score(pair.labels[rows], (pair.baseline, pair.model)[side][0, rows])
        return roc_auc_score(pair.labels[rows], pair.probabilities[side, 0, rows, 1])

    by_hand = [100 * (quality(0, rows) - quality(1, rows)) for rows in rng.integers(60, size=(2000, 60))]
    assert f1_drop(pair, metric) == pytest.approx(100 * (quality(0, slice(None)) - quality(1, slice(None))))
    assert draws.mean() == pytest.approx(np.mean(by_hand), abs=0.6)
    assert draws.std() == pytest.approx(np.std(by_hand), rel=0.1)


def test_a_draw_without_any_area_is_made_again():
    labels = np.array([0, 0, 0, 1])
    spread = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.4, 0.6]])
    pair = PairedPredictions(labels, labels[None], labels[None], (1,), np.stack([spread[None], spread[None][:, ::-1]]))
    draws = f1_drop_draws(pair, 500, 0, "auroc")
    assert np.isfinite(draws).all()
    with pytest.raises(DataError, match="a test set of one class"):
        f1_drop_draws(replace(pair, labels=0 * labels), 10, 0, "auroc")
    with pytest.raises(DataError, match="there is no probabilities; judge another metric"):
        f1_drop(replace(pair, probabilities=None), "auroc")


def test_identical_models_have_no_spread_at_all():
    pair = simulate(np.random.default_rng(0), 0.8, 0.8)
    same = PairedPredictions(pair.labels, pair.baseline, pair.baseline, pair.seeds)
    assert not f1_drop_draws(same, 200, 0).any()


def test_draws_repeat_with_the_seed_and_only_then():
    pair = simulate(np.random.default_rng(0), 0.8, 0.7)
    assert np.array_equal(f1_drop_draws(pair, 200, 1), f1_drop_draws(pair, 200, 1))
    assert not np.array_equal(f1_drop_draws(pair, 200, 1), f1_drop_draws(pair, 200, 2))
    assert seed_for("ECG200", 0) != seed_for("Wafer", 0)


def test_pairing_narrows_the_interval():
    """Two models that fail on the same samples differ by less than two that fail on different ones."""
    rng = np.random.default_rng(0)
    labels = np.arange(400) % 2
    wrong = rng.random(400) < 0.2
    base = np.where(wrong, 1 - labels, labels)[None]
    same = np.where(wrong & (rng.random(400) < 0.9), 1 - labels, labels)[None]
    other = np.where(rng.permutation(wrong), 1 - labels, labels)[None]
    spread = [f1_drop_draws(PairedPredictions(labels, base, m, (1,)), 500, 0).std() for m in (same, other)]
    assert spread[0] < 0.6 * spread[1]


def test_spread_over_seeds_is_not_shrunk():
    """With huge test sets only seeds vary; the variance of the mean of three must be s^2 / 3, not 2/3 of that."""
    labels = np.arange(20_000) % 2
    wrong = np.array([0.10, 0.20, 0.30])
    base = np.repeat(labels[None], 3, axis=0)
    model = np.stack([np.where(np.arange(20_000) // 2 % 100 < 100 * share, 1 - labels, labels) for share in wrong])
    draws = f1_drop_draws(PairedPredictions(labels, base, model, (1, 2, 3)), 4000, 0)
    assert draws.std() == pytest.approx(100 * np.std(wrong, ddof=1) / np.sqrt(3), rel=0.05)


def coverage(n_seeds, seed_sd, n_trials=120):
    """Share of 90 % intervals that hold the true fall, known from a very large experiment."""
    many = {"n_samples": 4000, "n_seeds": 100} if seed_sd else {"n_samples": 400_000, "n_seeds": 1}
    truth = f1_drop(simulate(np.random.default_rng(99), 0.85, 0.75, seed_sd=seed_sd, **many))
    hits = 0
    for trial in range(n_trials):
        pair = simulate(np.random.default_rng(trial), 0.85, 0.75, n_seeds=n_seeds, seed_sd=seed_sd)
        found = interval_of(f1_drop(pair), f1_drop_draws(pair, 300, trial), 0.9)
        hits += found.low <= truth <= found.high
    return hits / n_trials


def test_coverage_over_samples_is_nominal():
    assert 0.82 <= coverage(n_seeds=1, seed_sd=0.0) <= 0.97


def test_coverage_over_seeds_and_samples_errs_on_the_wide_side():
    assert coverage(n_seeds=3, seed_sd=0.05) >= 0.85


def test_unfinished_seeds_are_left_out(predictions):
    table = predictions({"a": 0.9, "b": 0.8}, ["d"])
    table = table[~((table.model == "b") & (table.seed == 456))]
    assert pair_predictions(table, "d", "b", "a").seeds == (42, 123)


def test_alignment_does_not_depend_on_row_order(predictions):
    table = predictions({"a": 0.9, "b": 0.8}, ["d"])
    plain, shuffled = (pair_predictions(t, "d", "b", "a") for t in (table, table.sample(frac=1, random_state=0)))
    assert np.array_equal(plain.model, shuffled.model)
    assert np.array_equal(plain.labels, shuffled.labels)


def test_different_test_samples_or_seeds_are_refused(predictions):
    table = predictions({"a": 0.9, "b": 0.8}, ["d"])
    with pytest.raises(DataError, match="different samples"):
        pair_predictions(table.drop(index=3), "d", "b", "a")
    with pytest.raises(DataError, match="no common seed"):
        pair_predictions(table[(table.model == "a") | (table.seed == 0)], "d", "b", "a")


def test_mean_over_data_sets_varies_with_the_sets():
    flat = {name: np.full(4000, value) for name, value in {"a": 0.0, "b": 2.0, "c": 4.0}.items()}
    draws = mean_over_datasets(flat, {"a": 0.0, "b": 2.0, "c": 4.0}, 0)
    assert draws.mean() == pytest.approx(2.0, abs=0.1)
    assert draws.std() == pytest.approx(2.0 / np.sqrt(3), rel=0.06)
    assert np.array_equal(mean_over_datasets({"a": flat["a"]}, {"a": 0.0}, 0), flat["a"])


def test_pairing_rejects_nothing_for_integer_seeds_of_any_type():
    table = pd.DataFrame({
        "dataset": "d", "model": ["a", "a", "b", "b"], "seed": np.int64(7), "index": [0, 1, 0, 1],
        "label": [0, 1, 0, 1], "predicted": [0, 1, 1, 1],
    })  # fmt: skip
    assert pair_predictions(table, "d", "b", "a").seeds == (7,)


@pytest.mark.parametrize("confidence", [0.8, 0.95])
@pytest.mark.parametrize("n_draws", [100, 10_000])
def test_draws_of_a_mean_have_the_interval_of_students_t(n_draws, confidence):
    values = np.array([1.0, 2.0, 4.0, 9.0, 3.0])
    draws = mean_draws(values, n_draws, seed=0)
    assert draws.mean() == pytest.approx(values.mean())
    expected = stats.t.interval(confidence, 4, values.mean(), stats.sem(values))
    found = interval_of(values.mean(), draws, confidence).interval
    np.testing.assert_allclose(found, expected, atol=0.01 * (expected[1] - expected[0]))


@pytest.mark.parametrize("n_values", [2, 3, 5, 10])
def test_intervals_of_few_draws_hold_the_truth_as_often_as_they_say(n_values):
    """A true mean on the bound is confirmed wrongly in one run of forty, and held by 95 intervals of 100."""
    rng = np.random.default_rng(n_values)
    found = [
        interval_of(values.mean(), mean_draws(values, 200, trial), 0.95)
        for trial, values in enumerate(rng.normal(size=(2000, n_values)))
    ]
    assert np.mean([each.low <= 0 <= each.high for each in found]) == pytest.approx(0.95, abs=0.012)
    assert np.mean([each.high < 0 for each in found]) == pytest.approx(0.025, abs=0.008)


def test_draws_of_a_mean_repeat_with_the_seed_and_only_then():
    values = np.array([1.0, 2.0, 4.0, 9.0, 3.0])
    draws = mean_draws(values, 40_000, seed=0)
    np.testing.assert_array_equal(draws[:10], mean_draws(values, 40_000, seed=0)[:10])
    assert not np.array_equal(draws[:10], mean_draws(values, 40_000, seed=1)[:10])


def test_the_mean_of_one_value_is_that_value():
    assert mean_draws(np.array([3.5]), 4, seed=0).tolist() == [3.5] * 4
