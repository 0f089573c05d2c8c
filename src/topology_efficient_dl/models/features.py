"""What a feature model is fitted on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topology_efficient_dl.collections.fingerprint import versioned
from topology_efficient_dl.data.split import Split
from topology_efficient_dl.models.series_features import recipe_from_fields
from topology_efficient_dl.params.models import SeriesRecipe
from topology_efficient_dl.params.series import TdaRecipe
from topology_efficient_dl.tda.diagrams import PersistenceDiagrams

PART, STATE = "part.", "state."


@dataclass(frozen=True, eq=False)
class FeatureInput:
    """Feature vectors of a split, and how to compute them for a new series.

    Attributes
    ----------
    parts : by part of the split, (n_samples, n_features) float32
    recipe : how they were computed
    state : arrays of the fitted feature extractor
    """

    parts: dict[str, NDArray[np.float32]]
    recipe: TdaRecipe | SeriesRecipe
    state: dict[str, NDArray[Any]]

    @property
    def n_features(self) -> int:
        """Length of a feature vector."""
        return self.parts["train"].shape[1]

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Named arrays for npz; the recipe as JSON in a 0-d array."""
        return {
            "recipe": np.array(self.recipe.model_dump_json()),
            **{PART + name: array for name, array in self.parts.items()},
            **{STATE + name: array for name, array in self.state.items()},
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> FeatureInput:
        """The inverse of :meth:`to_arrays`."""
        return cls(
            {name.removeprefix(PART): array for name, array in arrays.items() if name.startswith(PART)},
            recipe_from_fields(json.loads(str(arrays["recipe"]))),
            {name.removeprefix(STATE): array for name, array in arrays.items() if name.startswith(STATE)},
        )


@versioned(1, name="models.features:features_of_split")
def features_of_split(pair: tuple[PersistenceDiagrams, Split], recipe: TdaRecipe) -> FeatureInput:
    """Standardised feature vectors of all parts of a split; grids and scales are fitted on train alone.

    Parameters
    ----------
    pair : the diagrams of ``diagrams_of_split``, and the split
    recipe : the whole way from series to features
    """
    from topology_efficient_dl.tda.delay_choice import resolve_filtration
    from topology_efficient_dl.tda.extraction import TopologicalFeatureExtractor
    from topology_efficient_dl.tda.splits import diagrams_by_part

    diagrams, split = pair
    parts = diagrams_by_part(diagrams, split)
    filtration = resolve_filtration(split.series["train"], recipe.filtration_params())
    extractor = TopologicalFeatureExtractor(recipe).fit_diagrams(parts["train"], filtration)
    vectors = {name: extractor.transform_diagrams(part) for name, part in parts.items()}
    return FeatureInput(vectors, recipe, extractor.state())
