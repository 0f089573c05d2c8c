"""MiniRocket, and MultiRocket with Hydra, of aeon as feature transforms whose fitted state is plain arrays.

Kernels are drawn and applied by aeon's own classes and compiled functions. This module keeps what they fitted as
arrays, so that nothing is pickled, and scales features as aeon's classifiers do before their ridge regression. With
``fit_rocket_ridge`` on top, predictions are those of ``MiniRocketClassifier`` and ``MultiRocketHydraClassifier``.

References
----------
Dempster, Schmidt and Webb, "MiniRocket", KDD 2021. Tan, Dempster, Bergmeir and Webb, "MultiRocket", Data Mining and
Knowledge Discovery 36, 2022. Dempster, Schmidt and Webb, "Hydra", Data Mining and Knowledge Discovery 37, 2023.
Middlehurst et al., "aeon", JMLR 25, 2024.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import torch
from aeon.transformations.collection.convolution_based import MiniRocket, MultiRocket
from numpy.typing import NDArray
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import RidgeClassifierCV
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits
from torch import Tensor

from topology_efficient_dl.errors import DataError, ParameterError, StorageError
from topology_efficient_dl.models.baselines import aeon_internals as aeon
from topology_efficient_dl.params.models import RocketRecipe
from topology_efficient_dl.tda.embeddings import check_series

FloatArray = NDArray[np.float32]
State = Mapping[str, NDArray[Any]]
Shape = tuple[int, int]

ABSENT_CLASS_BIAS = -1e30
"""Logit of a class without samples: below every other, and finite."""

KERNEL_ARRAYS = ("n_channels_per_combination", "channel_indices", "dilations", "n_features_per_dilation", "biases")
"""What aeon fits, in the order of its tuples; the last three in univariate MultiRocket."""

# NumPy's generator, which aeon seeds, belongs to the process, so fits in threads of one process take turns.
_ONE_FIT = threading.Lock()


@contextmanager
def _one_torch_thread() -> Iterator[None]:
    """Torch on one thread inside, with as many as before outside."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class _CompiledPart:
    """A transformer of aeon with compiled functions, and the mean and standard deviation of its features on train."""

    name: ClassVar[str]
    attributes: ClassVar[Mapping[str, str]]  # by name in the state, those of the transformer that hold what is fitted
    univariate_arrays: ClassVar[int]  # how many of KERNEL_ARRAYS there are where the series have one channel
    centred: ClassVar[bool]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]

    def __init__(self, transformer: Any) -> None:
        self.transformer = aeon.without_fit(transformer)

    @staticmethod
    def unfitted(recipe: RocketRecipe, seed: int | None) -> Any:
        """The transformer of aeon, with the seed as its ``random_state``."""

    @classmethod
    def draw(cls, recipe: RocketRecipe, series: FloatArray, seed: int) -> _CompiledPart:
        """Kernels fitted to (n, n_channels, n_timepoints) train series."""
        return cls(_fitted(cls.unfitted(recipe, seed), series))

    def fit_transform(self, series: FloatArray) -> FloatArray:
        """(n, n_features) scaled features of the train series, after fitting the scale to them."""
        features = aeon.transform_unchecked(self.transformer, series)
        scaler = StandardScaler(with_mean=self.centred).fit(features)
        self.mean, self.scale = scaler.mean_, scaler.scale_
        return self._scaled(features)

    def transform(self, series: FloatArray) -> FloatArray:
        """(n, n_features) scaled features."""
        return self._scaled(aeon.transform_unchecked(self.transformer, series))

    def _scaled(self, features: FloatArray) -> FloatArray:
        # In place: aeon has just made the array.
        if self.centred:
            features -= self.mean
        features /= self.scale
        return features

    def state(self) -> dict[str, NDArray[Any]]:
        """Everything fitted."""
        arrays = {"scale": self.scale, **({"mean": self.mean} if self.centred else {})}
        for name, attribute in self.attributes.items():
            fitted = getattr(self.transformer, attribute)
            keys = KERNEL_ARRAYS[-len(fitted) :]
            arrays |= {f"{name}.{key}": array for key, array in zip(keys, fitted, strict=True)}
        return arrays

    @classmethod
    def from_state(cls, recipe: RocketRecipe, state: State, shape: Shape) -> _CompiledPart:
        """The inverse of ``state``, whose names here begin with the part's, for series of that padded shape."""
        part = cls(cls.unfitted(recipe, seed=None))
        keys = KERNEL_ARRAYS[-cls.univariate_arrays if shape[0] == 1 else 0 :]
        for name, attribute in cls.attributes.items():
            setattr(part.transformer, attribute, tuple(_stored(state, f"{cls.name}.{name}.{key}") for key in keys))
        part.scale = _stored(state, f"{cls.name}.scale")
        if cls.centred:
            part.mean = _stored(state, f"{cls.name}.mean")
        return part


