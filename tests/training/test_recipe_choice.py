"""Train chooses between transforms: by held-out parts of itself, repeatably, and in favour of the first."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from pydantic import ValidationError

from topology_efficient_dl.data.split import Split
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.models import TrainedModel, predict_proba
from topology_efficient_dl.params.models import (
    CrossValidatedRecipe,
    LevelSetRecipe,
    ModelSpec,
    RocketRecipe,
)
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.tasks.cells import choices_table, fit_cell
from topology_efficient_dl.training import recipe_choice
from topology_efficient_dl.training.recipe_choice import choose_recipe

POOR = LevelSetRecipe(levels_per_filter=1, filters="random", n_filters=1, representations=("raw",))
RICH = LevelSetRecipe(levels_per_filter=4, filters="random", n_filters=10, representations=("difference",))
BOTH = CrossValidatedRecipe(candidates=(POOR, RICH), folds=3, standard_errors=0.5)
ONE_EPOCH = TrainParams(max_epochs=1, min_epochs=1)


def waves(n: int = 40, n_timepoints: int = 64, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Noisy waves whose pitch tells the class."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    pitch = (2 + labels[:, None]) * 2 * np.pi / n_timepoints
    noisy = np.sin(pitch * np.arange(n_timepoints) + rng.uniform(0, 6, (n, 1))) + rng.normal(size=(n, n_timepoints)) / 3
    return noisy[:, None].astype(np.float32), labels


def test_the_transform_that_tells_the_classes_apart_is_chosen() -> None:
    series, labels = waves()
    choice = choose_recipe(BOTH, series, labels, seed=1)
    assert choice.recipe == RICH
    assert choice.errors is not None
    assert choice.errors[1] < choice.errors[0]


def test_the_first_stays_unless_another_is_clearly_better(monkeypatch: pytest.MonkeyPatch) -> None:
    series, labels = waves()
    gains = np.random.default_rng(0).normal(0.1, 1.0, len(labels))
    monkeypatch.setattr(recipe_choice, "_errors", lambda recipe, *rest: 1.0 - gains * (recipe == RICH))
    ratio = gains.mean() / (gains.std(ddof=1) / np.sqrt(len(gains)))
    assert ratio > 0
    for standard_errors, expected in ((0.9 * ratio, RICH), (1.1 * ratio, POOR)):
        recipe = BOTH.model_copy(update={"standard_errors": standard_errors})
        assert choose_recipe(recipe, series, labels, seed=1).recipe == expected
    same = CrossValidatedRecipe(candidates=(POOR, POOR), standard_errors=0)
    assert choose_recipe(same, series, labels, seed=1).recipe == POOR


@pytest.mark.parametrize(("bad", "chosen"), [(POOR, RICH), (RICH, POOR)])
def test_a_candidate_whose_features_are_not_finite_is_never_chosen(bad, chosen, monkeypatch) -> None:
    made = recipe_choice.fit_extractor

    def fitted(recipe, *rest):
        found = made(recipe, *rest)
        if recipe != bad:
            return found
        return SimpleNamespace(transform=lambda series: np.full_like(found.transform(series), np.nan))

    monkeypatch.setattr(recipe_choice, "fit_extractor", fitted)
    choice = choose_recipe(BOTH, *waves(), seed=1)
    assert choice.recipe == chosen
    assert [np.isinf(error) for error in choice.errors] == [recipe == bad for recipe in BOTH.candidates]


def test_a_candidate_that_is_not_finite_on_a_single_held_out_series_is_not_chosen(monkeypatch) -> None:
    series, labels = waves()
    errors = np.where(np.arange(len(labels)) == 3, np.inf, 0.0)
    monkeypatch.setattr(recipe_choice, "_errors", lambda recipe, *rest: errors if recipe == RICH else 0 * labels + 1.0)
    assert choose_recipe(BOTH, series, labels, seed=1).recipe == POOR


def test_a_seed_repeats_the_choice() -> None:
    series, labels = waves()
    first, again, other = (choose_recipe(BOTH, series, labels, seed) for seed in (1, 1, -1))
    assert first == again
    assert first.errors != other.errors


def test_a_single_recipe_is_taken_as_it_is() -> None:
    series, labels = waves(6)
    assert choose_recipe(POOR, series, labels, seed=0) == recipe_choice.RecipeChoice(POOR, None)


def test_one_sample_a_class_leaves_nothing_to_choose_by() -> None:
    series, _ = waves(5)
    choice = choose_recipe(BOTH, series, np.arange(5), seed=0)
    assert (choice.recipe, choice.errors) == (POOR, None)


def test_every_sample_is_held_out_once_and_classes_are_spread() -> None:
    labels = np.repeat([0, 1, 2], [9, 6, 3])
    folds = list(recipe_choice._folds(labels, 3, np.random.default_rng(0)))
    np.testing.assert_array_equal(np.sum(folds, axis=0), 1)
    for held_out in folds:
        np.testing.assert_array_equal(np.bincount(labels[held_out]), [3, 2, 1])


def test_large_train_sets_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    series, labels = waves(60)
    seen: list[int] = []
    monkeypatch.setattr(recipe_choice, "_errors", lambda recipe, series, *rest: seen.append(len(series)) or np.ones(2))
    choose_recipe(BOTH.model_copy(update={"most_series": 20}), series, labels, seed=0)
    assert seen == [20, 20]


@pytest.fixture
def pitches(make_split) -> Split:
    """A split whose classes differ in pitch."""
    split = make_split(n_train=60, n_validation=20, n_timepoints=64)
    parts = {part: waves(len(split.series[part]), seed=place) for place, part in enumerate(split.series)}
    return Split(
        split.name,
        {part: series for part, (series, _) in parts.items()},
        {part: labels for part, (_, labels) in parts.items()},
        split.classes,
        split.source,
    )


@pytest.mark.parametrize("architecture", ["ridge", "ph_mlp"])
def test_a_cell_keeps_the_chosen_recipe_and_the_errors(pitches: Split, architecture: str) -> None:
    spec = ModelSpec(architecture=architecture, size="small", features="betti")
    model = fit_cell((pitches, ("betti", spec), 7, BOTH), ONE_EPOCH)
    assert model.card["recipe"]["representations"] == ["difference"]
    assert len(model.card["candidate_errors"]) == 2
    again = TrainedModel.from_bytes(model.to_bytes())
    test = pitches.series["test"]
    np.testing.assert_array_equal(predict_proba(again, test), predict_proba(model, test))
    plain = fit_cell((pitches, ("betti", spec), 7, RICH), ONE_EPOCH)
    np.testing.assert_array_equal(predict_proba(plain, test), predict_proba(model, test))
    assert "candidate_errors" not in plain.card
    table = choices_table([model, plain])
    assert table["chosen"].tolist() == ["difference"]
    assert table["least_error"][0] < table["first_error"][0]


def test_a_budget_is_for_level_sets_alone(pitches: Split) -> None:
    recipe = CrossValidatedRecipe(candidates=(POOR, RocketRecipe(kind="minirocket", n_kernels=84)))
    spec = ModelSpec(architecture="ridge", features="betti", options={"max_parameters": 2000})
    with pytest.raises(ParameterError, match="'minirocket'"):
        fit_cell((pitches, ("betti", spec), 7, recipe), ONE_EPOCH)


def test_one_candidate_is_no_choice() -> None:
    with pytest.raises(ValidationError):
        CrossValidatedRecipe(candidates=(POOR,))
