"""Which of several transforms suits a data set: cross-validated on train, whole fits and all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topology_efficient_dl.errors import DataError
from topology_efficient_dl.models.series_features import fit_extractor
from topology_efficient_dl.params.models import (
    CrossValidatedRecipe,
    SeriesRecipe,
    TransformRecipe,
)
from topology_efficient_dl.training.ridge import fit_ridge

Series = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class RecipeChoice:
    """The recipe that train chose.

    Attributes
    ----------
    recipe : the chosen candidate, or the only recipe there was
    errors : of every candidate, error rate plus mean squared error over held-out series, infinite where its scores are
        not finite; None where there was nothing to choose, or too few series to choose by
    """

    recipe: SeriesRecipe
    errors: tuple[float, ...] | None


def choose_recipe(
    recipe: TransformRecipe, series: Series, labels: Labels, seed: int, weights: NDArray[np.float64] | None = None
) -> RecipeChoice:
    """The candidate whose features predict held-out parts of train best with a ridge regression.

    A candidate is judged by its error rate plus the mean squared error of its scores against +-1; the error rate alone
    is coarse where train is small. The first candidate is kept unless the best one is better by ``standard_errors``
    of the paired difference over all series, for the least of several errors is too low by chance. In each fold
    transform and regression are fitted anew, so that nothing of the held-out part enters them.

    Parameters
    ----------
    recipe : candidates, folds, standard errors; a single recipe is returned as it is
    series : (n_samples, n_channels, n_timepoints) float32
    labels : (n_samples,) int64 in ``range(n_classes)``
    seed : of the folds, of the transforms, and of the draw from a large train set
    weights : (n_samples,) of squared errors in the regression, and of errors when judged; None for equal ones

    References
    ----------
    Stone, *Cross-validatory choice and assessment of statistical predictions* (1974); Breiman et al., *Classification
    and regression trees* (1984), section 3.4.3: the rule of standard errors.
    """
    if not isinstance(recipe, CrossValidatedRecipe):
        return RecipeChoice(recipe, None)
    rng = np.random.default_rng([abs(seed), int(seed < 0)])
    drawn = np.sort(rng.permutation(len(labels))[: recipe.most_series])
    series, labels = series[drawn], labels[drawn]
    weights = None if weights is None else weights[drawn] / weights[drawn].mean()
    held_out = list(_folds(labels, recipe.folds, rng))
    if not held_out:
        return RecipeChoice(recipe.candidates[0], None)
    errors = np.stack(
        [_errors(candidate, series, (labels, weights), held_out, seed) for candidate in recipe.candidates]
    )
    means = errors.mean(axis=1)
    best = int(means.argmin())
    chosen = best if _is_clear(errors[0], errors[best], recipe.standard_errors) else 0
    return RecipeChoice(recipe.candidates[chosen], tuple(float(mean) for mean in means))


def _is_clear(first: NDArray[np.float64], best: NDArray[np.float64], standard_errors: float) -> bool:
    """Whether the best candidate beats the first by more than chance; it does if only the first is not finite."""
    if not np.isfinite(first).all():
        return bool(np.isfinite(best).all())
    gains = first - best
    return bool(gains.mean() > standard_errors * gains.std(ddof=1) / np.sqrt(len(gains)))


def _folds(labels: Labels, n_folds: int, rng: np.random.Generator) -> Iterator[NDArray[np.bool_]]:
    """What is held out in each fold, classes spread evenly; none of a fold without more samples than classes to fit."""
    fold_of, dealt = np.empty(len(labels), np.int64), 0
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        fold_of[members] = (dealt + np.arange(len(members))) % n_folds
        dealt += len(members)
    for fold in range(n_folds):
        held_out = fold_of == fold
        kept = labels[~held_out]
        if held_out.any() and len(kept) > len(np.unique(kept)) > 1:
            yield held_out


def _errors(
    recipe: SeriesRecipe,
    series: Series,
    truth: tuple[Labels, NDArray[np.float64] | None],
    folds: list[NDArray[np.bool_]],
    seed: int,
) -> NDArray[np.float64]:
    """(n_held_out,) wrong, 0 or 1, plus squared error, times the weight, of every series that some fold holds out."""
    labels, weights = truth
    n_classes = int(labels.max()) + 1
    errors = []
    for held_out in folds:
        extractor = fit_extractor(recipe, series[~held_out], labels[~held_out], seed)
        of_fold = None if weights is None else weights[~held_out]
        try:
            head = fit_ridge(extractor.transform(series[~held_out]), labels[~held_out], n_classes, weights=of_fold)
        except DataError:  # its features are not finite: it can only be chosen where every candidate is so
            errors.append(np.full(int(held_out.sum()), np.inf))
            continue
        scores = extractor.transform(series[held_out]) @ head.weight.T + head.bias
        targets = np.where(np.arange(n_classes) == labels[held_out, None], 1.0, -1.0)
        error = (scores.argmax(axis=1) != labels[held_out]) + ((scores - targets) ** 2).mean(axis=1)
        errors.append(error if weights is None else weights[held_out] * error)
    found = np.concatenate(errors)
    return np.where(np.isfinite(found), found, np.inf)
