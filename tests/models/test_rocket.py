from __future__ import annotations

import io
from functools import cache

import numba
import numpy as np
import pytest
import torch
from aeon.classification.convolution_based import MiniRocketClassifier, MultiRocketHydraClassifier
from aeon.datasets import load_basic_motions, load_italy_power_demand
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import RidgeClassifierCV

from topology_efficient_dl.errors import DataError, ParameterError, StorageError
from topology_efficient_dl.models.baselines.rocket import RocketFeatures, fit_rocket_ridge
from topology_efficient_dl.params.models import RocketRecipe

SEED = 7
N_TEST = 200
RECIPES = {
    "minirocket": RocketRecipe(kind="minirocket"),
    "multirocket_hydra": RocketRecipe(kind="multirocket_hydra"),
}
CLASSIFIERS = {"minirocket": MiniRocketClassifier, "multirocket_hydra": MultiRocketHydraClassifier}
LOADERS = {"univariate": load_italy_power_demand, "multivariate": load_basic_motions}

kinds = pytest.mark.parametrize("kind", list(RECIPES))
channels = pytest.mark.parametrize("n_channels", [1, 3])


@cache
def bundled(name):
    """Series of train and test as float32, and labels as codes; aeon carries the files, so nothing is downloaded."""
    (train, train_labels), (test, test_labels) = (LOADERS[name](split=part) for part in ("train", "test"))
    codes = [np.unique(labels, return_inverse=True)[1] for labels in (train_labels, test_labels)]
    return train.astype(np.float32), codes[0], test[:N_TEST].astype(np.float32), codes[1][:N_TEST]


def series_of(n_samples=6, n_channels=1, n_timepoints=30, seed=0):
    return np.random.default_rng(seed).normal(size=(n_samples, n_channels, n_timepoints)).astype(np.float32)


def through_npz(state):
    buffer = io.BytesIO()
    np.savez(buffer, **state)
    with np.load(io.BytesIO(buffer.getvalue()), allow_pickle=False) as arrays:
        return dict(arrays)


def features_of_aeon(classifier, series):
    """What the ridge of aeon's classifier reads."""
    if isinstance(classifier, MiniRocketClassifier):
        return classifier.pipeline_[:-1].transform(series)
    hydra = classifier._scale_hydra.transform(classifier._transform_hydra.transform(series))
    multirocket = classifier._scale_multirocket.transform(classifier._transform_multirocket.transform(series))
    return np.concatenate((hydra, multirocket), axis=1)


@kinds
@pytest.mark.parametrize("dataset", list(LOADERS))
def test_features_and_predictions_are_those_of_aeon(kind, dataset):
    train, train_codes, test, test_codes = bundled(dataset)
    classifier = CLASSIFIERS[kind](random_state=SEED).fit(train, train_codes)
    rocket = RocketFeatures(RECIPES[kind])
    of_train = rocket.fit_transform(train, seed=SEED)
    of_test = rocket.transform(test)
    np.testing.assert_array_equal(of_test, features_of_aeon(classifier, test))
    np.testing.assert_array_equal(of_train, rocket.transform(train))
    weight, bias = fit_rocket_ridge(of_train, train_codes, n_classes=train_codes.max() + 1)
    predicted = (of_test @ weight.T + bias).argmax(axis=1)
    np.testing.assert_array_equal(predicted, classifier.predict(test))
    assert (predicted == test_codes).mean() > 0.9


@kinds
@channels
@pytest.mark.parametrize("n_timepoints", [5, 30])
def test_a_file_gives_exactly_the_same_features(kind, n_channels, n_timepoints):
    series = series_of(n_channels=n_channels, n_timepoints=n_timepoints)
    rocket = RocketFeatures(RECIPES[kind]).fit(series, seed=SEED)
    state = through_npz(rocket.state())
    again = RocketFeatures.from_state(RECIPES[kind], state)
    assert all(array.dtype.kind in "if" for array in state.values())
    np.testing.assert_array_equal(again.transform(series), rocket.transform(series))
    assert again.state().keys() == state.keys()
    for name, array in again.state().items():
        assert array.dtype == state[name].dtype
        np.testing.assert_array_equal(array, state[name])


@kinds
def test_arrays_that_may_not_be_written_to_are_read(kind):
    series = series_of()
    rocket = RocketFeatures(RECIPES[kind]).fit(series)
    state = {name: array.copy() for name, array in rocket.state().items()}
    for array in state.values():
        array.flags.writeable = False
    np.testing.assert_array_equal(
        RocketFeatures.from_state(RECIPES[kind], state).transform(series), rocket.transform(series)
    )


