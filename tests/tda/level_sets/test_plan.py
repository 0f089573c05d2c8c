"""Plans: dilations that span the series, sets of channels, rows that can be left out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tda.level_sets.cases import counted_series, plan_of

from topology_efficient_dl.errors import StorageError
from topology_efficient_dl.tda.level_sets.compiled import count_compiled
from topology_efficient_dl.tda.level_sets.filters import fixed_filters
from topology_efficient_dl.tda.level_sets.plan import (
    MAX_CHANNELS,
    Plan,
    choose_channels,
    choose_dilations,
)
from topology_efficient_dl.tda.level_sets.statistics import FAST


@given(st.integers(9, 5000), st.integers(1, 200), st.integers(1, 40))
def test_dilations_share_all_levels_and_span_the_series(length: int, n_levels: int, most: int) -> None:
    dilations, n_rows = choose_dilations(length, n_levels, most)
    assert n_rows.sum() == n_levels
    assert n_rows.min() >= 1
    assert (np.diff(dilations) > 0).all()
    assert dilations[0] == 1
    assert len(dilations) <= min(n_levels, most)
    assert 8 * dilations[-1] + 1 <= length
    assert min(n_levels, most) == 1 or 8 * (dilations[-1] + 1) + 1 > length


@given(st.integers(1, 40), st.integers(0, 99))
def test_a_view_adds_up_one_to_nine_channels(n_channels: int, seed: int) -> None:
    chosen = choose_channels(60, n_channels, np.random.default_rng(seed)).sum(axis=1)
    assert chosen.min() >= 1
    assert chosen.max() <= min(n_channels, MAX_CHANNELS)


def test_every_channel_and_every_number_of_channels_is_chosen() -> None:
    chosen = choose_channels(2000, 12, np.random.default_rng(0))
    assert set(chosen.sum(axis=1)) == set(range(1, MAX_CHANNELS + 1))
    assert chosen.any(axis=0).all()


@settings(max_examples=25)
@given(counted_series(), st.integers(0, 99))
def test_rows_that_are_kept_count_what_they_did(case: tuple[np.ndarray, Plan], seed: int) -> None:
    whole, plan = case
    rows = np.random.default_rng(seed).random(len(plan.levels)) < 0.5
    rows[seed % len(rows)] = True
    part = plan.only(rows)
    assert part.n_rows.sum() == rows.sum()
    assert (part.n_rows > 0).all()
    np.testing.assert_array_equal(count_compiled(whole, part, FAST), count_compiled(whole, plan, FAST)[:, rows])


def test_a_plan_survives_as_arrays_and_a_missing_one_is_named() -> None:
    plan = plan_of(fixed_filters(), [[1, 0], [1, 1]], [1, 2], [1, 2], [0, 1, 0], levels=5, lower=3)
    arrays = plan.to_arrays()
    again = Plan.from_arrays(arrays).to_arrays()
    assert list(again) == list(arrays)
    assert all(np.array_equal(again[name], arrays[name]) and again[name].dtype == arrays[name].dtype for name in arrays)
    for name in arrays:
        with pytest.raises(StorageError, match=rf"array '{name}' not found among .*Fit again"):
            Plan.from_arrays({key: value for key, value in arrays.items() if key != name})


def test_no_arrays_at_all_are_nothing() -> None:
    with pytest.raises(StorageError, match="among nothing"):
        Plan.from_arrays({})
