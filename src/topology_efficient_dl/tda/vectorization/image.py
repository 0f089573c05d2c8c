"""Persistence images."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from topology_efficient_dl.tda.diagrams import FloatArray, PersistenceDiagrams
from topology_efficient_dl.tda.vectorization.base import Bars, DiagramVectorizer


def persistence_image(
    bars: Bars, births: FloatArray, persistences: FloatArray, sigma: float, power: float
) -> FloatArray:
    """Sum of Gaussians at every bar's (birth, persistence), weighted by ``persistence ** power``.

    The kernel is isotropic and is sampled at the pixel positions. It factorises, so an image is a product of two
    thin matrices.

    Parameters
    ----------
    bars : deaths must be finite
    births, persistences : (n_columns,) and (n_rows,) float64, the pixel positions
    sigma : standard deviation of the kernel, in units of the filtration
    power : of the weight

    Returns
    -------
    (n_samples, n_rows, n_columns) float64 array; rows are persistences.

    References
    ----------
    Adams et al., "Persistence images: a stable vector representation of persistent homology" (2017), section 4.
    """
    along_birth = _gaussian(births[None, :, None] - bars.birth[:, None, :], sigma)
    along_persistence = _gaussian(persistences[None, :, None] - (bars.death - bars.birth)[:, None, :], sigma)
    weighted = along_persistence * bars.weights(power)[:, None, :]
    return np.matmul(weighted, along_birth.transpose(0, 2, 1))


def _gaussian(offset: FloatArray, sigma: float) -> FloatArray:
    return np.exp(-0.5 * (offset / sigma) ** 2) / (sigma * np.sqrt(2.0 * np.pi))


class ImageVectorizer(DiagramVectorizer):
    """One persistence image per homology dimension, ``n_bins`` pixels a side.

    The kernel's sigma is ``bandwidth`` times the longer side of train's birth-persistence rectangle. When all train
    births are equal, as in H0 of Rips, the image has a single column. Essential bars end at the highest finite value
    of train.

    Attributes
    ----------
    image_ranges_ : (n_dimensions, 2) float64: highest birth and highest persistence of train, per dimension
    """

    state_names: ClassVar[tuple[str, ...]] = ("ranges_", "image_ranges_")

    def fit(self, diagrams: PersistenceDiagrams, y: Any = None) -> ImageVectorizer:
        """Choose the rectangles from the train diagrams."""
        super().fit(diagrams)
        rows = enumerate(self.homology_dimensions)
        self.image_ranges_ = np.array([self._image_range(diagrams, row, k) for row, k in rows])
        return self

    def _image_range(self, diagrams: PersistenceDiagrams, row: int, dimension: int) -> tuple[float, float]:
        lowest, end = self.ranges_[row]
        keep = diagrams.dimension == dimension
        if not keep.any():
            return lowest, end
        birth = diagrams.birth[keep]
        death = np.where(np.isinf(diagrams.death[keep]), end, diagrams.death[keep])
        return float(birth.max()), float((death - birth).max())

    def _axes(self, row: int) -> tuple[FloatArray, FloatArray, float]:
        lowest, highest = self.ranges_[row, 0], self.image_ranges_[row, 0]
        longest = self.image_ranges_[row, 1]
        births = np.linspace(lowest, highest, self.params.n_bins if highest > lowest else 1)
        side = max(highest - lowest, longest)
        return births, np.linspace(0.0, longest, self.params.n_bins), self.params.bandwidth * (side or 1.0)

    def _vectorise(self, bars: Bars, row: int) -> FloatArray:
        births, persistences, sigma = self._axes(row)
        clipped = bars.clipped(self.ranges_[row, 1])
        images = persistence_image(clipped, births, persistences, sigma, self.params.power)
        return images.reshape(len(images), -1)

    def flops(self, n_bars: int) -> int | None:
        """As in the base class: weights, a kernel along each axis, their product."""
        bins = self.params.n_bins
        return 2 * n_bars + 11 * n_bars * bins + 2 * n_bars * bins**2 + 2 * bins**2

    def _names(self, row: int) -> list[str]:
        n_columns = len(self._axes(row)[0])
        return [f"image_{i}_{j}" for i in range(self.params.n_bins) for j in range(n_columns)]
