"""Cells: one combination of dataset, model and seed, from fit to predictions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from topology_efficient_dl.collections.fingerprint import versioned
from topology_efficient_dl.data.split import Split
from topology_efficient_dl.errors import ParameterError, did_you_mean
from topology_efficient_dl.models.answers import predicted_classes
from topology_efficient_dl.models.features import FeatureInput
from topology_efficient_dl.models.registry import find_architecture
from topology_efficient_dl.models.trained import TrainedModel, predict_proba
from topology_efficient_dl.params.models import ModelSpec, TransformRecipe
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.tasks.closed_form import fit_on_transform
from topology_efficient_dl.tasks.series import fit
from topology_efficient_dl.training.runtime import reproducible

FitCell = tuple[Split, tuple[str, ModelSpec], int, FeatureInput | TransformRecipe | None]
PredictCell = tuple[TrainedModel, Split, FeatureInput | None]

# The last bits of a probability depend on the number of threads, which belongs to the process.
_ONE_PREDICTION = threading.Lock()


def dataset_of(key: str) -> str:
    """The dataset of a cell's key ``<dataset>/<model>/<seed>``."""
    return key.split("/")[0]


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
        dataset, model, _ = key.split("/")
        variant = zoo[model].features
        if variant in held:
            return None
        if variant is not None and f"{dataset}/{variant}" not in known:
            names = sorted({name.split("/", 1)[1] for name in known})
            hint = did_you_mean(variant, names) or "."
            raise ParameterError(
                f"zoo.{model}.features: no features '{variant}' of {dataset}{hint} There are: {', '.join(names)}. "
                "Add it to tda.variants, or run tda_features again"
            )
        return None if variant is None else f"{dataset}/{variant}"

    return key_of_features


@versioned(2, name="training.cells:fit_cell")
def fit_cell(cell: FitCell, train: TrainParams) -> TrainedModel:
    """Fit one model on one dataset with one seed."""
    split, (name, spec), seed, features = cell
    if find_architecture(spec.architecture).solver != "gradient" and isinstance(features, FeatureInput):
        raise ParameterError(
            f"zoo.{name}: '{spec.architecture}' has a closed form, for features of transforms; its features "
            f"'{spec.features}' are a variant of tda.variants. Name one of transforms, or take architecture ph_mlp"
        )
    if isinstance(features, TransformRecipe):
        return fit_on_transform(split, spec, seed, train, features, model=name)
    return fit(split, spec, seed, train, features, model=name)


@versioned(1, name="training.cells:predict_cell")
def predict_cell(cell: PredictCell) -> pd.DataFrame:
    """Predictions on test, one row a sample: ``dataset, model, seed, index, label, predicted, p_0, p_1, ...``."""
    model, split, features = cell
    with _ONE_PREDICTION, reproducible(model.card["seed"], threads=1):
        probabilities = predict_proba(model, split.series["test"], features.parts["test"] if features else None)
    labels = split.labels["test"]
    return predictions_table(model, probabilities, labels, np.arange(len(labels)))


def predictions_table(
    model: TrainedModel, probabilities: NDArray[np.float32], labels: NDArray[np.int64], index: NDArray[np.int64]
) -> pd.DataFrame:
    """One row a sample: ``dataset, model, seed, index, label, predicted, p_0, p_1, ...``; see `predicted_classes`."""
    table = pd.DataFrame(probabilities, columns=[f"p_{code}" for code in range(probabilities.shape[1])])
    table.insert(0, "predicted", predicted_classes(probabilities))
    table.insert(0, "label", labels)
    table.insert(0, "index", index)
    for name in ("seed", "model", "dataset"):
        table.insert(0, name, model.card[name])
    return table


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
