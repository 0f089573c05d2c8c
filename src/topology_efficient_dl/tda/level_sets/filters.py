"""Banks of filters with nine taps and small whole weights."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topology_efficient_dl.params.models import LevelSetRecipe
from topology_efficient_dl.tda.level_sets.representations import N_TAPS, Int16

TRIPLES = tuple(itertools.combinations(range(N_TAPS), 3))
"""Taps with weight 2 of each of the 84 fixed filters; the other six have weight -1."""

WEIGHT_SUM = 120
"""Sum of the magnitudes of a random or learned filter's weights, so that samples keep 273 steps each way."""

PATCHES = 4096
"""Patches of train that learned filters are centres of, at most."""


def filter_bank(recipe: LevelSetRecipe, series: NDArray[np.floating[Any]], rng: np.random.Generator) -> Int16:
    """The weights of a recipe's filters.

    Parameters
    ----------
    recipe : kind and number of filters
    series : (n_samples, n_channels, n_timepoints) the train series in one representation; learned filters look at them
    rng : of random weights and patches

    Returns
    -------
    (9, n_filters) int16; every filter's weights add up to zero, or to nearly that after rounding.

    References
    ----------
    Dempster et al., *MiniRocket* (2021), section 3.1: the fixed bank. Coates and Ng, *Learning feature representations
    with k-means* (2012): centres of normalised patches as filters.
    """
    if recipe.filters == "fixed":
        return fixed_filters()
    if recipe.filters == "random":
        return _whole(rng.normal(size=(recipe.n_filters, N_TAPS)))
    return _whole(_centres(_patches(series, rng), recipe.n_filters, rng))


def fixed_filters() -> Int16:
    """The 84 filters with weight 2 at three taps and -1 at six.

    Examples
    --------
    >>> fixed_filters()[:, 0]
    array([ 2,  2,  2, -1, -1, -1, -1, -1, -1], dtype=int16)
    """
    weights = np.full((N_TAPS, len(TRIPLES)), -1, np.int16)
    for column, triple in enumerate(TRIPLES):
        weights[list(triple), column] = 2
    return weights


def _whole(weights: NDArray[np.float64]) -> Int16:
    """(n_filters, 9) weights, centred, scaled and rounded; transposed."""
    centred = weights - weights.mean(axis=1, keepdims=True)
    sizes = np.abs(centred).sum(axis=1, keepdims=True)
    # Towards zero, so that no sum of magnitudes exceeds the bound.
    return np.trunc(np.round(centred * (WEIGHT_SUM / np.maximum(sizes, 1e-12)), 6)).astype(np.int16).T.copy()


def _patches(series: NDArray[np.floating[Any]], rng: np.random.Generator) -> NDArray[np.float64]:
    """(n, 9) normalised samples of train at random places and dilations."""
    n_samples, n_channels, length = series.shape
    most = int(np.log2(max((length - 1) // (N_TAPS - 1), 1)))
    dilations = 2 ** rng.integers(0, most + 1, size=PATCHES)
    starts = rng.integers(0, length - (N_TAPS - 1) * dilations)
    places = starts[:, None] + dilations[:, None] * np.arange(N_TAPS)
    samples, channels = rng.integers(n_samples, size=PATCHES), rng.integers(n_channels, size=PATCHES)
    patches = np.asarray(series[samples[:, None], channels[:, None], places], np.float64)
    patches -= patches.mean(axis=1, keepdims=True)
    sizes = np.linalg.norm(patches, axis=1, keepdims=True)
    return patches[sizes[:, 0] > 1e-9] / sizes[sizes[:, 0] > 1e-9, None][:, 0]


def _centres(patches: NDArray[np.float64], n_filters: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Centres of k-means; random directions where there are fewer patches than filters."""
    from sklearn.cluster import KMeans

    if len(patches) < n_filters:
        return np.concatenate([patches, rng.normal(size=(n_filters - len(patches), N_TAPS))])
    means = KMeans(n_filters, n_init=1, max_iter=50, random_state=int(rng.integers(2**31))).fit(patches)
    return np.asarray(means.cluster_centers_, np.float64)
