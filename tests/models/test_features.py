"""What a feature model is fitted on."""

from __future__ import annotations

import numpy as np

from topology_efficient_dl.data.split import PARTS, Split
from topology_efficient_dl.models.features import FeatureInput, features_of_split
from topology_efficient_dl.params.series import TdaRecipe
from topology_efficient_dl.tda.extraction import TopologicalFeatureExtractor
from topology_efficient_dl.tda.splits import diagrams_of_split

RECIPE = TdaRecipe(delay=2, dimension=2, n_bins=6, n_layers=2)


def make_split(scale_of_test: float = 1.0) -> Split:
    rng = np.random.default_rng(0)
    series = {part: rng.normal(size=(6, 1, 24)).astype(np.float32) for part in PARTS}
    series["test"] = series["test"] * np.float32(scale_of_test)
    return Split("Toy", series, {part: np.arange(6) % 2 for part in PARTS}, ("a", "b"), "made up")


def features(split: Split, recipe: TdaRecipe = RECIPE) -> FeatureInput:
    return features_of_split((diagrams_of_split(split, recipe.filtration_params()), split), recipe)


def test_train_is_standardised_and_test_is_not_looked_at() -> None:
    first, second = features(make_split()), features(make_split(scale_of_test=50.0))
    train = first.parts["train"].astype(np.float64)
    varies = train.std(axis=0) > 0
    np.testing.assert_allclose(train.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(train.std(axis=0)[varies], 1, atol=1e-4)
    np.testing.assert_array_equal(first.parts["train"], second.parts["train"])
    assert first.state.keys() == second.state.keys()
    assert all(np.array_equal(first.state[name], second.state[name]) for name in first.state)
    assert not np.array_equal(first.parts["test"], second.parts["test"])


def test_the_state_computes_the_same_features_from_raw_series() -> None:
    split = make_split()
    given = features(split)
    extractor = TopologicalFeatureExtractor.from_state(given.recipe, given.state)
    np.testing.assert_allclose(extractor.transform(split.series["test"]), given.parts["test"], atol=1e-6)
    assert given.n_features == given.parts["test"].shape[1]


def test_arrays_and_back() -> None:
    given = features(make_split(), RECIPE.model_copy(update={"delay": "auto"}))
    again = FeatureInput.from_arrays(given.to_arrays())
    assert again.recipe == given.recipe
    assert all(np.array_equal(again.parts[part], given.parts[part]) for part in PARTS)
    assert all(np.array_equal(again.state[name], given.state[name]) for name in given.state)
    assert all(array.dtype != object for array in given.to_arrays().values())
