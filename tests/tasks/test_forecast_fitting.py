"""Forecasters: their losses, fits, cards, and what becomes of them when they are made smaller."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from topology_efficient_dl.compression.compress import compress_cell
from topology_efficient_dl.compression.tuning import tune_forecast_cell
from topology_efficient_dl.data.forecasting import ForecastSeries, ForecastSplit, cut_windows
from topology_efficient_dl.errors import DataError, ParameterError
from topology_efficient_dl.evaluation.metrics import score_forecast
from topology_efficient_dl.models.forecaster import Forecaster
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.compression import CompressionRecipe, FineTuneParams
from topology_efficient_dl.params.forecasting import WindowParams
from topology_efficient_dl.params.models import ModelSpec
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.tasks.cells import fit_forecast_cell, forecast_cell, naive_cell
from topology_efficient_dl.tasks.forecasts import Forecasts
from topology_efficient_dl.tasks.task import fit
from topology_efficient_dl.training.objective import Regression, Teaching

TRAIN = TrainParams(max_epochs=6, min_epochs=2, batch_size=8)
FCN = ModelSpec(architecture="fcn", size="small", options={"filters": (8, 8, 8)})


@pytest.fixture(scope="module")
def split() -> ForecastSplit:
    time = np.arange(120)
    noise = 0.1 * np.random.default_rng(0).normal(size=120)
    series = ForecastSeries("waves", 100 + 10 * np.sin(time / 3) + noise, 12, "units", "made here")
    return cut_windows(series, WindowParams(context=16, horizon=4))


@pytest.fixture(scope="module")
def dense(split: ForecastSplit) -> TrainedModel:
    return fit_forecast_cell((split, ("fcn", FCN), 42), TRAIN)


def test_squared_errors_are_means_over_steps_summed_over_samples() -> None:
    answers, targets = torch.randn(5, 3), torch.randn(5, 3)
    total, weight = Regression(nn.Identity(), TRAIN).loss(answers, targets)
    assert float(weight) == 5
    assert float(total / weight) == pytest.approx(float(nn.functional.mse_loss(answers, targets)))


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_teachers_part_is_its_squared_error(share: float) -> None:
    answers, targets, teacher = torch.randn(5, 3), torch.randn(5, 3), torch.randn(5, 3)
    both = torch.cat([targets, teacher], dim=1)
    total, weight = Regression(nn.Identity(), TRAIN, Teaching(share, 1.0)).taught_loss(answers, both)
    loss = nn.functional.mse_loss
    wanted = (1 - share) * loss(answers, targets) + share * loss(answers, teacher)
    assert float(total / weight) == pytest.approx(float(wanted), rel=1e-5)


def test_a_fit_chooses_epochs_on_validation_and_then_sees_it_too(split: ForecastSplit, dense: TrainedModel) -> None:
    card = dense.card
    assert card["task"] == "forecast"
    assert card["scaling"] == {"relative_to": "last", "mean": split.mean, "scale": split.scale}
    assert (card["n_timepoints"], card["n_classes"], card["classes"]) == (16, 4, ["t+1", "t+2", "t+3", "t+4"])
    rows = {stage: [row for row in card["history"] if row["stage"] == stage] for stage in ("selection", "refit")}
    assert len(rows["refit"]) == card["best_epoch"] >= TRAIN.min_epochs
    losses = {row["epoch"]: row["validation_loss"] for row in rows["selection"]}
    assert card["best_epoch"] == min((epoch for epoch in losses if epoch >= 2), key=losses.__getitem__)
    assert all(row["validation_accuracy"] is None for row in card["history"])


def test_the_same_arguments_give_the_same_weights(split: ForecastSplit, dense: TrainedModel) -> None:
    again = fit(Forecasts(split), FCN, 42, TRAIN, model="fcn")
    for name, value in dense.weights.items():
        torch.testing.assert_close(again.weights[name], value, atol=0, rtol=0)


def test_test_is_not_looked_at(split: ForecastSplit, dense: TrainedModel) -> None:
    values = split.values.copy()
    values[split.origins["test"][0] :] = -1e6
    other = ForecastSplit(**{**{f: getattr(split, f) for f in split.__dataclass_fields__}, "values": values})
    again = fit(Forecasts(other), FCN, 42, TRAIN, model="fcn")
    assert all(torch.equal(again.weights[name], value) for name, value in dense.weights.items())


def test_forecasts_are_in_the_unit_of_the_series(split: ForecastSplit, dense: TrainedModel) -> None:
    table = forecast_cell((dense, split))
    assert list(table.columns) == ["dataset", "model", "seed", "window", "origin", "step", "target", "forecast"]
    assert len(table) == len(split.origins["test"]) * 4
    np.testing.assert_array_equal(table["target"], split.values[table["origin"] + table["step"] - 1])
    outputs = dense.module()(torch.from_numpy(split.series["test"])).detach().numpy()
    np.testing.assert_allclose(table["forecast"], split.restored("test", outputs).ravel(), rtol=1e-5)
    assert abs(table["forecast"] - 100).max() < 50


def test_a_forecaster_refuses_what_is_not_finite_and_its_predictor_tells_of_its_unit(
    split: ForecastSplit, dense: TrainedModel
) -> None:
    past = split.past("test").copy()
    past[1, 2] = np.nan
    with pytest.raises(DataError, match="past values: sample 1, column 2 is nan"):
        Forecaster(dense)(past)
    with pytest.raises(DataError, match="forecasts: sample 0, column 0"):
        Forecaster(dense)(np.linspace(-1e300, 1e300, 32).reshape(2, 16))
    with pytest.warns(UserWarning, match=r"windows in standard deviations of train.*Forecaster"):
        dense.predictor()


@pytest.mark.parametrize("relative", ["last", "train"])
def test_a_forecaster_takes_and_gives_values_of_the_series(split: ForecastSplit, relative: str) -> None:
    series = ForecastSeries("waves", split.values, 12, "units", "made here")
    other = cut_windows(series, WindowParams(context=16, horizon=4, relative_to=relative))
    fitted = fit(Forecasts(other), FCN, 1, TrainParams(max_epochs=1, min_epochs=1))
    call = Forecaster(TrainedModel.from_bytes(fitted.to_bytes()))
    np.testing.assert_allclose(call(other.past("test")).ravel(), forecast_cell((fitted, other))["forecast"], rtol=1e-6)
    with pytest.raises(DataError, match=r"shape \(2, 9\), expected \(n, 16\)"):
        call(np.zeros((2, 9)))


def test_a_classifier_is_no_forecaster(dense: TrainedModel) -> None:
    card = {key: value for key, value in dense.card.items() if key != "task"}
    with pytest.raises(ParameterError, match="is a classifier"):
        Forecaster(TrainedModel(card, dense.weights))


def test_a_network_learns_what_a_naive_rule_cannot(split: ForecastSplit) -> None:
    spec = ModelSpec(architecture="gru", size="small")
    fitted = fit(Forecasts(split), spec, 1, TrainParams(max_epochs=60, min_epochs=30, learning_rate=1e-2))
    errors = [score_forecast(table["target"], table["forecast"])["rmse"] for table in (
        forecast_cell((fitted, split)), naive_cell(split, "naive"), naive_cell(split, "seasonal_naive")
    )]  # fmt: skip
    assert errors[0] < min(errors[1:])


@pytest.mark.parametrize("architecture", ["inception_time", "fcn", "resnet", "gru", "transformer"])
def test_every_network_of_series_forecasts(split: ForecastSplit, architecture: str) -> None:
    short = TrainParams(max_epochs=1, min_epochs=1)
    fitted = fit(Forecasts(split), ModelSpec(architecture=architecture, size="small"), 1, short)
    assert fitted.predictor(merge=True)(split.series["test"]).shape == (len(split.origins["test"]), 4)


@pytest.mark.parametrize(
    "recipe",
    [
        CompressionRecipe(keep=0.6, multiple=1, fine_tune=FineTuneParams(epochs=2)),
        CompressionRecipe(method="small_dense", keep=0.6, fine_tune=FineTuneParams(distillation=0.0)),
        CompressionRecipe(method="small_dense", keep=0.6),
        CompressionRecipe(method="prune_channels", keep=0.6, multiple=1, fine_tune=FineTuneParams(epochs=2)),
        CompressionRecipe(method="continued", fine_tune=FineTuneParams(epochs=2)),
    ],
    ids=lambda recipe: f"{recipe.method}-{recipe.fine_tune.distillation:g}",
)
def test_a_smaller_forecaster_is_trained_on_and_comes_back(split, dense, recipe: CompressionRecipe) -> None:
    smaller = compress_cell((dense, split, ("v", recipe.without_tuning(), None)))
    tuned = tune_forecast_cell((smaller, dense, split, recipe), TRAIN)
    assert tuned.card["task"] == "forecast"
    assert tuned.card["compression"]["base"] == "fcn"
    assert recipe.method == "continued" or tuned.card["n_params"] <= 0.6 * dense.card["n_params"]
    again = TrainedModel.from_bytes(tuned.to_bytes())
    series = split.series["test"]
    np.testing.assert_array_equal(again.predictor()(series), tuned.predictor()(series))
    changed = any(not torch.equal(tuned.weights[name], value) for name, value in smaller.weights.items())
    assert changed


def test_training_on_comes_nearer_to_the_teacher(split: ForecastSplit, dense: TrainedModel) -> None:
    recipe = CompressionRecipe(keep=0.4, multiple=1, fine_tune=FineTuneParams(epochs=30, distillation=1.0))
    smaller = compress_cell((dense, split, ("v", recipe.without_tuning(), None)))
    tuned = tune_forecast_cell((smaller, dense, split, recipe), TRAIN)
    inputs = split.development(split.series)
    said, before, after = (model.predictor()(inputs) for model in (dense, smaller, tuned))
    assert np.square(after - said).mean() < 0.5 * np.square(before - said).mean()


def test_an_ensemble_is_refused(split: ForecastSplit) -> None:
    with pytest.raises(ParameterError, match="an ensemble averages probabilities, and forecasts have none"):
        fit(Forecasts(split), ModelSpec(architecture="fcn", members=2), 1, TRAIN)
