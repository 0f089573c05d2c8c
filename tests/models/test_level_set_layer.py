from __future__ import annotations

import io
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError

from topology_efficient_dl.errors import DataError, ParameterError
from topology_efficient_dl.models import TrainedModel
from topology_efficient_dl.models.linear import LinearHead
from topology_efficient_dl.models.tda.level_set_layer import (
    BASE,
    SUPPORTED,
    BettiClassifier,
    LevelSetLayer,
    digit_weights,
    digits,
    filtered_series,
    level_set_counts,
)
from topology_efficient_dl.params.models import LevelSetRecipe, LevelSetRepresentation
from topology_efficient_dl.params.series import TdaRecipe
from topology_efficient_dl.tda.level_sets import ConvolutionalBettiCurves
from topology_efficient_dl.tda.level_sets.compiled import count_compiled
from topology_efficient_dl.tda.level_sets.filters import fixed_filters
from topology_efficient_dl.tda.level_sets.plain import count_plain, filtered
from topology_efficient_dl.tda.level_sets.representations import LARGEST
from topology_efficient_dl.tda.level_sets.statistics import level_set_statistics

EVERYTHING = {
    "representations": get_args(LevelSetRepresentation),
    "directions": ("superlevel", "sublevel"),
    "statistics": SUPPORTED,
    "levels_per_filter": 5,
    "filters": "random",
    "n_filters": 6,
}


def walks(n=8, n_channels=1, n_timepoints=50, seed=0):
    steps = np.random.default_rng(seed).normal(size=(n, n_channels, n_timepoints))
    return steps.cumsum(axis=2).astype(np.float32)


def fitted(train, **changes):
    """A transformer of everything that the layer supports, unless changed, with relevance and levels that labels choose."""
    recipe = LevelSetRecipe(**(EVERYTHING | {"level_choice": "labels"} | changes))
    return ConvolutionalBettiCurves(recipe, seed=3).fit(train, np.arange(len(train)) % 2)


def counts_of(curves, series, count=count_compiled):
    """(n, n_combinations) counts by NumPy, in the order of the layer's."""
    whole = curves.whole_numbers(series)
    counts = [count(whole[name], plan, curves.recipe.statistics) for name, plan in curves.plans_.items()]
    return np.concatenate([array.reshape(len(series), -1) for array in counts], axis=1)


def assert_same(curves, series, layer=None):
    """Equal counts, and equal features but for the rounding of float32."""
    layer = LevelSetLayer.of(curves) if layer is None else layer
    tensor = torch.from_numpy(series)
    np.testing.assert_array_equal(layer.counts(tensor).cpu(), counts_of(curves, series))
    features = layer(tensor)
    assert features.dtype == torch.float32
    np.testing.assert_allclose(features.cpu(), curves.transform(series), rtol=1e-6)


def saved_and_loaded(program):
    buffer = io.BytesIO()
    torch.export.save(program, buffer)
    buffer.seek(0)
    return torch.export.load(buffer).module()


def exported(module, series):
    batch = {"series": {0: torch.export.Dim("batch")}}
    return saved_and_loaded(torch.export.export(module, (series,), dynamic_shapes=batch))


def trained(curves, n_channels=1, n_timepoints=50, n_classes=3):
    """A trained model whose head has random weights."""
    torch.manual_seed(1)
    n_features = len(curves.columns_)
    card = {
        "architecture": "ridge",
        "size": "small",
        "options": {},
        "members": 1,
        "n_channels": n_channels,
        "n_timepoints": n_timepoints,
        "n_classes": n_classes,
        "n_features": n_features,
        "recipe": curves.recipe.model_dump(mode="json"),
    }
    return TrainedModel(card, LinearHead(n_features, n_classes).state_dict(), curves.state())


@pytest.fixture(scope="module")
def curves():
    return fitted(walks())


@pytest.fixture(scope="module")
def small():
    """A transformer of three channels, whose graph is soon exported."""
    few = {"representations": ("second_difference", "cumulative"), "directions": ("sublevel",), "levels_per_filter": 3}
    return fitted(walks(n_channels=3), **few)


@pytest.mark.parametrize("filters", ["random", "learned"])
@pytest.mark.parametrize("n_channels", [1, 4])
def test_counts_and_features_are_those_of_the_transformer(n_channels, filters):
    curves = fitted(walks(n_channels=n_channels), filters=filters)
    assert len(curves.plans_) == 14
    assert any(plan.interior.any() and not plan.interior.all() for plan in curves.plans_.values())
    assert_same(curves, walks(n_channels=n_channels, seed=1))


