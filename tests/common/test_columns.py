"""Columns stay apart where float32 would make them one, and are standardised by their own scale."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology_efficient_dl.common.columns import (
    as_float32,
    constant_columns,
    narrowed,
    standardised,
)
from topology_efficient_dl.errors import DataError

ROWS = np.array([[0.0], [1.0], [2.0], [5.0]])


@given(st.floats(-1e12, 1e12), st.floats(-30, 20).map(lambda power: 10.0**power))
def test_neither_origin_nor_unit_of_a_column_matters(origin: float, unit: float) -> None:
    moved = origin * unit + ROWS * unit
    np.testing.assert_allclose(standardised(moved), standardised(ROWS), atol=1e-3)
    np.testing.assert_allclose(standardised(narrowed(moved)), standardised(ROWS), atol=1e-3)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e30, -7e-30, 1 / 3])
def test_a_constant_column_becomes_zero(value: float) -> None:
    column = np.full((1000, 1), value)
    column[::2] += column[::2] * 2**-52
    assert constant_columns(column).tolist() == [True]
    assert not standardised(column).any()


def test_float32_is_kept_where_it_does_no_harm() -> None:
    assert narrowed(np.array([[0.1, 1990.0], [0.7, 2024.0]])).dtype == np.float32
    assert narrowed(np.array([[0.1, 2.0**31], [0.7, 2.0**31 + 1]])).dtype == np.float64
    assert narrowed(np.array([[0.1], [0.1]])).dtype == np.float32
    assert narrowed(np.array([[1e-46], [2e-46]])).dtype == np.float64
    assert narrowed(np.zeros((0, 3))).dtype == np.float32


def test_many_columns_are_as_each_by_itself() -> None:
    values = np.random.default_rng(0).normal(size=(5, 700))
    values[:, 300] = 3.0
    assert np.flatnonzero(constant_columns(values)).tolist() == [300]
    assert constant_columns(np.zeros((2, 0))).tolist() == []


@pytest.mark.parametrize("value", [1e39, -1e39, np.nan, np.inf])
def test_what_float32_cannot_hold_is_named(value: float) -> None:
    with pytest.raises(DataError, match="feature 1 of node 2 is"):
        as_float32([[0, 0], [0, 0], [0, value]])


@pytest.mark.parametrize("unit", [5e-324, 1e-300, 1e-162, 1e-45, 1e37])
def test_squares_of_no_unit_vanish(unit: float) -> None:
    np.testing.assert_allclose(standardised(unit * np.array([[1.0], [3.0]])), [[-1], [1]])


@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
def test_whole_numbers_beyond_two_to_the_53_stay_apart(dtype: type) -> None:
    rows = np.array([[0], [1], [2], [5]])
    large = (rows + 2**60).astype(dtype)
    np.testing.assert_allclose(standardised(large), standardised(ROWS))
    np.testing.assert_allclose(standardised(narrowed(large)), standardised(ROWS))
    far = np.array([[-(2**62)], [2**62]])
    np.testing.assert_allclose(standardised(far), [[-1], [1]])
