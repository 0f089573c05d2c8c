"""Disjoint unions are block-diagonal, and some graphs of a union are the union of some."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import block_diag
from tests.complexes.cases import complexes, known, table

from topology_efficient_dl.complexes.batch import (
    disjoint_union,
    select_graphs,
    select_groups,
)
from topology_efficient_dl.complexes.groups import facets
from topology_efficient_dl.complexes.operators import hodge_laplacian


@given(st.lists(complexes(max_nodes=5), min_size=1, max_size=4))
def test_laplacians_are_block_diagonal(parts):
    batch = disjoint_union(parts)
    for k in range(batch.complex.max_dimension + 1):
        there = [c for c in parts if k <= c.max_dimension]
        blocks = block_diag(*(hodge_laplacian(c, k).toarray() for c in there))
        np.testing.assert_array_equal(hodge_laplacian(batch.complex, k).toarray(), blocks)
        counts = [c.counts[k] if k <= c.max_dimension else 0 for c in parts]
        assert np.bincount(batch.index[k], minlength=len(parts)).tolist() == counts
        for name in ("weights", "first", "last"):
            expected = np.concatenate([getattr(c, name)[k] for c in there])
            np.testing.assert_array_equal(getattr(batch.complex, name)[k], expected)


def test_nothing_and_known_unions():
    assert disjoint_union([]).complex.counts == (0,)
    both = disjoint_union([known("torus of seven nodes"), known("hollow triangle")]).complex
    assert both.betti_numbers() == (2, 3, 1)


@given(st.lists(complexes(max_nodes=5), min_size=1, max_size=5), st.data())
def test_some_of_a_union_are_the_union_of_some(parts, data):
    chosen = np.array([i for i in range(len(parts)) if data.draw(st.booleans())], np.int64)
    offsets = np.cumsum([0, *(c.n_nodes for c in parts)])
    together = disjoint_union(parts)
    some, alone = select_graphs(together.complex, offsets, chosen), disjoint_union([parts[i] for i in chosen])
    assert some.complex.n_nodes == alone.complex.n_nodes
    for k in range(some.complex.max_dimension + 1):
        there = table(alone.complex, k) if k <= alone.complex.max_dimension else {}
        assert table(some.complex, k) == there
        assert some.index[k].tolist() == (alone.index[k].tolist() if there else [])
    groups = select_groups(facets(together.complex), offsets, chosen)
    for name, expected in facets(alone.complex).to_arrays().items():
        np.testing.assert_array_equal(getattr(groups, name), expected, err_msg=name)


def test_all_of_a_union_and_none_of_it():
    parts = [known("torus of seven nodes"), known("hollow triangle"), known("octahedron")]
    union, offsets = disjoint_union(parts).complex, np.array([0, 7, 10, 16])
    assert select_graphs(union, offsets, np.arange(3)).complex.counts == union.counts
    assert select_graphs(union, offsets, np.array([2])).complex.betti_numbers() == (1, 0, 1)
    nothing = select_graphs(union, offsets, np.empty(0, np.int64))
    assert nothing.complex.counts == (0, 0, 0)
    assert [len(index) for index in nothing.index] == [0, 0, 0]
    assert len(select_groups(facets(union), offsets, np.empty(0, np.int64))) == 0
