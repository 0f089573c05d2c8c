"""The interchange format: invariants, known answers, round trips."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.complexes.cases import KNOWN, complexes, known, table

from topology_efficient_dl.complexes import SimplicialComplex
from topology_efficient_dl.complexes.operators import hodge_laplacian
from topology_efficient_dl.errors import DataError


@pytest.mark.parametrize("name", KNOWN)
def test_known_homology(name):
    _, _, counts, betti = KNOWN[name]
    complex_ = known(name)
    assert complex_.counts == counts
    assert complex_.betti_numbers() == betti
    summary = complex_.summary(betti=True)
    assert summary["euler_characteristic"] == sum((-1) ** k * b for k, b in enumerate(betti))
    assert summary["betti_numbers"] == list(betti)
    assert "betti_numbers" not in complex_.summary()


@given(complexes())
def test_arrays_survive_npz_without_pickle(complex_):
    complex_ = replace(complex_, notes=("one group", "and another"))
    file = io.BytesIO()
    np.savez(file, **complex_.to_arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored:
        back = SimplicialComplex.from_arrays(stored)
    assert back.notes == complex_.notes
    assert back.counts == complex_.counts
    for k in range(complex_.max_dimension + 1):
        assert table(back, k) == table(complex_, k)


@given(complexes(), st.randoms(use_true_random=False))
def test_relabelling_keeps_counts_spectra_weights_and_times(complex_, random):
    permutation = list(range(complex_.n_nodes))
    random.shuffle(permutation)
    renamed = complex_.relabelled(permutation)
    assert renamed.counts == complex_.counts
    assert renamed.betti_numbers() == complex_.betti_numbers()
    for k in range(complex_.max_dimension + 1):
        expected = {tuple(sorted(permutation[v] for v in row)): value for row, value in table(complex_, k).items()}
        assert table(renamed, k) == expected
        spectra = [np.linalg.eigvalsh(hodge_laplacian(c, k).toarray()) for c in (complex_, renamed)]
        np.testing.assert_allclose(*spectra, atol=1e-9)
    back = renamed.relabelled(np.argsort(permutation))
    assert all(table(back, k) == table(complex_, k) for k in range(complex_.max_dimension + 1))


def test_a_node_in_nothing_is_there_with_weight_from_the_table():
    assert SimplicialComplex.of_simplices(4, [[0, 1]], max_dimension=2).counts == (4, 1, 0)
    assert SimplicialComplex.of_simplices(2, []).betti_numbers() == (2,)


@pytest.mark.parametrize(
    ("simplex", "message"),
    [
        ([0, 1, -1], r"simplex 1 is \[0, 1, -1\]: the nodes are whole numbers from 0 to 2; .* leave padding out"),
        ([0, 3], "whole numbers from 0 to 2"),
        ([0, 2**70], "whole numbers from 0 to 2"),
        ([0.0, 1.0], "whole numbers from 0 to 2"),
        (np.array([0.0, 1.0]), "whole numbers from 0 to 2"),
        (["0", "1"], "whole numbers from 0 to 2"),
        ([True, False], "whole numbers from 0 to 2"),
        ([[0, 1]], "whole numbers from 0 to 2"),
        ([], "whole numbers from 0 to 2"),
        (2, "whole numbers from 0 to 2"),
        ([1, 2, 1], "expected every vertex once"),
    ],
)
def test_simplices_of_other_things_than_known_nodes_are_refused(simplex, message):
    with pytest.raises(DataError, match=message):
        SimplicialComplex.of_simplices(3, [[0, 1], simplex])


def test_a_simplex_of_a_million_faces_is_the_largest_that_is_filled():
    with pytest.raises(DataError, match=r"21 vertices, and 2\*\*21 faces; expected at most 20"):
        SimplicialComplex.of_simplices(30, [range(21)])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1, []), "n_nodes is '-1'; expected a whole number from 0 to 20,000,000"),
        ((2.0, [[0, 1]]), "n_nodes is '2.0'"),
        ((10**12, []), "n_nodes is '1000000000000'"),
        ((True, []), "n_nodes is 'True'"),
        ((3, [], -1), "max_dimension is '-1'"),
        ((3, [], 10**9), "max_dimension is '1000000000'"),
        ((3, 5), "simplices is 5; expected a list"),
    ],
)
def test_counts_that_are_none_are_refused(arguments, message):
    with pytest.raises(DataError, match=message):
        SimplicialComplex.of_simplices(*arguments)


def make(**changes) -> SimplicialComplex:
    good = known("filled triangle")
    parts = {name: getattr(good, name) for name in ("n_nodes", "simplices", "weights", "first", "last")}
    return SimplicialComplex(**{**parts, **changes})


def with_rows(k: int, rows: list[list[int]]) -> dict:
    simplices = list(known("filled triangle").simplices)
    simplices[k] = np.array(rows, np.int64)
    lengths = [len(s) for s in simplices]
    times = tuple(np.full(n, -1) for n in lengths)
    return {"simplices": tuple(simplices), "weights": tuple(np.ones(n) for n in lengths), "first": times, "last": times}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_nodes": 4}, "not the 4 nodes in order"),
        ({"simplices": (), "weights": (), "first": (), "last": ()}, "not the 3 nodes in order"),
        ({"weights": (np.ones(3), np.ones(2), np.ones(1))}, r"'weights' has \(3, 2, 1\) values"),
        (with_rows(1, [[0, 1, 2]]), r"shape \(1, 3\); expected \(n, 2\)"),
        (with_rows(1, [[0, 1], [0, 2], [1, 3]]), "vertices from 0 to 3; expected 0 to 2"),
        (with_rows(1, [[0, 1], [0, 2], [2, 1]]), "not ascending in rows"),
        (with_rows(1, [[0, 2], [0, 1], [1, 2]]), "lexicographic"),
        (with_rows(1, [[0, 1], [0, 1], [1, 2]]), "distinct"),
        (with_rows(1, [[0, 1], [1, 2]]), r"\[0, 1, 2\] is there and its face \[0, 2\] is not"),
    ],
)
def test_broken_invariants_are_named(changes, message):
    with pytest.raises(DataError, match=message):
        make(**changes)


@pytest.mark.parametrize("missing", ["n_nodes", "max_dimension", "simplices_1", "last_2", "notes"])
def test_missing_arrays_are_named(missing):
    arrays = known("filled triangle").to_arrays()
    del arrays[missing]
    with pytest.raises(DataError, match=f"array '{missing}' not found"):
        SimplicialComplex.from_arrays(arrays)


def test_only_permutations_relabel():
    with pytest.raises(DataError, match="not a permutation of 3 nodes"):
        known("filled triangle").relabelled([0, 0, 1])
