"""What aeon keeps behind an underscore; only the pinned release is known to have it.

Its public transformers pickle their state, check series in every call, and seed the generators of every device. Kernels
of Hydra, whose state is kept as arrays and whose draw touches one generator, are public nowhere.
"""

from __future__ import annotations

from typing import Any

from aeon.classification.convolution_based._hydra import _SparseScaler
from aeon.transformations.collection.convolution_based._hydra import _HydraInternal

SparseScaler = _SparseScaler
HydraKernels = _HydraInternal


def without_fit(transformer: Any) -> Any:
    """A transformer that transforms on one thread without ``fit``, once its arrays are set, and never seeds.

    With a seed, MultiRocket would seed numba's generator in every call, though it draws nothing then.
    """
    transformer._n_jobs = 1
    transformer.random_state_ = None
    return transformer


def transform_unchecked(transformer: Any, series: Any) -> Any:
    """Features of series that were checked already; the public ``transform()`` would check them again."""
    return transformer._transform(series)
