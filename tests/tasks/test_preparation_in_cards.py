"""Every trained model knows what its series need: of networks, ridges, ensembles, compressed ones and exports."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np
import pytest

from topology_efficient_dl.compression.compress import compress, sample_of
from topology_efficient_dl.compression.tuning import tune
from topology_efficient_dl.data.cleaning import z_normalise
from topology_efficient_dl.data.preparation import Preparation
from topology_efficient_dl.data.split import Split
from topology_efficient_dl.errors import DataError, ParameterError
from topology_efficient_dl.models import TrainedModel, predict_proba
from topology_efficient_dl.params.compression import CompressionRecipe
from topology_efficient_dl.params.models import LevelSetRecipe, ModelSpec
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.tasks.cells import fit_cell, predict_cell
from topology_efficient_dl.tasks.series import SeriesClasses

QUICK = TrainParams(max_epochs=2, min_epochs=1)
FCN = ModelSpec(architecture="fcn", size="small")


def raw_series(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Small waves on a large offset, whose frequency tells the class."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    phases = rng.uniform(0, 6, size=(n, 1, 1))
    waves = np.sin(np.arange(30) * np.array([0.3, 0.9])[labels, None, None] + phases)
    return 9.81 + 0.01 * (waves + 0.1 * rng.normal(size=waves.shape)), labels


@pytest.fixture(scope="module")
def split() -> Split:
    prepare = Preparation(1, 30, unequal_length="pad")
    drawn = {part: raw_series(n, n) for part, n in (("train", 24), ("validation", 8), ("test", 10))}
    series = {part: prepare(raw) for part, (raw, _) in drawn.items()}
    labels = {part: codes for part, (_, codes) in drawn.items()}
    return Split("waves", series, labels, ("slow", "fast"), "made here", preparation=prepare)


@pytest.fixture(scope="module")
def betti(split: Split) -> TrainedModel:
    return fit_cell((split, ("betti", ModelSpec(architecture="ridge")), 0, LevelSetRecipe(levels_per_filter=4)), QUICK)


@pytest.fixture(scope="module")
def fcn(split: Split) -> TrainedModel:
    return fit_cell((split, ("fcn", FCN), 0, None), QUICK)


@pytest.mark.parametrize("factor", [1.0, 1000.0])
def test_raw_series_in_any_unit_are_read_as_those_of_the_split(
    split: Split, betti: TrainedModel, factor: float
) -> None:
    raw, labels = raw_series(10, 10)
    found = TrainedModel.from_bytes(betti.to_bytes()).predictor()(factor * raw)
    np.testing.assert_allclose(found, predict_proba(betti, split.series["test"]), atol=1e-3)
    assert (found.argmax(axis=1) == labels).all()


def test_series_of_the_split_give_the_published_predictions_to_the_bit(split: Split, betti, fcn) -> None:
    for model in (betti, fcn):
        table = predict_cell((model, split, None))[["p_0", "p_1"]].to_numpy()
        np.testing.assert_array_equal(model.predictor().of_prepared(split.series["test"]), table)
        np.testing.assert_array_equal(model.predictor(prepare=False)(split.series["test"]), table)


def test_raw_series_of_mean_0_and_deviation_1_up_to_a_tail_are_answered_as_ingest_prepares_them(fcn) -> None:
    steps = np.stack([np.repeat([-1.0, 1.0], (place, 30 - place))[None] for place in range(3, 27, 3)])
    assert np.abs(fcn.preparation(steps) - steps).max() > 0.5
    prepared = np.stack([z_normalise(step) for step in steps]).astype(np.float32)
    np.testing.assert_array_equal(fcn.predictor()(steps), predict_proba(fcn, prepared))


@pytest.mark.parametrize("prepare", [None, False])
def test_a_predictor_reads_masks_and_refuses_what_is_no_real_number(split: Split, fcn, prepare) -> None:
    series = np.ma.masked_array(split.series["test"], mask=np.zeros(split.series["test"].shape, bool))
    series.mask[4, 0, 3] = True
    with pytest.raises(DataError, match=r"sample 4, channel 0.* position 3"):
        fcn.predictor(prepare=prepare)(series)
    with pytest.raises(DataError, match="values of type complex64; expected real numbers"):
        fcn.predictor(prepare=prepare)(split.series["test"].astype(np.complex64))


def test_cards_of_all_kinds_carry_the_preparation(split: Split, betti, fcn) -> None:
    ensemble = fit_cell((split, ("two", FCN.model_copy(update={"members": 2})), 0, None), QUICK)
    recipes = [CompressionRecipe(method="svd", rank=2, fine_tune={"epochs": 1})]
    recipes += [
        CompressionRecipe(method="small_dense", fine_tune={"distillation": 0}),
        CompressionRecipe(method="int8"),
    ]
    models = [betti, fcn, ensemble]
    for recipe in recipes:
        small = compress(fcn, recipe, recipe.method, sample_of(split, 2))
        models += [small, tune(small, fcn, SeriesClasses(split), recipe, QUICK)]
    for model in models:
        assert model.preparation == split.preparation


def test_shorter_series_are_padded_as_those_of_the_fit(fcn: TrainedModel) -> None:
    raw, _ = raw_series(3, 1)
    series = [raw[0], raw[1][:, :21]]
    np.testing.assert_array_equal(fcn.predictor()(series), predict_proba(fcn, fcn.preparation(series)))


@pytest.mark.parametrize("prepare", [None, False])
def test_a_missing_value_is_refused_by_place_and_never_answered(split: Split, fcn: TrainedModel, prepare) -> None:
    series = split.series["test"].copy()
    series[4, 0, 3] = np.nan
    with pytest.raises(DataError, match=r"sample 4, channel 0.* position 3"):
        fcn.predictor(prepare=prepare)(series)
    filling = dataclasses.replace(fcn.preparation, missing_values="interpolate")
    assert np.isfinite(fcn.predictor(prepare=filling)(series)).all()


def test_an_answer_that_is_not_finite_is_an_error_for_a_user_and_seen_by_who_scores_it(split: Split, fcn) -> None:
    broken = TrainedModel(
        fcn.card, {name: value * np.nan if value.is_floating_point() else value for name, value in fcn.weights.items()}
    )
    with pytest.raises(DataError, match="answer of the model: sample 0, column 0 is nan"):
        broken.predictor()(split.series["test"])
    assert np.isnan(predict_proba(broken, split.series["test"])).all()


def test_a_model_that_does_not_know_its_preparation_says_so(split: Split, fcn: TrainedModel) -> None:
    before = TrainedModel({k: v for k, v in fcn.card.items() if k != "preparation"}, fcn.weights)
    with pytest.warns(UserWarning, match="card of 'fcn' does not say how the series of its fit were prepared"):
        predictor = before.predictor()
    np.testing.assert_array_equal(predictor(split.series["test"]), predict_proba(fcn, split.series["test"]))
    with pytest.raises(ParameterError, match="does not say"):
        before.predictor(prepare=True)
    raw, _ = raw_series(10, 10)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        given = before.predictor(prepare=split.preparation)(raw)
        predict_proba(before, split.series["test"])
    np.testing.assert_array_equal(given, fcn.predictor()(raw))
    with pytest.raises(ParameterError, match="2 channels and 30 positions; expected 1 and 30"):
        before.predictor(prepare=Preparation(2, 30))


def test_an_onnx_file_says_what_its_series_need(split: Split, fcn: TrainedModel) -> None:
    onnx_export = pytest.importorskip("topology_efficient_dl.models.onnx_export")
    pytest.importorskip("onnxscript")
    file = onnx_export.to_onnx(fcn)
    prepare = onnx_export.onnx_preparation(file)
    assert prepare == split.preparation
    raw, _ = raw_series(10, 10)
    logits = onnx_export.onnx_network(file)(prepare(raw))
    np.testing.assert_array_equal(logits.argmax(axis=1), fcn.predictor()(raw).argmax(axis=1))
    before = TrainedModel({k: v for k, v in fcn.card.items() if k != "preparation"}, fcn.weights)
    assert onnx_export.onnx_preparation(onnx_export.to_onnx(before)) is None
