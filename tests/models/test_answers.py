"""Answers that are not finite are no class, and what is no probability is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from topology_efficient_dl.errors import CellError, DataError
from topology_efficient_dl.models.answers import check_finite, predicted_classes
from topology_efficient_dl.models.ensemble import Ensemble


@pytest.mark.parametrize("bad", [[np.nan, np.nan], [np.nan, 1.0], [1.0, np.nan], [np.inf, 0.0], [0.0, -np.inf]])
def test_a_row_with_a_value_that_is_not_finite_has_no_class(bad: list[float]) -> None:
    assert predicted_classes([[0.1, 0.9], bad, [0.9, 0.1]]).tolist() == [1, -1, 0]


def test_equal_probabilities_are_the_first_class_and_no_rows_are_no_classes() -> None:
    assert predicted_classes([[0.5, 0.5]]).tolist() == [0]
    assert predicted_classes(np.empty((0, 3))).tolist() == []


@pytest.mark.parametrize("row", [[0.0, 0.0], [-0.2, 1.2], [2.0, 1.0], [0.4, 0.4]])
def test_finite_values_that_are_no_probabilities_are_refused_by_name(row: list[float]) -> None:
    with pytest.raises(DataError, match=r"1 of 3 rows are no probabilities, first row 2: .* whose sum is 1"):
        predicted_classes([[0.5, 0.5], [np.nan, 1.0], row])


def test_rounded_probabilities_pass() -> None:
    assert predicted_classes([[0.33, 0.33, 0.33], [0.0, 0.01, 1.0]]).tolist() == [0, 2]


def test_a_member_that_is_not_finite_leaves_its_ensemble_without_an_answer() -> None:
    votes = [nn.Identity(), nn.Identity()]
    votes[1].register_forward_hook(lambda module, inputs, output: output * torch.tensor([[1.0], [torch.nan]]))
    probabilities = Ensemble(votes)(torch.tensor([[0.0, 3.0], [0.0, 3.0]])).softmax(dim=1)
    assert predicted_classes(probabilities.numpy()).tolist() == [1, -1]


def test_a_fit_that_is_not_finite_is_named() -> None:
    check_finite("m on d", "rows", np.ones((2, 3)))
    with pytest.raises(CellError, match="m on d: 1 of 2 rows are not finite"):
        check_finite("m on d", "rows", np.array([[1.0, 2.0], [np.inf, 0.0]]))


@pytest.mark.parametrize("given", [[0.5, 0.5], 0.5, [], [[[0.5, 0.5]]]])
def test_probabilities_of_another_shape_than_one_row_a_sample_are_refused(given) -> None:
    with pytest.raises(DataError, match=r"probabilities: shape \(.*\); expected \(n_samples, n_classes\)"):
        predicted_classes(given)
