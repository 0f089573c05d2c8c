"""Boundaries, Laplacians, adjacencies and their normalisation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from scipy import sparse
from tests.complexes.cases import KNOWN, complexes, known

from topology_efficient_dl.complexes.operators import (
    down_laplacian,
    hodge_laplacian,
    normalised,
    simplex_adjacency,
    simplex_incidence,
    up_laplacian,
)
from topology_efficient_dl.errors import DataError
from topology_efficient_dl.models.simplicial.sparse import to_torch


@given(complexes())
def test_the_boundary_of_a_boundary_is_nothing(complex_):
    for k in range(complex_.max_dimension + 1):
        product = complex_.boundary(k) @ complex_.boundary(k + 1)
        assert abs(product).sum() == 0
        assert complex_.boundary(k).shape[1] == complex_.counts[k] == complex_.boundary(k + 1).shape[0]


@given(complexes())
def test_kernels_of_laplacians_are_homology(complex_):
    dimensions = range(complex_.max_dimension + 1)
    kernels = [int((np.linalg.eigvalsh(hodge_laplacian(complex_, k).toarray()) < 1e-9).sum()) for k in dimensions]
    assert tuple(kernels) == complex_.betti_numbers()


@pytest.mark.parametrize("name", KNOWN)
def test_kernels_of_known_complexes(name):
    for k, betti in enumerate(KNOWN[name][3]):
        laplacian = hodge_laplacian(known(name), k).toarray()
        assert laplacian.shape[0] - np.linalg.matrix_rank(laplacian) == betti


def test_boundary_of_two_triangles_sharing_an_edge():
    two = known("two triangles sharing an edge")
    assert two.simplices[1].tolist() == [[0, 1], [0, 2], [1, 2], [1, 3], [2, 3]]
    assert two.boundary(2).toarray().T.tolist() == [[1, -1, 1, 0, 0], [0, 0, 1, -1, 1]]
    assert two.boundary(1).toarray()[:, 0].tolist() == [-1, 1, 0, 0]


@given(complexes())
def test_the_graph_laplacian_is_degree_minus_adjacency(complex_):
    laplacian = hodge_laplacian(complex_, 0).toarray()
    assert abs(down_laplacian(complex_, 0)).sum() == 0
    np.testing.assert_array_equal(laplacian, up_laplacian(complex_, 0).toarray())
    edges = complex_.simplices[1] if complex_.max_dimension else np.empty((0, 2), int)
    expected = np.zeros_like(laplacian)
    for u, v in edges:
        expected[[u, v], [u, v]] += 1
        expected[[u, v], [v, u]] -= 1
    np.testing.assert_array_equal(laplacian, expected)


@given(complexes())
def test_adjacency_by_simplices_adds_up_weights(complex_):
    for k in range(1, complex_.max_dimension + 1):
        expected = np.zeros((complex_.n_nodes,) * 2)
        for row, weight in zip(complex_.simplices[k], complex_.weights[k], strict=True):
            expected[np.ix_(row, row)] += weight
        np.fill_diagonal(expected, 0)
        adjacency = simplex_adjacency(complex_, k)
        np.testing.assert_allclose(adjacency.toarray(), expected)
        total = np.bincount(complex_.simplices[k].ravel(), np.repeat(complex_.weights[k], k + 1), complex_.n_nodes)
        np.testing.assert_allclose(adjacency.sum(axis=1) / k, total)


@given(complexes())
def test_incidence_and_adjacency_agree(complex_):
    for k in range(1, complex_.max_dimension + 1):
        incidence = simplex_incidence(complex_, k).toarray()
        product = incidence * complex_.weights[k] @ incidence.T
        np.fill_diagonal(product, 0)
        np.testing.assert_allclose(simplex_adjacency(complex_, k).toarray(), product)
    assert simplex_incidence(complex_, complex_.max_dimension + 1).shape == (complex_.n_nodes, 0)


def test_means_of_vertices():
    means = normalised(simplex_incidence(known("filled triangle"), 2).T) @ np.array([0.0, 3.0, 6.0])
    np.testing.assert_allclose(means, [3])


def test_logarithmic_weights():
    two = known("two triangles sharing an edge")
    np.testing.assert_allclose(simplex_adjacency(two, 1, logarithmic=True).data, np.log(2))


@pytest.mark.parametrize("k", [0, 3])
def test_adjacency_needs_simplices_of_the_dimension(k):
    with pytest.raises(DataError, match=f"dimension {k}: the complex has dimensions 1 to 2"):
        simplex_adjacency(known("filled triangle"), k)


@given(complexes())
def test_normalised_rows_sum_to_one_or_nothing_and_symmetric_is_bounded(complex_):
    if complex_.max_dimension == 0:
        return
    adjacency = simplex_adjacency(complex_, 1)
    sums = normalised(adjacency).sum(axis=1)
    np.testing.assert_allclose(sums, adjacency.sum(axis=1) > 0)
    symmetric = normalised(adjacency, "symmetric").toarray()
    np.testing.assert_allclose(symmetric, symmetric.T)
    assert abs(np.linalg.eigvalsh(symmetric)).max() <= 1 + 1e-9


def test_normalised_laplacians_count_magnitudes():
    normal = normalised(hodge_laplacian(known("octahedron"), 1), "row")
    np.testing.assert_allclose(abs(normal).sum(axis=1), 1)


@given(complexes())
def test_torch_says_the_same(complex_):
    for k in range(1, complex_.max_dimension + 1):
        matrix = complex_.boundary(k)
        tensor = to_torch(matrix, torch.float64)
        assert tensor.layout == torch.sparse_csr
        features = np.random.default_rng(0).normal(size=(matrix.shape[1], 2))
        np.testing.assert_allclose((tensor @ torch.tensor(features)).numpy(), matrix @ features)


def test_torch_gets_a_copy():
    matrix = sparse.csr_array([[0.0, 2.0]])
    tensor = to_torch(matrix, torch.float64)
    matrix.data[:] = 5
    assert tensor.to_dense().tolist() == [[0, 2]]
