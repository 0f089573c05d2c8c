"""Static cliques, pairs that meet often, timed groups, and the choice among methods."""

from __future__ import annotations

from itertools import combinations

import gudhi
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.complexes.cases import contact_logs, graphs, table

from topology_efficient_dl.complexes import (
    SimplicialParams,
    complex_of_contacts,
    complex_of_graph,
    complex_of_groups,
)
from topology_efficient_dl.complexes import group_faces as faces_module
from topology_efficient_dl.complexes.group_faces import distinct_groups, estimated_faces
from topology_efficient_dl.errors import DataError, ParameterError

CLIQUE = SimplicialParams(method="clique")
TEMPORAL = SimplicialParams(method="temporal")


@given(graphs(), st.integers(1, 4))
def test_the_flag_complex_is_gudhis_expansion(graph, max_dimension):
    n, edges = graph
    tree = gudhi.SimplexTree()
    for simplex in [[v] for v in range(n)] + edges.tolist():
        tree.insert(simplex)
    tree.expansion(max_dimension)
    expected = {tuple(simplex) for simplex, _ in tree.get_simplices()}
    shuffled = np.concatenate([edges[::-1], edges])
    complex_ = complex_of_graph(shuffled, n, SimplicialParams(method="clique", max_dimension=max_dimension))
    found = {tuple(row) for rows in complex_.simplices for row in rows.tolist()}
    assert found == expected
    assert all((weight == 1).all() for weight in complex_.weights)
    assert all((time == -1).all() for time in (*complex_.first, *complex_.last))


@given(contact_logs(), st.integers(1, 3))
def test_cooccurring_pairs_are_filled(log, min_count):
    times, pairs, n = log
    params = SimplicialParams(method="cooccurrence", min_count=min_count)
    complex_ = complex_of_contacts(times, pairs, n, params)
    edges = {}
    for t, pair in zip(times.tolist(), map(tuple, pairs.tolist()), strict=True):
        edges.setdefault(pair, []).append(t)
    edges = {pair: (float(len(ts)), min(ts), max(ts)) for pair, ts in edges.items() if len(ts) >= min_count}
    assert table(complex_, 1) == edges
    triangles = {}
    for nodes in combinations(range(n), 3):
        sides = [edges.get(side) for side in combinations(nodes, 2)]
        if all(sides):
            weights, firsts, lasts = zip(*sides, strict=True)
            triangles[nodes] = (min(weights), max(firsts), max(lasts))
    assert table(complex_, 2) == triangles
    assert complex_.weights[0].tolist() == np.bincount(pairs.ravel(), minlength=n).tolist()


def test_a_log_without_its_times():
    complex_ = complex_of_contacts(np.array([0, 9]), np.array([[0, 1], [0, 1]]), 3, CLIQUE)
    assert table(complex_, 1) == {(0, 1): (1.0, -1, -1)}


def test_a_clique_that_explodes_is_refused_with_its_number():
    pairs = np.stack(np.triu_indices(400, 1), axis=1)
    params = SimplicialParams(method="clique", max_simplices=1_000_000)
    with pytest.raises(
        DataError, match=r"10,586,800 simplices of dimension 2, counted; .*allows 1,000,000.*max_dimension"
    ):
        complex_of_graph(pairs, 400, params)
    with pytest.raises(DataError, match="79,800 simplices of dimension 1"):
        complex_of_graph(pairs, 400, SimplicialParams(method="clique", max_simplices=1_000))
    few = np.stack(np.triu_indices(10, 1), axis=1)
    with pytest.raises(DataError, match="165 cliques up to dimension 2"):
        complex_of_graph(few, 10, SimplicialParams(method="clique", max_simplices=164))
    assert complex_of_graph(few, 10, SimplicialParams(method="clique", max_simplices=165)).counts == (10, 45, 120)