@kinds
@channels
def test_seeds_decide(kind, n_channels):
    series = series_of(n_channels=n_channels)
    first, again, other = (RocketFeatures(RECIPES[kind]).fit_transform(series, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    np.testing.assert_array_equal(first, RocketFeatures(RECIPES[kind]).fit_transform(series, seed=np.int64(1)))


@kinds
@channels
def test_shapes_types_and_names(kind, n_channels):
    series = series_of(n_channels=n_channels)
    rocket = RocketFeatures(RECIPES[kind]).fit(series)
    features = rocket.transform(series[:1])
    assert features.dtype == np.float32
    assert features.shape == (1, rocket.n_features)
    names = rocket.get_feature_names_out()
    assert len(set(names)) == len(names) == rocket.n_features
    assert names[0] == ("minirocket_0" if kind == "minirocket" else "hydra_0")


def test_a_large_set_has_the_features_of_its_batches():
    series = series_of(n_samples=300, n_timepoints=12)
    rocket = RocketFeatures(RECIPES["multirocket_hydra"]).fit(series[:20])
    parts = [rocket.transform(series[:256]), rocket.transform(series[256:])]
    np.testing.assert_array_equal(rocket.transform(series), np.concatenate(parts))


def test_the_number_of_kernels_is_rounded_down_to_a_multiple_of_84():
    recipe = RocketRecipe(kind="minirocket", n_kernels=200)
    assert RocketFeatures(recipe).fit(series_of()).n_features == 168


@numba.njit
def seed_numba(seed):
    np.random.seed(seed)  # noqa: NPY002


@numba.njit
def draw_numba():
    return np.random.random()  # noqa: NPY002


def draws():
    return np.random.random(), torch.rand(1).item(), draw_numba()  # noqa: NPY002


@kinds
@channels
def test_generators_and_threads_are_left_as_they_were(kind, n_channels):
    series = series_of(n_channels=n_channels)

    def seed_all():
        np.random.seed(3)  # noqa: NPY002
        torch.manual_seed(3)
        seed_numba(3)

    seed_all()
    expected = draws()
    seed_all()
    torch.set_num_threads(2)
    numba_threads = numba.get_num_threads()
    rocket = RocketFeatures(RECIPES[kind]).fit(series, seed=SEED)
    rocket.transform(series)
    RocketFeatures.from_state(RECIPES[kind], rocket.state()).transform(series)
    assert torch.get_num_threads() == 2
    assert numba.get_num_threads() == numba_threads
    assert draws() == expected


@kinds
@channels
@pytest.mark.parametrize("n_timepoints", [1, 8, 9, 10])
def test_short_series_are_padded_with_zeros_at_the_end(kind, n_channels, n_timepoints):
    series = series_of(n_channels=n_channels, n_timepoints=n_timepoints)
    least = {"minirocket": 9, "multirocket_hydra": 10}[kind]
    padded = np.zeros((len(series), n_channels, max(least, n_timepoints)), np.float32)
    padded[:, :, :n_timepoints] = series
    rocket = RocketFeatures(RECIPES[kind]).fit(series)
    features = rocket.transform(series)
    assert np.isfinite(features).all()
    np.testing.assert_array_equal(features, RocketFeatures(RECIPES[kind]).fit_transform(padded))


@kinds
@channels
def test_every_array_of_the_state_is_needed(kind, n_channels):
    state = RocketFeatures(RECIPES[kind]).fit(series_of(n_channels=n_channels)).state()
    for name in state:
        with pytest.raises(StorageError, match=f"array '{name}' not found among"):
            RocketFeatures.from_state(RECIPES[kind], {k: v for k, v in state.items() if k != name})


def test_the_state_of_another_kind_is_refused():
    state = RocketFeatures(RECIPES["minirocket"]).fit(series_of()).state()
    with pytest.raises(StorageError, match=r"array 'hydra\.weight' not found"):
        RocketFeatures.from_state(RECIPES["multirocket_hydra"], state)


def test_unsuitable_series_and_seeds_are_refused():
    rocket = RocketFeatures(RECIPES["minirocket"])
    series = series_of()
    with pytest.raises(NotFittedError, match="fit"):
        rocket.transform(series)
    with pytest.raises(NotFittedError, match="fit"):
        rocket.state()
    with pytest.raises(DataError, match="1 train series"):
        rocket.fit(series[:1])
    with pytest.raises(DataError, match="n_channels"):
        rocket.fit(series[:, 0])
    with pytest.raises(ParameterError, match="seed is -1"):
        rocket.fit(series, seed=-1)
    rocket.fit(series)
    with pytest.raises(DataError, match=r"shape \(6, 1, 20\), expected \(n, 1, 30\)"):
        rocket.transform(series[:, :, :20])
    series[2, 0, 4] = np.nan
    with pytest.raises(DataError, match="sample 2, channel 0 is nan"):
        rocket.transform(series)


def clustered(labels, n_features=40, seed=0):
    """Features whose means differ between the classes, with overlap."""
    generator = np.random.default_rng(seed)
    means = generator.normal(size=(labels.max() + 1, n_features))
    return (means[labels] + 2 * generator.normal(size=(len(labels), n_features))).astype(np.float32)


@pytest.mark.parametrize("present", [(0, 1), (0, 1, 2), (1, 4), (0, 2, 5), (3,), (5,)])
def test_the_layer_predicts_as_scikit_learn_does(present):
    labels = np.random.default_rng(1).choice(present, size=120)
    features, new = clustered(labels), clustered(labels, seed=2)
    weight, bias = fit_rocket_ridge(features, labels, n_classes=6)
    ridge = RidgeClassifierCV(alphas=np.logspace(-3, 3, 10)).fit(features, labels)
    assert (weight.shape, weight.dtype, bias.shape, bias.dtype) == ((6, 40), np.float32, (6,), np.float32)
    assert np.isfinite(weight).all()
    assert np.isfinite(bias).all()
    logits = new @ weight.T + bias
    np.testing.assert_array_equal(logits.argmax(axis=1), ridge.predict(new))
    absent = np.setdiff1d(np.arange(6), present)
    assert torch.from_numpy(logits).softmax(dim=1)[:, absent].eq(0).all()


@pytest.mark.parametrize("label", [-1, 3])
def test_labels_that_are_no_class_are_refused(label):
    with pytest.raises(DataError, match=f"label {label} is none of the 3 classes"):
        fit_rocket_ridge(np.zeros((2, 4), np.float32), np.array([0, label]), n_classes=3)
