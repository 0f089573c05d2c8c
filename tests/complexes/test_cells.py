"""Rings as 2-cells."""

from __future__ import annotations

import io

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.complexes.cases import KNOWN, graphs, known

from topology_efficient_dl.complexes.cells import CellComplex, cell_complex_of_cycles, ring_complex
from topology_efficient_dl.complexes.operators import hodge_laplacian
from topology_efficient_dl.errors import DataError


def ring(n: int) -> np.ndarray:
    return np.sort(np.stack([np.arange(n), (np.arange(n) + 1) % n], axis=1), axis=1)


NAPHTHALENE = np.concatenate([ring(10), [[4, 9]]])


@given(graphs(max_nodes=7), st.integers(3, 7))
def test_boundaries_vanish_and_rings_span_all_cycles(graph, max_length):
    n, edges = graph
    complex_ = ring_complex(edges, n, max_length=max_length)
    b1, b2 = complex_.boundary(1), complex_.boundary(2)
    assert abs(b1 @ b2).sum() == 0
    assert (abs(b2).sum(axis=0) <= max_length).all()
    whole = nx.Graph(edges.tolist())
    assert kernel(complex_, 0) == nx.number_connected_components(whole) + n - len(whole)
    if max_length >= n:  # chordless cycles generate the cycle space
        assert kernel(complex_, 1) == 0


def kernel(complex_, k):
    laplacian = hodge_laplacian(complex_, k).toarray()
    return int((np.linalg.eigvalsh(laplacian) < 1e-9).sum())


def test_fused_rings():
    complex_ = ring_complex(NAPHTHALENE, 10)
    assert complex_.counts == (10, 11, 2)
    assert [kernel(complex_, k) for k in range(3)] == [1, 0, 0]
    assert ring_complex(NAPHTHALENE, 10, max_length=5).counts == (10, 11, 0)
    assert kernel(ring_complex(NAPHTHALENE, 10, max_length=5), 1) == 2
    assert complex_.boundary(0).shape == (0, 10)
    assert complex_.boundary(3).shape == (2, 0)


def test_a_square_has_four_sides_in_its_direction():
    square = ring_complex(ring(4), 4)
    assert square.edges.tolist() == [[0, 1], [0, 3], [1, 2], [2, 3]]
    assert square.vertices.tolist() == [0, 1, 2, 3]
    assert square.boundary(2).toarray().ravel().tolist() == [1, -1, 1, 1]


@pytest.mark.parametrize("name", KNOWN)
def test_triangles_as_cells_have_the_homology_of_triangles_as_simplices(name):
    simplicial = known(name)
    if simplicial.max_dimension != 2:
        return
    cells = cell_complex_of_cycles(simplicial.n_nodes, simplicial.simplices[1], simplicial.simplices[2].tolist())
    for k in range(3):
        np.testing.assert_array_equal(cells.boundary(k).toarray(), simplicial.boundary(k).toarray())


@given(graphs(max_nodes=7), st.randoms(use_true_random=False))
def test_relabelling_keeps_spectra(graph, random):
    n, edges = graph
    names = list(range(n))
    random.shuffle(names)
    renamed = np.sort(np.array(names)[edges], axis=1)
    for k in range(3):
        spectra = [np.linalg.eigvalsh(hodge_laplacian(ring_complex(e, n), k).toarray()) for e in (edges, renamed)]
        np.testing.assert_allclose(*spectra, atol=1e-9)


def test_a_cycle_is_written_in_one_way():
    ways = [[2, 3, 0, 1], [1, 0, 3, 2], [0, 1, 2, 3]]
    complexes = [cell_complex_of_cycles(4, ring(4), [way]) for way in ways]
    assert all(c.vertices.tolist() == [0, 1, 2, 3] for c in complexes)
    assert cell_complex_of_cycles(4, ring(4), ways).counts == (4, 4, 1)


def test_too_many_rings_are_refused_while_they_are_found():
    pairs = np.array(nx.complete_graph(30).edges)
    with pytest.raises(DataError, match="more than 100 chordless cycles of at most 6"):
        ring_complex(pairs, 30, max_length=6, max_cells=100)


def test_bad_cells_are_refused():
    with pytest.raises(DataError, match="cycle through node 2 goes along a pair that is no edge"):
        cell_complex_of_cycles(4, ring(4), [[0, 1, 2]])
    with pytest.raises(DataError, match="distinct and in lexicographic order"):
        CellComplex(3, np.array([[1, 2], [0, 1]]), np.zeros(1), np.empty(0))


def test_arrays_survive_npz():
    complex_ = ring_complex(NAPHTHALENE, 10)
    file = io.BytesIO()
    np.savez(file, **complex_.to_arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored:
        back = CellComplex.from_arrays(stored)
    assert back.counts == complex_.counts
    np.testing.assert_array_equal(back.vertices, complex_.vertices)
    with pytest.raises(DataError, match="array 'edges' not found"):
        CellComplex.from_arrays({"n_nodes": np.array(3)})
