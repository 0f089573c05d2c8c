"""The vectorisations of giotto-tda, on the same ranges of train as ours and stored in the same way.

What a transformer of giotto-tda learns is where its grids begin and end, so it is fitted on a diagram of two bars per
homology dimension that has the ranges of train: a vectoriser that was stored needs no train diagrams.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from topology_efficient_dl.tda.diagrams import FloatArray, PersistenceDiagrams
from topology_efficient_dl.tda.vectorization import base
from topology_efficient_dl.tda.vectorization.base import Bars, DiagramVectorizer, padded_bars
from topology_efficient_dl.tda.vectorization.curves import (
    BettiCurveVectorizer,
    LandscapeVectorizer,
    SilhouetteVectorizer,
)
from topology_efficient_dl.tda.vectorization.image import ImageVectorizer

AMPLITUDES = ("bottleneck", "wasserstein", "betti", "landscape", "silhouette", "heat", "persistence_image")


class GiottoVectorizer(ImageVectorizer):
    """Base of the vectorisers that call giotto-tda; essential bars end at the highest finite value of train.

    References
    ----------
    Tauzin et al., "giotto-tda: a topological data analysis toolkit for machine learning and data exploration" (2021).
    """

    endless: ClassVar[bool] = False
    """Whether essential bars are still alive at the last grid point."""

    ours: ClassVar[type[DiagramVectorizer] | None] = None
    """Our vectoriser with as many operations; None where the width of a filter depends on the data."""

    def flops(self, n_bars: int) -> int | None:
        """As in the base class."""
        return None if self.ours is None else self.ours(self.params, self.homology_dimensions).flops(n_bars)

    def transform(self, diagrams: PersistenceDiagrams) -> FloatArray:
        """Feature vectors, (n_samples, n_features) float64, a block per homology dimension."""
        self._check_fitted()
        if len(diagrams) == 0:
            return np.empty((0, len(self.get_feature_names_out())))
        transformers = self._fitted_transformers()
        widest = max(padded_bars(diagrams, k).birth.shape[1] for k in self.homology_dimensions)
        rows = max(1, base.CHUNK_VALUES // (widest * self._values_per_bar()))
        parts = [
            self._features(diagrams.select(slice(start, start + rows)), transformers)
            for start in range(0, len(diagrams), rows)
        ]
        return np.concatenate(parts)

    def _features(self, diagrams: PersistenceDiagrams, transformers: list[Any]) -> FloatArray:
        """One block of features per homology dimension, in the order asked for."""
        array = self._giotto_array(diagrams)
        order = np.argsort(np.argsort(self.homology_dimensions))  # giotto-tda sorts the dimensions
        n = len(self.homology_dimensions)
        blocks = [made.transform(array).reshape(len(array), n, -1)[:, order] for made in transformers]
        return np.concatenate(blocks, axis=2).reshape(len(array), -1)

    def _giotto_array(self, diagrams: PersistenceDiagrams) -> FloatArray:
        """(n_samples, n_bars, 3) births, deaths and dimensions; a missing bar is a point of the diagonal."""
        blocks = []
        for row, k in enumerate(self.homology_dimensions):
            lowest, end = self.ranges_[row]
            bars = padded_bars(diagrams, k).clipped(np.nextafter(end, np.inf) if self.endless else end)
            birth, death = (np.where(bars.real, values, lowest) for values in (bars.birth, bars.death))
            blocks.append(np.stack([birth, death, np.full_like(birth, k)], axis=2))
        return np.concatenate(blocks, axis=1)

    def _train_array(self) -> FloatArray:
        """(1, 2 n_dimensions, 3): per dimension two bars that span the range of train's births and deaths."""
        return np.array([[(*self.ranges_[row], k) for row, k in enumerate(self.homology_dimensions) for _ in range(2)]])

    def _fitted_transformers(self) -> list[Any]:
        return [made.fit(self._train_array()) for made in self._transformers()]

    @abstractmethod
    def _transformers(self) -> list[Any]:
        """Unfitted transformers of giotto-tda; their features stand side by side within a dimension."""

    def _vectorise(self, bars: Bars, row: int) -> FloatArray:
        raise NotImplementedError("giotto-tda takes all homology dimensions at once, see transform()")


class GiottoLandscape(GiottoVectorizer):
    """``gtda.diagrams.PersistenceLandscape``, the numbers of our ``landscape``."""

    ours = LandscapeVectorizer

    def _transformers(self) -> list[Any]:
        from gtda.diagrams import PersistenceLandscape

        return [PersistenceLandscape(n_layers=self.params.n_layers, n_bins=self.params.n_bins)]

    def _names(self, row: int) -> list[str]:
        return [f"landscape_{k}_{i}" for k in range(1, self.params.n_layers + 1) for i in range(self.params.n_bins)]