@pytest.mark.parametrize("n_channels", [1, 3])
def test_counts_are_those_of_the_plain_reference(n_channels):
    curves = fitted(walks(n_channels=n_channels, n_timepoints=30), n_filters=3, levels_per_filter=3)
    test = walks(2, n_channels, 30, seed=1)
    counts = LevelSetLayer.of(curves).counts(torch.from_numpy(test))
    np.testing.assert_array_equal(counts, counts_of(curves, test, count_plain))


def test_the_default_recipe_with_the_fixed_filters():
    train = walks()
    assert_same(ConvolutionalBettiCurves(LevelSetRecipe(levels_per_filter=4)).fit(train), walks(seed=1))


@pytest.mark.parametrize("statistics", [*((name,) for name in SUPPORTED), ("gap", "position", "beta0")])
def test_each_statistic_by_itself_and_in_any_order(statistics):
    assert_same(fitted(walks(), statistics=statistics, representations=("raw",)), walks(seed=1))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_statistics_of_values_that_often_lie_at_a_level(data):
    n = data.draw(st.integers(0, 12))
    values = data.draw(st.lists(st.lists(st.integers(-2, 2), min_size=n, max_size=n), min_size=1, max_size=3))
    levels = data.draw(st.lists(st.integers(-3, 3), min_size=len(values), max_size=len(values)))
    lower = [level - data.draw(st.integers(0, 2)) for level in levels]
    found = level_set_counts(
        torch.tensor(values, dtype=torch.float32)[None], torch.tensor(levels), torch.tensor(lower), SUPPORTED
    )
    for place, (row, level, low) in enumerate(zip(values, levels, lower, strict=True)):
        expected = level_set_statistics(np.array(row, np.int64), level, low)
        assert {name: int(found[name][0, place]) for name in SUPPORTED} == {name: expected[name] for name in SUPPORTED}


def test_ties_with_levels():
    train = np.random.default_rng(0).integers(0, 2, size=(8, 1, 50)).astype(np.float32)
    curves = fitted(train, representations=("raw",), directions=("superlevel",))
    plan, whole = curves.plans_["raw_superlevel"], curves.whole_numbers(train)["raw_superlevel"]
    values = filtered(whole, plan.channels[0], int(plan.dilations[0]), plan.weights)
    assert (values == plan.levels[0][:, None]).mean() > 0.01
    assert_same(curves, train)


@pytest.mark.parametrize("n_timepoints", [1, 2, 5, 8, 9, 10, 17, 18])
def test_short_series(n_timepoints):
    train = walks(n_timepoints=n_timepoints)
    assert_same(fitted(train), walks(n_timepoints=n_timepoints, seed=1))


@pytest.mark.parametrize("n_timepoints", [10, 70])
def test_series_of_another_length_than_train(curves, n_timepoints):
    margins = [4 * int(plan.dilations.max()) for plan in curves.plans_.values()]
    assert 2 * max(margins) > 10, "some rows have no interior left in short series"
    series = walks(n_timepoints=n_timepoints, seed=1)
    with pytest.raises(DataError, match=r"expected \(batch, 1, 50\) as in the fit"):
        LevelSetLayer.of(curves)(torch.from_numpy(series))
    before = {name: array for name, array in curves.state().items() if name != "settings"}
    assert_same(ConvolutionalBettiCurves.from_state(curves.recipe, before), series)


def test_series_far_beyond_train_are_cut_off_alike(curves):
    assert_same(curves, 40 * walks(seed=1))
    # The spectrum of a constant is what rounding leaves, which at this size is anything.
    without = [place for place, name in enumerate(curves.get_feature_names_out()) if not name.startswith("amplitude")]
    assert_same(curves.select(np.array(without)), np.full((2, 1, 50), 1e30, np.float32))


def test_halves_are_rounded_to_even_alike():
    train = np.arange(-400, 400, dtype=np.float32).reshape(8, 1, 100) / 2
    curves = fitted(train, representations=("raw",))
    curves.plans_ = {name: replace(plan, scale=np.array(np.float32(1))) for name, plan in curves.plans_.items()}
    curves._lay_out()
    layer = LevelSetLayer.of(curves)
    whole = layer.plans["raw_superlevel"].whole_numbers(torch.from_numpy(train))
    np.testing.assert_array_equal(whole, curves.whole_numbers(train)["raw_superlevel"])
    assert_same(curves.select(np.arange(len(curves.columns_))), train)