class _MiniRocketPart(_CompiledPart):
    """Shares of positive values, of MiniRocket's convolutions."""

    name, univariate_arrays, centred = "minirocket", 5, False
    attributes = MappingProxyType({"series": "parameters"})

    @staticmethod
    def unfitted(recipe: RocketRecipe, seed: int | None) -> MiniRocket:
        """MiniRocket with the recipe's number of kernels."""
        return MiniRocket(n_kernels=recipe.n_kernels, n_jobs=1, random_state=seed)


class _MultiRocketPart(_CompiledPart):
    """Four pooled values of MultiRocket's convolutions of the series and of its first difference."""

    name, univariate_arrays, centred = "multirocket", 3, True
    attributes = MappingProxyType({"series": "parameter", "difference": "parameter1"})

    @staticmethod
    def unfitted(recipe: RocketRecipe, seed: int | None) -> MultiRocket:
        return MultiRocket(n_jobs=1, random_state=seed)


class _HydraPart:
    """Counts of the kernel that matches best, and worst, in every group; scaled as sparse counts."""

    name = "hydra"

    def __init__(self, shape: Shape, seed: int) -> None:
        with torch.random.fork_rng(devices=[]):
            # As aeon's HydraTransformer, but torch.manual_seed would seed the generators of other devices, too.
            torch.default_generator.manual_seed(seed)
            self.kernels = aeon.HydraKernels(n_timepoints=shape[1], n_channels=shape[0])
        self.scaler = aeon.SparseScaler()

    @classmethod
    def draw(cls, recipe: RocketRecipe, series: FloatArray, seed: int) -> _HydraPart:
        """Random kernels for (n, n_channels, n_timepoints) train series."""
        return cls((series.shape[1], series.shape[2]), seed)

    @property
    def scale(self) -> Tensor:
        """(n_features,) float32"""
        return self.scaler.sigma

    @_one_torch_thread()
    def fit_transform(self, series: FloatArray) -> FloatArray:
        """(n, n_features) scaled features of the train series, after fitting the scale to them."""
        features = self._counts(series)
        self.scaler.fit(features)
        return self.scaler.transform(features).numpy()

    @_one_torch_thread()
    def transform(self, series: FloatArray) -> FloatArray:
        """(n, n_features) scaled features."""
        return self.scaler.transform(self._counts(series)).numpy()

    def _counts(self, series: FloatArray) -> Tensor:
        # In aeon's batches of 256: all at once, the convolutions of a large test set do not fit in memory.
        return self.kernels.batch(torch.tensor(series).float())

    def state(self) -> dict[str, NDArray[Any]]:
        """Everything fitted."""
        kernels = {"weight": self.kernels.W, "channel_indices": torch.stack(self.kernels.idx)}
        tensors = {**kernels, "mean": self.scaler.mu, "scale": self.scaler.sigma}
        return {name: tensor.numpy() for name, tensor in tensors.items()}

    @classmethod
    def from_state(cls, recipe: RocketRecipe, state: State, shape: Shape) -> _HydraPart:
        """The inverse of ``state``, as in ``_CompiledPart``."""
        part = cls(shape, seed=0)
        names = ("weight", "channel_indices", "mean", "scale")
        tensors = [torch.from_numpy(_stored(state, f"{cls.name}.{name}")) for name in names]
        part.kernels.W, indices, part.scaler.mu, part.scaler.sigma = tensors
        part.kernels.idx = list(indices)
        return part


