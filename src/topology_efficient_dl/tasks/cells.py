"""Cells: one combination of dataset, model and seed, from fit to predictions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from topology_efficient_dl.collections.fingerprint import versioned
from topology_efficient_dl.collections.keys import CellKey
from topology_efficient_dl.data.forecasting import ForecastSplit
from topology_efficient_dl.data.forecasting.naive import NAIVE
from topology_efficient_dl.data.split import Split
from topology_efficient_dl.errors import ParameterError, did_you_mean
from topology_efficient_dl.models.features import FeatureInput
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.models import ModelSpec, TransformRecipe
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.tasks.closed_form import fit_on_transform
from topology_efficient_dl.tasks.forecasts import NO_SEED, Forecasts, forecasts_table
from topology_efficient_dl.tasks.series import SeriesClasses
from topology_efficient_dl.tasks.task import fit, own_training, predict

if TYPE_CHECKING:
    from topology_efficient_dl.tasks.graphs import FitGraphCell, PredictGraphCell

Entry = tuple[str, ModelSpec]
FitCell = tuple[Split, Entry, int, FeatureInput | TransformRecipe | None]
PredictCell = tuple[TrainedModel, Split, FeatureInput | None]


@versioned(2, name="training.cells:fit_cell")
def fit_cell(cell: FitCell, train: TrainParams) -> TrainedModel:
    """Fit one model on one dataset with one seed."""
    split, (name, spec), seed, features = cell
    if isinstance(features, TransformRecipe):
        return fit_on_transform(split, spec, seed, train, features, model=name)
    return fit(SeriesClasses(split, features), spec, seed, train, model=name)


@versioned(1, name="training.graph_cells:fit_graph_cell")
def fit_graph_cell(cell: FitGraphCell, train: TrainParams) -> TrainedModel:
    """Fit one model on one dataset with one draw of labels."""
    from topology_efficient_dl.tasks.graphs import GraphClasses  # torch-geometric, which cells of series do without

    task, (name, spec), draw, complex_, features, groups = cell
    return fit(GraphClasses.of(task, complex_, features, groups), spec, draw, own_training(spec, train), model=name)


@versioned(1, name="training.forecast_cells:fit_forecast_cell")
def fit_forecast_cell(cell: tuple[ForecastSplit, Entry, int], train: TrainParams) -> TrainedModel:
    """Fit one model on one series with one seed."""
    split, (name, spec), seed = cell
    return fit(Forecasts(split), spec, seed, train, model=name)


@versioned(1, name="training.cells:predict_cell")
def predict_cell(cell: PredictCell) -> pd.DataFrame:
    """Predictions on test, one row a sample; see `task.predictions_table`."""
    model, split, features = cell
    return predict(SeriesClasses(split, features), model)


@versioned(1, name="training.graph_cells:predict_graph_cell")
def predict_graph_cell(cell: PredictGraphCell) -> pd.DataFrame:
    """Predictions on test, one row a node or graph, in the same columns."""
    from topology_efficient_dl.tasks.graphs import GraphClasses  # torch-geometric, which cells of series do without

    model, task, complex_, features, groups = cell
    return predict(GraphClasses.of(task, complex_, features, groups), model)


@versioned(1, name="training.forecast_cells:forecast_cell")
def forecast_cell(cell: tuple[TrainedModel, ForecastSplit]) -> pd.DataFrame:
    """Forecasts of test in the series' unit; see `forecasts_table`."""
    model, split = cell
    return predict(Forecasts(split), model)


@versioned(1, name="training.forecast_cells:naive_cell")
def naive_cell(split: ForecastSplit, name: str) -> pd.DataFrame:
    """Forecasts of test by a rule of `NAIVE`; see `forecasts_table`."""
    return forecasts_table(split, name, NO_SEED, NAIVE[name](split, "test"))


def features_of(
    zoo: Mapping[str, ModelSpec], variants: Iterable[str], fitted_in_cell: Iterable[str] = ()
) -> Callable[[str], str | None]:
    """From a cell's key to the key ``<dataset>/<variant>`` of the features that its model reads, or None.

    Parameters
    ----------
    zoo : model entries by name
    variants : keys of the features that there are
    fitted_in_cell : names of transforms that the model itself holds, so that nothing is to be joined

    Raises
    ------
    ParameterError : (of the function returned) a model names a variant that was not computed
    """
    known, held = set(variants), set(fitted_in_cell)

    def key_of_features(key: str) -> str | None:
        cell = CellKey.parse(key)
        dataset, variant = cell.dataset, zoo[cell.model].features
        if variant in held:
            return None
        if variant is not None and f"{dataset}/{variant}" not in known:
            names = sorted({name.partition("/")[2] for name in known})
            hint = did_you_mean(variant, names) or "."
            raise ParameterError(
                f"zoo.{cell.model}.features: no features '{variant}' of {dataset}{hint} There are: {', '.join(names)}. "
                "Add it to tda.variants, or run tda_features again"
            )
        return None if variant is None else f"{dataset}/{variant}"

    return key_of_features


def training_log(models: Iterable[TrainedModel]) -> pd.DataFrame:
    """Learning curves of all cells: ``dataset, model, seed``, then the columns of the card's history; heads in closed
    form have none."""
    columns = ["dataset", "model", "seed", "member", "stage", "epoch", "train_loss", "validation_loss"]
    columns += ["validation_accuracy", "learning_rate", "seconds"]
    rows = [
        {"dataset": model.card["dataset"], "model": model.card["model"], "seed": model.card["seed"], **row}
        for model in models
        for row in model.card["history"]
    ]
    return pd.DataFrame(rows, columns=columns)


def fits_table(models: Iterable[TrainedModel]) -> pd.DataFrame:
    """What training took, one row a cell: ``dataset, model, seed, fit_seconds, epochs, best_epoch``."""
    columns = ["dataset", "model", "seed", "fit_seconds", "epochs", "best_epoch"]
    return pd.DataFrame([{name: model.card[name] for name in columns} for model in models], columns=columns)


def choices_table(models: Iterable[TrainedModel]) -> pd.DataFrame:
    """Which transform train chose, one row a cell that had a choice.

    ``dataset, model, seed``; ``chosen``, its representations or else its kind; ``first_error`` and ``least_error``, the
    cross-validated errors of the candidate taken in doubt and of the best one, NaN where train was too small to tell.
    """
    columns = ["dataset", "model", "seed", "chosen", "first_error", "least_error"]
    rows = []
    for card in (model.card for model in models if "candidate_errors" in model.card):
        errors = card["candidate_errors"] or [float("nan")]
        chosen = " + ".join(card["recipe"].get("representations", [card["recipe"]["kind"]]))
        cell = {name: card[name] for name in ("dataset", "model", "seed")}
        rows.append(cell | {"chosen": chosen, "first_error": errors[0], "least_error": min(errors)})
    return pd.DataFrame(rows, columns=columns)
