"""Vectorisers against gudhi's, on hand-made cases, and as fitted objects."""

from __future__ import annotations

import numpy as np
import pytest
from gudhi import representations as gudhi_vectors
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from topology_efficient_dl.errors import DataError, ParameterError, StorageError
from topology_efficient_dl.params.series import VectorizationParams
from topology_efficient_dl.tda.diagrams import PersistenceDiagrams, canonical_diagram
from topology_efficient_dl.tda.vectorization import (
    VECTORIZERS,
    base,
    make_vectorizer,
    vectorizer_from_state,
)
from topology_efficient_dl.tda.vectorization.base import padded_bars
from topology_efficient_dl.tda.vectorization.statistics import moments_and_quantiles

seeds = st.integers(0, 10_000)
kinds = pytest.mark.parametrize("kind", sorted(VECTORIZERS))


def random_diagrams(seed: int, n_samples: int = 4, essential: bool = False) -> PersistenceDiagrams:
    """Diagrams of H0 and H1; the first sample has no bars in H1 unless it is alone."""
    rng = np.random.default_rng(seed)
    samples = []
    for i in range(n_samples):
        n = int(rng.integers(1, 9))
        dimension = rng.integers(0, 2, size=n) if i or n_samples == 1 else np.zeros(n, int)
        birth = rng.uniform(-1, 1, size=n)
        death = birth + rng.uniform(0.05, 2, size=n)
        if essential:
            death[0] = np.inf
        samples.append(canonical_diagram(birth, death, dimension))
    return PersistenceDiagrams.from_samples(samples)


def h0_only(seed: int) -> PersistenceDiagrams:
    rng = np.random.default_rng(seed)
    samples = []
    for n in rng.integers(1, 9, size=3):
        birth = rng.uniform(-1, 1, size=n)
        samples.append(canonical_diagram(birth, birth + rng.uniform(0.05, 2, size=n), np.zeros(n)))
    return PersistenceDiagrams.from_samples(samples)


def ours(diagrams: PersistenceDiagrams, kind: str, **options):
    vectorizer = make_vectorizer(VectorizationParams(vectorization=kind, **options), [0]).fit(diagrams)
    return vectorizer.transform(diagrams), vectorizer


def pairs(diagrams: PersistenceDiagrams) -> list[np.ndarray]:
    return [diagram.intervals(0) for diagram in diagrams]


