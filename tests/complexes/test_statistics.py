"""Statistics of nodes against networkx, and their invariance."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.complexes.cases import complexes, known

from topology_efficient_dl.complexes import SimplicialComplex
from topology_efficient_dl.complexes.operators import simplex_adjacency
from topology_efficient_dl.complexes.statistics import graph_statistics, node_statistics


def column(statistics, name):
    return statistics.values[:, statistics.names.index(name)]


@given(complexes())
def test_equal_to_networkx(complex_):
    graph = nx.Graph()
    graph.add_nodes_from(range(complex_.n_nodes))
    if complex_.max_dimension:
        graph.add_weighted_edges_from(
            (u, v, w) for (u, v), w in zip(complex_.simplices[1].tolist(), complex_.weights[1], strict=True)
        )
    found = node_statistics(complex_)
    assert found.values.dtype == np.float32
    assert found.values.shape == (complex_.n_nodes, len(found.names))
    nodes = range(complex_.n_nodes)
    for name, expected in {
        "degree": dict(graph.degree),
        "strength": dict(graph.degree(weight="weight")),
        "triangles": nx.triangles(graph),
        "clustering": nx.clustering(graph),
        "neighbour_degree": nx.average_neighbor_degree(graph),
    }.items():
        np.testing.assert_allclose(column(found, name), [expected[v] for v in nodes], rtol=1e-6)


@given(complexes(), st.randoms(use_true_random=False))
def test_relabelling_permutes_rows(complex_, random):
    permutation = list(range(complex_.n_nodes))
    random.shuffle(permutation)
    before, after = node_statistics(complex_), node_statistics(complex_.relabelled(permutation))
    assert before.names == after.names
    np.testing.assert_allclose(after.values[permutation], before.values, rtol=1e-6)


def test_closure_is_the_share_of_filled_triangles():
    half = SimplicialComplex.of_simplices(4, [(0, 1, 2), (1, 3), (2, 3)])
    found = node_statistics(half)
    np.testing.assert_allclose(column(found, "closure"), [1, 0.5, 0.5, 0])
    np.testing.assert_allclose(column(found, "simplices_2"), [1, 1, 1, 0])
    assert "closure" not in node_statistics(known("hollow triangle")).names


def test_simplices_of_every_dimension_are_counted():
    found = node_statistics(known("filled tetrahedron"))
    assert found.names[-5:] == ("simplices_2", "simplex_weight_2", "simplices_3", "simplex_weight_3", "closure")
    assert found.values[0, -5:].tolist() == [3, 3, 1, 1, 1]


@pytest.mark.parametrize("name", ["octahedron", "torus of seven nodes"])
def test_the_graph_alone_gives_the_same(name):
    complex_ = known(name)
    of_graph = graph_statistics(simplex_adjacency(complex_))
    np.testing.assert_array_equal(of_graph.values, node_statistics(complex_).values[:, : len(of_graph.names)])
