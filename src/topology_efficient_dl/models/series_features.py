"""Feature transforms that are fitted on series inside a cell: which class stands for which recipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from topology_efficient_dl.params.models import LevelSetRecipe, SeriesRecipe
from topology_efficient_dl.params.series import TdaRecipe

State = Mapping[str, NDArray[Any]]


class FeatureExtractor(Protocol):
    """Raw series in, standardised feature vectors out."""

    def transform(self, series: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """(n, n_features) float32 of (n, n_channels, n_timepoints) series."""
        ...

    def state(self) -> dict[str, NDArray[Any]]:
        """Everything fitted, as arrays."""
        ...


def fit_extractor(
    recipe: SeriesRecipe, series: NDArray[np.float32], labels: NDArray[np.int64], seed: int
) -> FeatureExtractor:
    """The transform of a recipe, fitted.

    Parameters
    ----------
    recipe : level sets, or one of aeon's convolutional transforms
    series : (n, n_channels, n_timepoints) float32
    labels : (n,) int64
    seed : of its random choices
    """
    # Imported at the first need: compiled kernels are slow to load.
    if isinstance(recipe, LevelSetRecipe):
        from topology_efficient_dl.tda.level_sets import ConvolutionalBettiCurves

        return ConvolutionalBettiCurves(recipe, seed).fit(series, labels)
    from topology_efficient_dl.models.baselines.rocket import RocketFeatures

    return RocketFeatures(recipe).fit(series, labels, seed)


def extractor_from_state(fields: Mapping[str, Any], state: State) -> FeatureExtractor:
    """The fitted extractor that a model's card and arrays describe.

    Parameters
    ----------
    fields : of the recipe, as in ``TrainedModel.card["recipe"]``
    state : its arrays
    """
    recipe = recipe_from_fields(fields)
    if isinstance(recipe, TdaRecipe):
        from topology_efficient_dl.tda.extraction import TopologicalFeatureExtractor

        return TopologicalFeatureExtractor.from_state(recipe, state)
    if isinstance(recipe, LevelSetRecipe):
        from topology_efficient_dl.tda.level_sets import ConvolutionalBettiCurves

        return ConvolutionalBettiCurves.from_state(recipe, state)
    from topology_efficient_dl.models.baselines.rocket import RocketFeatures

    return RocketFeatures.from_state(recipe, state)


def recipe_from_fields(fields: Mapping[str, Any]) -> TdaRecipe | SeriesRecipe:
    """The typed recipe; one without a ``kind`` goes by way of persistence diagrams."""
    if "kind" not in fields:
        return TdaRecipe(**fields)
    recipe: SeriesRecipe = TypeAdapter(SeriesRecipe).validate_python(dict(fields))
    return recipe