class GiottoSilhouette(GiottoVectorizer):
    """``gtda.diagrams.Silhouette``, the numbers of our ``silhouette``."""

    ours = SilhouetteVectorizer

    def _transformers(self) -> list[Any]:
        from gtda.diagrams import Silhouette

        # giotto-tda wants a positive power; the least one weighs all bars alike
        return [Silhouette(power=max(self.params.power, np.finfo(float).tiny), n_bins=self.params.n_bins)]

    def _names(self, row: int) -> list[str]:
        return [f"silhouette_{i}" for i in range(self.params.n_bins)]


class GiottoBettiCurve(GiottoVectorizer):
    """``gtda.diagrams.BettiCurve``, the numbers of our ``betti_curve``."""

    endless = True
    ours = BettiCurveVectorizer

    def _transformers(self) -> list[Any]:
        from gtda.diagrams import BettiCurve

        return [BettiCurve(n_bins=self.params.n_bins)]

    def _names(self, row: int) -> list[str]:
        return [f"betti_curve_{i}" for i in range(self.params.n_bins)]


class GiottoEntropy(GiottoVectorizer):
    """``gtda.diagrams.PersistenceEntropy`` in bits, 0 without bars; ours is in nats and has a curve beside it."""

    def flops(self, n_bars: int) -> int:
        """As in the base class."""
        return 5 * n_bars + 2

    def _transformers(self) -> list[Any]:
        from gtda.diagrams import PersistenceEntropy

        return [PersistenceEntropy(nan_fill_value=0.0)]

    def _names(self, row: int) -> list[str]:
        return ["entropy_bits"]


class GiottoImage(GiottoVectorizer):
    """``gtda.diagrams.PersistenceImage``: bars are put on pixels, then smoothed; our ``image`` leaves them in place.

    Sigma is ``bandwidth`` times the longest side of train's birth-persistence rectangles. Rows fall from the highest
    persistence; where all births of train are equal in every dimension giotto-tda's image is zero.
    """

    def _transformers(self) -> list[Any]:
        from gtda.diagrams import PersistenceImage

        weight = _Power(self.params.power)
        return [PersistenceImage(sigma=self._sigma(), n_bins=self.params.n_bins, weight_function=weight)]

    def _sigma(self) -> float:
        sides = [*(self.image_ranges_[:, 0] - self.ranges_[:, 0]), *self.image_ranges_[:, 1]]
        return self.params.bandwidth * (float(max(sides)) or 1.0)

    def _train_array(self) -> FloatArray:
        """Per dimension two bars that span the range of train's births and persistences."""
        bars = []
        for row, k in enumerate(self.homology_dimensions):
            lowest, (highest, longest) = self.ranges_[row, 0], self.image_ranges_[row]
            bars += [(lowest, lowest, k), (highest, highest + longest, k)]
        return np.array([bars])

    def _values_per_bar(self) -> int:
        return self.params.n_bins**2

    def _names(self, row: int) -> list[str]:
        return [f"image_{i}_{j}" for i in range(self.params.n_bins) for j in range(self.params.n_bins)]


class GiottoAmplitude(GiottoImage):
    """``gtda.diagrams.Amplitude`` of every metric: the distance of a diagram from the empty one.

    Bottleneck, 2-Wasserstein, and the L2 norms of Betti curve, landscape, silhouette, heat kernel and persistence
    image, on the grids and with the parameters of those vectors.
    """

    def _transformers(self) -> list[Any]:
        from gtda.diagrams import Amplitude

        bins, width = {"n_bins": self.params.n_bins}, {"sigma": self._sigma()}
        power = max(self.params.power, np.finfo(float).tiny)
        options: dict[str, dict[str, Any]] = {
            "bottleneck": {},
            "wasserstein": {},
            "betti": bins,
            "landscape": {**bins, "n_layers": self.params.n_layers},
            "silhouette": {**bins, "power": power},
            "heat": {**bins, **width},
            "persistence_image": {**bins, **width, "weight_function": _Power(self.params.power)},
        }
        return [Amplitude(metric=metric, metric_params=options[metric]) for metric in AMPLITUDES]

    def _fitted_transformers(self) -> list[Any]:
        curves, image = GiottoVectorizer._train_array(self), self._train_array()
        return [made.fit(image if made.metric == "persistence_image" else curves) for made in self._transformers()]

    def _names(self, row: int) -> list[str]:
        return [f"amplitude_{metric}" for metric in AMPLITUDES]


class _Power:
    """The weight of a bar, ``persistence ** power``: a function that can be pickled."""

    def __init__(self, power: float) -> None:
        self.power = power

    def __call__(self, persistence: NDArray[np.floating]) -> FloatArray:
        return np.asarray(persistence, np.float64) ** self.power
