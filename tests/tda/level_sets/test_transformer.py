"""The transformer: what it stores is all there is, and every way to the same features gives the same bits."""

from __future__ import annotations

import io
import pickle
from functools import cache
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator
from tests.tda.level_sets.cases import series_of, two_classes

from topology_efficient_dl.errors import DataError, ParameterError, StorageError
from topology_efficient_dl.params.models import LevelSetRecipe, LevelSetRepresentation
from topology_efficient_dl.tda.level_sets import ConvolutionalBettiCurves, transformer
from topology_efficient_dl.tda.level_sets.plain import count_plain
from topology_efficient_dl.tda.level_sets.statistics import FAST, ROOTED, STATISTICS

SERIES, LABELS = two_classes()
FEW: dict[str, Any] = {"levels_per_filter": 3, "filters": "random", "n_filters": 5}
RECIPES = {
    "default": {"levels_per_filter": 2},
    "random": FEW,
    "learned": {**FEW, "filters": "learned"},
    "both_directions": {**FEW, "directions": ("superlevel", "sublevel")},
    "all_representations": {
        **FEW,
        "representations": get_args(LevelSetRepresentation),
    },
    "by_labels": {**FEW, "level_choice": "labels"},
    "one_statistic": {**FEW, "statistics": ("longest",)},
    "all_statistics": {**FEW, "statistics": STATISTICS},
    "persistent": {**FEW, "statistics": ("persistent_beta0", "beta0")},
}
every_recipe = pytest.mark.parametrize("name", RECIPES)


def fitted(
    series: np.ndarray = SERIES, labels: Any = LABELS, seed: int = 0, **changes: Any
) -> ConvolutionalBettiCurves:
    return ConvolutionalBettiCurves(LevelSetRecipe(**changes), seed).fit(series, labels)


@cache
def of_recipe(name: str) -> ConvolutionalBettiCurves:
    """Fitted once for all tests, which leave it as it is."""
    return fitted(**RECIPES[name])


def reloaded(curves: ConvolutionalBettiCurves) -> ConvolutionalBettiCurves:
    """By way of an npz file without pickles."""
    file = io.BytesIO()
    np.savez(file, **curves.state())
    with np.load(io.BytesIO(file.getvalue()), allow_pickle=False) as arrays:
        return ConvolutionalBettiCurves.from_state(curves.recipe, dict(arrays))


@every_recipe
def test_a_stored_transformer_gives_the_same_bits(name: str) -> None:
    curves = of_recipe(name)
    again = reloaded(curves)
    np.testing.assert_array_equal(again.transform(SERIES), curves.transform(SERIES))
    np.testing.assert_array_equal(again.get_feature_names_out(), curves.get_feature_names_out())


@every_recipe
def test_state_of_a_stored_transformer_is_the_state_that_was_stored(name: str) -> None:
    state, again = of_recipe(name).state(), reloaded(of_recipe(name)).state()
    assert list(again) == list(state)
    for key, array in state.items():
        assert (again[key].shape, again[key].dtype) == (array.shape, array.dtype), key
        np.testing.assert_array_equal(again[key], array)


@every_recipe
def test_features_are_standardised_counts_of_the_plain_engine(name: str) -> None:
    curves, blocks = of_recipe(name), []
    for part, whole in curves.whole_numbers(SERIES).items():
        counts = count_plain(whole, curves.plans_[part], (*curves.recipe.statistics, "measure")).astype(np.float64)
        values, measure = counts[:, :, :-1], np.maximum(counts[:, :, -1], 1)
        for place, statistic in enumerate(curves.recipe.statistics):
            values[:, :, place] **= 0.5 if statistic in ROOTED else 1
            values[:, :, place] /= measure if statistic == "position" else 1
        blocks.append(values.reshape(len(SERIES), -1))
    expected = (np.concatenate(blocks, axis=1) - curves.mean_) * curves.gain_
    np.testing.assert_allclose(curves.transform(SERIES), expected, rtol=1e-3, atol=1e-4)


