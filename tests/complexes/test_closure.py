"""Open triangles, their closure and their scores, against the definitions written out, and their invariance."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from tests.complexes.cases import complexes, known, table, uncompiled

from topology_efficient_dl.complexes import (
    SimplicialComplex,
    SimplicialParams,
    closure,
    closure_scores,
)
from topology_efficient_dl.complexes.closure import (
    closed_by,
    edge_links,
    open_triangles,
    shared_links,
)
from topology_efficient_dl.complexes.closure_scores import ClosureScorer
from topology_efficient_dl.errors import DataError

PARAMS = SimplicialParams()
NOW = 200


def with_triangles(complex_: SimplicialComplex) -> SimplicialComplex:
    """The same complex with tables of edges and triangles, if only empty ones."""
    empty = [np.empty((0, k + 1), np.int64) for k in range(complex_.max_dimension + 1, 3)]
    parts = {name: getattr(complex_, name) + tuple(np.empty(0) for _ in empty) for name in ("weights", "first", "last")}
    return replace(complex_, simplices=complex_.simplices + tuple(empty), **parts)


def filled() -> st.SearchStrategy[SimplicialComplex]:
    return complexes().map(with_triangles)


def every_triangle(complex_: SimplicialComplex) -> np.ndarray:
    return np.array(list(combinations(range(complex_.n_nodes), 3)), np.int64).reshape(-1, 3)


def graph_of(complex_: SimplicialComplex) -> nx.Graph:
    graph = nx.Graph()
    graph.add_nodes_from(range(complex_.n_nodes))
    graph.add_weighted_edges_from((*edge, weight) for edge, (weight, _, _) in table(complex_, 1).items())
    return graph


@given(filled())
def test_open_triangles_are_cliques_that_are_no_simplex(complex_):
    graph, simplices = graph_of(complex_), table(complex_, 2)
    expected = [
        row
        for row in map(tuple, every_triangle(complex_).tolist())
        if all(graph.has_edge(*pair) for pair in combinations(row, 2)) and row not in simplices
    ]
    found = open_triangles(complex_, PARAMS)
    assert found.dtype == np.int64
    assert found.shape == (len(expected), 3)
    assert list(map(tuple, found.tolist())) == expected


@given(filled(), filled())
def test_closed_are_those_that_are_simplices_later(complex_, later):
    later = replace_nodes(later, complex_.n_nodes)
    triangles = every_triangle(complex_)
    expected = [tuple(row) in table(later, 2) for row in triangles.tolist()]
    assert closed_by(triangles, later).tolist() == expected


def replace_nodes(complex_: SimplicialComplex, n_nodes: int) -> SimplicialComplex:
    """Its simplices of the first nodes, among so many nodes."""
    rows = [row for k in range(1, complex_.max_dimension + 1) for row in complex_.simplices[k] if row.max() < n_nodes]
    return SimplicialComplex.of_simplices(n_nodes, rows, max_dimension=2)


@given(filled())
def test_scores_of_the_graph_are_their_definitions(complex_):
    graph, triangles = graph_of(complex_), every_triangle(complex_)
    found = closure_scores.closure_scores(complex_, triangles, now=NOW)
    for i, row in enumerate(triangles.tolist()):
        near = [set(graph[v]) for v in row]
        common, either = set.intersection(*near), set.union(*near)
        weights = [graph.edges[pair]["weight"] if graph.has_edge(*pair) else 0.0 for pair in combinations(row, 2)]
        expected = {
            "arithmetic": np.mean(weights),
            "geometric": np.prod(weights) ** (1 / 3),
            "harmonic": 3 / sum(1 / w for w in weights) if min(weights) else 0,
            "common_neighbours": len(common),
            "common_weight": sum(min(graph.edges[z, v]["weight"] for v in row) for z in common),
            "jaccard": len(common) / len(either) if either else 0,
            "adamic_adar": sum(1 / np.log(graph.degree(z)) for z in common),
            "preferential_attachment": np.prod([graph.degree(v) for v in row]),
            "edge_weight_1": max(weights),
            "edge_weight_3": min(weights),
            "edge_triangles_1": max(
                len(set(graph[u]) & set(graph[v])) if graph.has_edge(u, v) else 0 for u, v in combinations(row, 2)
            ),
            "node_degree_2": np.median([graph.degree(v) for v in row]),
            "node_occurrences_1": max(complex_.weights[0][row]),
        }
        for name, value in expected.items():
            np.testing.assert_allclose(found.column(name)[i], value, rtol=1e-5, err_msg=name)


@given(filled())
def test_scores_of_simplices_are_their_definitions(complex_):
    simplices, edges, triangles = table(complex_, 2), table(complex_, 1), every_triangle(complex_)
    found = closure_scores.closure_scores(complex_, triangles)
    for i, row in enumerate(triangles.tolist()):
        weights = np.zeros((3, complex_.n_nodes))
        for side, pair in enumerate(combinations(row, 2)):
            for z in set(range(complex_.n_nodes)) - set(pair):
                weights[side, z] = simplices.get(tuple(sorted((*pair, z))), (0.0,))[0]
        ordered = np.sort(weights, axis=0)
        number = (weights > 0).sum(axis=1)
        pairs = [len(common(edges, pair)) if pair in edges else 0 for pair in combinations(row, 2)]
        expected = {
            "edge_simplices_2_1": number.max(),
            "edge_simplex_weight_2_3": weights.sum(axis=1).min(),
            "edge_closure_1": max(k / n if n else 0 for k, n in zip(number, pairs, strict=True)),
            "link_any": (ordered[2] > 0).sum(),
            "link_two": (ordered[1] > 0).sum(),
            "link_all": (ordered[0] > 0).sum(),
            "link_largest": ordered[2].sum(),
            "link_middle": ordered[1].sum(),
            "link_smallest": ordered[0].sum(),
            "node_simplices_2_1": max(sum(v in simplex for simplex in simplices) for v in row),
        }
        for name, value in expected.items():
            np.testing.assert_allclose(found.column(name)[i], value, rtol=1e-6, err_msg=name)


def common(edges: dict[tuple[int, ...], tuple[float, int, int]], pair: tuple[int, ...]) -> set[int]:
    near = [{w for edge in edges if v in edge for w in edge} - {v} for v in pair]
    return set.intersection(*near)


@given(filled(), st.randoms(use_true_random=False))
def test_names_of_nodes_do_not_matter(complex_, random):
    permutation = list(range(complex_.n_nodes))
    random.shuffle(permutation)
    renamed = complex_.relabelled(permutation)
    triangles = every_triangle(complex_)
    moved = np.sort(np.array(permutation)[triangles], axis=1)
    before = closure_scores.closure_scores(complex_, triangles, now=NOW)
    after = closure_scores.closure_scores(renamed, moved, now=NOW)
    assert before.names == after.names
    np.testing.assert_allclose(after.values, before.values, rtol=1e-6)
    assert len(open_triangles(renamed, PARAMS)) == len(open_triangles(complex_, PARAMS))


@given(filled())
def test_the_graph_alone_gives_the_same_scores_of_the_graph(complex_):
    flat = SimplicialComplex(
        complex_.n_nodes, *(getattr(complex_, name)[:2] for name in ("simplices", "weights", "first", "last"))
    )
    triangles = every_triangle(complex_)
    every = closure_scores.closure_scores(complex_, triangles, now=NOW)
    plain = closure_scores.closure_scores(flat, triangles, now=NOW, higher_order=False)
    assert set(plain.names) < set(every.names)
    higher = set(every.names) - set(plain.names)
    assert all(any(word in name for word in ("simpl", "closure", "link")) for name in higher)
    for name in plain.names:
        np.testing.assert_array_equal(plain.column(name), every.column(name))


def test_ages_are_counted_to_now_and_what_never_was_is_as_old_as_the_complex():
    edges = np.array([[0, 1], [0, 2]])
    timed = SimplicialComplex(
        4,
        (np.arange(4)[:, None], edges, np.empty((0, 3), np.int64)),
        (np.array([3, 2, 1, 0]), np.array([2.0, 1.0]), np.empty(0)),
        (np.array([10, 10, 30, -1]), np.array([10, 30]), np.empty(0)),
        (np.array([30, 20, 30, -1]), np.array([20, 30]), np.empty(0)),
    )
    found = closure_scores.closure_scores(timed, [[0, 1, 2], [1, 2, 3]], now=50)
    assert [found.column(f"edge_age_{i}").tolist() for i in (1, 2, 3)] == [[40, 40], [30, 40], [20, 40]]
    assert [found.column(f"edge_since_{i}").tolist() for i in (1, 2, 3)] == [[40, 40], [40, 40], [20, 40]]
    assert [found.column(f"node_age_{i}").tolist() for i in (1, 2, 3)] == [[30, 40], [20, 30], [20, 20]]


def test_pieces_are_put_together(monkeypatch):
    torus = with_triangles(known("torus of seven nodes"))
    triangles = every_triangle(torus)
    whole = closure_scores.closure_scores(torus, triangles)
    monkeypatch.setattr(closure_scores, "PIECE", 4)
    np.testing.assert_array_equal(ClosureScorer.of(torus)(triangles).values, whole.values)


def test_simplices_of_every_dimension_count_at_edges():
    found = closure_scores.closure_scores(known("filled tetrahedron"), [[0, 1, 2]])
    assert [found.column(f"edge_simplices_{k}_1")[0] for k in (2, 3)] == [2, 1]
    assert found.column("link_all")[0] == 1


def test_links_of_edges_are_those_of_the_octahedron():
    octahedron = known("octahedron")
    links = edge_links(octahedron)
    assert links.shape == (13, 6)
    assert links.sum(axis=1).tolist() == [2.0] * 12 + [0.0]
    assert not set(octahedron.simplices[1][0]) & set(links[[0]].indices)


def test_compiled_and_plain_agree_whatever_the_order_of_entries(monkeypatch):
    rng = np.random.default_rng(0)
    dense = rng.integers(0, 4, (5, 9)).astype(float)
    places = np.sort(rng.integers(0, 5, (20, 3)), axis=1)
    rarity = rng.random(9)
    compiled = shared_links(sparse.csr_array(dense), places, rarity)
    rows = [np.flatnonzero(row)[::-1] for row in dense]
    indptr = np.cumsum([0, *map(len, rows)])
    indices = np.concatenate(rows)
    backwards = sparse.csr_array(
        (np.concatenate([dense[i, r] for i, r in enumerate(rows)]), indices, indptr), dense.shape
    )
    uncompiled(monkeypatch, closure)
    np.testing.assert_array_equal(shared_links(backwards, places, rarity), compiled)
    np.testing.assert_array_equal(backwards.indices, indices)


def test_nothing_to_close():
    apart = SimplicialComplex.of_simplices(3, [(0, 1)], max_dimension=2)
    found = open_triangles(apart, PARAMS)
    assert found.shape == (0, 3)
    assert closed_by(found, apart).shape == (0,)
    scores = closure_scores.closure_scores(apart, found)
    assert scores.values.shape == (0, len(scores.names))
    assert scores.values.dtype == np.float32


def test_too_many_are_counted_and_refused():
    complete = SimplicialComplex.of_simplices(9, list(combinations(range(9), 2)), max_dimension=2)
    with pytest.raises(DataError, match=r"84 triangles of edges, open and closed, counted; .*allows 50"):
        open_triangles(complete, SimplicialParams(max_simplices=50))
    with pytest.raises(DataError, match=r"36 edges; .*allows 20"):
        open_triangles(complete, SimplicialParams(max_simplices=20))


def test_what_does_not_fit_is_refused():
    hollow, full = known("hollow triangle"), known("filled triangle")
    for call in (
        lambda: open_triangles(hollow, PARAMS),
        lambda: closed_by([[0, 1, 2]], hollow),
        lambda: closure_scores.closure_scores(hollow, [[0, 1, 2]]),
    ):
        with pytest.raises(DataError, match="dimensions 0 to 1, and does not say which triangles are closed"):
            call()
    for triangles, message in (
        ([[0, 1]], r"expected shape \(t, 3\); found \(1, 2\)"),
        ([[0, 1, 3]], "nodes from 0 to 3; the 3 nodes are 0 to 2"),
        ([[0, 2, 1]], r"row 0, \[0, 2, 1\], does not ascend"),
    ):
        with pytest.raises(DataError, match=message):
            closed_by(triangles, full)
    with pytest.raises(DataError, match="without times have no age"):
        closure_scores.closure_scores(full, [[0, 1, 2]], now=5)
    times = tuple(np.full(n, 7) for n in full.counts)
    with pytest.raises(DataError, match="times up to 7, and now is 5; cut the data before now"):
        closure_scores.closure_scores(replace(full, first=times, last=times), [[0, 1, 2]], now=5)
