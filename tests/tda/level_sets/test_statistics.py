"""Level sets of one series, held against gudhi and against counting."""

from __future__ import annotations

from itertools import groupby, pairwise

import gudhi
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from topology_efficient_dl.tda.level_sets.statistics import (
    FAST,
    ROOTED,
    STATISTICS,
    intervals,
    level_set_statistics,
    superlevel_barcode,
)

few_values = st.integers(1, 40).flatmap(lambda n: arrays(np.int64, n, elements=st.integers(-6, 6)))
many_values = st.integers(1, 40).flatmap(lambda n: arrays(np.int64, n, elements=st.integers(-(2**15), 2**15)))
series = few_values | many_values
levels = st.integers(-7, 7) | st.integers(-(2**15), 2**15)
drops = st.integers(0, 5) | st.integers(0, 2**15)


def bars_by_gudhi(values: np.ndarray) -> list[tuple[float, float]]:
    """Bars (birth, death) of the superlevel sets, the one that never dies among them, values being on vertices."""
    path = gudhi.CubicalComplex(vertices=-values.astype(np.float64))
    path.compute_persistence()
    return [(-birth, -death) for birth, death in path.persistence_intervals_in_dimension(0)]


def test_every_name_is_counted_and_no_other() -> None:
    assert tuple(level_set_statistics(np.array([1, 0]), 0, 0)) == STATISTICS
    assert set(FAST) | ROOTED <= set(STATISTICS)


@given(series)
def test_the_barcode_is_that_of_gudhi(values: np.ndarray) -> None:
    found = bars_by_gudhi(values)
    assert sorted(superlevel_barcode(values)) == sorted(bar for bar in found if np.isfinite(bar[1]))
    assert [birth for birth, death in found if not np.isfinite(death)] == [values.max()]


@given(series, levels, drops)
def test_betti_numbers_are_bars_that_are_alive(values: np.ndarray, level: int, drop: int) -> None:
    found, bars = level_set_statistics(values, level, level - drop), bars_by_gudhi(values)
    assert found["beta0"] == sum(birth > level >= death for birth, death in bars)
    assert found["persistent_beta0"] == sum(birth > level and death <= level - drop for birth, death in bars)


@given(series, levels, drops)
def test_long_bars_are_those_of_gudhi(values: np.ndarray, level: int, drop: int) -> None:
    found = level_set_statistics(values, level, level - drop)
    lengths = [birth - death for birth, death in bars_by_gudhi(values)]
    assert found["bars"] == sum(length > drop for length in lengths)
    assert found["total_persistence"] == sum(length for length in lengths if drop < length < np.inf)


@given(series, levels)
def test_sizes_are_those_of_runs_counted_one_by_one(values: np.ndarray, level: int) -> None:
    found = level_set_statistics(values, level, level)
    runs = [(above, len(list(run))) for above, run in groupby((values > level).tolist())]
    inside, outside = ([length for above, length in runs if above is wanted] for wanted in (True, False))
    assert found["beta0"] == len(inside)
    assert found["measure"] == sum(inside)
    assert found["longest"] == max(inside, default=0)
    assert found["gap"] == max(outside, default=0)
    assert found["position"] == sum(t for t, value in enumerate(values) if value > level)


@given(arrays(np.bool_, st.integers(0, 30)))
def test_intervals_are_apart_and_cover_what_is_true(above: np.ndarray) -> None:
    found = intervals(above)
    assert [t for start, stop in found for t in range(start, stop)] == np.flatnonzero(above).tolist()
    assert all(stop < start for (_, stop), (start, _) in pairwise(found))


@given(series, levels, drops, st.integers(-(2**15), 2**15))
def test_a_constant_added_to_values_and_levels_changes_nothing(
    values: np.ndarray, level: int, drop: int, shift: int
) -> None:
    moved = level_set_statistics(values + shift, level + shift, level - drop + shift)
    assert moved == level_set_statistics(values, level, level - drop)


@given(series, levels, drops)
def test_time_reversed_keeps_all_but_the_position(values: np.ndarray, level: int, drop: int) -> None:
    forth, back = (level_set_statistics(order, level, level - drop) for order in (values, values[::-1]))
    assert back.pop("position") == (len(values) - 1) * forth["measure"] - forth.pop("position")
    assert forth == back


@given(few_values, st.integers(-7, 7), st.integers(0, 5), st.integers(0, 99))
def test_noise_makes_no_component_that_persists_over_twice_the_noise(
    values: np.ndarray, level: int, size: int, seed: int
) -> None:
    """Stability: ``{noisy > level + size} -> {noisy > level - size}`` factors through ``{values > level}``."""
    noise = np.random.default_rng(seed).integers(-size, size + 1, size=len(values))
    noisy = level_set_statistics(values + noise, level + size, level - size)["persistent_beta0"]
    assert noisy <= level_set_statistics(values, level, level)["beta0"]
