"""Ridge regression in closed form: it agrees with refits without each sample, and with scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge
from threadpoolctl import threadpool_limits

from topology_efficient_dl.errors import DataError
from topology_efficient_dl.training import ridge
from topology_efficient_dl.training.ridge import (
    PENALTIES,
    RidgeFit,
    fit_ridge,
    strongest_features,
)

WIDE, TALL = (14, 60), (60, 14)
shapes = pytest.mark.parametrize("shape", [WIDE, TALL, (12, 12)])
penalties = pytest.mark.parametrize("penalty", [1e-5, 1e-3, 0.1, 1.0, 30.0])


def classes_of(shape: tuple[int, int], n_classes: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Classes that overlap; features of different size and with a mean."""
    rng = np.random.default_rng(seed)
    labels = np.arange(shape[0]) % n_classes
    features = rng.normal(size=(n_classes, shape[1]))[labels] + 2 * rng.normal(size=shape)
    return (3 + features * rng.uniform(0.2, 2, size=shape[1])).astype(np.float32), labels


@pytest.mark.parametrize(
    ("shape", "value"), [(WIDE, np.nan), (TALL, np.nan), (WIDE, np.inf), (TALL, np.inf), (WIDE, 1e30)]
)
def test_features_that_are_not_finite_or_have_no_finite_squares_are_refused(shape, value: float) -> None:
    features, labels = classes_of(shape)
    features[3, 2] = value
    with pytest.raises(DataError, match=r"sample 3, column 2 is|squares of the features are beyond float32"):
        fit_ridge(features, labels, 3)


def test_a_penalty_whose_errors_are_not_finite_is_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = classes_of(TALL)
    plain, broken = ridge._Primal.errors, min(PENALTIES)
    monkeypatch.setattr(
        ridge._Primal, "errors", lambda self, penalty: plain(self, penalty) * (np.nan if penalty == broken else 1.0)
    )
    fit = fit_ridge(features, labels, 3)
    assert fit.penalty != broken
    assert np.isinf(fit.errors[broken])


def targets_of(labels: np.ndarray, n_classes: int) -> np.ndarray:
    return np.where(labels[:, None] == np.arange(n_classes), 1.0, -1.0)


def unit_of(features: np.ndarray) -> float:
    """Mean squared length of a centred feature vector."""
    centred = features.astype(np.float64) - features.mean(axis=0, dtype=np.float64)
    return float((centred**2).sum(axis=1).mean())


def scores(fit: RidgeFit, features: np.ndarray) -> np.ndarray:
    return features @ fit.weight.T + fit.bias


@shapes
@penalties
@pytest.mark.parametrize("n_classes", [2, 4])
def test_errors_are_those_of_refits_without_each_sample(shape: tuple[int, int], penalty: float, n_classes: int) -> None:
    features, labels = classes_of(shape, n_classes)
    targets, alpha = targets_of(labels, n_classes), penalty * unit_of(features)
    residuals = []
    for left_out in range(len(labels)):
        kept = np.arange(len(labels)) != left_out
        refit = Ridge(alpha, solver="svd").fit(features[kept].astype(np.float64), targets[kept])
        residuals.append(targets[left_out] - refit.predict(features[left_out : left_out + 1])[0])
    found = fit_ridge(features, labels, n_classes, [penalty]).errors[penalty]
    assert found == pytest.approx(np.mean(np.square(residuals)), rel=1e-3)


