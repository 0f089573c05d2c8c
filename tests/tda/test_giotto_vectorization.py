"""The vectorisations of giotto-tda and ours give the same numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topology_efficient_dl.params.series import VectorizationParams
from topology_efficient_dl.tda.diagrams import PersistenceDiagrams, canonical_diagram
from topology_efficient_dl.tda.vectorization import make_vectorizer
from topology_efficient_dl.tda.vectorization.giotto import AMPLITUDES

seeds = st.integers(0, 10_000)


def diagrams_of(seed: int, essential: bool = True) -> PersistenceDiagrams:
    """Diagrams of H0, H1 and H2 with different numbers of bars, also none."""
    rng = np.random.default_rng(seed)
    samples = []
    for _ in range(4):
        n = int(rng.integers(3, 12))
        dimension, birth = rng.integers(0, 3, size=n), rng.uniform(-1, 1, size=n)
        dimension[:3] = [0, 1, 2]
        death = birth + rng.uniform(0.05, 2, size=n)
        death[0] = np.inf if essential else death[0]
        samples.append(canonical_diagram(birth, death, dimension))
    samples.append(canonical_diagram([0.0], [1.0], [0]))
    return PersistenceDiagrams.from_samples(samples)


def vectors(diagrams: PersistenceDiagrams, kind: str, dimensions=(0, 1, 2), **options) -> np.ndarray:
    made = make_vectorizer(VectorizationParams(vectorization=kind, **options), dimensions).fit(diagrams)
    return made.transform(diagrams)


@settings(max_examples=15, deadline=None)
@given(seeds, st.sampled_from([(0, 1, 2), (1, 0), (2,)]))
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("landscape", {"n_bins": 13, "n_layers": 3}),
        ("landscape", {"n_bins": 5, "n_layers": 20}),
        ("silhouette", {"n_bins": 13, "power": 1.0}),
        ("silhouette", {"n_bins": 13, "power": 0.0}),
        ("silhouette", {"n_bins": 13, "power": 2.5}),
        ("betti_curve", {"n_bins": 13}),
    ],
)
def test_curves_equal_ours(kind, options, seed, dimensions):
    diagrams = diagrams_of(seed)
    peer = vectors(diagrams, f"giotto_{kind}", dimensions, **options)
    np.testing.assert_allclose(peer, vectors(diagrams, kind, dimensions, **options), atol=1e-9)


@settings(max_examples=15, deadline=None)
@given(seeds)
def test_entropy_in_bits_equals_ours_in_nats(seed):
    diagrams = diagrams_of(seed)
    ours = vectors(diagrams, "entropy", n_bins=4)[:, ::5]  # the first of each block; the curve follows
    np.testing.assert_allclose(vectors(diagrams, "giotto_entropy") * np.log(2), ours, atol=1e-9)


@pytest.mark.parametrize("power", [0.0, 1.0, 2.0])
def test_images_of_bars_on_pixels_equal_ours(power):
    n = 41
    # one sample spans the range, the bars of the other one lie on pixels and far from the rim
    frame = canonical_diagram([0.0, 40.0], [1.0, 80.0], [1, 1])
    inside = canonical_diagram([16.0, 24.0], [34.0, 46.0], [1, 1])
    diagrams = PersistenceDiagrams.from_samples([frame, inside])
    options = {"n_bins": n, "power": power, "bandwidth": 0.1}
    peer = vectors(diagrams, "giotto_image", [1], **options)[1].reshape(n, n)[::-1]
    ours = vectors(diagrams, "image", [1], **options)[1].reshape(n, n)
    np.testing.assert_allclose(peer, ours, atol=2e-3 * ours.max())


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_amplitudes_are_the_norms_of_our_vectors(seed):
    diagrams = diagrams_of(seed, essential=False)
    found = vectors(diagrams, "giotto_amplitude", [1], n_bins=21, n_layers=2, power=1.5)
    amplitude = dict(zip(AMPLITUDES, found.T, strict=True))
    bars = [diagram.intervals(1) for diagram in diagrams]
    lengths = [bar[:, 1] - bar[:, 0] for bar in bars]
    low, high = min(b.min() for b in bars if len(b)), max(b.max() for b in bars if len(b))
    step = (high - low) / 20
    np.testing.assert_allclose(amplitude["bottleneck"], [p.max(initial=0) / 2 for p in lengths], rtol=1e-6)
    np.testing.assert_allclose(amplitude["wasserstein"], [np.sqrt((p**2).sum() / 4) for p in lengths], rtol=1e-6)
    for metric, kind in (("betti", "betti_curve"), ("landscape", "landscape"), ("silhouette", "silhouette")):
        ours = vectors(diagrams, kind, [1], n_bins=21, n_layers=2, power=1.5)
        np.testing.assert_allclose(amplitude[metric], np.sqrt(step) * np.linalg.norm(ours, axis=1), rtol=1e-6)
    assert (amplitude["heat"][:-1] >= 0).all()
    assert amplitude["heat"][-1] == amplitude["persistence_image"][-1] == 0  # no bars


def test_features_keep_the_order_of_dimensions():
    diagrams = diagrams_of(3)
    forth, back = (vectors(diagrams, "giotto_betti_curve", order, n_bins=6) for order in ((0, 2), (2, 0)))
    np.testing.assert_array_equal(forth, np.concatenate([back[:, 6:], back[:, :6]], axis=1))
