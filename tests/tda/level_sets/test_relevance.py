"""How much a feature tells of the classes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology_efficient_dl.tda.level_sets.relevance import FLOOR, adjusted_eta_squared, relevance_gain


def standard(features: np.ndarray) -> np.ndarray:
    spread = features.std(axis=0)
    return ((features - features.mean(axis=0)) / np.where(spread > 0, spread, 1)).astype(np.float32)


@st.composite
def labelled_features(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(draw(st.integers(0, 9999)))
    n_classes = draw(st.integers(2, 5))
    labels = np.concatenate([np.arange(n_classes), rng.integers(n_classes, size=draw(st.integers(1, 40)))])
    return standard(labels[:, None] * rng.normal(size=6) + rng.normal(size=(len(labels), 6))), labels


@given(labelled_features())
def test_it_is_the_share_of_variance_that_unbiased_estimates_leave_between(case: tuple[np.ndarray, np.ndarray]) -> None:
    features, labels = case
    n, classes = len(labels), np.unique(labels)
    within = sum(((part - part.mean(axis=0)) ** 2).sum(axis=0) for part in (features[labels == c] for c in classes))
    expected = 1 - (within / (n - len(classes))) / (features.var(axis=0) * n / (n - 1))
    np.testing.assert_allclose(adjusted_eta_squared(features, labels), np.clip(expected, 0, 1), atol=1e-5)


@given(labelled_features(), st.permutations(range(5)))
def test_names_of_classes_and_the_order_of_samples_do_not_matter(
    case: tuple[np.ndarray, np.ndarray], names: list[int]
) -> None:
    features, labels = case
    found = adjusted_eta_squared(features, labels)
    renamed = 7 * np.array(names)[labels] - 3
    np.testing.assert_allclose(adjusted_eta_squared(features, renamed), found, atol=1e-6)
    order = np.random.default_rng(0).permutation(len(labels))
    np.testing.assert_allclose(adjusted_eta_squared(features[order], labels[order]), found, atol=1e-5)


def test_a_feature_that_is_the_class_tells_all_and_a_constant_one_nothing() -> None:
    labels = np.array([0, 0, 1, 2, 2, 2])
    features = standard(np.stack([np.array([5.0, -1, 2])[labels], np.ones(6)], axis=1))
    np.testing.assert_allclose(adjusted_eta_squared(features, labels), [1, 0], atol=1e-6)


@pytest.mark.parametrize("n_classes", [2, 5, 12])
def test_noise_tells_next_to_nothing_however_many_classes_there_are(n_classes: int) -> None:
    """Without the adjustment it would be (k - 1) / (n - 1), here up to 0.19; after it, what clipping leaves."""
    noise = standard(np.random.default_rng(0).normal(size=(60, 4000)))
    found = adjusted_eta_squared(noise, np.arange(60) % n_classes)
    assert found.mean() < 0.05
    assert 0.4 < (found == 0).mean() < 0.75


@pytest.mark.parametrize("labels", [[0, 1, 2, 3], [3, 1, 0, 2]])
def test_one_sample_of_each_class_tells_nothing_so_all_features_count(labels: list[int]) -> None:
    features = standard(np.random.default_rng(0).normal(size=(4, 3)))
    np.testing.assert_array_equal(adjusted_eta_squared(features, np.array(labels)), np.ones(3))


@given(labelled_features(), st.floats(0.1, 4))
def test_factors_rise_with_relevance_and_silence_no_feature(case: tuple[np.ndarray, np.ndarray], power: float) -> None:
    shares, factors = adjusted_eta_squared(*case), relevance_gain(*case, power)
    np.testing.assert_allclose(factors**2, shares**power + FLOOR)
    assert factors.min() >= np.sqrt(FLOOR)
    assert (np.diff(factors[np.argsort(shares)]) >= 0).all()
