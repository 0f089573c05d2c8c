"""Cells: keys, tables, and the features that a model reads."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from topology_efficient_dl.collections.keys import dataset_of
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.params.models import LevelSetRecipe, ModelSpec
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.tasks.cells import (
    features_of,
    fit_cell,
    fits_table,
    predict_cell,
    training_log,
)

ZOO = {"mlp": ModelSpec(architecture="ph_mlp", features="default"), "cnn": ModelSpec(architecture="tiny_cnn")}
FAST = TrainParams(max_epochs=2, min_epochs=1)


def test_the_dataset_is_the_first_part_of_a_key() -> None:
    assert dataset_of("Toy/fcn/42") == "Toy"
    assert dataset_of("Toy") == "Toy"


def test_models_of_series_read_no_features() -> None:
    key_of = features_of(ZOO, ["Toy/default", "Toy/other"])
    assert key_of("Toy/mlp/42") == "Toy/default"
    assert key_of("Toy/cnn/42") is None


def test_a_transform_is_handed_to_the_fit_and_not_to_the_prediction_that_holds_it() -> None:
    zoo = {**ZOO, "betti": ModelSpec(architecture="ridge", features="betti")}
    keys = ["Toy/default", "Toy/betti"]
    assert features_of(zoo, keys)("Toy/betti/42") == "Toy/betti"
    held = features_of(zoo, keys[:1], fitted_in_cell=["betti"])
    assert held("Toy/betti/42") is None
    assert held("Toy/mlp/42") == "Toy/default"


@pytest.mark.parametrize(
    ("variants", "message"),
    [
        (["Toy/defaults"], r"zoo.mlp.features: no features 'default' of Toy; did you mean 'defaults'\? There are: "),
        (["Toy/xyz"], r"no features 'default' of Toy. There are: xyz. Add it to tda.variants"),
        (["Other/default"], r"no features 'default' of Toy"),
        ([], r"no features 'default' of Toy"),
    ],
)
def test_features_that_are_not_there_are_named(variants: list[str], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        features_of(ZOO, variants)("Toy/mlp/42")


def test_predictions_are_one_row_a_sample_and_agree_with_themselves(split) -> None:
    model = fit_cell((split, ("cnn", ModelSpec(architecture="tiny_cnn", size="small")), 7, None), FAST)
    table = predict_cell((model, split, None))
    assert list(table.columns) == ["dataset", "model", "seed", "index", "label", "predicted", "p_0", "p_1"]
    assert table["index"].tolist() == list(range(len(split.labels["test"])))
    assert table["label"].tolist() == split.labels["test"].tolist()
    probabilities = table[["p_0", "p_1"]].to_numpy()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    assert table["predicted"].tolist() == probabilities.argmax(axis=1).tolist()
    assert table[["dataset", "model", "seed"]].drop_duplicates().to_numpy().tolist() == [["Toy", "cnn", 7]]


def test_answers_that_are_not_finite_are_no_class(split) -> None:
    model = fit_cell((split, ("cnn", ModelSpec(architecture="tiny_cnn", size="small")), 7, None), FAST)
    series = split.series["test"].copy()
    series[[0, 2]] = 3.4028235e38
    table = predict_cell((model, replace(split, series={**split.series, "test": series}), None))
    assert table["p_0"].isna().tolist() == [True, False, True, False]
    assert (table["predicted"] == -1).tolist() == [True, False, True, False]


def test_predictions_do_not_depend_on_the_threads_of_the_process(make_split) -> None:
    wide = make_split(n_train=64, n_timepoints=400)
    model = fit_cell((wide, ("cnn", ModelSpec(architecture="fcn", size="small")), 7, None), FAST)
    tables = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        tables.append(predict_cell((model, wide, None)))
        assert torch.get_num_threads() == threads
    pd.testing.assert_frame_equal(*tables, check_exact=True)


def card(seed: int, n_epochs: int) -> SimpleNamespace:
    history = [{"member": 0, "epoch": epoch, "train_loss": 1 / epoch} for epoch in range(1, n_epochs + 1)]
    facts = {"dataset": "Toy", "model": "cnn", "seed": seed, "fit_seconds": 1.5, "epochs": n_epochs, "best_epoch": 1}
    return SimpleNamespace(card={**facts, "history": history, "n_params": 3})


def test_the_log_has_a_row_for_every_epoch_of_every_cell() -> None:
    log = training_log([card(1, 3), card(2, 2)])
    assert log["seed"].tolist() == [1, 1, 1, 2, 2]
    assert log["epoch"].tolist() == [1, 2, 3, 1, 2]
    assert log["train_loss"].tolist() == [1, 1 / 2, 1 / 3, 1, 1 / 2]


def test_the_log_has_a_column_for_everything_that_a_fit_records(split) -> None:
    model = fit_cell((split, ("cnn", ModelSpec(architecture="tiny_cnn", size="small")), 7, None), FAST)
    log = training_log([model])
    assert list(log.columns) == list(training_log([]).columns)
    assert set(log.columns) == {"dataset", "model", "seed", *model.card["history"][0]}
    assert len(log) == model.card["epochs"]


def test_a_head_in_closed_form_has_no_row_in_the_log_and_one_among_the_fits(split) -> None:
    recipe = LevelSetRecipe(levels_per_filter=1)
    spec = ModelSpec(architecture="ridge", features="betti")
    models = [fit_cell((split, ("betti_ridge", spec), 7, recipe), FAST), card(1, 2)]
    assert training_log(models)["model"].tolist() == ["cnn", "cnn"]
    assert fits_table(models)["model"].tolist() == ["betti_ridge", "cnn"]


def test_the_table_of_fits_has_a_row_for_every_cell() -> None:
    fits = fits_table([card(1, 3), card(2, 2)])
    assert list(fits.columns) == ["dataset", "model", "seed", "fit_seconds", "epochs", "best_epoch"]
    assert fits["epochs"].tolist() == [3, 2]
    assert list(fits_table([]).columns) == list(fits.columns)
