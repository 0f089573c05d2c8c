"""Scores against scikit-learn, and where they are undefined."""

from typing import get_args

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score, roc_auc_score

from topology_efficient_dl.errors import DataError
from topology_efficient_dl.evaluation.metrics import CLASS_METRICS, score_cell, score_forecast, score_predictions
from topology_efficient_dl.evaluation.summary import EXTRA_KEYS, RESULT_KEYS
from topology_efficient_dl.params.training import EvaluateParams


@pytest.fixture
def three_classes():
    rng = np.random.default_rng(0)
    spread = rng.dirichlet(np.ones(3), size=60)
    return rng.integers(3, size=60), spread


def test_multiclass_agrees_with_scikit_learn(three_classes):
    labels, spread = three_classes
    found = score_cell(labels, spread)
    assert found["f1_macro"] == pytest.approx(f1_score(labels, spread.argmax(1), average="macro"))
    assert found["auroc"] == pytest.approx(roc_auc_score(labels, spread, multi_class="ovr", average="macro"))


def test_constant_prediction_scores_half_the_majority_f1():
    assert score_cell([0, 0, 0, 1], [[0.9, 0.1]] * 4)["f1_macro"] == pytest.approx(0.5 * 6 / 7)


def test_a_class_absent_from_test_has_no_auroc(three_classes):
    _, spread = three_classes
    found = score_cell(np.zeros(60, int), spread)
    assert found["auroc"] is None
    assert found["auroc_reason"] == "classes absent from test: [1, 2]"


def test_a_row_of_nan_is_a_mistake_and_not_a_class():
    spread = np.array([[0.9, 0.1], [np.nan, np.nan], [0.2, 0.8], [0.1, 0.9]])
    found = score_cell([0, 0, 1, 1], spread)
    assert found["accuracy"] == 0.75
    assert found["f1_macro"] == pytest.approx((2 / 3 + 1) / 2)
    assert found["auroc"] is None


def test_a_prediction_does_not_win_over_probabilities_that_are_not_finite():
    spread = [[0.9, 0.1], [np.nan, np.nan], [0.2, 0.8], [np.inf, 0.0]]
    found = score_cell([0, 0, 1, 0], spread, predicted=[0, 0, 1, 0])
    assert found == score_cell([0, 0, 1, 0], spread)
    assert (found["accuracy"], found["f1_macro"]) == (0.5, pytest.approx((2 / 4 + 1) / 2))
    assert score_cell([0, 1], predicted=[np.nan, 1])["accuracy"] == 0.5


def cell(probabilities, predicted=0, model="m", dataset="d", label=None):
    values = np.asarray(probabilities, float)
    return pd.DataFrame({"dataset": dataset, "model": model, "seed": 1, "index": np.arange(len(values)),
                         "label": np.arange(len(values)) % 2 if label is None else label, "predicted": predicted,
                         **{f"p_{k}": values[:, k] for k in range(values.shape[1])}})  # fmt: skip


def test_answers_that_are_not_finite_are_mistakes_and_counted():
    nan = np.full((4, 2), np.nan)
    half = np.where(np.arange(4)[:, None] % 2, nan, [[0.9, 0.1]])
    rows = score_predictions(pd.concat([cell(nan), cell(half, model="half"), cell([[0.9, 0.1]] * 4, model="well")]))
    assert rows["not_finite"].tolist() == [4, 2, 0]
    assert rows["n_answers"].tolist() == [4, 4, 4]
    assert rows["accuracy"].tolist() == [0.0, 0.5, 0.5]
    assert rows["f1_macro"].tolist()[0] == 0.0


def test_a_data_set_without_any_finite_probability_is_not_taken_for_one_without_probabilities():
    three = cell([[0.2, 0.3, 0.5]] * 3, dataset="three", label=[0, 1, 2], predicted=2)
    scores = score_predictions(pd.concat([three, cell(np.full((4, 2), np.nan))])).set_index("dataset")
    assert scores.loc["d", ["accuracy", "not_finite"]].tolist() == [0.0, 4]
    assert scores.loc["three", "not_finite"] == 0
    alone = score_predictions(cell(np.full((4, 2), np.nan), predicted=[0, 1, 0, 1]))
    assert alone["accuracy"].tolist() == [0.0]


def test_nothing_to_score_is_refused():
    with pytest.raises(DataError):
        score_cell([], np.empty((0, 2)))
    with pytest.raises(DataError, match="neither"):
        score_cell([0, 1])
    with pytest.raises(DataError, match="pair up"):
        score_cell([0, 1], [[0.5, 0.5]])


def test_a_negative_label_is_refused_rather_than_equal_to_no_prediction():
    with pytest.raises(DataError, match="labels: -1 at sample 1; expected codes from 0 on"):
        score_cell([0, -1, 1], [[1, 0], [np.nan, np.nan], [0, 1]])
    with pytest.raises(DataError, match="labels: -1 at sample 0"):
        score_cell([-1, 0], predicted=[-1, 0])


def test_a_table_gives_a_row_per_cell_in_order(predictions):
    table = predictions({"m": 0.8, "b": 0.9})
    scores = score_predictions(table)
    assert len(scores) == 2 * 2 * 3
    assert scores["model"].drop_duplicates().tolist() == ["m", "b"]
    cell = table[(table.dataset == "Beta") & (table.model == "b") & (table.seed == 123)]
    row = scores[(scores.dataset == "Beta") & (scores.model == "b") & (scores.seed == 123)].iloc[0]
    assert row["accuracy"] == (cell.label == cell.predicted).mean()


def test_sets_with_different_numbers_of_classes_share_a_table(predictions):
    table = pd.concat([predictions({"m": 0.8}, ["two"]), predictions({"m": 0.8}, ["three"], n_classes=3)])
    assert score_predictions(table)["auroc"].notna().all()


def test_missing_columns_are_named():
    with pytest.raises(DataError, match="lacks label, predicted"):
        score_predictions(pd.DataFrame(columns=["dataset", "model", "seed"]))


def test_forecast_errors():
    assert score_forecast(np.zeros((2, 2)), [[3, -3], [3, 3]]) == {"mae": 3.0, "mse": 9.0, "rmse": 3.0}
    with pytest.raises(DataError, match="1 of 2"):
        score_forecast([0.0, 1.0], [np.nan, 1.0])
    with pytest.raises(DataError, match="one shape"):
        score_forecast([0.0], [0.0, 1.0])


def test_every_metric_of_classes_can_be_asked_for_and_has_its_columns():
    asked = get_args(EvaluateParams.model_fields["metric"].annotation)
    assert set(asked) == {metric.name for metric in CLASS_METRICS}
    columns = {*RESULT_KEYS, *EXTRA_KEYS}
    assert {f"{name}_{what}" for name in asked for what in ("mean", "std")} <= columns
