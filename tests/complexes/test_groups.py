"""Groups of any size: incidence, facets, propagation."""

from __future__ import annotations

import io

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from tests.complexes.cases import KNOWN, complexes, graphs, known

from topology_efficient_dl.complexes import SimplicialComplex, SimplicialParams
from topology_efficient_dl.complexes.build import groups_of_contacts
from topology_efficient_dl.complexes.flag import clique_groups
from topology_efficient_dl.complexes.groups import GroupPropagation, Groups, facets
from topology_efficient_dl.errors import DataError


def members_of(groups: Groups) -> list[tuple[int, ...]]:
    return [tuple(groups.members[a:b].tolist()) for a, b in zip(groups.offsets[:-1], groups.offsets[1:], strict=True)]


@given(complexes())
def test_facets_are_in_nothing_larger_and_generate_the_complex(complex_):
    every = [set(row) for rows in complex_.simplices for row in rows.tolist()]
    maximal = sorted(tuple(sorted(s)) for s in every if len(s) > 1 and not any(s < other for other in every))
    found = facets(complex_)
    assert sorted(members_of(found)) == maximal
    back = SimplicialComplex.of_simplices(complex_.n_nodes, members_of(found), complex_.max_dimension)
    assert back.counts == complex_.counts
    for size in range(2, complex_.max_dimension + 2):
        assert set(found.of_size(size).weight) <= set(complex_.weights[size - 1])


def test_a_group_costs_as_many_incidences_as_members():
    torus = facets(known("torus of seven nodes"))
    incidence = torus.incidence()
    assert incidence.shape == (7, 14)
    assert incidence.nnz == 42
    np.testing.assert_array_equal(incidence.sum(axis=0), 3)
    np.testing.assert_array_equal(incidence.sum(axis=1), 6)


@given(graphs())
def test_groups_of_a_graph_are_its_maximal_cliques(graph):
    n, edges = graph
    expected = sorted(tuple(sorted(c)) for c in nx.find_cliques(nx.Graph(edges.tolist())) if len(c) > 1)
    assert sorted(members_of(clique_groups(edges[::-1], n, SimplicialParams()))) == expected
    times = np.arange(len(edges))
    for params in (SimplicialParams(method="clique"), SimplicialParams(method="cooccurrence", min_count=1)):
        assert sorted(members_of(groups_of_contacts(times, edges, n, params))) == expected


def test_too_many_maximal_cliques_are_refused():
    u, v = np.triu_indices(20, 1)
    pairs = np.stack([u, v], axis=1)[u // 2 != v // 2]
    with pytest.raises(DataError, match=r"1,001 maximal cliques, if not more; .*allows 1,000"):
        clique_groups(pairs, 20, SimplicialParams(max_simplices=1_000))


@given(complexes())
def test_propagation_is_the_formula(complex_):
    groups = facets(complex_)
    features = np.random.default_rng(0).normal(size=(complex_.n_nodes, 3))
    h, w = groups.incidence().toarray(), np.diag(groups.weight)
    strength = h @ groups.weight
    inverse = np.diag(np.where(strength > 0, 1 / np.where(strength > 0, strength, 1), 0))
    expected = inverse @ h @ w @ np.diag(1 / groups.sizes) @ h.T @ features
    propagation = GroupPropagation.of(groups)
    np.testing.assert_allclose(propagation(features), expected, atol=1e-12)
    np.testing.assert_allclose(propagation(np.ones(complex_.n_nodes)), strength > 0)


@pytest.mark.parametrize("name", KNOWN)
def test_arrays_survive_npz(name):
    groups = facets(known(name))
    file = io.BytesIO()
    np.savez(file, **groups.to_arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored:
        back = Groups.from_arrays(stored)
    assert back.n_nodes == groups.n_nodes
    assert members_of(back) == members_of(groups)
    np.testing.assert_array_equal(back.weight, groups.weight)


def test_missing_arrays_are_named():
    with pytest.raises(DataError, match="array 'offsets' not found among n_nodes"):
        Groups.from_arrays({"n_nodes": np.array(3)})