@st.composite
def group_logs(draw, max_nodes: int = 7):
    n = draw(st.integers(2, max_nodes))
    group = st.lists(st.integers(0, n - 1), min_size=1, max_size=5, unique=True)
    groups = draw(st.lists(st.tuples(st.integers(0, 30), group), max_size=12))
    groups.sort(key=lambda row: row[0])
    times = np.array([t for t, _ in groups], np.int64)
    members = np.array([v for _, g in groups for v in g], np.int64)
    return times, np.cumsum([0, *(len(g) for _, g in groups)]), members, n


def faces_of(log, places, max_dimension):
    """Where each face occurs: (place, time) by face, a place being a group or a window."""
    _, offsets, members, _ = log
    found = {}
    for i, (place, time) in enumerate(places):
        group = sorted(members[offsets[i] : offsets[i + 1]].tolist())
        for face in (f for k in range(max_dimension + 1) for f in combinations(group, k + 1)):
            found.setdefault(face, {})[place] = time
    return {face: (float(len(at)), min(at.values()), max(at.values())) for face, at in found.items()}


def all_of(complex_):
    found = {face: value for k in range(complex_.max_dimension + 1) for face, value in table(complex_, k).items()}
    return {face: value for face, value in found.items() if value[0] > 0}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    log=group_logs(), min_count=st.integers(1, 3), max_dimension=st.integers(1, 3), piece=st.sampled_from([2, 1 << 20])
)
def test_faces_of_groups_are_counted(monkeypatch, log, min_count, max_dimension, piece):
    monkeypatch.setattr(faces_module, "PIECE", piece)
    params = SimplicialParams(method="cooccurrence", min_count=min_count, max_dimension=max_dimension)
    expected = faces_of(log, list(enumerate(log[0].tolist())), max_dimension)
    often = {face: value for face, value in expected.items() if value[0] >= min_count or len(face) == 1}
    assert all_of(complex_of_groups(*log, params)) == often


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(log=group_logs(), time_window=st.integers(1, 40), piece=st.sampled_from([2, 1 << 20]))
def test_faces_of_groups_are_counted_once_a_window(monkeypatch, log, time_window, piece):
    monkeypatch.setattr(faces_module, "PIECE", piece)
    begin = log[0][0].item() if len(log[0]) else 0
    starts = [begin + (t - begin) // time_window * time_window for t in log[0].tolist()]
    complex_ = complex_of_groups(*log, SimplicialParams(time_window=time_window))
    assert all_of(complex_) == faces_of(log, [(s, s) for s in starts], 2)


@given(group_logs(), st.integers(1, 4))
def test_the_estimate_is_never_below(log, max_dimension):
    params = SimplicialParams(method="cooccurrence", min_count=1, max_dimension=max_dimension)
    assert estimated_faces(distinct_groups(*log), params) >= sum(complex_of_groups(*log, params).counts[1:])


def one_group(n: int):
    return np.array([0]), np.array([0, n]), np.arange(n), n


def test_groups_that_explode_are_refused_by_binomials():
    params = SimplicialParams(method="cooccurrence", max_group_size=100_000, max_simplices=1_000_000)
    with pytest.raises(
        DataError, match=r"20,833,333,325,000 simplices estimated for 1 distinct groups of at most 50000"
    ):
        complex_of_groups(*one_group(50_000), params)


def test_large_groups_keep_their_nodes_and_are_noted():
    times, offsets, members = np.array([0, 5, 9]), np.array([0, 30, 33, 36]), np.r_[np.arange(30), 0, 1, 2, 0, 1, 2]
    params = SimplicialParams(method="cooccurrence", min_count=2)
    complex_ = complex_of_groups(times, offsets, members, 30, params)
    assert complex_.counts == (30, 3, 1)
    assert complex_.weights[0].tolist() == [3.0] * 3 + [1.0] * 27
    assert complex_.notes == (
        "1 of 3 groups have more than 25 nodes (the largest 30) and give no simplices but their nodes",
    )
    assert distinct_groups(times, offsets, members, 30).sizes.tolist() == [3, 30]


@given(group_logs())
def test_groups_without_times_are_static(log):
    params = SimplicialParams(method="cooccurrence")
    timed, static = complex_of_groups(*log, params), complex_of_groups(None, *log[1:], params)
    for k in range(3):
        assert {face: value[0] for face, value in table(timed, k).items()} == {
            face: value[0] for face, value in table(static, k).items()
        }
        assert set(static.first[k]) | set(static.last[k]) <= {-1}
    with pytest.raises(ParameterError, match="'temporal' needs times, and these groups have none"):
        complex_of_groups(None, *log[1:], SimplicialParams(method="temporal"))


@pytest.mark.parametrize(
    ("times", "offsets", "members", "message"),
    [
        ([0], [0, 2], [0, 0], "group 0 names node 0 twice"),
        ([0], [0, 2], [0, 7], "groups: unknown node 7"),
        ([0], [0, 1], [0, 1], "offsets must rise from 0 to the number of members, 2"),
        ([0, 0], [0, 0, 2], [0, 1], "no group may be empty"),
        ([0], [], [], "offsets must rise"),
        ([0, 1], [0, 2], [0, 1], "2 times for 1 groups"),
        ([1, 0], [0, 1, 2], [0, 1], "times fall from 1 to 0"),
    ],
)
def test_bad_groups_are_refused(times, offsets, members, message):
    with pytest.raises(DataError, match=message):
        complex_of_groups(np.array(times), np.array(offsets), np.array(members), 3, SimplicialParams())


def test_clique_takes_groups_of_two_only():
    pairs = np.array([0, 2, 4, 6]), np.array([1, 0, 2, 1, 0, 2])
    assert complex_of_groups(np.arange(3), *pairs, 3, CLIQUE).counts == (3, 3, 1)
    with pytest.raises(ParameterError, match="use 'cooccurrence'"):
        complex_of_groups(*one_group(3), CLIQUE)


@pytest.mark.parametrize("method", ["temporal", "cooccurrence"])
def test_a_static_graph_has_no_times(method):
    with pytest.raises(ParameterError, match=f"'{method}' needs times"):
        complex_of_graph(np.array([[0, 1]]), 2, SimplicialParams(method=method))


@pytest.mark.parametrize(
    ("given", "method", "min_count"),
    [
        ({"times": True}, "temporal", 2),
        ({"times": True, "groups": True}, "temporal", 2),
        ({"times": False, "groups": True}, "cooccurrence", 1),
        ({"times": False}, "clique", 2),
    ],
)
def test_auto_is_decided_by_what_there_is(given, method, min_count):
    found = SimplicialParams(max_dimension=3, time_window=7).resolved(**given)
    assert (found.method, found.min_count, found.max_dimension, found.time_window) == (method, min_count, 3, 7)
    for named in ("temporal", "cooccurrence", "clique"):
        kept = SimplicialParams(method=named, min_count=5)
        assert kept.resolved(**given) is kept


def test_auto_gives_what_the_method_gives():
    times, pairs = np.array([0, 20, 400]), np.array([[0, 1], [1, 2], [0, 2]])
    for auto, named in (
        (complex_of_contacts(times, pairs, 3, SimplicialParams()), complex_of_contacts(times, pairs, 3, TEMPORAL)),
        (complex_of_graph(pairs, 3, SimplicialParams()), complex_of_graph(pairs, 3, CLIQUE)),
        (
            complex_of_groups(None, *one_group(3)[1:], SimplicialParams()),
            complex_of_groups(None, *one_group(3)[1:], SimplicialParams(method="cooccurrence", min_count=1)),
        ),
    ):
        assert [table(auto, k) for k in range(3)] == [table(named, k) for k in range(3)]


def test_parameters_are_checked():
    with pytest.raises(ValidationError, match="did you mean 'time_window'"):
        SimplicialParams(time_windw=3)
