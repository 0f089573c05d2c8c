"""Nodes of ``forecast_c``."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from topology_efficient_dl.collections.collection import Collection
from topology_efficient_dl.collections.keys import dataset_of
from topology_efficient_dl.compression.cells import compress_all, tune_all
from topology_efficient_dl.compression.compress import layers_table
from topology_efficient_dl.data.forecasting import (
    ForecastSplit,
    cut_windows,
    describe_windows,
    read_series,
)
from topology_efficient_dl.data.forecasting.naive import NAIVE
from topology_efficient_dl.efficiency.environment import environment_fingerprint
from topology_efficient_dl.evaluation.comparisons import judge_forecasts
from topology_efficient_dl.evaluation.costs import measure_deployed_costs
from topology_efficient_dl.evaluation.metrics import score_forecasts
from topology_efficient_dl.evaluation.summary import (
    FORECAST_KEYS,
    as_records,
    efficiency_table,
    read_seeds,
    results_table,
)
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.forecasting import ForecastParams
from topology_efficient_dl.params.models import Zoo
from topology_efficient_dl.params.training import EfficiencyParams, ParallelParams
from topology_efficient_dl.reports.document import results_document
from topology_efficient_dl.reports.forecast import draw_forecasts, render_forecasts
from topology_efficient_dl.tasks.cells import fits_table, naive_cell, training_log
from topology_efficient_dl.tasks.forecasts import NO_SEED
from topology_efficient_dl.tasks.inputs import ForecastInputs

Rows = list[dict[str, Any]]


def prepare_windows(forecast: ForecastParams) -> Collection[ForecastSplit]:
    """Every series as windows of train, validation and test."""
    series = {name: read_series(name) for name in forecast.datasets.root}
    return Collection.of(series).map(cut_windows, forecast.windows)


def describe_series(splits: Collection[ForecastSplit]) -> pd.DataFrame:
    """One row a series: its length, windows of every part, season, unit, source."""
    return pd.DataFrame([describe_windows(split) for split in splits.values()])


def fit_forecasters(
    splits: Collection[ForecastSplit], forecast: ForecastParams, zoo: Zoo, parallel: ParallelParams
) -> Collection[TrainedModel]:
    """Every network on every series with every seed, by ``<dataset>/<model>/<seed>``."""
    return ForecastInputs(splits, zoo).fit_all(forecast.models, forecast.seeds, forecast.train, parallel)


def compress_forecasters(
    models: Collection[TrainedModel],
    splits: Collection[ForecastSplit],
    forecast: ForecastParams,
    efficiency: EfficiencyParams,
    parallel: ParallelParams,
) -> Collection[TrainedModel]:
    """Every network made smaller by every recipe, by ``<dataset>/<model>.<variant>/<seed>``."""
    return compress_all(models, forecast.compression, parallel, splits, efficiency)


def tabulate_layers(compressed: Collection[TrainedModel]) -> pd.DataFrame:
    """What became of every layer: ranks, parameters, error, or why it was left dense."""
    return layers_table(compressed.values())


def tune_forecasters(
    compressed: Collection[TrainedModel],
    models: Collection[TrainedModel],
    splits: Collection[ForecastSplit],
    forecast: ForecastParams,
    zoo: Zoo,
    parallel: ParallelParams,
) -> Collection[TrainedModel]:
    """Every compressed network trained on, with the dense one as its teacher."""
    return tune_all(compressed, models, ForecastInputs(splits, zoo), forecast.compression, forecast.train, parallel)


def gather_models(models: Collection[TrainedModel], tuned: Collection[TrainedModel]) -> Collection[TrainedModel]:
    """Dense and compressed networks in one collection."""
    return Collection.chain([models, tuned])


def log_training(models: Collection[TrainedModel]) -> pd.DataFrame:
    """Learning curves of all cells in one table."""
    return training_log(models.values())


def forecast_test(
    splits: Collection[ForecastSplit], models: Collection[TrainedModel], zoo: Zoo, parallel: ParallelParams
) -> Collection[pd.DataFrame]:
    """Forecasts of test, by networks and by naive rules."""
    rules = [splits.map(naive_cell, name).suffixed(f"{name}/{NO_SEED}") for name in NAIVE]
    networks = ForecastInputs(splits, zoo).predict_all(models, parallel)
    return Collection.chain([*rules, networks]).run_on(parallel)


def measure_efficiency(
    models: Collection[TrainedModel], splits: Collection[ForecastSplit], efficiency: EfficiencyParams
) -> Collection[Rows]:
    """What every network costs as it would be deployed, by series; one after the other, with nothing else running."""
    by_series = models.group(dataset_of).cross().join(splits, dataset_of)
    return by_series.map(measure_deployed_costs, efficiency, environment_fingerprint())


def score(predictions: Collection[pd.DataFrame]) -> pd.DataFrame:
    """MAE, MSE and RMSE of every cell, in the series' unit; series by series."""
    scores = pd.concat([score_forecasts(cell) for cell in predictions.values()], ignore_index=True)
    return scores.sort_values("dataset", kind="stable", ignore_index=True)


def tabulate(scores: pd.DataFrame, efficiency: Collection[Rows], models: Collection[TrainedModel]) -> pd.DataFrame:
    """Errors beside cost, one row a series and model."""
    return results_table(scores, efficiency_table(efficiency.values()), fits_table(models.values()), FORECAST_KEYS)


def judge(
    predictions: Collection[pd.DataFrame],
    efficiency: Collection[Rows],
    forecast: ForecastParams,
    measured: EfficiencyParams,
) -> Rows:
    """Confirmed, refuted or inconclusive: smaller networks against dense ones and peers, all against naive rules."""
    return judge_forecasts(
        pd.concat(predictions.values(), ignore_index=True),
        efficiency_table(efficiency.values()),
        forecast,
        forecast.compression.recipes(),
        list(NAIVE),
        measured.batch_sizes,
    )


def draw(splits: Collection[ForecastSplit], predictions: Collection[pd.DataFrame], forecast: ForecastParams) -> Figure:
    """Forecasts of test against truth: the seasonal rule, the first network, and the first that was made of it."""
    dense, variant = forecast.models.root[0], next(iter(forecast.compression.recipes()))
    shown = ["seasonal_naive", dense, f"{dense}.{variant}"]
    table = pd.concat(predictions.values(), ignore_index=True)
    return draw_forecasts(splits.values(), table, shown, forecast.seeds.root[0])


def document(results: pd.DataFrame, verdicts: Rows, scores: pd.DataFrame, data_card: pd.DataFrame) -> dict[str, Any]:
    """All numbers of the run in one JSON document, with the command and the environment."""
    return results_document(read_seeds(results), verdicts, {"errors_by_seed": as_records(scores)}, data_card)


def report(
    data_card: pd.DataFrame,
    results: pd.DataFrame,
    verdicts: Rows,
    forecast: ForecastParams,
    efficiency: EfficiencyParams,
) -> str:
    """What was found, tables, verdicts and conditions as one page."""
    return render_forecasts(data_card, results, verdicts, forecast, efficiency)
