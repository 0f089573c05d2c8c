"""The engines agree to the last count."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from tests.tda.level_sets.cases import counted_series, plan_of

from topology_efficient_dl.params.models import LevelSetRecipe
from topology_efficient_dl.tda.level_sets.compiled import count_compiled
from topology_efficient_dl.tda.level_sets.filters import filter_bank, fixed_filters
from topology_efficient_dl.tda.level_sets.plain import count_plain, filtered
from topology_efficient_dl.tda.level_sets.plan import Plan
from topology_efficient_dl.tda.level_sets.representations import LARGEST
from topology_efficient_dl.tda.level_sets.statistics import FAST, STATISTICS
from topology_efficient_dl.tda.level_sets.vectorised import Lanes

BANKS = {
    "fixed": fixed_filters(),
    "random": filter_bank(LevelSetRecipe(filters="random", n_filters=40), np.zeros((1, 1, 9)), np.random.default_rng(5)),
}  # fmt: skip


def by_vectors(whole: np.ndarray, plan: Plan, threads: int = 1) -> np.ndarray:
    return Lanes.of(plan).count(whole, threads)[..., : plan.n_filters]


@settings(max_examples=25)
@given(counted_series())
def test_all_engines_give_the_same_counts(case: tuple[np.ndarray, Plan]) -> None:
    whole, plan = case
    expected = count_plain(whole, plan, STATISTICS)
    np.testing.assert_array_equal(count_compiled(whole, plan, STATISTICS), expected)
    for threads in (1, 2):
        np.testing.assert_array_equal(by_vectors(whole, plan, threads), expected[:, :, : len(FAST)])


@given(counted_series())
def test_compiled_loops_and_vectors_agree(case: tuple[np.ndarray, Plan]) -> None:
    whole, plan = case
    np.testing.assert_array_equal(by_vectors(whole, plan), count_compiled(whole, plan, FAST))


def test_statistics_come_in_the_order_asked_for() -> None:
    whole = np.random.default_rng(0).integers(-9, 10, size=(2, 1, 30), dtype=np.int16)
    plan = plan_of(fixed_filters(), [[1]], [2], [2], [0, 1], levels=3, lower=-2)
    every = count_compiled(whole, plan, STATISTICS)
    for names in (STATISTICS[::-1], ("gap",), ("bars", "beta0", "bars")):
        places = [STATISTICS.index(name) for name in names]
        np.testing.assert_array_equal(count_compiled(whole, plan, names), every[:, :, places])


@pytest.mark.parametrize("bank", BANKS)
@pytest.mark.parametrize("n_channels", [1, 3])
@pytest.mark.parametrize("signs", [[1], [-1], [1, -1], [1, 1, 1, -1, -1, -1], [1, 0, -1, 1]])
def test_the_largest_samples_do_not_overflow(bank: str, n_channels: int, signs: list[int]) -> None:
    """With every view adding up all channels, at the amplitude that the bank leaves room for."""
    length = 70
    plan = plan_of(BANKS[bank], np.ones((2, n_channels)), [1, 7], [2, 2], [0, 1, 0, 1], [[-32768], [-1], [0], [20000]])
    whole = np.resize(np.array(signs) * int(plan.amplitude), (2, n_channels, length)).astype(np.int16)
    whole[1] = np.sign(np.random.default_rng(0).normal(size=whole[1].shape)) * plan.amplitude
    whole[1, :, 20:29] = np.sign(plan.weights[:, 3]) * plan.amplitude  # the best match of one filter
    values = filtered(whole, plan.channels[0], 1, plan.weights)
    assert np.abs(values).max() <= LARGEST
    assert values[1, 3, 24] == n_channels * int(plan.amplitude) * np.abs(plan.weights[:, 3]).sum()
    np.testing.assert_array_equal(by_vectors(whole, plan), count_compiled(whole, plan, FAST))


@pytest.mark.parametrize("length", [LARGEST, LARGEST + 1, LARGEST + 3000])
@pytest.mark.parametrize("bank", BANKS)
def test_long_series_are_counted_in_wider_numbers(bank: str, length: int) -> None:
    plan = plan_of(BANKS[bank], [[1]], [1, 500], [1, 2], [0, 0, 1], levels=[[-32768], [0], [400]])
    noise = np.random.default_rng(1).integers(-50, 51, size=(1, 1, length), dtype=np.int16)
    counts = by_vectors(noise, plan)
    assert counts.dtype == (np.int16 if length <= LARGEST else np.int32)
    np.testing.assert_array_equal(counts, count_compiled(noise, plan, FAST))
    assert (counts[0, 0, 1:] == length).all()  # everything lies above the lowest level, in one piece


def test_a_filter_sees_its_taps_and_zeros_beyond_the_ends() -> None:
    weights = np.arange(1, 10, dtype=np.int16)[:, None]
    impulse = np.zeros((1, 2, 30), np.int16)
    impulse[0, 1, 3] = 1
    values = filtered(impulse, np.array([True, True]), 2, weights)[0, 0]
    assert {t: value for t, value in enumerate(values) if value} == {1: 6, 3: 5, 5: 4, 7: 3, 9: 2, 11: 1}
    assert not filtered(impulse, np.array([True, False]), 2, weights).any()


def test_no_more_threads_than_there_are_and_as_many_as_before_afterwards() -> None:
    import numba

    before = numba.get_num_threads()
    plan = plan_of(fixed_filters(), [[1]], [1], [1], [0])
    whole = np.random.default_rng(0).integers(-9, 10, size=(5, 1, 20), dtype=np.int16)
    np.testing.assert_array_equal(by_vectors(whole, plan, threads=10_000), by_vectors(whole, plan))
    assert numba.get_num_threads() == before
