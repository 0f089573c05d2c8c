"""Banks of filters: they fit sixteen bits, and learned ones are shapes of train."""

from __future__ import annotations

import numpy as np
import pytest
from tests.tda.level_sets.cases import series_of

from topology_efficient_dl.params.models import LevelSetRecipe
from topology_efficient_dl.tda.level_sets.filters import WEIGHT_SUM, filter_bank, fixed_filters
from topology_efficient_dl.tda.level_sets.representations import LARGEST, N_TAPS, largest_amplitude

KINDS = ["fixed", "random", "learned"]


def bank(kind: str, n_filters: int, series: np.ndarray, seed: int = 0) -> np.ndarray:
    recipe = LevelSetRecipe(filters=kind, n_filters=n_filters)
    return filter_bank(recipe, series, np.random.default_rng(seed)).astype(np.int64)


def test_the_fixed_filters_are_all_choices_of_three_taps_of_nine() -> None:
    weights = fixed_filters()
    assert weights.shape == (9, 84)
    assert len(np.unique(weights, axis=1).T) == 84
    assert (np.sort(weights, axis=0) == [[-1]] * 6 + [[2]] * 3).all()


@pytest.mark.parametrize("kind", ["random", "learned"])
@pytest.mark.parametrize("n_filters", [1, 7, 70])
def test_weights_reach_the_bound_and_add_up_to_nearly_zero(kind: str, n_filters: int) -> None:
    """What is missing was cut off in making whole numbers of nine weights."""
    weights = bank(kind, n_filters, series_of())
    assert weights.shape == (N_TAPS, n_filters)
    magnitudes = np.abs(weights).sum(axis=0)
    assert magnitudes.max() <= WEIGHT_SUM
    assert magnitudes.min() > WEIGHT_SUM - N_TAPS
    assert np.abs(weights.sum(axis=0)).max() < N_TAPS


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_channels", [1, 2, 9])
def test_the_largest_amplitude_just_fits_sixteen_bits(kind: str, n_channels: int) -> None:
    weights = bank(kind, 20, series_of())
    amplitude = largest_amplitude(weights, n_channels)
    most = np.abs(weights).sum(axis=0).max() * n_channels
    assert amplitude * most <= LARGEST < (amplitude + 1) * most


def test_filters_learned_on_ramps_are_ramps() -> None:
    ramps = np.array([1.0, -2.0, 5.0])[:, None, None] * np.arange(40)
    up = np.arange(-4, 5) * (WEIGHT_SUM // 20)
    found = sorted(bank("learned", 2, ramps).T.tolist())
    np.testing.assert_allclose(found, [up, -up], atol=1)  # weights are cut to whole numbers


def test_learned_filters_do_not_see_level_and_size() -> None:
    series = series_of(6, 2, 60)
    np.testing.assert_allclose(bank("learned", 8, series), bank("learned", 8, 8 * series + 4), atol=1)


@pytest.mark.parametrize("n_filters", [1, 84])
@pytest.mark.parametrize("n_timepoints", [9, 200])
def test_series_without_patterns_leave_random_filters(n_filters: int, n_timepoints: int) -> None:
    weights = bank("learned", n_filters, np.ones((3, 1, n_timepoints)))
    assert weights.shape == (N_TAPS, n_filters)
    assert np.abs(weights).sum(axis=0).min() > WEIGHT_SUM - N_TAPS


def test_fewer_patterns_than_filters_are_kept_and_added_to() -> None:
    spike = np.zeros((1, 1, 2000))
    spike[0, 0, 700] = 1
    weights = bank("learned", 600, spike)
    one_tap = WEIGHT_SUM * np.array([1 / 2] + [-1 / 16] * 8)
    kept = [column for column in weights.T if (np.sort(column)[::-1] == np.trunc(one_tap)).all()]
    assert 0 < len(kept) < 600
    assert len(np.unique(weights, axis=1).T) > 400


@pytest.mark.parametrize("kind", ["random", "learned"])
def test_one_seed_gives_one_bank(kind: str) -> None:
    series = series_of()
    np.testing.assert_array_equal(bank(kind, 9, series, 3), bank(kind, 9, series, 3))
    assert (bank(kind, 9, series, 3) != bank(kind, 9, series, 4)).any()