def test_train_has_mean_zero_and_the_gain_that_relevance_gives() -> None:
    plain, weighted = fitted(relevance=0, **FEW), fitted(relevance=1.5, **FEW)
    features = plain.transform(SERIES)
    varying = plain.gain_ > 0
    np.testing.assert_allclose(features.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(features[:, varying].std(axis=0), 1, rtol=1e-4)
    np.testing.assert_array_equal(plain.gain_, fitted(labels=None, **FEW).gain_)
    share = weighted.gain_[varying] / plain.gain_[varying]
    assert 0 < share.min() < 0.2 < 0.6 < share.max() < 1.001
    apart = features[LABELS == 0].mean(axis=0) - features[LABELS == 1].mean(axis=0)
    assert share[np.abs(apart[varying]).argmax()] == share.max()


selected_of = st.sampled_from(["random", "both_directions", "all_statistics", "by_labels"])


@settings(max_examples=30)
@given(st.data())
def test_selected_features_are_the_columns(data: st.DataObject) -> None:
    curves = of_recipe(data.draw(selected_of))
    features = curves.transform(SERIES[:5])
    columns = np.array(data.draw(st.lists(st.integers(0, features.shape[1] - 1), min_size=1, max_size=30)))
    selected = curves.select(columns)
    for each in (selected, reloaded(selected), reloaded(reloaded(selected))):
        np.testing.assert_array_equal(each.transform(SERIES[:5]), features[:, columns])
    more = np.array(data.draw(st.lists(st.integers(0, len(columns) - 1), min_size=1, max_size=10)))
    np.testing.assert_array_equal(reloaded(selected).select(more).transform(SERIES[:5]), features[:, columns[more]])


@pytest.mark.parametrize("name", ["random", "both_directions", "all_statistics"])
def test_all_features_reordered_and_repeated_ones(name: str) -> None:
    curves = of_recipe(name)
    features = curves.transform(SERIES)
    n = features.shape[1]
    patterns = (np.arange(n)[::-1], np.roll(np.arange(n), 7), np.zeros(n, np.int64), np.r_[:n, :n], np.arange(n))
    for columns in patterns:
        np.testing.assert_array_equal(reloaded(curves.select(columns)).transform(SERIES), features[:, columns])


def test_a_selection_keeps_no_row_that_it_does_not_need() -> None:
    curves = of_recipe("both_directions")
    per_row = 5 * 3
    selected = curves.select(np.array([per_row + 1, 4 * per_row - 1]))
    assert list(selected.plans_) == ["raw_superlevel", "raw_sublevel"]
    assert [len(plan.levels) for plan in selected.plans_.values()] == [1, 1]


@every_recipe
def test_every_feature_has_a_name_of_its_own(name: str) -> None:
    curves = of_recipe(name)
    names = curves.get_feature_names_out()
    assert len(set(names)) == len(names) == curves.transform(SERIES[:1]).shape[1]


def test_a_name_says_what_is_counted() -> None:
    recipe = {**FEW, "statistics": ("beta0", "measure"), "representations": ("raw",)}
    curves = fitted(**recipe)
    names = curves.get_feature_names_out()
    dilation = curves.plans_["raw_superlevel"].dilations[-1]
    assert names[-1] == f"raw_superlevel_dilation{dilation}_filter4_row2_measure"
    assert names[5] == "raw_superlevel_dilation1_filter0_row0_measure"


@every_recipe
def test_one_seed_gives_the_same_bits_and_another_seed_other_levels(name: str) -> None:
    first, again, other = (fitted(**RECIPES[name], seed=seed) for seed in (5, 5, -5))
    np.testing.assert_array_equal(first.transform(SERIES), again.transform(SERIES))
    part = next(iter(first.plans_))
    assert not np.array_equal(first.plans_[part].levels, other.plans_[part].levels)


@pytest.mark.parametrize("name", ["default", "by_labels", "all_statistics"])
@pytest.mark.parametrize("representation", ["raw", "difference", "cumulative"])
def test_sublevel_sets_are_superlevel_sets_upside_down(name: str, representation: str) -> None:
    recipe = {**RECIPES[name], "representations": (representation,)}
    down, up = fitted(**recipe, directions=("sublevel",)), fitted(-SERIES, **recipe)
    np.testing.assert_array_equal(down.transform(SERIES), up.transform(-SERIES))


def test_fast_and_slow_statistics_give_the_same_features() -> None:
    recipe = {**FEW, "representations": ("raw",)}
    fast, slow = fitted(**recipe), fitted(**recipe, statistics=("gap", *FAST[::-1], "bars"))
    by_row = [each.transform(SERIES).reshape(len(SERIES), 3, -1, 5) for each in (fast, slow)]
    np.testing.assert_array_equal(by_row[0][:, :, ::-1], by_row[1][:, :, 1:4])


@pytest.mark.parametrize("name", ["default", "all_statistics"])
def test_features_do_not_depend_on_what_is_transformed_with_them(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    curves = of_recipe(name)
    features = curves.transform(SERIES)
    np.testing.assert_array_equal(np.concatenate([curves.transform(one[None]) for one in SERIES]), features)
    monkeypatch.setattr(transformer, "CHUNK", 7)
    np.testing.assert_array_equal(curves.transform(SERIES), features)
    np.testing.assert_array_equal(fitted(**RECIPES[name]).transform(SERIES), features)
    assert curves.transform(SERIES[:0]).shape == (0, features.shape[1])


def test_threads_change_no_bit() -> None:
    curves = fitted(**RECIPES["default"])
    curves.threads = 2
    np.testing.assert_array_equal(curves.transform(SERIES), reloaded(curves).transform(SERIES))


def test_transforming_leaves_series_and_state_as_they_were() -> None:
    curves, series = of_recipe("both_directions"), SERIES.copy()
    before = {key: array.copy() for key, array in curves.state().items()}
    curves.transform(-3 * series)
    np.testing.assert_array_equal(curves.transform(series), curves.transform(series))
    np.testing.assert_array_equal(series, SERIES)
    assert all(np.array_equal(array, before[key]) for key, array in curves.state().items())


@every_recipe
def test_several_channels(name: str) -> None:
    series = series_of(14, 3, 30)
    curves = fitted(series, np.arange(14) % 2, **RECIPES[name])
    features = curves.transform(series)
    assert np.isfinite(features).all()
    np.testing.assert_array_equal(reloaded(curves).transform(series), features)
    assert any((plan.channels.sum(axis=1) > 1).any() for plan in curves.plans_.values())
    swapped = series[:, [1, 2, 0]]
    assert not np.array_equal(curves.transform(swapped), features)


@every_recipe
@pytest.mark.parametrize("n_timepoints", [1, 2, 5])
def test_short_series(name: str, n_timepoints: int) -> None:
    series = series_of(14, 1, n_timepoints)
    curves = fitted(series, np.arange(14) % 2, **RECIPES[name])
    assert np.isfinite(curves.transform(series)).all()
    np.testing.assert_array_equal(reloaded(curves).transform(series), curves.transform(series))


@every_recipe
@pytest.mark.parametrize("value", [0.0, 3.0])
def test_constant_series_give_features_that_say_nothing(name: str, value: float) -> None:
    curves = fitted(np.full_like(SERIES, value), **RECIPES[name])
    assert (curves.gain_ == 0).all()
    for series in (SERIES, np.full_like(SERIES, value)):
        np.testing.assert_array_equal(curves.transform(series), 0)


def test_series_far_beyond_the_range_of_train_are_cut_off_there() -> None:
    curves = of_recipe("random")
    features = curves.transform(1e30 * SERIES)
    assert np.isfinite(features).all()
    np.testing.assert_array_equal(features, curves.transform(1e20 * SERIES))


@pytest.mark.parametrize("labels", [None, np.zeros(24, np.int64), np.arange(24)])
def test_labels_may_be_absent_all_the_same_or_all_different(labels: Any) -> None:
    assert np.isfinite(fitted(labels=labels, **RECIPES["by_labels"]).transform(SERIES)).all()


def test_one_train_series_is_enough() -> None:
    curves = fitted(SERIES[:1], LABELS[:1], **RECIPES["by_labels"])
    np.testing.assert_array_equal(curves.transform(SERIES), 0)


@pytest.mark.parametrize("method", ["transform", "state", "get_feature_names_out", "whole_numbers"])
def test_a_transformer_must_be_fitted(method: str) -> None:
    curves = ConvolutionalBettiCurves(LevelSetRecipe())
    arguments = [SERIES] if method in ("transform", "whole_numbers") else []
    with pytest.raises(NotFittedError, match=r"call fit\(train series\) or from_state\(\) first"):
        getattr(curves, method)(*arguments)


ARRAYS = ["scale", "amplitude", "weights", "channels", "dilations", "n_rows", "interior", "levels", "lower"]


@pytest.mark.parametrize("missing", ["mean", "gain", "columns", *(f"difference_superlevel.{name}" for name in ARRAYS)])
def test_a_missing_array_is_one_error(missing: str) -> None:
    curves = of_recipe("all_statistics")
    state = curves.select(np.array([2, 1, 200])).state()
    del state[missing]
    with pytest.raises(StorageError, match=r"^level sets: .*Fit again with this recipe"):
        ConvolutionalBettiCurves.from_state(curves.recipe, state)


@pytest.mark.parametrize("state", [{}, {"mean": np.zeros(3), "gain": np.ones(3)}])
def test_a_state_of_something_else_is_one_error(state: dict[str, np.ndarray]) -> None:
    with pytest.raises(StorageError, match=r"level sets: expected arrays 'mean', 'gain' and those of raw_superlevel"):
        ConvolutionalBettiCurves.from_state(LevelSetRecipe(), state)


def test_a_missing_representation_is_one_error() -> None:
    curves = of_recipe("random")
    state = {key: array for key, array in curves.state().items() if not key.startswith("difference")}
    with pytest.raises(StorageError, match="difference_superlevel"):
        ConvolutionalBettiCurves.from_state(curves.recipe, state)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_missing_values_are_one_error(value: float) -> None:
    broken = SERIES.copy()
    broken[2, 0, 7] = value
    for call in (lambda: fitted(broken, **FEW), lambda: of_recipe("random").transform(broken)):
        with pytest.raises(DataError, match=r"sample 2, channel 0 is (nan|inf) at time 7"):
            call()


def test_another_shape_is_one_error() -> None:
    curves = of_recipe("random")
    with pytest.raises(DataError, match=r"expected \(n_samples, n_channels, n_timepoints\)"):
        curves.transform(SERIES[0, 0])
    with pytest.raises(DataError, match="3 channels, expected 1"):
        curves.transform(np.repeat(SERIES, 3, axis=1))
    for length in (5, 39):
        for each in (curves, reloaded(curves), curves.select(np.arange(4))):
            with pytest.raises(DataError, match=f"{length} time points, expected 40 as in the fit"):
                each.transform(SERIES[:, :, :length])


def test_no_train_series_at_all_are_one_error() -> None:
    with pytest.raises(DataError):
        fitted(SERIES[:0], LABELS[:0], **FEW)


def test_scikit_learn_can_clone_it() -> None:
    curves = ConvolutionalBettiCurves(LevelSetRecipe(**FEW), seed=4, threads=1)
    assert curves.get_params(deep=False) == {"recipe": curves.recipe, "seed": 4, "threads": 1}
    copy = clone(curves.fit(SERIES, LABELS))
    assert not hasattr(copy, "plans_")
    np.testing.assert_array_equal(copy.fit_transform(SERIES, LABELS), curves.transform(SERIES))


def test_what_a_user_of_scikit_learn_tries_first() -> None:
    curves = fitted(levels_per_filter=2)
    expected = curves.transform(SERIES)
    for form in (
        SERIES[:, 0],
        list(SERIES),
        SERIES.astype(object),
        [list(map(float, x[0])) for x in SERIES],
        pd.DataFrame(SERIES[:, 0]),
    ):
        again = ConvolutionalBettiCurves({"levels_per_filter": 2}).fit(X=form, y=LABELS)
        np.testing.assert_array_equal(again.transform(form), expected)
    np.testing.assert_array_equal(fitted(labels=LABELS.astype(str), levels_per_filter=2).transform(SERIES), expected)
    assert (curves.n_channels_in_, curves.n_timepoints_in_, curves.n_features_in_) == (1, 40, 40)
    assert ConvolutionalBettiCurves().fit(SERIES).recipe_ == LevelSetRecipe()


def test_output_can_be_a_table() -> None:
    curves = ConvolutionalBettiCurves(LevelSetRecipe(**FEW)).set_output(transform="pandas")
    table = curves.fit_transform(SERIES, LABELS)
    assert list(table.columns) == list(curves.get_feature_names_out())
    np.testing.assert_array_equal(table.to_numpy(), fitted(**FEW).transform(SERIES))


def test_fields_of_the_recipe_are_parameters() -> None:
    curves = ConvolutionalBettiCurves({**FEW}).set_params(recipe__levels_per_filter=2, seed=3)
    assert (curves.get_params()["recipe__levels_per_filter"], curves.get_params()["seed"]) == (2, 3)
    assert clone(curves).fit(SERIES).recipe_ == LevelSetRecipe(**{**FEW, "levels_per_filter": 2})
    pipeline = make_pipeline(ConvolutionalBettiCurves(FEW), RidgeClassifier())
    search = GridSearchCV(pipeline, {"convolutionalbetticurves__recipe__levels_per_filter": [1, 2]}, cv=2)
    assert search.fit(SERIES, LABELS).best_score_ > 0.5
    with pytest.raises(ParameterError, match="unknown parameter 'level_sample'; did you mean 'level_samples'"):
        ConvolutionalBettiCurves().set_params(recipe__level_sample=2)


@pytest.mark.parametrize("threads", [-1, 2])
def test_any_number_of_threads_gives_the_same_bits(threads: int) -> None:
    curves = ConvolutionalBettiCurves(FEW, threads=threads).fit(SERIES, LABELS)
    np.testing.assert_array_equal(curves.transform(SERIES), fitted(**FEW).transform(SERIES))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ConvolutionalBettiCurves("default").fit(SERIES), ParameterError, "recipe is 'default'; expected"),
        (lambda: ConvolutionalBettiCurves({"filters": "all"}).fit(SERIES), ParameterError, r"recipe\.filters: "),
        (lambda: ConvolutionalBettiCurves(FEW, threads=0).fit(SERIES), ParameterError, "threads is 0"),
        (lambda: fitted(labels=LABELS[:-1], **FEW), DataError, r"y has shape \(23,\); expected \(24,\)"),
        (lambda: fitted(SERIES[:, :, :0], **FEW), DataError, "one time point at least"),
        (lambda: fitted(SERIES[:, :0], **FEW), DataError, "one channel"),
        (lambda: fitted(SERIES.astype(str), **FEW), DataError, "expected numbers"),
        (lambda: fitted([["a", "b"], ["c"]], **FEW), DataError, "expected"),
        (
            lambda: fitted([x[:, : 30 + i % 3] for i, x in enumerate(SERIES)], **FEW),
            DataError,
            r"shapes \(1, 30\), \(1, 31\), \(1, 32\).*Preparation\(n_channels=1, n_timepoints=32",
        ),
    ],
)
def test_what_cannot_be_fitted_is_one_error(call, error, message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_a_state_keeps_seed_and_threads_and_is_refused_with_another_recipe() -> None:
    curves = ConvolutionalBettiCurves(LevelSetRecipe(**FEW), seed=5, threads=2).fit(SERIES, LABELS)
    again = reloaded(curves)
    assert (again.seed, again.threads, again.n_timepoints_in_) == (5, 2, 40)
    other = LevelSetRecipe(**FEW, statistics=FAST[::-1])
    with pytest.raises(StorageError, match=r"of another recipe: statistics .*fit again with this recipe"):
        ConvolutionalBettiCurves.from_state(other, curves.state())
    before = {name: array for name, array in curves.state().items() if name != "settings"}
    np.testing.assert_array_equal(
        ConvolutionalBettiCurves.from_state(curves.recipe, before).transform(SERIES), curves.transform(SERIES)
    )
    with pytest.raises(StorageError, match="no JSON"):
        ConvolutionalBettiCurves.from_state(curves.recipe, before | {"settings": np.array("{")})


@pytest.mark.parametrize(
    "representations", [("raw", "difference"), ("second_difference",), ("smoothed", "line_length")]
)
@pytest.mark.parametrize("offset", [1e6, 1e8, -1e10])
def test_a_large_offset_of_float64_series_changes_what_varies_by_little(
    representations: tuple[str, ...], offset: float
) -> None:
    recipe = {"levels_per_filter": 2, "representations": representations}
    wide = SERIES.astype(np.float64)
    near, far = fitted(wide, **recipe), fitted(wide + offset, **recipe)
    assert (far.gain_ > 0).mean() > 0.9 * (near.gain_ > 0).mean() > 0.5
    np.testing.assert_array_equal(reloaded(far).transform(wide + offset), far.transform(wide + offset))


def test_float32_series_on_a_large_offset_are_left_as_they_are_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="channel 0 of train varies from .* less than a step of the whole numbers"):
        curves = fitted((SERIES + 1e5).astype(np.float32), **FEW)
    assert not curves.offset_.any()
    assert "offset" not in curves.state()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_units_in_which_float32_has_no_digits_are_refused(dtype: type) -> None:
    with pytest.raises(DataError, match=r"largest magnitude of train is .*e-40; expected more than 1e-30"):
        fitted((1e-40 * SERIES).astype(dtype), **FEW)
    fitted(np.full_like(SERIES, 1e-40, dtype=dtype), **FEW)