@pytest.mark.parametrize("n_channels", [1, 3])
def test_selected_columns(n_channels):
    curves = fitted(walks(n_channels=n_channels))
    test = walks(n_channels=n_channels, seed=1)
    columns = np.random.default_rng(2).integers(0, len(curves.columns_), size=40)
    few = curves.select(columns)
    assert sum(len(plan.levels) for plan in few.plans_.values()) < sum(len(p.levels) for p in curves.plans_.values())
    assert_same(few, test)
    whole = LevelSetLayer.of(curves)(torch.from_numpy(test))
    assert torch.equal(LevelSetLayer.of(few)(torch.from_numpy(test)), whole[:, columns])
    assert_same(few.select(np.arange(30, 10, -3)), test)
    backwards = curves.select(np.arange(len(curves.columns_))[::-1])
    assert_same(backwards, test)
    assert_same(ConvolutionalBettiCurves.from_state(few.recipe, few.state()), test)


def test_a_selection_of_nothing_is_refused(curves):
    with pytest.raises(ParameterError, match="no feature is selected"):
        LevelSetLayer.of(curves.select(np.zeros(0, np.int64)))


def test_everything_fitted_is_in_the_buffers(curves):
    other = ConvolutionalBettiCurves(curves.recipe, seed=5).fit(3 * walks(seed=5), np.arange(8) % 2)
    other.plans_ = {name: replace(plan, amplitude=plan.amplitude // 3) for name, plan in other.plans_.items()}
    other._lay_out()
    layer = LevelSetLayer.of(curves)
    assert not list(layer.parameters())
    layer.load_state_dict(LevelSetLayer.of(other).state_dict())
    assert_same(other, walks(seed=1), layer)


def test_digits_and_weights_survive_eight_significant_bits(curves):
    whole = torch.arange(-LARGEST, LARGEST + 1, dtype=torch.float32)[None]
    pair = digits(whole)
    assert torch.equal(BASE * pair[:, 0] + pair[:, 1], whole)
    assert torch.equal(pair.bfloat16().float(), pair)
    for weights in (fixed_filters(), *(plan.weights for plan in curves.plans_.values())):
        assert torch.equal(digit_weights(weights).bfloat16().float(), digit_weights(weights))


@pytest.mark.parametrize("filters", ["fixed", "random"])
def test_a_device_that_multiplies_eight_bits_gives_the_same_numbers(filters, monkeypatch):
    curves = fitted(walks(), filters=filters, representations=("raw",))
    layer, series, conv1d = LevelSetLayer.of(curves), walks(seed=1), torch.nn.functional.conv1d

    def rounding(values, weights, **options):
        return conv1d(values.bfloat16().float(), weights.bfloat16().float(), **options)

    assert np.abs(curves.whole_numbers(series)["raw_superlevel"]).max() > 256
    monkeypatch.setattr(torch.nn.functional, "conv1d", rounding)
    assert_same(curves, series, layer)


@pytest.mark.parametrize("dilation", [1, 3, 12])
def test_the_largest_sums_that_filters_can_have_are_exact(curves, dilation):
    for weights in (fixed_filters(), curves.plans_["raw_superlevel"].weights):
        most = LARGEST // int(np.abs(weights).sum(axis=0).max())
        whole = most * np.random.default_rng(0).choice(np.array([-1, 1], np.int16), size=(2, 1, 40))
        whole[:, 0, 15:24] = most * np.sign(weights[:, 0])
        expected = filtered(whole, np.array([True]), dilation, weights)
        values = filtered_series(torch.from_numpy(whole[:, 0]).float(), digit_weights(weights), dilation)
        np.testing.assert_array_equal(values, expected)


def test_autocast_leaves_the_features_alone(small):
    layer, series = LevelSetLayer.of(small), torch.from_numpy(walks(n_channels=3, seed=1))
    expected = layer(series)
    program = exported(layer, series)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(layer(series), expected)
        assert torch.equal(program(series), expected)


@pytest.mark.parametrize("offset", [1e-9, 1e3, 1e6])
def test_differences_of_float64_are_taken_in_float64(curves, offset):
    series = walks(seed=1).astype(np.float64) + offset
    features = LevelSetLayer.of(curves)(torch.from_numpy(series))
    np.testing.assert_allclose(features, curves.transform(series), rtol=1e-6)


def test_an_offset_that_would_hide_the_series_is_subtracted_as_the_transformer_does():
    curves = fitted(walks(n_channels=2).astype(np.float64) + np.array([[1e9], [0]]))
    assert (curves.offset_ != 0).tolist() == [True, False]
    series = walks(n_channels=2, seed=1).astype(np.float64) + np.array([[1e9], [0]])
    assert_same(curves, series)
    assert_same(ConvolutionalBettiCurves.from_state(curves.recipe, curves.state()), series)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.int64])
def test_other_types_are_refused(curves, kind):
    with pytest.raises(DataError, match=f"{kind}; expected torch.float32"):
        LevelSetLayer.of(curves)(torch.from_numpy(walks()).to(kind))


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_a_layer_that_was_cast_is_refused(curves, kind):
    with pytest.raises(DataError, match=f"cast to {kind}"):
        LevelSetLayer.of(curves).to(kind)(torch.from_numpy(walks()))