PARTS: dict[str, tuple[type[_CompiledPart | _HydraPart], ...]] = {
    "minirocket": (_MiniRocketPart,),
    "multirocket_hydra": (_HydraPart, _MultiRocketPart),
}
"""By kind, the methods whose features stand side by side, in the order of aeon's classifier."""

LEAST_TIMEPOINTS = {"minirocket": 9, "multirocket_hydra": 10}
"""Kernels have nine weights, and the first difference of a series is one point shorter."""


class RocketFeatures:
    """Raw series in, scaled convolutional features out; everything fitted comes from train.

    Series shorter than ``LEAST_TIMEPOINTS`` are padded with zeros at their end. Everything runs on one thread, and
    the generators of NumPy, torch and numba and torch's number of threads are afterwards as before.

    Parameters
    ----------
    recipe : which kernels

    Attributes
    ----------
    shape_ : (n_channels, n_timepoints) of the train series
    parts_ : fitted kernels and scales

    Examples
    --------
    >>> train = np.random.default_rng(0).normal(size=(8, 1, 40)).astype(np.float32)
    >>> rocket = RocketFeatures(RocketRecipe(kind="minirocket", n_kernels=168)).fit(train, seed=1)
    >>> rocket.transform(train[:2]).shape
    (2, 168)
    """

    shape_: Shape
    parts_: Sequence[_CompiledPart | _HydraPart]

    def __init__(self, recipe: RocketRecipe) -> None:
        self.recipe = recipe

    def fit(self, series: FloatArray, labels: Any = None, seed: int = 0) -> RocketFeatures:
        """Fit kernels and scales to train series; see ``fit_transform``."""
        self.fit_transform(series, labels, seed)
        return self

    def fit_transform(self, series: FloatArray, labels: Any = None, seed: int = 0) -> FloatArray:
        """(n_samples, n_features) float32 features of train series, after fitting kernels and scales to them.

        Parameters
        ----------
        series : (n_samples, n_channels, n_timepoints) float32, at least two samples
        labels : ignored
        seed : the ``random_state`` of aeon's classifier, in [0, 2**31)

        Raises
        ------
        DataError : the series have another shape, missing values, or fewer than two samples
        ParameterError : the seed is out of range
        """
        if not 0 <= seed < 2**31:
            raise ParameterError(f"rocket: seed is {seed}, and aeon takes seeds in [0, {2**31}). Choose another")
        check_series(series)
        if len(series) < 2:
            raise DataError(f"rocket: {len(series)} train series; scales need at least 2. Fit on more of train")
        self.shape_ = (series.shape[1], series.shape[2])
        padded = self._padded(series)
        # aeon takes a seed for one only if it is a Python integer.
        self.parts_ = [part.draw(self.recipe, padded, int(seed)) for part in PARTS[self.recipe.kind]]
        return _side_by_side([part.fit_transform(padded) for part in self.parts_])

    def transform(self, series: FloatArray) -> FloatArray:
        """(n_samples, n_features) float32 scaled features of (n_samples, n_channels, n_timepoints) float32 series.

        Raises
        ------
        DataError : the series have another shape than those of the fit, or missing values
        NotFittedError : neither ``fit`` nor ``from_state`` was called
        """
        self._check_fitted()
        check_series(series)
        if series.shape[1:] != self.shape_:
            raise DataError(
                f"rocket: series have shape {series.shape}, expected (n, {self.shape_[0]}, {self.shape_[1]}) as in the "
                "fit. Bring them to that number of channels and length"
            )
        padded = self._padded(series)
        return _side_by_side([part.transform(padded) for part in self.parts_])

    @property
    def n_features(self) -> int:
        """Length of a feature vector."""
        self._check_fitted()
        return sum(len(part.scale) for part in self.parts_)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.str_]:
        """(n_features,) names, such as ``hydra_17``: the method, and the place among its features."""
        self._check_fitted()
        return np.array([f"{part.name}_{i}" for part in self.parts_ for i in range(len(part.scale))])

    def state(self) -> dict[str, NDArray[Any]]:
        """Everything fitted, as arrays of numbers for npz or safetensors."""
        self._check_fitted()
        arrays = {f"{part.name}.{name}": array for part in self.parts_ for name, array in part.state().items()}
        return {"shape": np.array(self.shape_, np.int64), **arrays}

    @classmethod
    def from_state(cls, recipe: RocketRecipe, state: State) -> RocketFeatures:
        """The inverse of ``state``.

        Raises
        ------
        StorageError : an array is missing
        """
        rocket = cls(recipe)
        n_channels, n_timepoints = (int(number) for number in _stored(state, "shape"))
        rocket.shape_ = (n_channels, n_timepoints)
        padded = (n_channels, max(n_timepoints, LEAST_TIMEPOINTS[recipe.kind]))
        rocket.parts_ = [part.from_state(recipe, state, padded) for part in PARTS[recipe.kind]]
        return rocket

    def _padded(self, series: FloatArray) -> FloatArray:
        lacking = LEAST_TIMEPOINTS[self.recipe.kind] - series.shape[2]
        return np.pad(series, ((0, 0), (0, 0), (0, lacking))) if lacking > 0 else series

    def _check_fitted(self) -> None:
        if not hasattr(self, "parts_"):
            raise NotFittedError("rocket features are not fitted: call fit(train series) or from_state() first")