@pytest.mark.parametrize(
    ("representations", "value"),
    [(("raw",), 1e39), (("raw",), -1e200), (("difference",), 3e38), (("cumulative",), 2e38)],
)
def test_values_whose_representation_leaves_float32_are_one_error(representations, value: float) -> None:
    recipe = {**FEW, "representations": representations}
    curves, broken = fitted(**recipe), SERIES.astype(np.float64)
    broken[3, 0, 10:14] = [value, -value, value, value]
    if representations == ("cumulative",):
        broken[3, 0, 10:14] = value
    message = rf"sample 3, channel 0 is .*e\+\d+ at time 1\d, and the representation '{representations[0]}' .* float32"
    for call in (
        lambda: fitted(broken, **recipe),
        lambda: curves.transform(broken),
        lambda: curves.whole_numbers(broken),
    ):
        with pytest.raises(DataError, match=message):
            call()


@pytest.mark.parametrize("size", [1e-40, 1e-31, -1e-300])
def test_a_train_set_too_small_for_whole_numbers_is_refused_and_larger_ones_tell_as_much(size: float) -> None:
    with pytest.raises(DataError, match=r"largest magnitude of train is .*e-\d+; expected more than 1e-30, or zeros"):
        fitted(size * SERIES.astype(np.float64), **FEW)
    tiny, same = (fitted(factor * SERIES.astype(np.float64), **FEW) for factor in (2.0**-90, 1.0))
    np.testing.assert_array_equal(tiny.gain_, same.gain_)
    zeros = fitted(0 * SERIES, **FEW)
    assert not zeros.transform(1e-40 * SERIES.astype(np.float64)).any()


