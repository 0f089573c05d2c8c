"""Tables in lexicographic order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from topology_efficient_dl.complexes.rows import Occurrences, locate_rows, row_codes

rows_of = st.tuples(st.integers(0, 12), st.integers(1, 4)).flatmap(
    lambda s: arrays(np.int64, s, elements=st.integers(0, 5))
)


@pytest.mark.parametrize("size", [6, 2**40, 2**58])
@given(rows=rows_of)
def test_codes_order_rows_even_where_products_overflow(size, rows):
    codes = row_codes(rows, size)
    as_tuples = [tuple(row) for row in rows.tolist()]
    for i, a in enumerate(as_tuples):
        for j, b in enumerate(as_tuples):
            assert (a < b, a == b) == (codes[i] < codes[j], codes[i] == codes[j])


@pytest.mark.parametrize("size", [6, 2**58])
@given(rows=rows_of, wanted=st.integers(0, 99))
def test_rows_are_located_or_missed(size, rows, wanted):
    table = np.unique(rows, axis=0)
    asked = np.random.default_rng(wanted).integers(0, 6, (5, rows.shape[1]))
    known = {tuple(row): i for i, row in enumerate(table.tolist())}
    assert locate_rows(asked, table, size).tolist() == [known.get(tuple(row), -1) for row in asked.tolist()]


@given(rows_of, st.integers(0, 12))
def test_merging_in_parts_is_merging_at_once(rows, cut):
    times = np.arange(len(rows))
    whole = Occurrences.merged([Occurrences.once(rows, times)], 6)
    parts = [Occurrences.once(rows[:cut], times[:cut]), Occurrences.once(rows[cut:], times[cut:])]
    halves = [Occurrences.merged([part], 6) for part in parts]
    merged = Occurrences.merged(halves, 6)
    for name in ("rows", "weight", "first", "last"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(merged, name))
    assert merged.weight.sum() == len(rows)
    np.testing.assert_array_equal(merged.rows, np.unique(rows, axis=0))
    assert all(
        times[(rows == row).all(axis=1)][[0, -1]].tolist() == [f, z]
        for row, f, z in zip(merged.rows, merged.first, merged.last, strict=True)
    )