def fit_rocket_ridge(
    features: FloatArray, labels: NDArray[np.integer], n_classes: int, weights: NDArray[np.float64] | None = None
) -> tuple[FloatArray, FloatArray]:
    """The ridge classifier of aeon's Rocket family as one linear layer; its penalty is chosen by leave-one-out.

    Parameters
    ----------
    features : (n_samples, n_features) float32 scaled features of train
    labels : (n_samples,) integers in [0, n_classes); not every class needs samples
    n_classes : rows of the layer
    weights : (n_samples,) of squared errors; None for equal ones, as aeon has them

    Returns
    -------
    weight (n_classes, n_features) float32 and bias (n_classes,) float32: the largest entry of
    ``features @ weight.T + bias`` is the class that scikit-learn's ``RidgeClassifierCV`` predicts.

    Raises
    ------
    DataError : a label is no class

    Examples
    --------
    >>> features = np.array([[-2.0], [-1.0], [1.0], [2.0]], np.float32)
    >>> weight, bias = fit_rocket_ridge(features, np.array([0, 0, 2, 2]), n_classes=3)
    >>> (features @ weight.T + bias).argmax(axis=1)
    array([0, 0, 2, 2])
    """
    outside = labels[(labels < 0) | (labels >= n_classes)]
    if len(outside):
        raise DataError(f"rocket: label {outside[0]} is none of the {n_classes} classes. Code labels from 0 upwards")
    with threadpool_limits(1, user_api="blas"):  # the last bits depend on the number of threads
        ridge = RidgeClassifierCV(alphas=np.logspace(-3, 3, 10)).fit(features, labels, weights)
    rows, offsets = ridge.coef_, ridge.intercept_
    if len(rows) == 1:  # scikit-learn keeps one row for two classes, of the second; and for one, of no class
        rows, offsets = np.concatenate([-rows, rows]), np.concatenate([-offsets, offsets])
    weight = np.zeros((n_classes, features.shape[1]), np.float32)
    bias = np.full(n_classes, ABSENT_CLASS_BIAS, np.float32)
    weight[ridge.classes_] = rows[: len(ridge.classes_)]
    bias[ridge.classes_] = offsets[: len(ridge.classes_)]
    return weight, bias


def _fitted(transformer: Any, series: FloatArray) -> Any:
    """Fit a transformer of aeon, which seeds the generators of NumPy and numba, and leave these as they were."""
    # Numba has one generator per thread, so a thread of its own keeps that of the caller.
    with _ONE_FIT, ThreadPoolExecutor(1) as own_thread:
        before = np.random.get_state()  # noqa: NPY002
        try:
            return own_thread.submit(transformer.fit, series).result()
        finally:
            np.random.set_state(before)  # noqa: NPY002


def _side_by_side(blocks: list[FloatArray]) -> FloatArray:
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks, axis=1)


def _stored(state: State, name: str) -> NDArray[Any]:
    """An array of the state, aligned, contiguous and writable: numba would compile anew for any other."""
    if name not in state:
        raise StorageError(
            f"rocket features: array '{name}' not found among {', '.join(state) or 'nothing'}. "
            "Was this written by state() with this recipe? Fit again with it"
        )
    return np.require(state[name], requirements=["C", "A", "W"])