@settings(max_examples=25, deadline=None)
@given(seeds, st.integers(1, 6))
def test_landscape_equals_gudhi(seed, n_layers):
    diagrams = h0_only(seed)
    found, vectorizer = ours(diagrams, "landscape", n_bins=17, n_layers=n_layers)
    peer = gudhi_vectors.Landscape(n_layers, 17, sample_range=list(vectorizer.ranges_[0]), keep_endpoints=True)
    np.testing.assert_allclose(found, peer.fit_transform(pairs(diagrams)) / np.sqrt(2), atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(seeds, st.sampled_from([0.0, 1.0, 2.5]))
def test_silhouette_equals_gudhi(seed, power):
    diagrams = h0_only(seed)
    found, vectorizer = ours(diagrams, "silhouette", n_bins=17, power=power)
    peer = gudhi_vectors.Silhouette(
        weight=lambda p: (p[1] - p[0]) ** power, resolution=17, sample_range=list(vectorizer.ranges_[0])
    )
    np.testing.assert_allclose(found, peer.fit_transform(pairs(diagrams)) / np.sqrt(2), atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_betti_curve_equals_gudhi(seed):
    diagrams = h0_only(seed)
    found, vectorizer = ours(diagrams, "betti_curve", n_bins=17)
    grid = np.linspace(*vectorizer.ranges_[0], 17)
    peer = gudhi_vectors.BettiCurve(predefined_grid=grid)
    np.testing.assert_array_equal(found, peer.fit_transform(pairs(diagrams)))


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_entropy_equals_gudhi(seed):
    diagrams = h0_only(seed)
    found, vectorizer = ours(diagrams, "entropy", n_bins=17)
    np.testing.assert_allclose(found[:, :1], gudhi_vectors.Entropy().fit_transform(pairs(diagrams)), atol=1e-9)
    curve = gudhi_vectors.Entropy(
        mode="vector", normalized=False, resolution=17, sample_range=list(vectorizer.ranges_[0]), keep_endpoints=True
    )
    # gudhi counts the steps to a birth or death; on the last grid point, a death to rounding, the two may differ
    np.testing.assert_allclose(found[:, 1:-1], curve.fit_transform(pairs(diagrams))[:, :-1], atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(seeds, st.sampled_from([0.0, 1.0, 2.0]))
def test_image_equals_gudhi(seed, power):
    diagrams = h0_only(seed)
    found, vectorizer = ours(diagrams, "image", n_bins=9, power=power, bandwidth=0.2)
    births, persistences, sigma = vectorizer._axes(0)
    peer = gudhi_vectors.PersistenceImage(
        bandwidth=sigma,
        weight=lambda p: p[1] ** power,
        resolution=[len(births), 9],
        im_range=[births[0], births[-1], persistences[0], persistences[-1]],
    )
    np.testing.assert_allclose(found, peer.fit_transform(pairs(diagrams)), rtol=1e-9, atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_statistics_equal_numpy(seed):
    diagrams = random_diagrams(seed, essential=True)
    vectorizer = make_vectorizer(VectorizationParams(vectorization="statistics"), (0, 1)).fit(diagrams)
    table = dict(zip(vectorizer.get_feature_names_out(), vectorizer.transform(diagrams).T, strict=True))
    for i, diagram in enumerate(diagrams):
        for k in (0, 1):
            bars = diagram.intervals(k)
            finite = bars[np.isfinite(bars[:, 1])]
            assert table[f"H{k}_count"][i] == len(finite)
            assert table[f"H{k}_essential_count"][i] == len(bars) - len(finite)
            if len(finite):
                lengths = finite[:, 1] - finite[:, 0]
                assert table[f"H{k}_persistence_std"][i] == pytest.approx(lengths.std())
                assert table[f"H{k}_death_q90"][i] == pytest.approx(np.quantile(finite[:, 1], 0.9))
                assert table[f"H{k}_birth_q50"][i] == pytest.approx(np.median(finite[:, 0]))
                assert table[f"H{k}_total_persistence"][i] == pytest.approx(lengths.sum())


def test_statistics_of_essential_bars_are_apart():
    diagrams = PersistenceDiagrams.from_samples([canonical_diagram([0.0, 2.0, 1.0], [np.inf, np.inf, 3.0], [0, 0, 0])])
    features, vectorizer = ours(diagrams, "statistics")
    row = dict(zip(vectorizer.get_feature_names_out(), features[0], strict=True))
    assert (row["H0_count"], row["H0_essential_count"], row["H0_essential_birth_mean"]) == (1, 2, 1.0)
    assert (row["H0_persistence_mean"], row["H0_death_q100"], row["H0_entropy"]) == (2.0, 3.0, 0.0)


def test_essential_bars_in_curves():
    diagrams = PersistenceDiagrams.from_samples([canonical_diagram([0.0, 0.0], [np.inf, 4.0], [0, 0])])
    assert ours(diagrams, "betti_curve", n_bins=3)[0].tolist() == [[2, 2, 1]]  # lives on at the end
    assert ours(diagrams, "landscape", n_bins=3, n_layers=2)[0].tolist() == [[0, 2, 0, 0, 2, 0]]  # ends with train


@kinds
@settings(max_examples=10, deadline=None)
@given(seed=seeds)
def test_every_vector_is_finite_named_and_equal_alone_or_in_a_batch(kind, seed):
    train, test = random_diagrams(seed, essential=True), random_diagrams(seed + 1, 5, essential=True)
    vectorizer = make_vectorizer(VectorizationParams(vectorization=kind, n_bins=7), (0, 1)).fit(train)
    features = vectorizer.transform(test)
    assert features.shape == (5, len(set(vectorizer.get_feature_names_out())))
    assert np.isfinite(features).all()
    alone = np.concatenate([vectorizer.transform(test.select([i])) for i in range(5)])
    np.testing.assert_allclose(alone, features, atol=1e-12)


@kinds
def test_chunks_change_nothing(kind, monkeypatch):
    diagrams = random_diagrams(0, 9)
    vectorizer = make_vectorizer(VectorizationParams(vectorization=kind, n_bins=7), (0, 1)).fit(diagrams)
    whole = vectorizer.transform(diagrams)
    monkeypatch.setattr(base, "CHUNK_VALUES", 1)
    np.testing.assert_allclose(vectorizer.transform(diagrams), whole, atol=1e-12)


@kinds
def test_empty_diagrams_give_finite_vectors(kind):
    empty = PersistenceDiagrams.from_samples([canonical_diagram([], [], [])] * 2)
    params = VectorizationParams(vectorization=kind, n_bins=5)
    for train in (random_diagrams(0), empty):
        vectorizer = make_vectorizer(params, (0, 1)).fit(train)
        assert not vectorizer.transform(empty).any()
        assert len(vectorizer.transform(empty.select([]))) == 0
        assert np.isfinite(vectorizer.transform(random_diagrams(1, essential=True))).all()


@kinds
def test_fit_sees_train_only_and_transform_changes_nothing(kind):
    vectorizer = make_vectorizer(VectorizationParams(vectorization=kind, n_bins=5), (0, 1)).fit(random_diagrams(0))
    before = {name: array.copy() for name, array in vectorizer.state().items()}
    vectorizer.transform(random_diagrams(7, essential=True))
    for name, array in vectorizer.state().items():
        np.testing.assert_array_equal(array, before[name])
    low = min(d.birth.min() for d in random_diagrams(0))
    assert vectorizer.ranges_.min() == low


@kinds
def test_state_round_trip(kind):
    params = VectorizationParams(vectorization=kind, n_bins=6)
    vectorizer = make_vectorizer(params, (0, 1)).fit(random_diagrams(3))
    back = vectorizer_from_state(params, vectorizer.state())
    test = random_diagrams(4, essential=True)
    np.testing.assert_array_equal(back.transform(test), vectorizer.transform(test))
    assert back.get_feature_names_out().tolist() == vectorizer.get_feature_names_out().tolist()
    with pytest.raises(StorageError, match="array 'ranges_' not found among homology_dimensions"):
        vectorizer_from_state(params, {"homology_dimensions": np.array([0])})


@kinds
def test_unfitted_is_an_error_and_clones_are_unfitted(kind):
    vectorizer = make_vectorizer(VectorizationParams(vectorization=kind), (0,)).fit(random_diagrams(0))
    with pytest.raises(NotFittedError, match="call fit"):
        clone(vectorizer).transform(random_diagrams(0))


def test_fit_on_nothing_is_an_error():
    with pytest.raises(DataError, match="fitted on 0 diagrams"):
        make_vectorizer(VectorizationParams()).fit(random_diagrams(0).select([]))


def test_unknown_kind_gets_a_hint():
    with pytest.raises(ParameterError, match="unknown vectorization 'landscap'; did you mean 'landscape'"):
        make_vectorizer(VectorizationParams().model_copy(update={"vectorization": "landscap"}))


def test_image_of_equal_births_has_one_column():
    diagrams = PersistenceDiagrams.from_samples([canonical_diagram([0.0, 0.0], [1.0, 2.0], [0, 0])])
    assert ours(diagrams, "image", n_bins=8)[0].shape == (1, 8)


def test_landscape_layers_fall():
    layers = ours(random_diagrams(5, 6), "landscape", n_bins=30, n_layers=4)[0].reshape(6, 4, 30)
    assert (np.diff(layers, axis=1) <= 0).all()


def test_padded_bars_hold_every_bar_once():
    diagrams = random_diagrams(11, 6)
    bars = padded_bars(diagrams, 1)
    assert bars.real.sum() == (diagrams.dimension == 1).sum()
    np.testing.assert_array_equal(bars.birth[bars.real], diagrams.birth[diagrams.dimension == 1])


def test_moments_of_no_values_are_zero():
    assert not moments_and_quantiles(np.ones((2, 3)), np.zeros((2, 3), bool)).any()
