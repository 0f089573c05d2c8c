"""Cells whose features are fitted on series: what they see, what they store, and that one seed gives one model."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_limits

from topology_efficient_dl.data.split import Split
from topology_efficient_dl.errors import CellError, ParameterError
from topology_efficient_dl.models import TrainedModel, predict_proba
from topology_efficient_dl.models.registry import find_architecture
from topology_efficient_dl.params.models import (
    CrossValidatedRecipe,
    LevelSetRecipe,
    ModelSpec,
    RocketRecipe,
)
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.tasks.cells import fit_cell, predict_cell
from topology_efficient_dl.tda.level_sets import ConvolutionalBettiCurves
from topology_efficient_dl.training.ridge import fit_ridge

BETTI = LevelSetRecipe(levels_per_filter=3, filters="random", n_filters=10)
ROCKET = RocketRecipe(kind="minirocket", n_kernels=168)
TWO = TrainParams(max_epochs=2, min_epochs=1)
CELLS = {
    "betti_ridge": (ModelSpec(architecture="ridge", features="betti"), BETTI),
    "betti_all": (
        ModelSpec(architecture="ridge", features="betti"),
        LevelSetRecipe(levels_per_filter=2, level_choice="labels", statistics=("beta0", "persistent_beta0")),
    ),
    "betti_tiny": (ModelSpec(architecture="ridge", features="betti", options={"max_parameters": 400}), BETTI),
    "betti_mlp": (ModelSpec(architecture="ph_mlp", size="small", features="betti"), BETTI),
    "betti_aeon": (ModelSpec(architecture="aeon_ridge", features="betti"), BETTI),
    "minirocket": (ModelSpec(architecture="aeon_ridge", features="minirocket"), ROCKET),
    "minirocket_ridge": (ModelSpec(architecture="ridge", features="minirocket"), ROCKET),
    "minirocket_mlp": (ModelSpec(architecture="ph_mlp", size="small", features="minirocket"), ROCKET),
}
every_cell = pytest.mark.parametrize("name", CELLS)
closed_form = pytest.mark.parametrize("name", [name for name in CELLS if not name.endswith("mlp")])


def fitted(split: Split, name: str, seed: int = 7, **options: Any) -> TrainedModel:
    spec, recipe = CELLS[name]
    return fit_cell((split, (name, spec.model_copy(update=options)), seed, recipe), TWO)


@pytest.mark.parametrize("name", ["betti_ridge", "betti_aeon"])
def test_features_that_are_not_finite_are_named_and_no_head_is_fitted(make_split, name: str, monkeypatch) -> None:
    transform = ConvolutionalBettiCurves.transform  # which the fit standardises by, so that one value spoils a column

    def broken(self: ConvolutionalBettiCurves, series: np.ndarray) -> np.ndarray:
        found = transform(self, series)
        found[1, 0] = np.inf
        return found

    monkeypatch.setattr(ConvolutionalBettiCurves, "transform", broken)
    with pytest.raises(CellError, match=f"{name} on Toy, seed 7: 1 of 23 feature vectors of train are not finite"):
        fitted(make_split(), name)


def changed(split: Split, part: str) -> Split:
    """The split with noise in place of the series of one part."""
    noise = np.random.default_rng(9).normal(size=split.series[part].shape).astype(np.float32)
    return Split(split.name, split.series | {part: noise}, split.labels, split.classes, split.source)


def same(first: TrainedModel, second: TrainedModel) -> bool:
    """Bit for bit the same weights and state."""
    return (
        list(first.extractor_state) == list(second.extractor_state)
        and all(np.array_equal(first.extractor_state[name], second.extractor_state[name]) for name in first.extractor_state)
        and all(torch.equal(first.weights[name], second.weights[name]) for name in first.weights)
    )  # fmt: skip


@every_cell
@pytest.mark.parametrize("n_channels", [1, 3])
def test_a_stored_model_predicts_the_same_from_raw_series(make_split, name: str, n_channels: int) -> None:
    split = make_split(n_channels=n_channels)
    model = fitted(split, name)
    again = TrainedModel.from_bytes(model.to_bytes())
    probabilities = predict_proba(again, split.series["test"])
    np.testing.assert_array_equal(probabilities, model.predictor()(split.series["test"]))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    table = predict_cell((again, split, None))
    assert table["predicted"].tolist() == probabilities.argmax(axis=1).tolist()
    assert table["model"].unique().tolist() == [name]


@closed_form
def test_the_task_is_learnt(make_split, name: str) -> None:
    split = make_split(n_train=60, n_validation=20, n_timepoints=60)
    model = fitted(split, name)
    for part in ("train", "validation", "test"):
        assert (predict_proba(model, split.series[part]).argmax(axis=1) == split.labels[part]).mean() > 0.9


@every_cell
def test_class_weights_give_a_rare_class_its_say_in_every_head(make_split, name: str) -> None:
    split = make_split(n_train=40, n_validation=10)
    rare = {part: (np.arange(len(codes)) % 8 == 0).astype(np.int64) for part, codes in split.labels.items()}
    noise = {
        part: np.random.default_rng(len(x)).normal(size=x.shape).astype(np.float32) for part, x in split.series.items()
    }
    split = Split("Rare", noise, rare, ("0", "1"), "made up")
    spec, recipe = CELLS[name]
    recipe = CrossValidatedRecipe(candidates=(recipe, ROCKET), folds=2) if name == "betti_ridge" else recipe
    plain, balanced = (
        fit_cell((split, (name, spec), 7, recipe), TWO.model_copy(update={"class_weights": weights}))
        for weights in ("none", "balanced")
    )
    assert not all(torch.equal(plain.weights[key], balanced.weights[key]) for key in plain.weights)
    if name == "betti_ridge":
        assert plain.card["candidate_errors"] != balanced.card["candidate_errors"]
    if find_architecture(spec.architecture).solver != "gradient":
        # A head that gives both classes the same say has as much of +1 as of -1 to explain.
        shares = np.where(
            split.development(rare) == 1,
            0.5 / split.development(rare).mean(),
            0.5 / (1 - split.development(rare).mean()),
        )
        scores = np.log(predict_proba(balanced, split.development(noise)).clip(1e-30))
        assert abs(np.average(scores[:, 1] - scores[:, 0], weights=shares)) < 1e-2


@every_cell
def test_one_seed_gives_one_model_and_another_seed_another(split: Split, name: str) -> None:
    models = []
    for disturbance in (1, 2):
        torch.manual_seed(disturbance)
        np.random.seed(disturbance)  # noqa: NPY002
        models.append(fitted(split, name))
    assert same(*models)
    assert not same(models[0], fitted(split, name, seed=8))


@closed_form
def test_the_number_of_threads_changes_no_bit(make_split, name: str) -> None:
    split, models = make_split(n_train=240, n_validation=60, n_timepoints=60), []
    for threads in (1, 4):
        with threadpool_limits(threads):
            models.append(fitted(split, name))
    assert same(*models)


@every_cell
def test_test_series_are_not_looked_at(split: Split, name: str) -> None:
    assert same(fitted(split, name), fitted(changed(split, "test"), name))


@pytest.mark.parametrize("name", ["betti_ridge", "betti_all"])
def test_extractor_and_head_see_train_and_validation(split: Split, name: str) -> None:
    model, recipe = fitted(split, name), CELLS[name][1]
    series, labels = (split.development(inputs) for inputs in (split.series, split.labels))
    assert len(series) == 17 + 6
    curves = ConvolutionalBettiCurves(recipe, 7).fit(series, labels)
    for key, array in curves.state().items():
        np.testing.assert_array_equal(model.extractor_state[key], array)
    head = fit_ridge(curves.transform(series), labels, 2)
    np.testing.assert_array_equal(model.weights["linear.weight"], head.weight)
    np.testing.assert_array_equal(model.weights["linear.bias"], head.bias)
    assert model.card["penalty"] == head.penalty


def test_validation_that_is_train_itself_is_seen_once(split: Split) -> None:
    once = {part: inputs for part, inputs in split.series.items() if part != "validation"}
    labels = split.labels | {"validation": split.labels["train"]}
    reused = Split("Toy", once | {"validation": split.series["train"]}, labels, split.classes, split.source)
    curves = ConvolutionalBettiCurves(BETTI, 7).fit(split.series["train"], split.labels["train"])
    np.testing.assert_array_equal(fitted(reused, "betti_ridge").extractor_state["mean"], curves.mean_)


def test_the_transform_of_a_network_is_fitted_on_train_alone(split: Split) -> None:
    model = fitted(split, "betti_mlp")
    curves = ConvolutionalBettiCurves(BETTI, 7).fit(split.series["train"], split.labels["train"])
    for key, array in curves.state().items():
        np.testing.assert_array_equal(model.extractor_state[key], array)
    varying = curves.gain_ > 0
    np.testing.assert_allclose(curves.transform(split.series["train"]).mean(axis=0), 0, atol=1e-5)
    assert varying.mean() > 0.5
    other = fitted(changed(split, "validation"), "betti_mlp")
    assert all(np.array_equal(other.extractor_state[key], array) for key, array in model.extractor_state.items())
    assert not same(model, other)  # the refit saw it


def test_a_network_is_trained_by_the_loop_and_refitted(split: Split) -> None:
    card = fitted(split, "betti_mlp").card
    assert card["epochs"] == 2 + card["best_epoch"]
    assert [row["stage"] for row in card["history"]].count("refit") == card["best_epoch"]
    assert card["n_features"] == 2 * 3 * 3 * 10


def values_of(model: TrainedModel) -> int:
    """All values that inference needs."""
    arrays = [*model.extractor_state.values(), *(weight.numpy() for weight in model.weights.values())]
    return sum(array.size for array in arrays)


@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("most", [300, 400, 1000])
def test_a_budget_of_parameters_is_kept_and_used(make_split, n_classes: int, most: int) -> None:
    split = make_split(n_train=40, n_classes=n_classes)
    model = fitted(split, "betti_tiny", options={"max_parameters": most})
    assert values_of(model) <= most
    assert model.card["n_features"] == model.weights["linear.weight"].shape[1] < 180
    full = values_of(fitted(split, "betti_ridge")) - 180 * (n_classes + 2) - n_classes
    assert model.card["n_features"] == (most - full - n_classes) // (n_classes + 3)
    again = TrainedModel.from_bytes(model.to_bytes())
    np.testing.assert_array_equal(again.predictor()(split.series["test"]), model.predictor()(split.series["test"]))


def test_a_budget_that_is_large_enough_drops_nothing(split: Split) -> None:
    model = fitted(split, "betti_tiny", options={"max_parameters": 10_000})
    assert same(model, fitted(split, "betti_ridge"))


def test_more_parameters_keep_features_of_fewer(split: Split) -> None:
    few, more = (fitted(split, "betti_tiny", options={"max_parameters": most}) for most in (300, 700))
    full = fitted(split, "betti_ridge")
    means = [set(model.extractor_state["mean"].tolist()) for model in (few, more, full)]
    assert means[0] <= means[1] <= means[2]


def test_a_budget_that_is_too_small_is_one_error_that_names_the_way_out(split: Split) -> None:
    with pytest.raises(
        ParameterError,
        match=r"max_parameters is 100, and levels and filters alone take \d+\. Raise max_parameters, or lower levels_per_filter",
    ):
        fitted(split, "betti_tiny", options={"max_parameters": 100})


@every_cell
def test_the_card_is_plain_json(split: Split, name: str) -> None:
    model = fitted(split, name)
    assert json.loads(json.dumps(model.card, allow_nan=False)) == model.card


@closed_form
def test_the_card_of_a_closed_form_has_no_epochs(split: Split, name: str) -> None:
    card = fitted(split, name).card
    assert (card["best_epochs"], card["best_epoch"], card["epochs"], card["history"]) == ([], 0, 0, [])
    assert card["recipe"]["kind"] == CELLS[name][1].kind
    assert card["n_params"] == 2 * card["n_features"] + 2
    assert card["fit_seconds"] > 0


@pytest.mark.parametrize("name", ["betti_ridge", "minirocket"])
def test_an_ensemble_of_closed_forms_is_refused(split: Split, name: str) -> None:
    with pytest.raises(ParameterError, match="members"):
        fitted(split, name, members=3)


def test_a_budget_for_a_transform_without_selection_is_refused(split: Split) -> None:
    with pytest.raises(ParameterError, match="max_parameters"):
        fitted(split, "minirocket_ridge", options={"max_parameters": 900})


def test_a_network_of_series_refuses_a_transform(split: Split) -> None:
    spec = ModelSpec(architecture="fcn", size="small", features="betti")
    with pytest.raises(ParameterError, match=r"zoo\.cnn: architecture 'fcn' reads series and features were given"):
        fit_cell((split, ("cnn", spec), 7, BETTI), TWO)


@pytest.mark.parametrize("architecture", ["ridge", "aeon_ridge"])
def test_a_closed_form_is_never_fitted_by_the_loop(split: Split, features, architecture: str) -> None:
    """Its weights would be those of a few gradient steps, under the name of the closed form."""
    spec = ModelSpec(architecture=architecture, features="default")
    with pytest.raises(ParameterError, match=architecture):
        fit_cell((split, ("linear", spec), 7, features), TWO)


@pytest.mark.parametrize("architecture", ["ridge", "ph_mlp"])
def test_classes_without_validation_and_single_samples(make_split, architecture: str) -> None:
    split = make_split(n_train=5, n_validation=1, n_classes=5)
    spec = ModelSpec(architecture=architecture, size="small", features="betti")
    model = fit_cell((split, ("betti", spec), 7, BETTI), TWO)
    assert np.isfinite(predict_proba(model, split.series["test"])).all()
