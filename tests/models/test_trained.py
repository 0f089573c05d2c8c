from __future__ import annotations

import sys
import types

import numpy as np
import pytest
import torch

from topology_efficient_dl.errors import DataError, StorageError
from topology_efficient_dl.models import Ensemble, TrainedModel, predict_proba
from topology_efficient_dl.models.trained import build_network
from topology_efficient_dl.params.series import TdaRecipe


def card_of(architecture, *, members=1, n_features=None, recipe=None):
    return {
        "architecture": architecture,
        "size": "small",
        "options": {},
        "members": members,
        "n_channels": 1,
        "n_timepoints": 24,
        "n_classes": 3,
        "n_features": n_features,
        "classes": ["a", "b", "ü"],
        "recipe": recipe,
        "history": [{"epoch": 1, "train_loss": 0.1 + 0.2}],
    }


def trained(architecture, state=None, **changes):
    card = card_of(architecture, **changes)
    return TrainedModel(card, build_network(card).state_dict(), state or {})


@pytest.fixture
def mean_extractor(monkeypatch):
    """Stands for the extractor of the tda room: one feature, the mean times a fitted scale."""

    class MeanExtractor:
        calls = 0

        @classmethod
        def from_state(cls, recipe, state):
            assert isinstance(recipe, TdaRecipe)
            extractor = cls()
            extractor.scale = state["scale"]
            return extractor

        def transform(self, series):
            type(self).calls += 1
            return (series.mean(axis=2) * self.scale).astype(np.float32)

    module = types.ModuleType("extraction")
    module.TopologicalFeatureExtractor = MeanExtractor
    monkeypatch.setitem(sys.modules, "topology_efficient_dl.tda.extraction", module)
    return MeanExtractor


SERIES = np.random.default_rng(0).normal(size=(7, 1, 24)).astype(np.float32)


@pytest.mark.parametrize("architecture", ["fcn", "tcn", "gru", "transformer", "inception_time", "ph_hybrid"])
@pytest.mark.parametrize("members", [1, 2])
def test_a_file_predicts_exactly_as_the_model_did(architecture, members):
    model = trained(architecture, members=members)
    again = TrainedModel.from_bytes(model.to_bytes())
    assert again.card == model.card
    assert all(torch.equal(again.weights[name], weight) for name, weight in model.weights.items())
    np.testing.assert_array_equal(again.predictor()(SERIES), model.predictor()(SERIES))


def test_extractor_arrays_keep_type_and_shape():
    state = {
        "grid": np.linspace(0, 1, 5),
        "counts": np.arange(6, dtype=np.int64).reshape(2, 3),
        "mask": np.array([True, False]),
        "scalar": np.array(3.5),
        "empty": np.zeros((0, 2), np.float32),
        "names": np.array([["H0", "β1"]]),
    }
    again = TrainedModel.from_bytes(trained("fcn", state).to_bytes()).extractor_state
    assert again.keys() == state.keys()
    for name, array in state.items():
        assert again[name].dtype == array.dtype
        np.testing.assert_array_equal(again[name], array)


def test_arrays_of_objects_are_refused():
    with pytest.raises(StorageError, match="'odd' has dtype object"):
        trained("fcn", {"odd": np.array([None])}).to_tensors()


def test_a_file_of_something_else_is_refused():
    with pytest.raises(StorageError, match="no 'card'"):
        TrainedModel.from_tensors({}, {"format": "pt"})


def test_ensemble_is_the_mean_of_its_members():
    members = [build_network(card_of("tiny_cnn")).eval() for _ in range(3)]
    series = torch.from_numpy(SERIES)
    mean = torch.stack([member(series).softmax(1) for member in members]).mean(0)
    ensemble = Ensemble(members)
    torch.testing.assert_close(ensemble(series).exp(), mean)
    torch.testing.assert_close(ensemble(series).softmax(1), mean)


def test_probabilities_do_not_depend_on_the_batch_size():
    model = trained("fcn")
    whole = model.predictor()(SERIES)
    assert whole.dtype == np.float32
    np.testing.assert_allclose(whole.sum(1), 1, rtol=1e-6)
    np.testing.assert_allclose(model.predictor(batch_size=2)(SERIES), whole, rtol=1e-5, atol=1e-6)


def test_computed_weights_are_written_out_for_prediction():
    model = trained("tcn")
    names = [name for name, _ in model.predictor().network.named_parameters()]
    assert not any("parametrizations" in name for name in names)
    expected = model.module()(torch.from_numpy(SERIES)).softmax(1)
    np.testing.assert_allclose(model.predictor()(SERIES), expected.detach(), rtol=1e-5)


def test_rebuilding_does_not_disturb_the_random_numbers():
    model = trained("fcn")
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    model.module()
    assert torch.equal(torch.rand(1), expected)


def test_series_of_another_length_are_refused():
    with pytest.raises(DataError, match=r"shape \(7, 1, 12\), expected \(n, 1, 24\)"):
        trained("fcn").predictor()(SERIES[:, :, :12])


def test_a_feature_model_predicts_from_raw_series(mean_extractor):
    recipe = TdaRecipe().model_dump(mode="json")
    model = trained("ph_mlp", {"scale": np.array(2.0)}, n_features=1, recipe=recipe)
    model = TrainedModel.from_bytes(model.to_bytes())
    from_series = model.predictor()(SERIES)
    assert mean_extractor.calls == 1
    given = predict_proba(model, SERIES, (2 * SERIES.mean(axis=2)).astype(np.float32))
    assert mean_extractor.calls == 1
    np.testing.assert_array_equal(from_series, given)
    np.testing.assert_array_equal(predict_proba(model, SERIES), given)


def test_prediction_of_series_ignores_features():
    model = trained("fcn")
    np.testing.assert_array_equal(predict_proba(model, SERIES, np.zeros((7, 3), np.float32)), model.predictor()(SERIES))
