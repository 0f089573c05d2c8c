"""Quality of one cell's predictions, and of a whole table of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score

from topology_efficient_dl.errors import DataError
from topology_efficient_dl.models.answers import NO_PREDICTION, predicted_classes

CELL = ["dataset", "model", "seed"]
COUNTS = ["not_finite", "n_answers"]
"""Columns of scores: how many answers of a cell are not finite, which count as mistakes, and of how many."""


def score_cell(
    labels: ArrayLike, probabilities: ArrayLike | None = None, predicted: ArrayLike | None = None
) -> dict[str, Any]:
    """Accuracy, macro-F1 and AUROC of one cell.

    Macro-F1 is the plain mean over the classes that occur among labels or predictions. AUROC is the area under the
    ROC curve: of class 1 for two classes, else the plain mean over classes of one against the rest.

    Parameters
    ----------
    labels : (n_samples,) int codes
    probabilities : (n_samples, n_classes) float; a row that is not finite counts as a mistake, whatever ``predicted``
        says of it
    predicted : (n_samples,) int codes; the most probable class when None, the first of equally probable ones

    Returns
    -------
    ``accuracy, f1_macro, auroc, auroc_reason``; ``auroc`` is None with a reason where it is not defined.

    Raises
    ------
    DataError : no samples, a negative label, lengths that differ, neither probabilities nor predictions, or finite
        values that are no probabilities

    Examples
    --------
    >>> score_cell([0, 1, 1, 0], [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]])
    {'accuracy': 0.75, 'f1_macro': 0.733..., 'auroc': 1.0, 'auroc_reason': None}
    """
    truth = checked_labels(labels)
    spread = None if probabilities is None else np.asarray(probabilities, dtype=np.float64)
    guess = decided(spread, predicted)
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


def checked_labels(labels: ArrayLike) -> NDArray[np.int64]:
    """Labels as (n_samples,) codes.

    Raises
    ------
    DataError : one is negative, and would equal `NO_PREDICTION`
    """
    codes = np.asarray(labels, dtype=np.int64)
    if (codes < 0).any():
        place = int(np.flatnonzero(codes < 0)[0])
        raise DataError(
            f"labels: {codes.flat[place]} at sample {place}; expected codes from 0 on, as {NO_PREDICTION} stands for "
            "no prediction. Leave samples without a class out"
        )
    return codes


def decided(probabilities: NDArray[np.float64] | None, predicted: ArrayLike | None = None) -> NDArray[np.int64]:
    """The class that every sample is taken for; `NO_PREDICTION` wherever a probability or prediction is not finite.

    Parameters
    ----------
    probabilities : (n_samples, n_classes), or None
    predicted : (n_samples,) codes; the most probable class when None

    Raises
    ------
    DataError : neither of the two, or numbers of samples that differ
    """
    if probabilities is None and predicted is None:
        raise DataError("a cell needs probabilities or predicted classes, and has neither")
    best = None if probabilities is None else predicted_classes(probabilities)
    if predicted is None:
        assert best is not None
        return best
    given = np.asarray(predicted, dtype=np.float64)
    if best is not None and best.shape != given.shape:
        raise DataError(f"probabilities and predictions must pair up: {best.shape} and {given.shape} samples")
    answered = np.isfinite(given) if best is None else np.isfinite(given) & (best != NO_PREDICTION)
    return np.where(answered, given, NO_PREDICTION).astype(np.int64)


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
    ``dataset, model, seed, accuracy, f1_macro, auroc, auroc_reason``, and `COUNTS`

    Raises
    ------
    DataError : a column is missing, or finite values are no probabilities

    Examples
    --------
    >>> table = pd.DataFrame({"dataset": "toy", "model": "m", "seed": 42, "index": [0, 1], "label": [0, 1],
    ...                       "predicted": [0, 1], "p_0": [0.9, 0.4], "p_1": [0.1, 0.6]})
    >>> score_predictions(table)[["dataset", "accuracy", "auroc"]].to_dict("records")
    [{'dataset': 'toy', 'accuracy': 1.0, 'auroc': 1.0}]
    """
    require_columns(predictions, [*CELL, "label", "predicted"], "predictions")
    columns = [*CELL, "accuracy", "f1_macro", "auroc", "auroc_reason", *COUNTS]
    return pd.DataFrame(list(_scored_cells(predictions)), columns=columns)


def _scored_cells(predictions: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for dataset, of_dataset in predictions.groupby("dataset", sort=False):
        used = class_columns(of_dataset)
        for (model, seed), cell in of_dataset.groupby(["model", "seed"], sort=False):
            spread = cell[used].to_numpy(float) if used else None
            guess = decided(spread, cell["predicted"])
            counts = dict(zip(COUNTS, (int((guess == NO_PREDICTION).sum()), len(guess)), strict=True))
            head = {"dataset": dataset, "model": model, "seed": seed}
            yield head | score_cell(cell["label"], spread, guess) | counts


def class_columns(of_dataset: pd.DataFrame) -> list[str]:
    """The columns of probabilities of one data set, in order of codes; none where predictions have no probabilities.

    Tables of several data sets have empty columns where another one has more classes. A column that is empty up to the
    highest label is none of these: its probabilities are missing.
    """
    names = sorted((str(name) for name in of_dataset if str(name).startswith("p_")), key=lambda name: int(name[2:]))
    there = [int(name[2:]) for name in names if of_dataset[name].notna().any()]
    last = max([*there, int(of_dataset["label"].max())])
    return [name for name in names if int(name[2:]) <= last]


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


def count_not_finite(target: ArrayLike, forecast: ArrayLike) -> int:
    """How many forecasts have no squared error: they are not finite, or so large that its square is not."""
    with np.errstate(all="ignore"):
        square = (np.asarray(forecast, dtype=float) - np.asarray(target, dtype=float)) ** 2
    return int((~np.isfinite(square)).sum())


def require_columns(table: pd.DataFrame, columns: list[str], name: str) -> None:
    """Stop with the names of the columns that a table lacks.

    Raises
    ------
    DataError : a column is missing
    """
    missing = [column for column in columns if column not in table]
    if missing:
        raise DataError(f"table '{name}' lacks {', '.join(missing)}; it has {', '.join(map(str, table.columns))}")
