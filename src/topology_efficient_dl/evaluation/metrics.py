"""Metrics, each declared once, and the quality of one cell's answers and of a whole table of them.

A metric of `CLASS_METRICS` or `ERROR_METRICS` is a column of scores, has its mean and deviation in the results table,
and can be judged; `params.training.EvaluateParams.metric` says which of them may be asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score

from topology_efficient_dl.errors import DataError
from topology_efficient_dl.evaluation.weighted import FloatArray, weighted_accuracy, weighted_auroc, weighted_macro_f1
from topology_efficient_dl.models.answers import NO_PREDICTION, predicted_classes

CELL = ["dataset", "model", "seed"]
COUNTS = ["not_finite", "n_answers"]
"""Columns of scores: how many answers of a cell are not finite, which count as mistakes, and of how many."""


Direction = Literal["drop", "cut", "rise"]
"""What counts as positive between two models: a fall of a quality in percentage points, a fall of a cost as a share, or
a rise of an error as a share."""


@dataclass(frozen=True)
class Answers:
    """What one cell answered, and what is true.

    Attributes
    ----------
    truth : (n_samples,) int codes, or float targets
    given : (n_samples,) int codes, `NO_PREDICTION` where there is none; or float forecasts
    probabilities : (n_samples, n_classes) or None
    """

    truth: NDArray[Any]
    given: NDArray[Any]
    probabilities: FloatArray | None = None


@dataclass(frozen=True)
class Metric:
    """A quality or an error.

    Attributes
    ----------
    name : column of scores
    words : the name in a sentence
    direction : what is a loss: "drop" of a quality, "rise" of an error
    score : of the answers of one cell
    weighted : of (labels, codes or probabilities, (n_draws, n_samples) weights), (n_draws,); what its bootstrap needs
    of_probabilities : whether it reads probabilities, else what they were decided to be
    undefined : why answers have no such metric, or None; None itself where all have one
    finite_only : whether answers that are not finite leave a model without it, else they count as mistakes
    """

    name: str
    words: str
    direction: Direction
    score: Callable[[Answers], float]
    weighted: Callable[..., FloatArray] | None = None
    of_probabilities: bool = False
    undefined: Callable[[Answers], str | None] | None = None
    finite_only: bool = False

    @property
    def columns(self) -> list[str]:
        """Columns of scores: its own, and one for the reason where it may be undefined."""
        return [self.name] if self.undefined is None else [self.name, f"{self.name}_reason"]

    def of(self, answers: Answers) -> dict[str, Any]:
        """The value of its columns."""
        reason = None if self.undefined is None else self.undefined(answers)
        return dict(zip(self.columns, (None if reason else self.score(answers), reason), strict=False))


def score_cell(
    labels: ArrayLike, probabilities: ArrayLike | None = None, predicted: ArrayLike | None = None
) -> dict[str, Any]:
    """The metrics of `CLASS_METRICS` of one cell.

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
    return _scores_of(CLASS_METRICS, Answers(truth, guess, spread))


def _scores_of(metrics: tuple[Metric, ...], answers: Answers) -> dict[str, Any]:
    return {column: value for metric in metrics for column, value in metric.of(answers).items()}


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


def _accuracy(answers: Answers) -> float:
    return float(accuracy_score(answers.truth, answers.given))


def _macro_f1(answers: Answers) -> float:
    classes = np.union1d(answers.truth, answers.given[answers.given != NO_PREDICTION])
    return float(f1_score(answers.truth, answers.given, labels=classes, average="macro", zero_division=0))


def _no_auroc(answers: Answers) -> str | None:
    if answers.probabilities is None:
        return "no probabilities"
    if not np.isfinite(answers.probabilities).all():
        return "probabilities that are not finite"
    n_classes = answers.probabilities.shape[1]
    if absent := sorted(set(range(n_classes)) - set(answers.truth.tolist())):
        return f"classes absent from test: {absent}"
    return "one class only" if n_classes < 2 else None


def _auroc(answers: Answers) -> float:
    assert answers.probabilities is not None
    spread, codes = answers.probabilities, range(answers.probabilities.shape[1])
    if len(codes) == 2:
        return float(roc_auc_score(answers.truth, spread[:, 1]))
    return float(np.mean([roc_auc_score(answers.truth == code, spread[:, code]) for code in codes]))


def _mae(answers: Answers) -> float:
    return float(np.abs(answers.given - answers.truth).mean())


def _mse(answers: Answers) -> float:
    return float(np.mean((answers.given - answers.truth) ** 2))


CLASS_METRICS = (
    Metric("accuracy", "accuracy", "drop", _accuracy, weighted_accuracy),
    Metric("f1_macro", "macro-F1", "drop", _macro_f1, weighted_macro_f1),
    Metric(
        "auroc", "AUROC", "drop", _auroc, weighted_auroc, of_probabilities=True, undefined=_no_auroc, finite_only=True
    ),
)
"""Of classifications."""

ERROR_METRICS = (
    Metric("mae", "MAE", "rise", _mae, finite_only=True),
    Metric("mse", "MSE", "rise", _mse, finite_only=True),
    Metric("rmse", "RMSE", "rise", lambda answers: _mse(answers) ** 0.5, finite_only=True),
)
"""Of forecasts."""

METRICS = {metric.name: metric for metric in (*CLASS_METRICS, *ERROR_METRICS)}
"""All metrics by name."""


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
    return _scores_table(_scored_cells(predictions), CLASS_METRICS)


def _scores_table(rows: Iterable[dict[str, Any]], metrics: tuple[Metric, ...]) -> pd.DataFrame:
    columns = [column for metric in metrics for column in metric.columns]
    return pd.DataFrame(list(rows), columns=[*CELL, *columns, *COUNTS])


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
    """Mean absolute, mean squared and root mean squared error of forecasts (`ERROR_METRICS`), over all entries.

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
    return _scores_of(ERROR_METRICS, Answers(truth, guess))


def score_forecasts(forecasts: pd.DataFrame) -> pd.DataFrame:
    """One row of errors a cell, over all its windows and steps; a cell has none if one of its forecasts is not finite.

    Parameters
    ----------
    forecasts : one row a window and step: ``dataset, model, seed, target, forecast``

    Returns
    -------
    ``dataset, model, seed, mae, mse, rmse``, and `COUNTS`

    Raises
    ------
    DataError : a column is missing

    Examples
    --------
    >>> cell = pd.DataFrame({"dataset": "d", "model": "m", "seed": 1, "target": [1.0, 2.0], "forecast": [1.0, 4.0]})
    >>> score_forecasts(cell)[["mae", "mse"]].values.tolist()
    [[1.0, 2.0]]
    """
    require_columns(forecasts, [*CELL, "target", "forecast"], "forecasts")
    rows = []
    for key, cell in forecasts.groupby(CELL, sort=False):
        bad = count_not_finite(cell["target"], cell["forecast"])
        errors = {} if bad else score_forecast(cell["target"], cell["forecast"])
        counts = dict(zip(COUNTS, (bad, len(cell)), strict=True))
        rows.append(dict(zip(CELL, key, strict=True)) | errors | counts)
    return _scores_table(rows, ERROR_METRICS)


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
