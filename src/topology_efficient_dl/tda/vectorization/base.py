"""What all vectorisers share: padded bars, train ranges, chunks, state as arrays."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.exceptions import NotFittedError

from topology_efficient_dl.errors import DataError, StorageError
from topology_efficient_dl.params.series import VectorizationParams
from topology_efficient_dl.tda.diagrams import FloatArray, IntArray, PersistenceDiagrams

CHUNK_VALUES = 2**21  # float64 values in the largest temporary array of a transform: 16 MiB


@dataclass(frozen=True)
class Bars:
    """The bars of one homology dimension as rectangular arrays.

    Attributes
    ----------
    birth, death : (n_samples, width) float64; missing bars are 0 to 0; essential bars die at +inf
    real : (n_samples, width) bool, False where a bar is missing
    """

    birth: FloatArray
    death: FloatArray
    real: NDArray[np.bool_]

    @property
    def finite(self) -> NDArray[np.bool_]:
        """Bars that exist and die."""
        return self.real & np.isfinite(self.death)

    def clipped(self, end: float) -> Bars:
        """The bars with every infinite death at ``end``, or at birth if that is later."""
        death = np.where(np.isinf(self.death), np.maximum(self.birth, end), self.death)
        return Bars(self.birth, death, self.real)

    def weights(self, power: float) -> FloatArray:
        """(n_samples, width) ``persistence ** power``, 0 for missing bars; deaths must be finite."""
        return np.where(self.real, (self.death - self.birth) ** power, 0.0)


def padded_bars(diagrams: PersistenceDiagrams, dimension: int) -> Bars:
    """The bars of one homology dimension, every sample padded to the longest; at least one column."""
    keep = diagrams.dimension == dimension
    sample = diagrams.sample[keep]
    counts: IntArray = np.bincount(sample, minlength=len(diagrams))
    column = np.arange(len(sample)) - np.repeat(np.cumsum(counts) - counts, counts)
    shape = (len(diagrams), max(1, int(counts.max(initial=0))))
    birth, death, real = np.zeros(shape), np.zeros(shape), np.zeros(shape, bool)
    birth[sample, column] = diagrams.birth[keep]
    death[sample, column] = diagrams.death[keep]
    real[sample, column] = True
    return Bars(birth, death, real)


class DiagramVectorizer(TransformerMixin, BaseEstimator, ABC):
    """Base of the vectorisers: one block of features per homology dimension, side by side.

    Ranges come from the finite values of the train diagrams only. A dimension without bars in train gets the range
    0 to 1, and a sample without bars gets finite features: zeros, up to the extractor's standardisation.

    Parameters
    ----------
    params : the kind of vector and its resolution
    homology_dimensions : one block each, in this order

    Attributes
    ----------
    ranges_ : (n_dimensions, 2) float64: lowest birth, highest finite birth or death of train, per dimension
    """

    state_names: ClassVar[tuple[str, ...]] = ("ranges_",)

    def __init__(self, params: VectorizationParams, homology_dimensions: tuple[int, ...]) -> None:
        self.params = params
        self.homology_dimensions = homology_dimensions

    def fit(self, diagrams: PersistenceDiagrams, y: Any = None) -> DiagramVectorizer:
        """Choose the grids from the finite values of the train diagrams.

        Raises
        ------
        DataError : no samples
        """
        if len(diagrams) == 0:
            raise DataError("vectorisation: fitted on 0 diagrams; expected the train part of a split")
        self.ranges_ = np.array([value_range(diagrams, k) for k in self.homology_dimensions])
        return self

    def transform(self, diagrams: PersistenceDiagrams) -> FloatArray:
        """Feature vectors, (n_samples, n_features) float64.

        Raises
        ------
        NotFittedError : before ``fit``
        """
        self._check_fitted()
        if len(diagrams) == 0:
            return np.empty((0, len(self.get_feature_names_out())))
        blocks = [self._block(diagrams, row) for row in range(len(self.homology_dimensions))]
        return np.concatenate(blocks, axis=1)

    def _block(self, diagrams: PersistenceDiagrams, row: int) -> FloatArray:
        bars = padded_bars(diagrams, self.homology_dimensions[row])
        parts = [self._vectorise(part, row) for part in _chunks(bars, self._values_per_bar())]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    @abstractmethod
    def _vectorise(self, bars: Bars, row: int) -> FloatArray:
        """(n_samples, n_features) of the ``row``-th homology dimension."""

    @abstractmethod
    def _names(self, row: int) -> list[str]:
        """Feature names of the ``row``-th homology dimension, without the dimension."""

    @abstractmethod
    def flops(self, n_bars: int) -> int | None:
        """Operations to vectorise and standardise the bars of one homology dimension; None if they depend on the data.

        Sorting is not counted.
        """

    def _values_per_bar(self) -> int:
        """Values that the largest temporary array holds per bar."""
        return self.params.n_bins

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.str_]:
        """(n_features,) names, such as ``H1_landscape_2_17``."""
        self._check_fitted()
        return np.array([f"H{k}_{name}" for row, k in enumerate(self.homology_dimensions) for name in self._names(row)])

    def state(self) -> dict[str, NDArray]:
        """The fitted arrays, for npz or safetensors."""
        self._check_fitted()
        arrays = {name: getattr(self, name) for name in self.state_names}
        return {"homology_dimensions": np.array(self.homology_dimensions, np.int64), **arrays}

    @classmethod
    def from_state(cls, params: VectorizationParams, state: Mapping[str, NDArray]) -> DiagramVectorizer:
        """The inverse of ``state``.

        Raises
        ------
        StorageError : an array is missing
        """
        for name in ("homology_dimensions", *cls.state_names):
            if name not in state:
                found = ", ".join(state) or "nothing"
                raise StorageError(
                    f"{cls.__name__}: array '{name}' not found among {found}. Fit again with these parameters"
                )
        vectorizer = cls(params, tuple(int(k) for k in state["homology_dimensions"]))
        for name in cls.state_names:
            setattr(vectorizer, name, np.asarray(state[name], np.float64))
        return vectorizer

    def _check_fitted(self) -> None:
        if not hasattr(self, "ranges_"):
            raise NotFittedError(f"{type(self).__name__} is not fitted: call fit(train diagrams) or from_state() first")


def value_range(diagrams: PersistenceDiagrams, dimension: int) -> tuple[float, float]:
    """Lowest birth and highest finite value of one homology dimension; (0, 1) without bars."""
    keep = diagrams.dimension == dimension
    death = diagrams.death[keep]
    values = np.concatenate([diagrams.birth[keep], death[np.isfinite(death)]])
    return (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)


def _chunks(bars: Bars, values_per_bar: int) -> Iterator[Bars]:
    """Groups of samples whose temporary arrays stay small; never less than one sample."""
    n_samples, width = bars.birth.shape
    rows = max(1, CHUNK_VALUES // (width * values_per_bar))
    if rows >= n_samples:
        yield bars
        return
    for start in range(0, n_samples, rows):
        part = slice(start, start + rows)
        yield Bars(bars.birth[part], bars.death[part], bars.real[part])
