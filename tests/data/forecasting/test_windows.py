"""Windows in time order: nothing of a later part is read by an earlier one, and scales are those of train."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from topology_efficient_dl.collections.codecs import NPZ
from topology_efficient_dl.data.forecasting import (
    ForecastSeries,
    cut_windows,
    describe_windows,
    read_series,
)
from topology_efficient_dl.data.forecasting.naive import naive, seasonal_naive
from topology_efficient_dl.data.forecasting.windows import ForecastSplit
from topology_efficient_dl.data.split import PARTS
from topology_efficient_dl.errors import DataError, ParameterError, StorageError
from topology_efficient_dl.params.forecasting import WindowParams


def series_of(values: np.ndarray, season: int = 2) -> ForecastSeries:
    return ForecastSeries("made", np.asarray(values, float), season, "units", "made here")


def places(split: ForecastSplit, part: str) -> set[int]:
    """Of all targets of a part."""
    return set((split.origins[part][:, None] + np.arange(split.horizon)).ravel().tolist())


@given(
    n=st.integers(20, 300),
    context=st.integers(2, 40),
    horizon=st.integers(1, 20),
    validation=st.floats(0.1, 0.4),
    test=st.floats(0.1, 0.4),
    relative=st.sampled_from(["last", "train"]),
)
def test_no_part_sees_what_comes_after_it(n, context, horizon, validation, test, relative) -> None:
    params = WindowParams(
        context=context, horizon=horizon, validation_share=validation, test_share=test, relative_to=relative
    )
    values = np.random.default_rng(n).normal(size=n)
    try:
        split = cut_windows(series_of(values), params)
    except DataError:
        assume(False)
    targets = {part: places(split, part) for part in PARTS}
    assert max(targets["train"]) < min(targets["validation"])
    assert max(targets["validation"]) < min(targets["test"])
    assert max(targets["test"]) == n - 1
    assert min(targets["train"]) == context
    for part in PARTS:
        assert (np.diff(split.origins[part]) == 1).all()
        assert split.series[part].shape == (len(split.origins[part]), 1, context)
        assert split.targets[part].shape == (len(split.origins[part]), horizon)
    # What happens in test changes nothing that is learnt from or chosen on, nor the scale.
    first = min(targets["test"])
    other = values.copy()
    other[first:] += 100.0
    changed = cut_windows(series_of(other), params)
    assert (changed.mean, changed.scale) == (split.mean, split.scale)
    for part in ("train", "validation"):
        np.testing.assert_array_equal(changed.series[part], split.series[part])
        np.testing.assert_array_equal(changed.targets[part], split.targets[part])


def test_what_happens_in_validation_changes_nothing_of_train() -> None:
    values = np.random.default_rng(0).normal(size=100)
    split = cut_windows(series_of(values), WindowParams(context=5, horizon=3))
    other = values.copy()
    other[min(places(split, "validation")) :] = 50.0 + np.arange(40)
    changed = cut_windows(series_of(other), WindowParams(context=5, horizon=3))
    assert changed.scale == split.scale
    np.testing.assert_array_equal(changed.series["train"], split.series["train"])
    np.testing.assert_array_equal(changed.targets["train"], split.targets["train"])


@pytest.mark.parametrize("relative", ["last", "train"])
def test_scaling_is_undone_exactly_enough(relative: str) -> None:
    split = cut_windows(read_series("airline"), WindowParams(context=24, horizon=6, relative_to=relative))
    train = split.values[: split.origins["validation"][0]]
    assert (split.mean, split.scale) == (train.mean(), train.std())
    for part in PARTS:
        np.testing.assert_allclose(split.restored(part, split.targets[part]), split.truth(part), rtol=1e-5)
    if relative == "last":
        assert not split.series["test"][:, 0, -1].any()


def test_a_window_is_followed_by_its_targets() -> None:
    split = cut_windows(series_of(np.arange(40.0)), WindowParams(context=6, horizon=3))
    for part in PARTS:
        np.testing.assert_array_equal(split.past(part)[:, -1] + 1, split.truth(part)[:, 0])
        np.testing.assert_array_equal(np.diff(np.hstack([split.past(part), split.truth(part)]), axis=1), 1)


def test_naive_rules_repeat_the_last_value_and_the_last_season() -> None:
    season = np.tile([0.0, 1.0, 2.0, 3.0, 4.0], 20)
    split = cut_windows(series_of(season, 5), WindowParams(context=7, horizon=8))
    np.testing.assert_array_equal(seasonal_naive(split, "test"), split.truth("test"))
    np.testing.assert_array_equal(naive(split, "test"), np.repeat(split.past("test")[:, -1:], 8, axis=1))
    drift = cut_windows(series_of(np.arange(100.0), 5), WindowParams(context=7, horizon=8))
    errors = drift.truth("test") - seasonal_naive(drift, "test")
    np.testing.assert_array_equal(errors, np.tile([5.0] * 5 + [10.0] * 3, (len(errors), 1)))


def test_a_short_series_is_refused_with_numbers_and_a_way_out() -> None:
    with pytest.raises(DataError) as caught:
        cut_windows(read_series("shampoo_sales"), WindowParams())
    assert str(caught.value) == (
        "series 'shampoo_sales' is too short: of its 36 values 22 are in train, which needs at least 61 (context 48 + "
        "horizon 12, 2 windows). Give a smaller forecast.context or forecast.horizon, other forecast.validation_share "
        "and test_share, or leave the series out of forecast.datasets"
    )
    with pytest.raises(DataError, match=r"14 are in validation, which needs at least 15 \(horizon 15\)"):
        cut_windows(read_series("airline"), WindowParams(context=24, horizon=15, validation_share=0.1))
    assert len(cut_windows(read_series("shampoo_sales"), WindowParams(context=12, horizon=6)).origins["test"]) == 2


def test_a_context_without_a_season_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"forecast.context 24 is shorter than a season of 'solar' \(48 values\)"):
        cut_windows(read_series("solar"), WindowParams(context=24))


@pytest.mark.parametrize("value", [7.0, 0.1, 0.3, 1e-170, -1e9 / 3])
def test_a_series_that_stands_still_in_train_but_for_rounding_has_no_scale(value: float) -> None:
    values = np.where(np.arange(100) < 90, value, value + 1)
    with pytest.raises(DataError, match=re.escape(f"the same value {value:g} throughout train, but for rounding")):
        cut_windows(series_of(values), WindowParams(context=4, horizon=2))


def test_small_steps_on_a_large_offset_are_a_scale() -> None:
    steps = np.arange(100) % 2
    assert cut_windows(series_of(1e9 + 1e-3 * steps), WindowParams(context=4, horizon=2)).scale > 4e-4


def test_windows_come_back_from_a_file() -> None:
    split = cut_windows(read_series("lynx"), WindowParams(context=20, horizon=4))
    again = ForecastSplit.from_arrays(NPZ.decode(NPZ.encode(split.to_arrays())))
    for field in dataclasses.fields(ForecastSplit):
        np.testing.assert_equal(getattr(again, field.name), getattr(split, field.name))
    with pytest.raises(StorageError, match="origins_test"):
        ForecastSplit.from_arrays({key: value for key, value in split.to_arrays().items() if key != "origins_test"})


def test_a_card_says_how_much_there_is() -> None:
    row = describe_windows(cut_windows(read_series("airline"), WindowParams()))
    counts = {name: row[name] for name in ("dataset", "n_values", "n_train", "n_validation", "n_test", "season")}
    assert counts == {
        "dataset": "airline", "n_values": 144, "n_train": 27, "n_validation": 18, "n_test": 18, "season": 12
    }  # fmt: skip


def test_shares_that_leave_no_train_are_refused() -> None:
    with pytest.raises(ValueError, match=r"validation_share 0\.5 and test_share 0\.5 leave nothing for train"):
        WindowParams(validation_share=0.5, test_share=0.5)
