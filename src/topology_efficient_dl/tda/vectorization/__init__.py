"""Diagrams -> vectors: one transformer per vectorisation, fitted on train, stored as plain arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from numpy.typing import NDArray

from topology_efficient_dl.errors import ParameterError, did_you_mean
from topology_efficient_dl.params.series import VectorizationParams
from topology_efficient_dl.tda.vectorization.base import DiagramVectorizer
from topology_efficient_dl.tda.vectorization.curves import (
    BettiCurveVectorizer,
    EntropyVectorizer,
    LandscapeVectorizer,
    SilhouetteVectorizer,
)
from topology_efficient_dl.tda.vectorization.giotto import (
    GiottoAmplitude,
    GiottoBettiCurve,
    GiottoEntropy,
    GiottoImage,
    GiottoLandscape,
    GiottoSilhouette,
)
from topology_efficient_dl.tda.vectorization.image import ImageVectorizer
from topology_efficient_dl.tda.vectorization.statistics import StatisticsVectorizer

VECTORIZERS: dict[str, type[DiagramVectorizer]] = {
    "landscape": LandscapeVectorizer,
    "image": ImageVectorizer,
    "silhouette": SilhouetteVectorizer,
    "betti_curve": BettiCurveVectorizer,
    "entropy": EntropyVectorizer,
    "statistics": StatisticsVectorizer,
    "giotto_landscape": GiottoLandscape,
    "giotto_image": GiottoImage,
    "giotto_silhouette": GiottoSilhouette,
    "giotto_betti_curve": GiottoBettiCurve,
    "giotto_entropy": GiottoEntropy,
    "giotto_amplitude": GiottoAmplitude,
}

__all__ = [
    "VECTORIZERS",
    "BettiCurveVectorizer",
    "DiagramVectorizer",
    "EntropyVectorizer",
    "ImageVectorizer",
    "LandscapeVectorizer",
    "SilhouetteVectorizer",
    "StatisticsVectorizer",
    "make_vectorizer",
    "vectorizer_from_state",
]


def make_vectorizer(params: VectorizationParams, homology_dimensions: Sequence[int] = (0, 1)) -> DiagramVectorizer:
    """An unfitted vectoriser.

    Examples
    --------
    >>> make_vectorizer(VectorizationParams(vectorization="entropy"), [0]).homology_dimensions
    (0,)
    """
    return _vectorizer_class(params)(params, tuple(homology_dimensions))


def vectorizer_from_state(params: VectorizationParams, state: Mapping[str, NDArray]) -> DiagramVectorizer:
    """A fitted vectoriser from the arrays of its ``state()``."""
    return _vectorizer_class(params).from_state(params, state)


def _vectorizer_class(params: VectorizationParams) -> type[DiagramVectorizer]:
    name = params.vectorization
    if name not in VECTORIZERS:
        hint = did_you_mean(name, VECTORIZERS)
        raise ParameterError(f"tda: unknown vectorization '{name}'{hint or '.'} Allowed: {', '.join(VECTORIZERS)}")
    return VECTORIZERS[name]
