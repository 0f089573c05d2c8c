"""From raw series to features: every combination, in parallel, from state, and fitted on train only."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from topology_efficient_dl.errors import DataError, ParameterError, StorageError
from topology_efficient_dl.params.series import FiltrationParams, TdaRecipe
from topology_efficient_dl.tda.combinations import VALID_PAIRS
from topology_efficient_dl.tda.extraction import TopologicalFeatureExtractor, extract_diagrams, resolve_filtration
from topology_efficient_dl.tda.vectorization import VECTORIZERS

LEVELS = TdaRecipe(
    embedding="series", filtration="sublevel", homology_dimensions=(0,), vectorization="landscape", n_bins=8
)
ROUTES = [
    (embedding, filtration, engine)
    for embedding, filtrations in VALID_PAIRS.items()
    for filtration in filtrations
    for engine in (("ripser", "giotto", "gudhi") if filtration == "rips" else ("ripser",))
]


def random_series(seed: int = 0, n: int = 4, channels: int = 1, length: int = 30) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, channels, length)).astype(np.float32)


def recipe_of(embedding: str, filtration: str, engine: str, kind: str) -> TdaRecipe:
    return TdaRecipe(
        embedding=embedding,
        filtration=filtration,
        engine=engine,
        vectorization=kind,
        homology_dimensions=(0,) if embedding == "series" else (0, 1),
        delay=2,
        dimension=2,
        window=6 if embedding == "spectrogram" else 2,
        n_bins=5,
        n_layers=2,
    )


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("route", "kind"), itertools.product(ROUTES, sorted(VECTORIZERS)))
def test_every_valid_combination_runs(route, kind, channels):
    recipe = recipe_of(*route, kind)
    extractor = TopologicalFeatureExtractor(recipe).fit(random_series(0, channels=channels))
    features = extractor.transform(random_series(1, 3, channels))
    assert features.dtype == np.float32
    assert features.shape == (3, len(extractor.get_feature_names_out()))
    assert np.isfinite(features).all()


@pytest.mark.parametrize("backend", ["loky", "threading", "sequential"])
def test_parallel_equals_sequential(backend):
    series, params = random_series(n=9), FiltrationParams(delay=2, dimension=2)
    alone = extract_diagrams(series, params)
    together = extract_diagrams(series, params, jobs=2, backend=backend, progress=True)
    for name in ("birth", "death", "dimension", "offsets"):
        np.testing.assert_array_equal(getattr(together, name), getattr(alone, name))
    assert (together.seconds > 0).all()


def test_progress_is_quiet_without_a_terminal(capsys):
    extract_diagrams(random_series(), LEVELS.filtration_params(), progress=True)
    assert capsys.readouterr().err == ""


def test_auto_must_be_fitted_on_train():
    params = FiltrationParams(delay="auto", dimension=2)
    with pytest.raises(ParameterError, match="choose them on train with resolve_filtration"):
        extract_diagrams(random_series(), params)
    fitted = resolve_filtration(random_series(), params)
    assert len(extract_diagrams(random_series(1), params, fitted)) == 4


def test_bad_series_and_combinations_are_refused_before_work():
    with pytest.raises(DataError, match="expected \\(n_samples, n_channels, n_timepoints\\)"):
        extract_diagrams(np.zeros((3, 8)), LEVELS.filtration_params())
    with pytest.raises(ParameterError, match="Pairs that work"):
        extract_diagrams(random_series(), FiltrationParams(embedding="series"))


def test_train_features_are_standardised_and_constants_are_zero():
    train = random_series(n=20)
    extractor = TopologicalFeatureExtractor(LEVELS).fit(train)
    features = extractor.transform(train).astype(np.float64)
    np.testing.assert_allclose(features.mean(axis=0), 0, atol=1e-5)
    spread = features.std(axis=0)
    np.testing.assert_allclose(spread[extractor.inverse_std_ > 0], 1, atol=1e-4)
    assert (extractor.inverse_std_ == 0).any()
    assert not extractor.transform(random_series(5))[:, extractor.inverse_std_ == 0].any()


@pytest.mark.parametrize("kind", sorted(VECTORIZERS))
def test_state_round_trip(kind):
    recipe = TdaRecipe(delay="auto", dimension="auto", vectorization=kind, n_bins=6, max_points=12)
    train = np.sin(np.arange(60) / 5 + np.arange(6)[:, None])[:, None, :]
    extractor = TopologicalFeatureExtractor(recipe).fit(train)
    state = {name: array.copy() for name, array in extractor.state().items()}
    assert all(array.ndim >= 1 and array.dtype in (np.float64, np.int64) for array in state.values())
    back = TopologicalFeatureExtractor.from_state(recipe, state)
    assert back.filtration_ == extractor.filtration_
    np.testing.assert_array_equal(back.transform(train), extractor.transform(train))


def test_transform_leaves_the_state_alone():
    extractor = TopologicalFeatureExtractor(LEVELS).fit(random_series())
    before = {name: array.copy() for name, array in extractor.state().items()}
    extractor.transform(100 * random_series(9))
    for name, array in extractor.state().items():
        np.testing.assert_array_equal(array, before[name])


def test_one_sample_equals_its_row_of_a_batch():
    extractor = TopologicalFeatureExtractor(LEVELS).fit(random_series())
    batch = random_series(2, 3)
    alone = np.concatenate([extractor.transform(batch[i : i + 1]) for i in range(3)])
    np.testing.assert_allclose(alone, extractor.transform(batch), atol=1e-6)


def test_diagrams_can_be_reused():
    train, recipe = random_series(), TdaRecipe(delay="auto", dimension=2, vectorization="statistics")
    filtration = resolve_filtration(train, recipe.filtration_params())
    diagrams = extract_diagrams(train, filtration)
    reused = TopologicalFeatureExtractor(recipe).fit_diagrams(diagrams, filtration)
    direct = TopologicalFeatureExtractor(recipe).fit(train)
    np.testing.assert_array_equal(reused.transform_diagrams(diagrams), direct.transform(train))


def test_unfitted_and_damaged_extractors_say_so():
    with pytest.raises(NotFittedError, match="call fit"):
        TopologicalFeatureExtractor(LEVELS).transform(random_series())
    with pytest.raises(StorageError, match="array 'mean' not found"):
        TopologicalFeatureExtractor.from_state(LEVELS, {})
    state = TopologicalFeatureExtractor(LEVELS).fit(random_series()).state()
    other = LEVELS.model_copy(update={"n_bins": 9})
    with pytest.raises(DataError, match="the stored scales are for 40"):
        TopologicalFeatureExtractor.from_state(other, state).transform(random_series())


def test_series_too_short_for_the_embedding():
    with pytest.raises(ParameterError, match="need 12 time points for two points, the series has 9"):
        TopologicalFeatureExtractor(TdaRecipe()).fit(random_series(length=9))


@pytest.mark.parametrize("exponent", [600, -600, 1000, -1000])
def test_auto_delay_and_dimension_do_not_depend_on_the_unit(exponent: int) -> None:
    series = np.random.default_rng(0).normal(size=(6, 1, 60)).cumsum(axis=2)
    params = FiltrationParams(delay="auto", dimension="auto")
    assert resolve_filtration(np.ldexp(series, exponent), params) == resolve_filtration(series, params)


@pytest.mark.parametrize("filtration", ["rips", "alpha"])
@pytest.mark.parametrize("size", [1e200, 1e-200])
def test_sizes_at_which_distances_overflow_or_vanish_are_one_error(filtration: str, size: float) -> None:
    series = size * np.random.default_rng(0).normal(size=(3, 1, 60))
    recipe = TdaRecipe(delay="auto", dimension="auto", filtration=filtration)
    with pytest.raises(DataError, match=r"the largest magnitude is .*; expected .*Scale the series first"):
        TopologicalFeatureExtractor(recipe).fit(series)
