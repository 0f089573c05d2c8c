"""Cliques by size and maximal ones, and triangles that are only counted, against networkx."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from scipy import sparse
from tests.complexes.cases import graphs, uncompiled

from topology_efficient_dl.complexes import cliques as cliques_module
from topology_efficient_dl.complexes import maximal_cliques as maximal_module
from topology_efficient_dl.complexes import triangles as triangles_module
from topology_efficient_dl.complexes.cliques import OrientedGraph, TooManyCliques, cliques
from topology_efficient_dl.complexes.maximal_cliques import maximal_cliques
from topology_efficient_dl.complexes.triangles import triangle_adjacency

both_engines = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(params=["compiled", "plain"])
def engine(request, monkeypatch):
    if request.param == "plain":
        uncompiled(monkeypatch, cliques_module, maximal_module, triangles_module)
    return request.param


def networkx_graph(n, edges):
    graph = nx.Graph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from(edges.tolist())
    return graph


def adjacency_of(n, edges, weights=None):
    weights = np.ones(len(edges)) if weights is None else weights
    upper = sparse.coo_array((weights, tuple(edges.T)), shape=(n, n)).tocsr()
    return (upper + upper.T).tocsr()


@both_engines
@given(graph=graphs())
def test_cliques_of_every_size(engine, graph):
    n, edges = graph
    expected = {}
    for clique in nx.enumerate_all_cliques(networkx_graph(n, edges)):
        expected.setdefault(len(clique), []).append(sorted(clique))
    for k, rows in enumerate(cliques(OrientedGraph.of_edges(edges, n), 4, 10_000), start=1):
        assert rows.tolist() == sorted(expected.get(k + 1, []))
        assert rows.shape[1] == k + 1


@both_engines
@given(graph=graphs())
def test_maximal_cliques(engine, graph):
    n, edges = graph
    offsets, members = maximal_cliques(OrientedGraph.of_edges(edges, n), 1000)
    found = sorted(members[a:b].tolist() for a, b in pairwise(offsets))
    assert found == sorted(sorted(c) for c in nx.find_cliques(networkx_graph(n, edges)) if len(c) > 1)


@both_engines
@given(graph=graphs())
def test_triangles_without_listing_equal_listed_ones(engine, graph):
    n, edges = graph
    counted = triangle_adjacency(adjacency_of(n, edges, np.arange(1.0, len(edges) + 1)))
    listed = list(cliques(OrientedGraph.of_edges(edges, n), 2, 10_000))[1]
    expected = np.zeros((n, n))
    for row in listed:
        expected[np.ix_(row, row)] += 1
    np.fill_diagonal(expected, 0)
    np.testing.assert_array_equal(counted.toarray(), expected)
    pattern = adjacency_of(n, edges)
    np.testing.assert_array_equal(counted.toarray(), (pattern * (pattern @ pattern)).toarray())
    assert counted.nnz == np.count_nonzero(expected)


@pytest.mark.parametrize("seed", range(3))
def test_larger_graphs_with_hubs(seed):
    graph = nx.barabasi_albert_graph(200, 12, seed=seed)
    graph = nx.relabel_nodes(graph, dict(enumerate(np.random.default_rng(seed).permutation(200).tolist())))
    edges = np.unique(np.sort(np.array(graph.edges), axis=1), axis=0)
    oriented = OrientedGraph.of_edges(edges, 200)
    sizes = np.bincount([len(c) for c in nx.enumerate_all_cliques(graph)], minlength=6)
    assert [len(rows) for rows in cliques(oriented, 4, 10**6)] == sizes[2:6].tolist()
    offsets, members = maximal_cliques(oriented, 10**5)
    found = {tuple(members[a:b].tolist()) for a, b in pairwise(offsets)}
    assert found == {tuple(sorted(c)) for c in nx.find_cliques(graph)}
    triangles = triangle_adjacency(adjacency_of(200, edges))
    assert triangles.sum() / 2 == sum(nx.triangles(graph).values())


def test_stored_zeros_and_the_diagonal_are_no_edges():
    matrix = sparse.csr_array(np.ones((3, 3)))
    assert triangle_adjacency(matrix).toarray().tolist() == (1 - np.eye(3)).tolist()
    matrix.data[[1, 3]] = 0  # the edge between nodes 0 and 1
    assert triangle_adjacency(matrix).nnz == 0


def complete(n: int) -> OrientedGraph:
    return OrientedGraph.of_edges(np.stack(np.triu_indices(n, 1), axis=1).astype(np.int64), n)


def test_too_many_cliques_are_counted_and_not_listed():
    with pytest.raises(TooManyCliques) as refused:
        list(cliques(complete(40), 3, 5_000))
    assert (refused.value.found, refused.value.dimension) == (9_880, 2)
    with pytest.raises(TooManyCliques) as refused:
        list(cliques(complete(40), 3, 700))
    assert (refused.value.found, refused.value.dimension) == (780, 1)


def cocktail_party(k: int) -> OrientedGraph:
    """All pairs but k disjoint ones: 2 ** k maximal cliques of k nodes."""
    u, v = np.triu_indices(2 * k, 1)
    keep = u // 2 != v // 2
    return OrientedGraph.of_edges(np.stack([u[keep], v[keep]], axis=1).astype(np.int64), 2 * k)


def test_the_search_for_maximal_cliques_stops(engine):
    assert len(maximal_cliques(cocktail_party(5), 32)[0]) == 33
    with pytest.raises(TooManyCliques) as refused:
        maximal_cliques(cocktail_party(5), 31)
    assert (refused.value.found, refused.value.dimension) == (32, None)
    with pytest.raises(TooManyCliques):
        maximal_cliques(cocktail_party(20), 1_000)
