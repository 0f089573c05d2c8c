"""Functions of the filtration value: landscape, silhouette, Betti curve, entropy summary."""

from __future__ import annotations

import numpy as np

from topology_efficient_dl.tda.diagrams import FloatArray
from topology_efficient_dl.tda.vectorization.base import Bars, DiagramVectorizer


def tents(bars: Bars, grid: FloatArray) -> FloatArray:
    """The tent function of every bar, ``max(0, min(t - birth, death - t))``; deaths must be finite.

    Returns
    -------
    (n_samples, n_bins, width) float64 array.
    """
    heights = np.minimum(grid[None, :, None] - bars.birth[:, None, :], bars.death[:, None, :] - grid[None, :, None])
    return np.maximum(heights, 0.0, out=heights)


def landscape(bars: Bars, grid: FloatArray, n_layers: int) -> FloatArray:
    """Persistence landscape: layer k is the k-th largest of the tent functions.

    Parameters
    ----------
    bars : deaths must be finite
    grid : (n_bins,) float64 array of filtration values
    n_layers : layers from the largest down; zero where there are fewer bars

    Returns
    -------
    (n_samples, n_layers, n_bins) float64 array.

    References
    ----------
    Bubenik, "Statistical topological data analysis using persistence landscapes" (2015), definition 3.

    Examples
    --------
    >>> one_bar = Bars(np.array([[0.0]]), np.array([[2.0]]), np.array([[True]]))
    >>> landscape(one_bar, np.array([0.0, 0.5, 1.0, 1.5]), n_layers=2)
    array([[[0. , 0.5, 1. , 0.5],
            [0. , 0. , 0. , 0. ]]])
    """
    heights = tents(bars, grid)
    n_samples, n_bins, width = heights.shape
    if width > n_layers:
        heights = np.partition(heights, width - n_layers, axis=2)[:, :, width - n_layers :]
    layers = np.zeros((n_samples, n_layers, n_bins))
    layers[:, : heights.shape[2]] = np.sort(heights, axis=2)[:, :, ::-1].transpose(0, 2, 1)
    return layers


def silhouette(bars: Bars, grid: FloatArray, power: float) -> FloatArray:
    """Mean of the tent functions, weighted by ``persistence ** power``; zero without bars.

    Returns
    -------
    (n_samples, n_bins) float64 array.

    References
    ----------
    Chazal, Fasy, Lecci, Rinaldo and Wasserman, "Stochastic convergence of persistence landscapes and silhouettes"
    (2014), section 2.
    """
    weights = bars.weights(power)
    total = weights.sum(axis=1, keepdims=True)
    shares = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    return np.matmul(tents(bars, grid), shares[:, :, None])[:, :, 0]


def alive(bars: Bars, grid: FloatArray) -> FloatArray:
    """1 where ``birth <= t < death``, else 0: (n_samples, n_bins, width) float64 array."""
    t = grid[None, :, None]
    return ((bars.birth[:, None, :] <= t) & (t < bars.death[:, None, :])).astype(np.float64)


def betti_curve(bars: Bars, grid: FloatArray) -> FloatArray:
    """Number of bars alive at each filtration value; essential bars never die.

    Returns
    -------
    (n_samples, n_bins) float64 array.
    """
    return alive(bars, grid).sum(axis=2)


def entropy_terms(bars: Bars) -> FloatArray:
    """``-p log p`` of every bar, p its share of the total persistence; (n_samples, width), nats."""
    weights = bars.weights(1.0)
    total = weights.sum(axis=1, keepdims=True)
    share = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    return -share * np.log(share, out=np.zeros_like(share), where=share > 0)


def entropy_summary(bars: Bars, grid: FloatArray) -> FloatArray:
    """Persistent entropy, then the entropy summary function: the terms of the bars alive at each value.

    Returns
    -------
    (n_samples, 1 + n_bins) float64 array, nats.

    References
    ----------
    Atienza, Gonzalez-Diaz and Soriano-Trigueros, "On the stability of persistent entropy and new summary functions
    for topological data analysis" (2020), definitions 1 and 6.
    """
    terms = entropy_terms(bars)
    curve = np.matmul(alive(bars, grid), terms[:, :, None])[:, :, 0]
    return np.concatenate([terms.sum(axis=1, keepdims=True), curve], axis=1)


class CurveVectorizer(DiagramVectorizer):
    """Base of the curves: ``n_bins`` evenly spaced values from the lowest to the highest of train.

    Essential bars end at the highest finite value of train, except in Betti curves, where they never end.
    """

    def _grid(self, row: int) -> FloatArray:
        return np.linspace(self.ranges_[row, 0], self.ranges_[row, 1], self.params.n_bins)

    def _clipped(self, bars: Bars, row: int) -> Bars:
        return bars.clipped(self.ranges_[row, 1])


class LandscapeVectorizer(CurveVectorizer):
    """``n_layers`` landscape layers per homology dimension, see ``landscape``."""

    def _vectorise(self, bars: Bars, row: int) -> FloatArray:
        layers = landscape(self._clipped(bars, row), self._grid(row), self.params.n_layers)
        return layers.reshape(len(layers), -1)

    def flops(self, n_bars: int) -> int:
        """As in the base class."""
        return 4 * n_bars * self.params.n_bins + 2 * self.params.n_layers * self.params.n_bins

    def _names(self, row: int) -> list[str]:
        return [f"landscape_{k}_{i}" for k in range(1, self.params.n_layers + 1) for i in range(self.params.n_bins)]


class SilhouetteVectorizer(CurveVectorizer):
    """One silhouette per homology dimension, see ``silhouette``."""

    def _vectorise(self, bars: Bars, row: int) -> FloatArray:
        return silhouette(self._clipped(bars, row), self._grid(row), self.params.power)

    def flops(self, n_bars: int) -> int:
        """As in the base class: tents, weights, their sum."""
        return 6 * n_bars * self.params.n_bins + 3 * n_bars + 2 * self.params.n_bins

    def _names(self, row: int) -> list[str]:
        return [f"silhouette_{i}" for i in range(self.params.n_bins)]


class BettiCurveVectorizer(CurveVectorizer):
    """One Betti curve per homology dimension, see ``betti_curve``."""

    def _vectorise(self, bars: Bars, row: int) -> FloatArray:
        return betti_curve(bars, self._grid(row))

    def flops(self, n_bars: int) -> int:
        """As in the base class."""
        return 3 * n_bars * self.params.n_bins + 2 * self.params.n_bins

    def _names(self, row: int) -> list[str]:
        return [f"betti_curve_{i}" for i in range(self.params.n_bins)]


class EntropyVectorizer(CurveVectorizer):
    """Persistent entropy and its summary function per homology dimension, see ``entropy_summary``."""

    def _vectorise(self, bars: Bars, row: int) -> FloatArray:
        return entropy_summary(self._clipped(bars, row), self._grid(row))

    def flops(self, n_bars: int) -> int:
        """As in the base class."""
        return 5 * n_bars + 4 * n_bars * self.params.n_bins + 2 * (self.params.n_bins + 1)

    def _names(self, row: int) -> list[str]:
        return ["entropy", *(f"entropy_summary_{i}" for i in range(self.params.n_bins))]
