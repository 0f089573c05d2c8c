"""How long one diagram takes as the series grows. Run: pytest tests/benchmarks/test_tda_cost.py --benchmark-only.

The peer is ripser as it is published, called on the same point cloud without anything of ours around it.
"""

from __future__ import annotations

import numpy as np
import pytest
from ripser import ripser

from topology_efficient_dl.params.series import FiltrationParams, TdaRecipe
from topology_efficient_dl.tda.embeddings import takens_embedding
from topology_efficient_dl.tda.extraction import TopologicalFeatureExtractor, sample_diagram

pytest.importorskip("pytest_benchmark")

LENGTHS = [100, 200, 400, 945]
LEVELS = {"embedding": "series", "filtration": "sublevel", "homology_dimensions": (0,)}
ROUTES = {
    "rips_ripser": {},
    "rips_giotto_tda": {"engine": "giotto"},
    "rips_giotto_ph": {"engine": "giotto_ph"},
    "rips_gudhi": {"engine": "gudhi"},
    "rips_ripser_100_landmarks": {"max_points": 100},
    "alpha_gudhi": {"filtration": "alpha"},
    "sublevel": LEVELS,
}


def random_walk(length: int) -> np.ndarray:
    """(1, length) a smoothed, normalised random walk: as rough as a recorded movement."""
    steps = np.random.default_rng(0).normal(size=length + 20).cumsum()
    smooth = np.convolve(steps, np.full(21, 1 / 21), mode="valid")
    return ((smooth - smooth.mean()) / smooth.std())[None]


@pytest.mark.parametrize("length", LENGTHS)
def test_peer_ripser(benchmark, length):
    benchmark.group = f"diagram of {length} time points"
    points = takens_embedding(random_walk(length), 5, 3)
    result = benchmark.pedantic(lambda: ripser(points, maxdim=1), rounds=3, warmup_rounds=1)
    assert np.isinf(result["dgms"][0][-1, 1])


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("route", ROUTES)
def test_diagram(benchmark, route, length):
    benchmark.group = f"diagram of {length} time points"
    sample, params = random_walk(length), FiltrationParams(**ROUTES[route])
    diagram = benchmark.pedantic(sample_diagram, (sample, params), rounds=3, warmup_rounds=1)
    assert np.isinf(diagram.death).sum() == 1


@pytest.mark.parametrize("kind", ["landscape", "image", "silhouette", "betti_curve", "entropy", "statistics"])
def test_features_of_one_series_from_level_sets(benchmark, kind):
    benchmark.group = "raw series of 945 time points to features, batch 1"
    train = np.stack([random_walk(945)] * 2) * np.array([1.0, 2.0])[:, None, None]
    extractor = TopologicalFeatureExtractor(TdaRecipe(**LEVELS, vectorization=kind)).fit(train)
    features = benchmark(extractor.transform, train[:1])
    assert np.isfinite(features).all()