@shapes
@penalties
@pytest.mark.parametrize("n_classes", [2, 4])
def test_weighted_errors_and_layer_are_those_of_weighted_refits(
    shape: tuple[int, int], penalty: float, n_classes: int
) -> None:
    features, labels = classes_of(shape, n_classes)
    wide, targets = features.astype(np.float64), targets_of(labels, n_classes)
    shares = np.random.default_rng(1).uniform(0.2, 4, size=len(labels))
    shares /= shares.mean()
    centred = wide - np.average(wide, axis=0, weights=shares)
    alpha = penalty * np.average((centred**2).sum(axis=1), weights=shares)
    residuals = []
    for left_out in range(len(labels)):
        kept = np.arange(len(labels)) != left_out
        refit = Ridge(alpha, solver="svd").fit(wide[kept], targets[kept], sample_weight=shares[kept])
        residuals.append(targets[left_out] - refit.predict(wide[left_out : left_out + 1])[0])
    fit = fit_ridge(features, labels, n_classes, [penalty], weights=3 * shares)
    expected = np.average(np.square(residuals).mean(axis=1), weights=shares)
    assert fit.errors[penalty] == pytest.approx(expected, rel=1e-3)
    peer = Ridge(alpha, solver="svd").fit(wide, targets, sample_weight=shares)
    np.testing.assert_allclose(fit.weight, peer.coef_, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(fit.bias, peer.intercept_, rtol=1e-3, atol=1e-3)


@shapes
def test_equal_weights_change_no_bit_and_a_weight_of_two_is_a_sample_twice(shape: tuple[int, int]) -> None:
    features, labels = classes_of(shape)
    plain, equal = fit_ridge(features, labels, 3), fit_ridge(features, labels, 3, weights=np.full(len(labels), 2.0))
    np.testing.assert_array_equal(equal.weight, plain.weight)
    doubled = np.where(labels == 1, 2.0, 1.0)
    weighted = fit_ridge(features, labels, 3, [0.1], weights=doubled)
    rows = np.repeat(np.arange(len(labels)), doubled.astype(int))
    # Weights are taken with mean 1, and penalties are not, so that more rows ask for as much more of it.
    repeated = fit_ridge(features[rows], labels[rows], 3, [0.1 * len(rows) / len(labels)])
    np.testing.assert_allclose(weighted.weight, repeated.weight, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("shape", [WIDE, TALL])
def test_what_a_regression_cannot_take_is_one_error(shape: tuple[int, int]) -> None:
    features, labels = classes_of(shape)
    for value in (np.nan, np.inf):
        broken = features.copy()
        broken[3, 5] = value
        with pytest.raises(DataError, match=f"features of a ridge regression: sample 3, column 5 is {value}"):
            fit_ridge(broken, labels, 3)
    with pytest.raises(DataError, match=r"rows of features and \d+ labels, expected as many"):
        fit_ridge(features, labels[:-1], 3)
    with pytest.raises(DataError, match="codes from 0 to 1"):
        fit_ridge(features, labels, 2)
    with pytest.raises(DataError, match="all positive"):
        fit_ridge(features, labels, 3, weights=np.zeros(len(labels)))


def test_features_whose_squares_leave_float32_are_one_error() -> None:
    features, labels = classes_of(WIDE)
    with pytest.raises(DataError, match="squares of the features are beyond float32"):
        fit_ridge(1e30 * features, labels, 3)


@shapes
@penalties
def test_the_layer_is_that_of_scikit_learn(shape: tuple[int, int], penalty: float) -> None:
    features, labels = classes_of(shape)
    fit = fit_ridge(features, labels, 3, [penalty])
    peer = Ridge(penalty * unit_of(features), solver="svd").fit(features.astype(np.float64), targets_of(labels, 3))
    np.testing.assert_allclose(fit.weight, peer.coef_, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(fit.bias, peer.intercept_, rtol=1e-3, atol=1e-4)
    assert (fit.weight.dtype, fit.bias.dtype) == (np.float32, np.float32)


@shapes
def test_both_gram_matrices_give_the_same_classifier(shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = classes_of(shape)
    fits = []
    for solver in (ridge._Dual, ridge._Primal):
        with monkeypatch.context() as patch:
            patch.setattr(ridge, "_Dual", solver)
            patch.setattr(ridge, "_Primal", solver)
            fits.append(fit_ridge(features, labels, 3))
    by_samples, by_features = fits
    assert by_samples.penalty == by_features.penalty
    np.testing.assert_allclose(by_samples.weight, by_features.weight, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(by_samples.bias, by_features.bias, rtol=1e-3, atol=1e-4)
    for penalty in PENALTIES:
        assert by_samples.errors[penalty] == pytest.approx(by_features.errors[penalty], rel=5e-3)


@settings(max_examples=20)
@given(st.integers(0, 999), st.sampled_from([WIDE, TALL]), st.floats(1, 3))
def test_the_least_penalty_within_the_tolerance_is_taken(seed: int, shape: tuple[int, int], tolerance: float) -> None:
    fit = fit_ridge(*classes_of(shape, seed=seed), 3, tolerance=tolerance)
    assert list(fit.errors) == sorted(PENALTIES)
    bound = tolerance * min(fit.errors.values())
    assert fit.errors[fit.penalty] <= bound
    assert all(error > bound for penalty, error in fit.errors.items() if penalty < fit.penalty)


def test_a_tolerance_of_one_is_the_least_error() -> None:
    fit = fit_ridge(*classes_of(WIDE), 3, tolerance=1.0)
    assert fit.errors[fit.penalty] == min(fit.errors.values())
    assert PENALTIES[0] < fit.penalty < PENALTIES[-1]
    assert fit_ridge(*classes_of(WIDE), 3, tolerance=1.5).penalty < fit.penalty


@shapes
@pytest.mark.parametrize("factor", [1e-3, 1e3])
def test_the_size_and_the_place_of_features_do_not_matter(shape: tuple[int, int], factor: float) -> None:
    features, labels = classes_of(shape)
    fit, scaled = fit_ridge(features, labels, 3), fit_ridge(factor * features - factor, labels, 3)
    assert scaled.penalty == fit.penalty
    np.testing.assert_allclose(scores(scaled, factor * features - factor), scores(fit, features), atol=5e-3)


@shapes
def test_the_order_of_samples_and_the_codes_of_classes_do_not_matter(shape: tuple[int, int]) -> None:
    features, labels = classes_of(shape)
    order, codes = np.random.default_rng(0).permutation(len(labels)), np.array([2, 0, 1])
    fit, other = fit_ridge(features, labels, 3), fit_ridge(features[order], codes[labels[order]], 3)
    assert other.penalty == fit.penalty
    np.testing.assert_allclose(other.weight[codes], fit.weight, rtol=1e-3, atol=1e-5)


@shapes
def test_targets_of_two_classes_mirror_each_other(shape: tuple[int, int]) -> None:
    fit = fit_ridge(*classes_of(shape, 2), 2)
    np.testing.assert_allclose(fit.weight[0], -fit.weight[1], atol=1e-6)
    assert fit.bias[0] == pytest.approx(-fit.bias[1], abs=1e-5)


@pytest.mark.parametrize("n_features", [3, 90])
def test_constant_features_predict_the_most_frequent_class(n_features: int) -> None:
    labels = np.array([0] * 10 + [1] * 25 + [2] * 5)
    fit = fit_ridge(np.full((40, n_features), 7, np.float32), labels, 3)
    np.testing.assert_array_equal(fit.weight, 0)
    np.testing.assert_allclose(fit.bias, targets_of(labels, 3).mean(axis=0), rtol=1e-6)
    assert np.isfinite(list(fit.errors.values())).all()


@shapes
def test_a_constant_feature_among_others_gets_no_weight(shape: tuple[int, int]) -> None:
    features, labels = classes_of(shape)
    features[:, 4] = 1
    np.testing.assert_allclose(fit_ridge(features, labels, 3).weight[:, 4], 0, atol=1e-9)


def test_a_class_without_samples_is_never_predicted() -> None:
    features, labels = classes_of(WIDE, 2)
    fit = fit_ridge(features, 2 * labels, 4)
    assert set(scores(fit, features).argmax(axis=1)) <= {0, 2}


def test_one_sample_of_each_class_is_enough() -> None:
    features, labels = classes_of((3, 40))
    fit = fit_ridge(features, labels, 3)
    assert np.isfinite(scores(fit, features)).all()
    np.testing.assert_array_equal(scores(fit, features).argmax(axis=1), labels)


@pytest.mark.parametrize("shape", [(300, 2000), (2000, 300)])
def test_the_number_of_threads_changes_no_bit(shape: tuple[int, int]) -> None:
    features, labels = classes_of(shape)
    fits = []
    for threads in (1, 2, 4):
        with threadpool_limits(threads):
            fits.append(fit_ridge(features, labels, 3))
    for other in fits[1:]:
        np.testing.assert_array_equal(other.weight, fits[0].weight)


def test_the_strongest_features_have_the_largest_part_in_the_scores() -> None:
    weight = np.array([[1.0, 0.0, -3.0, 0.1, 2.0], [1.0, 0.0, 0.0, 0.1, 2.0]])
    features = np.random.default_rng(0).normal(size=(500, 5)).astype(np.float32) * np.array(
        [1, 9, 1, 90, 0], np.float32
    )
    order = [3, 2, 0]  # variances times squared weights of about 162, 9, 2; none of the others
    for n_keep in (1, 2, 3):
        assert strongest_features(weight, features, n_keep).tolist() == sorted(order[:n_keep])


@given(st.integers(1, 12), st.integers(0, 99))
def test_as_many_strong_features_as_asked_for_in_order(n_keep: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    weight, features = rng.normal(size=(2, 9)), rng.normal(size=(20, 9)).astype(np.float32)
    kept = strongest_features(weight, features, n_keep)
    assert len(kept) == min(n_keep, 9)
    assert (np.diff(kept) > 0).all()
    assert set(kept) <= set(strongest_features(weight, features, n_keep + 1))
