"""Counts, moments and quantiles of births, deaths and persistences."""

from __future__ import annotations

import numpy as np

from topology_efficient_dl.tda.diagrams import FloatArray
from topology_efficient_dl.tda.vectorization.base import Bars, DiagramVectorizer
from topology_efficient_dl.tda.vectorization.curves import entropy_terms

QUANTILES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
QUANTITIES = ("birth", "death", "persistence")
SUMMARIES = ("mean", "std", *(f"q{round(100 * q)}" for q in QUANTILES))


def moments_and_quantiles(values: FloatArray, real: np.ndarray) -> FloatArray:
    """Mean, standard deviation and quantiles of each row's real values; zeros for a row without any.

    Quantiles interpolate linearly, as ``numpy.quantile`` does.

    Parameters
    ----------
    values : (n_samples, width) float array
    real : (n_samples, width) bool array, which values count

    Returns
    -------
    (n_samples, 2 + n_quantiles) float64 array.

    Examples
    --------
    >>> row = moments_and_quantiles(np.array([[1.0, 3.0, 99.0]]), np.array([[True, True, False]]))
    >>> dict(zip(SUMMARIES, row[0].tolist()))["q50"]
    2.0
    """
    counts = real.sum(axis=1)
    n = np.maximum(counts, 1)
    mean = np.where(real, values, 0.0).sum(axis=1) / n
    spread = np.where(real, values - mean[:, None], 0.0)
    std = np.sqrt((spread**2).sum(axis=1) / n)
    ordered = np.sort(np.where(real, values, np.inf), axis=1)
    position = (n - 1)[:, None] * np.array(QUANTILES)[None, :]
    below = np.floor(position).astype(np.int64)
    above = np.minimum(below + 1, (n - 1)[:, None])
    low, high = np.take_along_axis(ordered, below, axis=1), np.take_along_axis(ordered, above, axis=1)
    low, high = np.where(counts[:, None] > 0, low, 0.0), np.where(counts[:, None] > 0, high, 0.0)
    quantiles = low + (position - below) * (high - low)
    return np.concatenate([mean[:, None], std[:, None], quantiles], axis=1)


class StatisticsVectorizer(DiagramVectorizer):
    """Numbers that describe the bars of each homology dimension.

    Moments, quantiles, total persistence and entropy are those of the bars that die. Essential bars are apart: their
    number and mean birth. Nothing but ``ranges_`` is learnt from train, and it is not used.

    References
    ----------
    Ali et al., "A survey of vectorization methods in topological data analysis" (2023), section 4.1.
    """

    def _vectorise(self, bars: Bars, row: int) -> FloatArray:
        dies = bars.finite
        finite = Bars(np.where(dies, bars.birth, 0.0), np.where(dies, bars.death, 0.0), dies)
        persistence = finite.death - finite.birth
        essential = bars.real & ~dies
        n_essential = essential.sum(axis=1)
        essential_birth = np.where(essential, bars.birth, 0.0).sum(axis=1) / np.maximum(n_essential, 1)
        entropy = entropy_terms(finite).sum(axis=1)
        scalars = [dies.sum(axis=1), n_essential, essential_birth, persistence.sum(axis=1), entropy]
        tables = [moments_and_quantiles(values, dies) for values in (finite.birth, finite.death, persistence)]
        return np.concatenate([np.stack(scalars, axis=1), *tables], axis=1)

    def flops(self, n_bars: int) -> int:
        """As in the base class."""
        return 20 * n_bars + 2 * 32

    def _names(self, row: int) -> list[str]:
        scalars = ["count", "essential_count", "essential_birth_mean", "total_persistence", "entropy"]
        return scalars + [f"{quantity}_{summary}" for quantity in QUANTITIES for summary in SUMMARIES]

    def _values_per_bar(self) -> int:
        return len(QUANTITIES)
