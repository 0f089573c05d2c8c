"""Cells whose head has a closed form, and features that are fitted inside the cell."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from topology_efficient_dl.data.split import PARTS, Split
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.models.answers import check_finite
from topology_efficient_dl.models.features import FeatureInput
from topology_efficient_dl.models.registry import find_architecture
from topology_efficient_dl.models.series_features import FeatureExtractor, fit_extractor
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.models import (
    CrossValidatedRecipe,
    LevelSetRecipe,
    ModelSpec,
    SeriesRecipe,
    TransformRecipe,
)
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.tasks.series import SeriesClasses, describe_series
from topology_efficient_dl.tasks.task import fit
from topology_efficient_dl.training.objective import balanced_weights
from topology_efficient_dl.training.recipe_choice import RecipeChoice, choose_recipe
from topology_efficient_dl.training.ridge import RidgeFit, fit_ridge, strongest_features

Features = NDArray[np.float32]
Weights = NDArray[np.float64] | None


def fit_on_transform(
    split: Split, spec: ModelSpec, seed: int, train: TrainParams, recipe: TransformRecipe, *, model: str
) -> TrainedModel:
    """Fit a feature transform with the cell's seed, and the head on its features.

    A head with a closed form sees train and validation together, as a network does when it is refitted: its penalty is
    chosen by leave-one-out, and ``train.class_weights`` weigh its squared errors. For a network the transform is fitted
    on train alone, so that validation stays unseen.

    Parameters
    ----------
    split : series and labels; test is not looked at
    spec : head and its options
    seed : of the transform and of the network
    train : the parameters of the loop, for networks; ``class_weights`` for all
    recipe : of the transform, or several, of which cross-validation chooses one on what the transform is fitted on
    model : the model's name in the zoo
    """
    if find_architecture(spec.architecture).solver == "gradient":
        with threadpool_limits(1):
            labels = split.labels["train"]
            choice = choose_recipe(recipe, split.series["train"], labels, seed, sample_weights(train, labels))
        task = SeriesClasses(split, features_of(split, choice.recipe, seed))
        trained = fit(task, spec, seed, train, model=model)
        return replace(trained, card=trained.card | _choice_card(recipe, choice))
    _check_closed_form(spec, recipe, model)
    started = time.perf_counter()
    series, labels = split.development(split.series), split.development(split.labels)
    weights = sample_weights(train, labels)
    with threadpool_limits(1):
        choice = choose_recipe(recipe, series, labels, seed, weights)
        extractor = fit_extractor(choice.recipe, series, labels, seed)
        features, name = extractor.transform(series), f"{model} on {split.name}, seed {seed}"
        check_finite(name, "feature vectors of train", features)
        extractor, head = _fit_head(split, spec, extractor, features, labels, weights)
        check_finite(name, "rows of weights", head.weight)
    card = describe_series(split, spec, seed, (head.weight.shape[1], choice.recipe), model)
    outcome = _choice_card(recipe, choice) | {
        "n_params": head.weight.size + head.bias.size,
        "best_epochs": [],
        "best_epoch": 0,
        "epochs": 0,
        "penalty": head.penalty,
        "fit_seconds": time.perf_counter() - started,
        "history": [],
    }
    layer = {"linear.weight": torch.from_numpy(head.weight), "linear.bias": torch.from_numpy(head.bias)}
    return TrainedModel(card | outcome, layer, dict(extractor.state()))


def sample_weights(train: TrainParams, labels: NDArray[np.int64]) -> Weights:
    """(n_samples,) weights of samples by ``train.class_weights``, those of a network's loss; None for equal ones."""
    if train.class_weights == "none":
        return None
    of_classes = balanced_weights(torch.from_numpy(labels), int(labels.max()) + 1)
    return of_classes.numpy().astype(np.float64)[labels]


def _choice_card(recipe: TransformRecipe, choice: RecipeChoice) -> dict[str, Any]:
    """What a card adds where train chose between transforms."""
    if not isinstance(recipe, CrossValidatedRecipe):
        return {}
    return {"candidate_errors": None if choice.errors is None else list(choice.errors)}


def _check_closed_form(spec: ModelSpec, recipe: TransformRecipe, model: str) -> None:
    if spec.members > 1:
        raise ParameterError(
            f"zoo.{model}.members: {spec.members} members of '{spec.architecture}', which has a closed form; expected "
            "1. Leave members out"
        )
    candidates = recipe.candidates if isinstance(recipe, CrossValidatedRecipe) else (recipe,)
    others = [candidate.kind for candidate in candidates if not isinstance(candidate, LevelSetRecipe)]
    if spec.options.get("max_parameters") is not None and others:
        raise ParameterError(
            f"zoo.{model}.options: max_parameters selects features of level sets, and {model} reads those of "
            f"'{others[0]}'. Leave max_parameters out, or name a transform of kind level_sets"
        )


def features_of(split: Split, recipe: SeriesRecipe, seed: int) -> FeatureInput:
    """The transform, fitted on train, and the features of train and validation."""
    extractor = fit_extractor(recipe, split.series["train"], split.labels["train"], seed)
    parts = {part: extractor.transform(split.series[part]) for part in PARTS if part != "test"}
    return FeatureInput(parts, recipe, extractor.state())


def _fit_head(
    split: Split,
    spec: ModelSpec,
    extractor: FeatureExtractor,
    features: Features,
    labels: NDArray[np.int64],
    weights: Weights,
) -> tuple[FeatureExtractor, RidgeFit]:
    if find_architecture(spec.architecture).solver == "aeon_ridge":
        from topology_efficient_dl.models.baselines.rocket import fit_rocket_ridge

        weight, bias = fit_rocket_ridge(features, labels, split.n_classes, weights)
        return extractor, RidgeFit(weight, bias, None, {})
    head = fit_ridge(features, labels, split.n_classes, weights=weights)
    most = spec.options.get("max_parameters")
    return (extractor, head) if most is None else _within(int(most), extractor, head, (features, labels, weights))


def _within(
    most: int, extractor: Any, head: RidgeFit, fitted_on: tuple[Features, NDArray[np.int64], Weights]
) -> tuple[FeatureExtractor, RidgeFit]:
    """Extractor and head of the strongest features, with as many as the budget of values allows."""
    features, labels, weights = fitted_on
    n_classes = len(head.bias)
    per_feature = n_classes + 3  # a weight for each class; mean, gain and place of the feature
    own = {"mean", "gain", "columns"}
    stored = {name: array for name, array in extractor.state().items() if array.dtype.kind != "U"}
    shared = sum(array.size for name, array in stored.items() if name not in own)
    n_keep = (most - shared - n_classes) // per_feature
    if n_keep < 1:
        raise ParameterError(
            f"max_parameters is {most}, and levels and filters alone take {shared + n_classes}. Raise "
            "max_parameters, or lower levels_per_filter of the model's transform"
        )
    if n_keep >= features.shape[1]:
        return extractor, head
    columns = strongest_features(head.weight, features, n_keep)
    return extractor.select(columns), fit_ridge(features[:, columns], labels, n_classes, weights=weights)
