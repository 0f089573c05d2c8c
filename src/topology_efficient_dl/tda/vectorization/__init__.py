"""Diagrams -> vectors: one transformer per vectorisation, fitted on train, stored as plain arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pkgutil import resolve_name

from numpy.typing import NDArray

from topology_efficient_dl.errors import ParameterError, did_you_mean
from topology_efficient_dl.params.registries import VECTORIZERS
from topology_efficient_dl.params.series import VectorizationParams
from topology_efficient_dl.tda.vectorization.base import DiagramVectorizer

__all__ = ["VECTORIZERS", "DiagramVectorizer", "make_vectorizer", "vectorizer_from_state"]


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
    found: type[DiagramVectorizer] = resolve_name(f"topology_efficient_dl.{VECTORIZERS[name]}")
    return found
