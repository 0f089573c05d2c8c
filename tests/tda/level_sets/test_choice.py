"""Plans are fitted to the train series they are given: levels are values that these take."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.feature_selection import f_classif
from tests.tda.level_sets.cases import series_of, two_classes

from topology_efficient_dl.params.models import LevelSetRecipe
from topology_efficient_dl.tda.level_sets.choice import fit_plan
from topology_efficient_dl.tda.level_sets.compiled import count_compiled
from topology_efficient_dl.tda.level_sets.plain import filtered
from topology_efficient_dl.tda.level_sets.plan import Plan
from topology_efficient_dl.tda.level_sets.representations import whole_numbers
from topology_efficient_dl.tda.level_sets.statistics import FAST


def plan_for(series: np.ndarray, labels: np.ndarray | None = None, seed: int = 0, **changes) -> Plan:
    values = np.asarray(series, np.float32)
    return fit_plan(values, labels, LevelSetRecipe(**changes), np.random.default_rng(seed))


def whole_of(series: np.ndarray, plan: Plan) -> np.ndarray:
    """Train as its filters see it."""
    return whole_numbers(series, "raw", 1, np.float32(plan.scale), int(plan.amplitude))


def values_of_rows(series: np.ndarray, plan: Plan) -> list[np.ndarray]:
    """For every row (n_filters, n_samples * length), the filtered values in ascending order."""
    whole, rows = whole_of(series, plan), []
    for view, n_rows in enumerate(plan.n_rows):
        values = filtered(whole, plan.channels[view], int(plan.dilations[view]), plan.weights)
        rows += [np.sort(values.swapaxes(0, 1).reshape(plan.n_filters, -1))] * int(n_rows)
    return rows


def shares_below(levels: np.ndarray, rows: list[np.ndarray]) -> np.ndarray:
    """(n_rows, n_filters) share of values below each level."""
    pairs = zip(levels, rows, strict=True)
    return np.array(
        [[np.searchsorted(v, b) / len(v) for b, v in zip(high, values, strict=True)] for high, values in pairs]
    )


@pytest.mark.parametrize("filters", ["fixed", "random", "learned"])
@pytest.mark.parametrize("n_channels", [1, 4])
@pytest.mark.parametrize("level_choice", ["quantile", "labels"])
def test_levels_are_values_that_filtered_series_take(filters: str, n_channels: int, level_choice: str) -> None:
    series = series_of(6, n_channels, 50)
    labels = np.arange(6) % 2
    plan = plan_for(series, labels, filters=filters, n_filters=10, levels_per_filter=5, level_choice=level_choice)
    for levels in (plan.levels, plan.lower):
        pairs = zip(levels, values_of_rows(series, plan), strict=True)
        assert all(np.isin(b, v) for high, values in pairs for b, v in zip(high, values, strict=True))
    assert (plan.lower <= plan.levels).all()
    assert len(plan.levels) == 5


def test_levels_fill_the_quantiles_evenly_and_lower_ones_lie_the_persistence_below() -> None:
    series = series_of(8, 1, 300)
    plan = plan_for(series, level_samples=8, persistence=0.3, levels_per_filter=12)
    rows = values_of_rows(series, plan)
    high, low = shares_below(plan.levels, rows), shares_below(plan.lower, rows)
    uniform = (np.arange(high.size) + 0.5) / high.size
    assert np.abs(np.sort(high.ravel()) - uniform).max() < 0.02
    np.testing.assert_allclose(low, np.maximum(high - 0.3, 0), atol=0.02)


def test_as_many_series_as_asked_for_give_the_levels() -> None:
    """One series is far from the others, and its values become levels of some dilations only."""
    series = np.concatenate([series_of(9, 1, 40) / 100, series_of(1, 1, 40, seed=1) * 100])
    plan = plan_for(series, level_samples=2, levels_per_filter=8, max_dilations=8)
    far = np.abs(plan.levels).max(axis=1) > 50
    assert 0 < far.sum() < len(far)


def test_labels_choose_levels_that_tell_the_classes_apart_at_least_as_well() -> None:
    series, labels = two_classes()
    plans = {
        choice: plan_for(series, labels, levels_per_filter=4, level_choice=choice) for choice in ("quantile", "labels")
    }
    shares = {}
    for choice, plan in plans.items():
        counts = count_compiled(whole_of(series, plan), plan, FAST).astype(np.float64)
        with np.errstate(invalid="ignore"):  # counts that are constant
            f_value = np.nan_to_num(f_classif(counts.reshape(len(series), -1), labels)[0])
        between = f_value / (f_value + len(series) - 2)
        by_chance = 1 / (len(series) - 1)
        adjusted = np.clip((between - by_chance) / (1 - by_chance), 0, 1)
        shares[choice] = adjusted.reshape(counts.shape[1:]).mean(axis=1)
    assert (shares["labels"] >= shares["quantile"] - 1e-5).all()
    assert shares["labels"].mean() > shares["quantile"].mean() + 0.02


def test_quantiles_do_not_see_labels() -> None:
    series, labels = two_classes()
    with_labels, without = (plan_for(series, given, levels_per_filter=3) for given in (labels, None))
    np.testing.assert_array_equal(with_labels.levels, without.levels)
    unsupervised = plan_for(series, None, levels_per_filter=3, level_choice="labels")
    np.testing.assert_array_equal(unsupervised.levels, without.levels)


def test_every_second_row_is_counted_inside() -> None:
    plan = plan_for(series_of(), levels_per_filter=7)
    assert plan.interior.tolist() == [False, True, False, True, False, True, False]


def test_every_row_of_several_channels_has_channels_of_its_own() -> None:
    plan = plan_for(series_of(n_channels=5), levels_per_filter=20, max_dilations=3)
    assert (plan.n_rows == 1).all()
    assert len(np.unique(plan.channels, axis=0)) > 3


def test_one_seed_gives_one_plan() -> None:
    series = series_of()
    first, again, other = (plan_for(series, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.levels, again.levels)
    assert (first.levels != other.levels).mean() > 0.5


@pytest.mark.parametrize("series", [series_of(1), np.zeros((4, 1, 20)), np.full((4, 2, 9), 3.0)])
def test_one_series_and_constant_ones_have_a_plan(series: np.ndarray) -> None:
    plan = plan_for(series, np.zeros(len(series), np.int64), levels_per_filter=4, level_choice="labels")
    assert plan.levels.shape == (4, 84)
