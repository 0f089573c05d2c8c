"""Series -> diagrams -> standardised feature vectors, in parallel for a set, without overhead for one sample."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.exceptions import NotFittedError
from threadpoolctl import threadpool_limits

from topology_efficient_dl.collections.execution import joblib_workers
from topology_efficient_dl.collections.progress import following
from topology_efficient_dl.errors import DataError, StorageError
from topology_efficient_dl.params.series import FiltrationParams, TdaRecipe
from topology_efficient_dl.tda.combinations import check_combination
from topology_efficient_dl.tda.delay_choice import resolve_filtration
from topology_efficient_dl.tda.diagrams import Diagram, PersistenceDiagrams, value_resolution
from topology_efficient_dl.tda.embeddings import check_series, embed
from topology_efficient_dl.tda.persistence import filtration_diagram
from topology_efficient_dl.tda.vectorization import make_vectorizer, vectorizer_from_state

__all__ = ["TopologicalFeatureExtractor", "extract_diagrams", "resolve_filtration", "sample_diagram"]

MAX_CHUNK = 32
VECTORIZER_PREFIX = "vectorizer."


def sample_diagram(sample: NDArray[np.floating], params: FiltrationParams) -> Diagram:
    """The persistence diagram of one sample, and the seconds that it took.

    Parameters
    ----------
    sample : (n_channels, n_timepoints) float array
    params : delay and dimension are numbers
    """
    start = time.perf_counter()
    diagram = filtration_diagram(embed(sample, params), params, value_resolution(sample))
    return Diagram(diagram.birth, diagram.death, diagram.dimension, time.perf_counter() - start)


def extract_diagrams(
    series: NDArray[np.floating],
    params: FiltrationParams,
    fitted: FiltrationParams | None = None,
    *,
    jobs: int = 1,
    backend: str = "loky",
    progress: bool = False,
) -> PersistenceDiagrams:
    """The persistence diagram of every sample.

    Parameters
    ----------
    series : (n_samples, n_channels, n_timepoints) float array
    params : embedding, filtration, homology
    fitted : ``params`` as ``resolve_filtration`` returned them on train; needed when they say ``auto``
    jobs : workers; 1 runs here, -1 is one per core
    backend : of joblib: ``loky``, ``threading``, ``dask`` or ``sequential``
    progress : show a bar on a terminal, lines in the log elsewhere

    Raises
    ------
    ParameterError : an impossible combination, a series shorter than its embedding, or ``auto`` left open
    DataError : the series have another shape, missing values, or a size at which distances overflow or vanish

    Examples
    --------
    >>> series = np.sin(np.linspace(0, 12, 60))[None, None, :]
    >>> params = FiltrationParams(embedding="series", filtration="sublevel", homology_dimensions=(0,))
    >>> len(extract_diagrams(series, params)[0])
    3
    """
    params = fitted or params
    check_combination(params)
    check_series(series)
    _check_size(series, params)
    if jobs == 1 or len(series) == 1 or backend == "sequential":
        diagrams = []
        with following("diagrams", len(series), "series", shown=progress) as seen:
            for sample in series:
                diagrams.append(sample_diagram(sample, params))
                seen.advance()
        return PersistenceDiagrams.from_samples(diagrams)
    return _in_parallel(series, params, jobs, backend, progress)


def _check_size(series: NDArray[np.floating], params: FiltrationParams) -> None:
    """Refuse sizes at which distances, for Rips in float32, or squares of values, in float64, are not numbers or 0."""
    size = float(np.abs(series).max(initial=0.0))
    smallest, largest = (1e-36, 1e36) if params.filtration == "rips" else (1e-150, 1e150)
    if size and not smallest <= size <= largest:
        raise DataError(
            f"series: the largest magnitude is {size:g}; expected {smallest:g} to {largest:g}, where the distances of "
            f"filtration '{params.filtration}' are numbers. Scale the series first, or set ingest.normalise"
        )


def _in_parallel(
    series: NDArray[np.floating], params: FiltrationParams, jobs: int, backend: str, progress: bool
) -> PersistenceDiagrams:
    size = _chunk_size(len(series), jobs)
    chunks = [series[start : start + size] for start in range(0, len(series), size)]
    parts = []
    with joblib_workers(backend, jobs), following("diagrams", len(series), "series", shown=progress) as seen:
        workers = Parallel(return_as="generator" if backend != "dask" else "list")
        for part in workers(delayed(_diagrams_of_chunk)(chunk, params) for chunk in chunks):
            parts.append(part)
            seen.advance(len(part))
    return PersistenceDiagrams.concatenate(parts)


def _diagrams_of_chunk(chunk: NDArray[np.floating], params: FiltrationParams) -> PersistenceDiagrams:
    """The diagrams of a few series, in a worker that keeps to one thread."""
    with threadpool_limits(1):
        return PersistenceDiagrams.from_samples([sample_diagram(sample, params) for sample in chunk])


def _chunk_size(n_samples: int, jobs: int) -> int:
    """About eight chunks per worker, for balance; at most ``MAX_CHUNK`` samples, for a lively progress bar."""
    return max(1, min(MAX_CHUNK, n_samples // (8 * (jobs if jobs > 0 else 8))))


class TopologicalFeatureExtractor(TransformerMixin, BaseEstimator):
    """Raw series in, standardised topological features out; everything fitted comes from train.

    Parameters
    ----------
    recipe : embedding, filtration, homology and vectorisation

    Attributes
    ----------
    filtration_ : FiltrationParams with numbers in place of ``auto``
    vectorizer_ : the fitted vectoriser
    mean_ : (n_features,) float64, of train
    inverse_std_ : (n_features,) float64, of train; 0 for features that are constant there, which become 0

    Examples
    --------
    >>> recipe = TdaRecipe(embedding="series", filtration="sublevel", homology_dimensions=(0,),
    ...                    vectorization="statistics")
    >>> train = np.random.default_rng(0).normal(size=(8, 1, 40))
    >>> TopologicalFeatureExtractor(recipe).fit(train).transform(train[:2]).shape
    (2, 32)
    """

    def __init__(self, recipe: TdaRecipe) -> None:
        self.recipe = recipe

    def fit(self, series: NDArray[np.floating], y: Any = None) -> TopologicalFeatureExtractor:
        """Choose ``auto`` parameters, grids and scales on the train series."""
        filtration = resolve_filtration(series, self.recipe.filtration_params())
        return self.fit_diagrams(extract_diagrams(series, filtration), filtration)

    def fit_diagrams(
        self, diagrams: PersistenceDiagrams, filtration: FiltrationParams | None = None
    ) -> TopologicalFeatureExtractor:
        """Choose grids and scales on train diagrams that are there already.

        Parameters
        ----------
        diagrams : of the train series
        filtration : what they were computed with, if the recipe says ``auto``
        """
        self.filtration_ = filtration or self.recipe.filtration_params()
        vectorizer = make_vectorizer(self.recipe.vectorization_params(), self.recipe.homology_dimensions)
        self.vectorizer_ = vectorizer.fit(diagrams)
        features = self.vectorizer_.transform(diagrams)
        self.mean_ = features.mean(axis=0)
        std = features.std(axis=0)
        varies = std > 1e-12 * np.maximum(1.0, np.abs(self.mean_))
        self.inverse_std_ = np.divide(1.0, std, out=np.zeros_like(std), where=varies)
        return self

    def transform(self, series: NDArray[np.floating]) -> NDArray[np.float32]:
        """(n_samples, n_features) float32 standardised features of raw series."""
        self._check_fitted()
        return self.transform_diagrams(extract_diagrams(series, self.filtration_))

    def transform_diagrams(self, diagrams: PersistenceDiagrams) -> NDArray[np.float32]:
        """(n_samples, n_features) float32 standardised features of diagrams that are there already."""
        self._check_fitted()
        features = self.vectorizer_.transform(diagrams)
        if features.shape[1] != len(self.mean_):
            raise DataError(
                f"topological features: the vectoriser makes {features.shape[1]}, the stored scales are for "
                f"{len(self.mean_)}. Load the state with the recipe that it was fitted with"
            )
        return ((features - self.mean_) * self.inverse_std_).astype(np.float32)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.str_]:
        """(n_features,) names, such as ``H1_landscape_2_17``."""
        self._check_fitted()
        return self.vectorizer_.get_feature_names_out()

    def state(self) -> dict[str, NDArray]:
        """Everything fitted, as arrays for npz or safetensors."""
        self._check_fitted()
        embedding = {}
        if self.filtration_.delay != "auto" and self.filtration_.dimension != "auto":
            embedding["takens"] = np.array([self.filtration_.delay, self.filtration_.dimension], np.int64)
        vectorizer = {VECTORIZER_PREFIX + name: array for name, array in self.vectorizer_.state().items()}
        return {**embedding, **vectorizer, "mean": self.mean_, "inverse_std": self.inverse_std_}

    @classmethod
    def from_state(cls, recipe: TdaRecipe, state: Mapping[str, NDArray]) -> TopologicalFeatureExtractor:
        """The inverse of ``state``.

        Raises
        ------
        StorageError : an array is missing
        """
        missing = [name for name in ("mean", "inverse_std") if name not in state]
        if missing:
            raise StorageError(
                f"topological feature extractor: array '{missing[0]}' not found among {', '.join(state) or 'nothing'}. "
                "Was this written by state()? Fit again with this recipe"
            )
        extractor = cls(recipe)
        extractor.filtration_ = recipe.filtration_params()
        if "takens" in state:
            delay, dimension = (int(number) for number in state["takens"])
            extractor.filtration_ = extractor.filtration_.model_copy(update={"delay": delay, "dimension": dimension})
        inner = {k.removeprefix(VECTORIZER_PREFIX): v for k, v in state.items() if k.startswith(VECTORIZER_PREFIX)}
        extractor.vectorizer_ = vectorizer_from_state(recipe.vectorization_params(), inner)
        extractor.mean_ = np.asarray(state["mean"], np.float64)
        extractor.inverse_std_ = np.asarray(state["inverse_std"], np.float64)
        return extractor

    def _check_fitted(self) -> None:
        if not hasattr(self, "mean_"):
            raise NotFittedError("the extractor is not fitted: call fit(train series) or from_state() first")
