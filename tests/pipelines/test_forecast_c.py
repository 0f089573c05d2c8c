"""`forecast_c` through the command line: a run on one series, what lies in the catalog, and what mistakes say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.places import chdir

COLLECTIONS = {
    "splits", "models", "compressed_models", "tuned_models", "all_models", "predictions", "efficiency"
}  # fmt: skip
PARAMETERS = """
forecast:
  datasets: [airline]
  context: 24
  horizon: 6
  models: [fcn]
  seeds: [1, 2]
  train: {max_epochs: 2, min_epochs: 1}
  compression: {keep: 0.5, multiple: 1, fine_tune: {epochs: 1}}
  evaluate: {n_bootstrap: 200}
zoo: {fcn: {architecture: fcn, size: small, options: {filters: [8, 16, 8]}}}
efficiency: {rounds: 2, min_run_seconds: 0.002, memory: false}
parallel: {backend: sequential}
"""
COMPRESSED = {f"fcn.{name}" for name in ("compressed", "low_rank", "continued", "small", "small_distilled")}


@pytest.fixture(scope="module")
def forecasting(make_project: Callable):
    """A project in which the pipeline was run once."""
    project = make_project()
    project.environment("small", PARAMETERS)
    result = project.run("--pipelines", "forecast_c", env="small")
    assert result.code == 0, result.output
    assert set(result.cells) == COLLECTIONS
    project.first = result
    return project


def test_a_run_ends_in_a_table_verdicts_and_a_page(forecasting) -> None:
    results = forecasting.load("forecast_c.forecast_results", "small").set_index("model")
    assert set(results.index) == {"naive", "seasonal_naive", "fcn", *COMPRESSED}
    assert (results["rmse_mean"] >= results["mae_mean"]).all()
    assert results.loc["fcn.small", "params"] < 0.55 * results.loc["fcn", "params"]
    assert results.loc[["naive", "seasonal_naive"], "params"].isna().all()
    verdicts = forecasting.load("forecast_c.forecast_verdicts", "small")
    assert {row["model"] for row in verdicts if row["baseline"] == "fcn"} == COMPRESSED - {"fcn.continued"}
    assert {row["model"] for row in verdicts if row["baseline"] == "seasonal_naive"} == {"fcn", *COMPRESSED}
    assert {row["status"] for row in verdicts} <= {"confirmed", "refuted", "inconclusive"}
    page = forecasting.load("forecast_c.report_markdown", "small")
    assert "144 values, season 12; windows: 57 of train, 24 of validation, 24 of test." in page
    assert str(forecasting.root) not in page
    assert "airline  seasonal_naive" in forecasting.first.output
    layers = forecasting.load("forecast_c.compressed_layers", "small")
    assert set(layers["model"]) == {"fcn.compressed", "fcn.low_rank"}


def test_errors_are_those_of_the_forecasts_that_are_stored(forecasting) -> None:
    scores = forecasting.load("forecast_c.scores", "small").set_index(["model", "seed"])
    predictions = forecasting.load("forecast_c.predictions", "small")
    assert len(predictions) == 2 * 6 + 2
    cell = predictions["airline/fcn.small/2"]
    error = (cell["forecast"] - cell["target"]).abs()
    assert scores.loc[("fcn.small", 2), "mae"] == pytest.approx(error.mean())
    truth = forecasting.load("forecast_c.splits", "small")["airline"].truth("test")
    assert cell["target"].tolist() == truth.ravel().tolist()


def test_a_second_run_computes_nothing_and_another_horizon_everything(forecasting) -> None:
    again = forecasting.run("--pipelines", "forecast_c", env="small")
    assert again.code == 0, again.output
    assert set(again.todo.values()) == {0}
    criterion = forecasting.run("--pipelines", "forecast_c", env="small", params="forecast.evaluate.max_rmse_rise=0.5")
    assert set(criterion.todo.values()) == {0}
    until_fitted = ("--pipelines", "forecast_c", "--to-outputs", "forecast_c.models")
    other = forecasting.run(*until_fitted, env="small", params="forecast.horizon=5")
    assert other.todo == {"splits": 1, "models": 2}


def test_results_are_published(forecasting, tmp_path) -> None:
    from topology_efficient_dl.cli import cli

    with chdir(forecasting.root):
        options = ["--only", "forecast", "--track", "forecast_c", "--env", "small", "--to", str(tmp_path)]
        result = CliRunner().invoke(cli, ["publish", *options])
    assert result.exit_code == 0, result.output
    written = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert written == {
        "forecast_c.json", "forecast_c/report.md", "forecast_c/results.csv", "forecast_c/forecast.png"
    }  # fmt: skip
    assert (tmp_path / "forecast_c" / "forecast.png").read_bytes().startswith(b"\x89PNG")
    document = json.loads(Path(tmp_path / "forecast_c.json").read_text())
    assert document["results"][2]["seeds"] == [1, 2]
    assert document["datasets"][0]["dataset"] == "airline"
    assert len(document["statistics"]["errors_by_seed"]) == 14


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ("forecast.datasets=airlin", "no series 'airlin'; did you mean 'airline'?"),
        ("forecast.datasets=shampoo_sales", "series 'shampoo_sales' is too short: of its 36 values 22 are in train"),
        ("forecast.datasets=solar", "forecast.context 24 is shorter than a season of 'solar' (48 values)"),
        ("forecast.horizn=3", "unknown parameter 'horizn'; did you mean 'horizon'?"),
        ("forecast.models=fcm", "unknown model 'fcm'; did you mean 'fcn'?"),
        ("forecast.models=gat", "forecast.models: 'gat' is a model of graphs"),
        ("forecast.models=betti_ridge", "forecast.models: 'betti_ridge' is a model of features"),
        ("forecast.models=inception_time_ensemble", "forecast.models: 'inception_time_ensemble' is an ensemble"),
        ("forecast.train.refit=false", "train.refit: compressed networks are trained on"),
        ("forecast.train.class_weights=balanced", "forecasts have no classes"),
        ("forecast.compression.keep=0.001", "keep 0.001 cannot be met"),
        ("models=fcn", "this pipeline does not read it; write forecast.models"),
    ],
)
def test_mistakes_are_named(forecasting, params: str, message: str) -> None:
    result = forecasting.run("--pipelines", "forecast_c", env="small", params=params)
    assert result.code == 1
    assert message in result.output.replace("\n", " ")
