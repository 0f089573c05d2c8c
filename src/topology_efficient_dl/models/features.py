"""What a feature model is fitted on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topology_efficient_dl.params import TdaRecipe


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
    recipe: TdaRecipe
    state: dict[str, NDArray[Any]]

    @property
    def n_features(self) -> int:
        """Length of a feature vector."""
        return self.parts["train"].shape[1]