@pytest.mark.parametrize("shape", [(2, 3, 50), (2, 50)])
def test_other_shapes_are_refused(curves, shape):
    with pytest.raises(DataError, match=r"expected \(batch, 1, 50\)"):
        LevelSetLayer.of(curves)(torch.zeros(shape))


def test_an_empty_batch_and_one_series(curves):
    layer = LevelSetLayer.of(curves)
    assert layer(torch.zeros(0, 1, 50)).shape == (0, len(curves.columns_))
    series = torch.from_numpy(walks(seed=1))
    assert torch.equal(torch.cat([layer(one) for one in series.split(1)]), layer(series))


@pytest.mark.parametrize("name", ["bars", "total_persistence"])
def test_statistics_of_a_barcode_are_refused(name):
    curves = fitted(walks(), statistics=("beta0", name), representations=("raw",))
    with pytest.raises(ParameterError, match=rf"statistic '{name}' cannot.*beta0, measure.*position"):
        LevelSetLayer.of(curves)


def test_the_features_of_one_representation_need_no_other():
    curves = fitted(walks(), representations=("amplitude", "raw"))
    of_raw = [place for place, name in enumerate(curves.get_feature_names_out()) if name.startswith("raw")]
    chosen = curves.select(np.array(of_raw))
    assert list(LevelSetLayer.of(chosen).plans) == ["raw_superlevel", "raw_sublevel"]
    assert_same(chosen, walks(seed=1))


def test_a_transformer_that_is_not_fitted_is_refused():
    with pytest.raises(NotFittedError):
        LevelSetLayer.of(ConvolutionalBettiCurves(LevelSetRecipe()))


@pytest.mark.parametrize("n_channels", [1, 3])
def test_the_classifier_predicts_as_the_trained_model_does(n_channels):
    model = trained(fitted(walks(n_channels=n_channels)), n_channels)
    series = walks(30, n_channels, seed=1)
    with torch.inference_mode():
        probabilities = BettiClassifier.of(model)(torch.from_numpy(series)).softmax(dim=1).numpy()
    expected = TrainedModel.from_bytes(model.to_bytes()).predictor()(series)
    np.testing.assert_allclose(probabilities, expected, rtol=1e-5, atol=1e-7)
    np.testing.assert_array_equal(probabilities.argmax(axis=1), expected.argmax(axis=1))
    assert len(set(expected.argmax(axis=1))) > 1


def test_models_of_other_inputs_are_refused(curves):
    model = trained(curves)
    with pytest.raises(ParameterError, match="'ridge' reads raw series"):
        BettiClassifier.of(replace(model, card=model.card | {"recipe": None}))
    diagrams = TdaRecipe().model_dump(mode="json")
    with pytest.raises(ParameterError, match="reads features of a TdaRecipe"):
        BettiClassifier.of(replace(model, card=model.card | {"recipe": diagrams}))


def test_only_the_head_has_a_gradient(curves):
    classifier, series = BettiClassifier.of(trained(curves)), torch.from_numpy(walks(seed=1)).requires_grad_()
    classifier(series).sum().backward()
    assert series.grad is None
    assert {name for name, weight in classifier.named_parameters() if weight.grad is not None} == {
        "head.linear.weight",
        "head.linear.bias",
    }


def test_an_exported_program_computes_the_same_for_every_batch(small):
    classifier, series = BettiClassifier.of(trained(small, 3)), torch.from_numpy(walks(9, 3, seed=1))
    program = exported(classifier, series)
    for n in (1, 4, 9):
        assert torch.equal(program(series[:n]), classifier(series[:n]))


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
def test_a_traced_program_computes_the_same_for_every_batch(small):
    classifier, series = BettiClassifier.of(trained(small, 3)), torch.from_numpy(walks(9, 3, seed=1))
    program = torch.jit.trace(classifier, (series,))
    for n in (1, 4, 9):
        assert torch.equal(program(series[:n]), classifier(series[:n]))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("n_channels", [1, 4])
def test_a_gpu_gives_the_same_numbers_although_it_may_round_convolutions(n_channels, monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    curves = fitted(walks(n_channels=n_channels))
    layer, series = LevelSetLayer.of(curves).to("cuda"), walks(n_channels=n_channels, seed=1)
    on_gpu = torch.from_numpy(series).to("cuda")
    np.testing.assert_array_equal(layer.counts(on_gpu).cpu(), counts_of(curves, series))
    np.testing.assert_allclose(layer(on_gpu).cpu(), curves.transform(series), rtol=1e-6)
