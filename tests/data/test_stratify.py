"""The validation part: stratified, deterministic, and train keeps every class."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from topology_efficient_dl.data.stratify import validation_mask, validation_sizes

class_sizes = st.lists(st.integers(1, 60), min_size=1, max_size=12).map(np.array)
fractions = st.floats(0.01, 0.99)


@given(class_sizes, fractions)
def test_sizes(sizes: np.ndarray, fraction: float) -> None:
    chosen = validation_sizes(sizes, fraction)
    can_give = sizes >= 2
    shares = np.minimum(fraction * sizes, sizes - 1)
    assert ((sizes - chosen) >= 1).all()
    assert chosen.sum() >= can_give.any()
    assert chosen.sum() <= max(1, shares.sum() + 0.5)
    assert chosen.sum() >= shares.sum() - 0.5
    assert (chosen <= np.maximum(1, np.ceil(shares))).all()
    if chosen.sum() >= can_give.sum():
        assert chosen[can_give].all()


@given(class_sizes, fractions, st.integers(0, 2**32))
def test_mask_follows_the_sizes_and_the_seed(sizes: np.ndarray, fraction: float, seed: int) -> None:
    codes = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    mask = validation_mask(codes, fraction, seed)
    counts = np.bincount(codes[mask], minlength=len(sizes))
    np.testing.assert_array_equal(counts, validation_sizes(sizes, fraction))
    np.testing.assert_array_equal(mask, validation_mask(codes, fraction, seed))


def test_another_seed_draws_other_samples() -> None:
    codes = np.repeat([0, 1], 50)
    assert (validation_mask(codes, 0.2, 0) != validation_mask(codes, 0.2, 1)).any()


def test_balanced_classes_give_equal_shares() -> None:
    np.testing.assert_array_equal(validation_sizes(np.full(10, 50), 0.2), np.full(10, 10))


def test_too_small_a_fraction_prefers_large_classes() -> None:
    np.testing.assert_array_equal(validation_sizes(np.array([2, 9, 2, 8]), 0.1), [0, 1, 0, 1])


def test_classes_of_one_sample_give_nothing() -> None:
    np.testing.assert_array_equal(validation_sizes(np.ones(18, dtype=int), 0.2), np.zeros(18))
