"""Names that parameters may hold, each declared here once, with the class behind it; see ``pkgutil.resolve_name``."""

from __future__ import annotations

from collections.abc import Mapping

VECTORIZERS: Mapping[str, str] = {
    "landscape": "tda.vectorization.curves:LandscapeVectorizer",
    "image": "tda.vectorization.image:ImageVectorizer",
    "silhouette": "tda.vectorization.curves:SilhouetteVectorizer",
    "betti_curve": "tda.vectorization.curves:BettiCurveVectorizer",
    "entropy": "tda.vectorization.curves:EntropyVectorizer",
    "statistics": "tda.vectorization.statistics:StatisticsVectorizer",
    "giotto_landscape": "tda.vectorization.giotto:GiottoLandscape",
    "giotto_image": "tda.vectorization.giotto:GiottoImage",
    "giotto_silhouette": "tda.vectorization.giotto:GiottoSilhouette",
    "giotto_betti_curve": "tda.vectorization.giotto:GiottoBettiCurve",
    "giotto_entropy": "tda.vectorization.giotto:GiottoEntropy",
    "giotto_amplitude": "tda.vectorization.giotto:GiottoAmplitude",
}
"""Ways from a diagram to a vector. To add one: its class, a `tda.vectorization.base.DiagramVectorizer`, and a row."""
