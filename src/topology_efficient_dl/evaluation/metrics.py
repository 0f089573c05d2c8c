"""Quality of one cell's predictions, and of a whole table of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score

from topology_efficient_dl.errors import DataError

CELL = ["dataset", "model", "seed"]
NO_PREDICTION = -1
"""Predicted class of a sample whose probabilities are not finite; it counts as a mistake."""


def score_cell(
    labels: ArrayLike, probabilities: ArrayLike | None = None, predicted: ArrayLike | None = None
) -> dict[str, Any]:
    """Accuracy, macro-F1 and AUROC of one cell.

    Macro-F1 is the plain mean over the classes that occur among labels or predictions. AUROC is the area under the
    ROC curve: of class 1 for two classes, else the plain mean over classes of one against the rest.

    Parameters
    ----------
    labels : (n_samples,) int codes
    probabilities : (n_samples, n_classes) float; a row that is not finite counts as a mistake
    predicted : (n_samples,) int codes; the most probable class when None

    Returns
    -------
    ``accuracy, f1_macro, auroc, auroc_reason``; ``auroc`` is None with a reason where it is not defined.

    Raises
    ------
    DataError : no samples, lengths that differ, or neither probabilities nor predictions

    Examples
    --------
    >>> score_cell([0, 1, 1, 0], [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]])
    {'accuracy': 0.75, 'f1_macro': 0.733..., 'auroc': 1.0, 'auroc_reason': None}
    """
    truth = np.asarray(labels, dtype=np.int64)
    spread = None if probabilities is None else np.asarray(probabilities, dtype=np.float64)
    guess = _predicted(spread, predicted)
    if truth.size == 0 or guess.shape != truth.shape:
        raise DataError(f"labels and predictions must pair up and not be empty: {truth.shape} and {guess.shape}")
    classes = np.union1d(truth, guess[guess != NO_PREDICTION])
    auroc, reason = _auroc(truth, spread)
    return {
        "accuracy": float(accuracy_score(truth, guess)),
        "f1_macro": float(f1_score(truth, guess, labels=classes, average="macro", zero_division=0)),
        "auroc": auroc,
        "auroc_reason": reason,
    }


def _predicted(probabilities: NDArray[np.float64] | None, predicted: ArrayLike | None) -> NDArray[np.int64]:
    if predicted is not None:
        return np.asarray(predicted, dtype=np.int64)
    if probabilities is None:
        raise DataError("a cell needs probabilities or predicted classes, and has neither")
    best: NDArray[np.int64] = np.nan_to_num(probabilities, nan=-np.inf).argmax(axis=1)
    return np.where(np.isfinite(probabilities).all(axis=1), best, NO_PREDICTION)


def _auroc(truth: NDArray[np.int64], probabilities: NDArray[np.float64] | None) -> tuple[float | None, str | None]:
    if probabilities is None:
        return None, "no probabilities"
    if not np.isfinite(probabilities).all():
        return None, "probabilities that are not finite"
    n_classes = probabilities.shape[1]
    absent = sorted(set(range(n_classes)) - set(truth.tolist()))
    if absent or n_classes < 2:
        return None, f"classes absent from test: {absent}" if absent else "one class only"
    if n_classes == 2:
        return float(roc_auc_score(truth, probabilities[:, 1])), None
    areas = [roc_auc_score(truth == code, probabilities[:, code]) for code in range(n_classes)]
    return float(np.mean(areas)), None


def score_predictions(predictions: pd.DataFrame) -> pd.DataFrame:
    """One tidy row of scores per cell.

    Parameters
    ----------
    predictions : one row per test sample and cell: ``dataset, model, seed, index, label, predicted`` and the
        probabilities ``p_0, p_1, ...``; columns that are empty throughout a data set are not classes of it

    Returns
    -------
    ``dataset, model, seed, accuracy, f1_macro, auroc, auroc_reason``

    Raises
    ------
    DataError : a column is missing

    Examples
    --------
    >>> table = pd.DataFrame({"dataset": "toy", "model": "m", "seed": 42, "index": [0, 1], "label": [0, 1],
    ...                       "predicted": [0, 1], "p_0": [0.9, 0.4], "p_1": [0.1, 0.6]})
    >>> score_predictions(table)[["dataset", "accuracy", "auroc"]].to_dict("records")
    [{'dataset': 'toy', 'accuracy': 1.0, 'auroc': 1.0}]
    """
    require_columns(predictions, [*CELL, "label", "predicted"], "predictions")
    columns = [*CELL, "accuracy", "f1_macro", "auroc", "auroc_reason"]
    return pd.DataFrame(list(_scored_cells(predictions)), columns=columns)


def _scored_cells(predictions: pd.DataFrame) -> Iterator[dict[str, Any]]:
    names = sorted((str(name) for name in predictions if str(name).startswith("p_")), key=lambda name: int(name[2:]))
    for dataset, of_dataset in predictions.groupby("dataset", sort=False):
        used = [name for name in names if of_dataset[name].notna().any()]
        for (model, seed), cell in of_dataset.groupby(["model", "seed"], sort=False):
            spread = cell[used].to_numpy(float) if used else None
            yield {"dataset": dataset, "model": model, "seed": seed} | score_cell(
                cell["label"], spread, cell["predicted"]
            )


def score_forecast(target: ArrayLike, forecast: ArrayLike) -> dict[str, float]:
    """Mean absolute, mean squared and root mean squared error of forecasts, over all entries.

    Parameters
    ----------
    target, forecast : float arrays of one shape

    Raises
    ------
    DataError : shapes differ, or an entry is not finite

    Examples
    --------
    >>> score_forecast([1.0, 2.0], [1.0, 4.0])
    {'mae': 1.0, 'mse': 2.0, 'rmse': 1.414...}
    """
    truth, guess = np.asarray(target, dtype=float), np.asarray(forecast, dtype=float)
    if truth.shape != guess.shape or truth.size == 0:
        raise DataError(f"target and forecast must have one shape and not be empty: {truth.shape} and {guess.shape}")
    error = guess - truth
    if not np.isfinite(error).all():
        raise DataError(f"{int((~np.isfinite(error)).sum())} of {error.size} forecast errors are not finite")
    mse = float(np.mean(error**2))
    return {"mae": float(np.abs(error).mean()), "mse": mse, "rmse": mse**0.5}


def require_columns(table: pd.DataFrame, columns: list[str], name: str) -> None:
    """Stop with the names of the columns that a table lacks.

    Raises
    ------
    DataError : a column is missing
    """
    missing = [column for column in columns if column not in table]
    if missing:
        raise DataError(f"table '{name}' lacks {', '.join(missing)}; it has {', '.join(map(str, table.columns))}")