NO_VALUE_ERRORS = {
    "check_complex_data",
    "check_estimators_empty_data_messages",
    "check_estimators_nan_inf",
    "check_fit1d",
}
NO_VALUE_ERRORS |= {
    "check_dtype_object",
    "check_estimator_sparse_data",
    "check_transformer_general",
    "check_fit2d_predict1d",
}
"""Checks of scikit-learn that ask for a ValueError or TypeError; this project's are DataErrors."""

OF_OTHERS = {"check_transformer_preserve_dtypes", "check_estimators_pickle"}
"""Features are float32 whatever the series are; and a check that fails before it comes to the estimator.

``aeon.testing`` has the like for aeon's own estimators; under scikit-learn 1.3.2 it cannot be imported.
"""


def test_scikit_learns_checks_of_estimators_pass() -> None:
    few = {"levels_per_filter": 1, "representations": ("raw",), "filters": "random", "n_filters": 3}
    passed = set()
    for curves, check in check_estimator(ConvolutionalBettiCurves(few), generate_only=True):
        if check.func.__name__ not in NO_VALUE_ERRORS | OF_OTHERS:
            check(curves)
            passed.add(check.func.__name__)
    assert {"check_set_params", "check_fit2d_1sample", "check_fit_idempotent"} <= passed


def test_a_fitted_transformer_survives_a_pickle() -> None:
    curves = of_recipe("default")
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(curves)).transform(SERIES), curves.transform(SERIES))
