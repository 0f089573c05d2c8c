"""From complexes to tensors."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from scipy import sparse
from tests.complexes.cases import complexes, known
from tests.models.simplicial.cases import some_features, toy

from topology_efficient_dl.complexes import SimplicialComplex
from topology_efficient_dl.complexes.batch import disjoint_union
from topology_efficient_dl.complexes.cells import ring_complex
from topology_efficient_dl.complexes.groups import GroupPropagation, facets
from topology_efficient_dl.complexes.operators import down_laplacian, simplex_incidence, up_laplacian
from topology_efficient_dl.errors import DataError, ParameterError
from topology_efficient_dl.models.simplicial import NODE_OPERATORS, complex_input, node_operators
from topology_efficient_dl.models.simplicial.cellular import CellOperators
from topology_efficient_dl.models.simplicial.hodge import HodgeOperators
from topology_efficient_dl.models.simplicial.sparse import (
    Operator,
    SparseMatrix,
    apply_operator,
    torch_operator,
)

HOUSE = np.array([[0, 1], [0, 3], [0, 4], [1, 2], [1, 4], [2, 3]])


def dense(operator: Operator) -> np.ndarray:
    """The operator multiplied out."""
    return apply_operator(operator, torch.eye(operator[-1].rows.shape[1])).numpy()


@given(complexes())
def test_laplacians_are_the_rooms_own_up_to_their_scale(complex_):
    hodge = HodgeOperators.of(complex_, weighting="unit", oriented=True)
    pairs = [(hodge.upper[k], up_laplacian, k) for k in (0, 1)] + [
        (hodge.lower[k - 1], down_laplacian, k) for k in (1, 2)
    ]
    for operator, laplacian, k in pairs:
        if k > complex_.max_dimension:
            assert dense(operator).shape == (0, 0)
            continue
        plain = laplacian(complex_, k).toarray()
        sums = abs(plain).sum(axis=1)
        scale = np.divide(1, np.sqrt(sums), out=np.zeros_like(sums), where=sums > 0)
        np.testing.assert_allclose(dense(operator), scale[:, None] * plain * scale, atol=1e-6)


@given(complexes())
def test_spectra_are_bounded_by_one_and_rows_of_boundaries_sum_to_one(complex_):
    for oriented in (False, True):
        hodge = HodgeOperators.of(complex_, weighting="weight", oriented=oriented)
        for operator in (*hodge.lower, *hodge.upper):
            matrix = dense(operator)
            np.testing.assert_allclose(matrix, matrix.T, atol=1e-6)
            assert matrix.size == 0 or np.linalg.eigvalsh(matrix).max() <= 1 + 1e-5
        for operator in (*hodge.boundary, *hodge.coboundary):
            sums = abs(dense(operator)).sum(axis=1)
            assert (np.isclose(sums, 1, atol=1e-5) | (sums == 0)).all()


def test_boundaries_are_weighted_means():
    path = SimplicialComplex(
        3,
        (np.arange(3)[:, None], np.array([[0, 1], [1, 2]])),
        (np.ones(3), np.array([1.0, 3.0])),
        (np.zeros(3), np.zeros(2)),
        (np.zeros(3), np.zeros(2)),
    )
    np.testing.assert_allclose(dense(HodgeOperators.of(path, weighting="weight").boundary[0])[1], [0.25, 0.75])
    np.testing.assert_allclose(
        dense(HodgeOperators.of(path, weighting="log").boundary[0])[1], [1 / 3, 2 / 3], atol=1e-6
    )
    signed = HodgeOperators.of(path, weighting="unit", oriented=True)
    np.testing.assert_allclose(dense(signed.boundary[0])[1], [0.5, -0.5])


@given(complexes())
def test_derived_features_are_means_of_vertices(complex_):
    features = some_features(complex_.n_nodes)
    inputs = complex_input(complex_, features)
    for k in (1, 2):
        means = simplex_incidence(complex_, k).T @ features / (k + 1)
        np.testing.assert_allclose(inputs.features[k].numpy(), means, atol=1e-6)
    assert inputs.widths == (3, 3, 3)
    assert [len(part) for part in inputs.index] == [len(part) for part in inputs.features]


def test_oriented_derived_features_are_coboundaries():
    inputs = complex_input(known("filled triangle"), [[0.0], [3.0], [6.0]], oriented=True)
    assert inputs.features[1].tolist() == [[1.5], [3.0], [1.5]]
    assert inputs.features[2].tolist() == [[0.0]]


def test_given_features_are_kept():
    triangle = known("filled triangle")
    inputs = complex_input(triangle, np.ones((3, 1)), higher=(np.array([[1.0, 2], [3, 4], [5, 6]]), None))
    assert inputs.features[1].tolist() == [[1, 2], [3, 4], [5, 6]]
    assert inputs.features[2].tolist() == [[3, 4]]
    assert inputs.widths == (1, 2, 2)


def test_only_what_is_asked_for_is_built():
    bare = complex_input(toy(), some_features(8), parts=())
    assert (bare.hodge, bare.cells, bare.operators) == (None, None, {})
    assert bare.n_graphs == 1
    empty = complex_input(SimplicialComplex.of_simplices(0, []), np.empty((0, 3)))
    assert empty.n_graphs == 0


def test_batches_say_whose_a_simplex_is():
    batch = disjoint_union([known("filled triangle"), known("hollow triangle")])
    inputs = complex_input(batch, some_features(6))
    assert [part.tolist() for part in inputs.index] == [[0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 1], [0]]
    assert inputs.n_graphs == 2
    flat = complex_input(disjoint_union([known("hollow triangle")]), some_features(3))
    assert flat.index[2].shape == (0,)


def test_cells_of_a_house():
    inputs = complex_input(ring_complex(HOUSE, 5), some_features(5), parts=("cells", "hodge"))
    assert inputs.n_graphs == 1
    assert inputs.index[2].tolist() == [0, 0]
    np.testing.assert_allclose(inputs.features[2][0].numpy(), some_features(5)[[0, 1, 4]].mean(axis=0), atol=1e-6)


def test_cells_hear_faces_upper_neighbours_and_the_cofaces_they_share():
    cells = CellOperators.of(ring_complex(HOUSE, 5))
    assert dense(cells.faces[1]).sum(axis=1).tolist() == [3, 4]
    wall = 0  # the edge 0-1 between roof and room
    assert dense(cells.upper[1])[wall].tolist() == [0, 1, 1, 1, 1, 1]
    assert dense(cells.cofaces[1])[wall].tolist() == [2, 3]
    assert dense(cells.upper[0])[4].tolist() == [1, 1, 0, 0, 0]
    assert dense(cells.cofaces[0])[4].sum() == 2
    means = CellOperators.of(ring_complex(HOUSE, 5), aggregate="mean")
    np.testing.assert_allclose(dense(means.cofaces[1])[wall], [0.4, 0.6])


def test_node_operators_are_row_stochastic_or_zero():
    named = node_operators(toy(), NODE_OPERATORS, facets(toy()))
    assert tuple(named) == NODE_OPERATORS
    for factors in named.values():
        sums = dense(torch_operator(factors)).sum(axis=1)
        assert sums[7] == 0
        assert (np.isclose(sums, 1, atol=1e-5) | (sums == 0)).all()
    np.testing.assert_allclose(
        dense(torch_operator(named["groups"])), GroupPropagation.of(facets(toy()))(np.eye(8)), atol=1e-6
    )


def test_triangles_of_edges_and_filled_triangles_differ():
    hollow = SimplicialComplex.of_simplices(3, [(0, 1), (1, 2), (0, 2)], max_dimension=2)
    named = node_operators(hollow, ["triangles", "simplex_triangles"])
    assert named["triangles"][0].toarray()[0].tolist() == [0, 0.5, 0.5]
    assert named["simplex_triangles"][0].nnz == 0


def test_products_have_the_gradient_of_the_dense_matrix():
    matrix = sparse.random_array((4, 6), density=0.5, rng=np.random.default_rng(0)).tocsr()
    operator = torch_operator([matrix, matrix.T.tocsr()])
    features = torch.randn(4, 2, requires_grad=True)
    apply_operator(operator, features).square().sum().backward()
    product = torch.tensor((matrix @ matrix.T).toarray(), dtype=torch.float32)
    torch.testing.assert_close(features.grad, 2 * product.T @ product @ features.detach())


def test_tensors_have_narrow_indices_and_values():
    matrix = sparse.csr_array([[0.0, 2.0, 0.0], [1.0, 0.0, 3.0]])
    (factor,) = torch_operator([matrix])
    assert factor.rows.layout == torch.sparse_csr
    assert (factor.rows.col_indices().dtype, factor.rows.dtype) == (torch.int32, torch.float32)
    assert factor.rows.to_dense().tolist() == factor.transposed.to_dense().T.tolist() == matrix.toarray().tolist()


def transposes(operator: Operator) -> list[bool]:
    """Which factors have made their transpose."""
    return ["transposed" in vars(factor) for factor in operator]


def test_transposes_are_made_for_gradients_and_kept():
    matrix = sparse.random_array((4, 6), density=0.5, rng=np.random.default_rng(0)).tocsr()
    operator, features = torch_operator([matrix, matrix.T.tocsr()]), torch.randn(4, 2)
    apply_operator(operator, features)
    product = apply_operator(operator, features.requires_grad_())
    assert transposes(operator) == [False, False]
    product.sum().backward(retain_graph=True)
    assert transposes(operator) == [True, True]
    made = [factor.transposed for factor in operator]
    product.sum().backward()
    assert all(factor.transposed is before for factor, before in zip(operator, made, strict=True))
    assert all(before.col_indices().dtype == torch.int32 for before in made)


@given(complexes())
def test_transposes_are_the_dense_ones_and_symmetric_matrices_share_theirs(complex_):
    hodge = HodgeOperators.of(complex_, weighting="log")
    cells = CellOperators.of(complex_)
    for operator in (*hodge.boundary, *hodge.coboundary, *hodge.lower, *hodge.upper, *cells.upper, *cells.cofaces):
        for factor in operator:
            torch.testing.assert_close(factor.transposed.to_dense(), factor.rows.to_dense().T, rtol=1e-6, atol=0)
    for (factor,) in (hodge.upper[0], *cells.upper):
        assert factor.transposed is factor.rows


def test_columns_of_a_row_ascend():
    product = sparse.csr_array(np.tri(3)) @ sparse.csr_array(np.tri(3).T)
    assert not product.has_sorted_indices
    assert SparseMatrix.of(product).rows.col_indices().tolist() == [0, 1, 2] * 3


def test_matrices_with_symmetric_places_and_other_values_are_not_symmetric():
    (factor,) = torch_operator([sparse.csr_array([[0.0, 1.0], [1.001, 0.0]])])
    assert factor.transposed is not factor.rows
    (empty,) = torch_operator([sparse.csr_array((3, 0))])
    assert empty.transposed.shape == (0, 3)


def test_a_matrix_that_is_where_it_should_be_stays_as_it_is():
    (factor,) = torch_operator([sparse.csr_array([[0.0, 1.0]])])
    assert factor.to("cpu") is factor
    assert isinstance(factor.to("meta"), SparseMatrix)


def test_to_a_device_moves_everything():
    inputs = complex_input(
        toy(), some_features(8), parts=("hodge", "cells"), operators=NODE_OPERATORS, groups=facets(toy())
    ).to("meta")
    tensors = [*inputs.features, *inputs.index]
    assert all(tensor.device.type == "meta" for tensor in tensors)
    products = [*inputs.operators.values()]
    for part in (inputs.hodge, inputs.cells):
        products += [op for value in vars(part).values() if isinstance(value, tuple) for op in value]
    assert len(products) == len(NODE_OPERATORS) + 8 + 6
    assert all(factor.rows.device.type == "meta" for product in products for factor in product)
    assert complex_input(toy(), some_features(8), parts=()).to("cpu").hodge is None


@pytest.mark.parametrize(("features", "shape"), [(np.ones((7, 2)), r"\(7, 2\)"), (np.ones(8), r"\(8,\)")])
def test_wrong_features_are_named(features, shape):
    with pytest.raises(DataError, match=f"dimension 0 have shape {shape}; expected"):
        complex_input(toy(), features)


def test_wrong_features_of_edges_are_named():
    with pytest.raises(DataError, match="dimension 1 have shape"):
        complex_input(toy(), some_features(8), higher=(np.ones((1, 1)), None))


def test_wrong_operators_are_named():
    with pytest.raises(ParameterError, match="did you mean 'weight'"):
        node_operators(toy(), ["wieght"])
    with pytest.raises(ParameterError, match="pass groups="):
        node_operators(toy(), ["groups"])
    with pytest.raises(ParameterError, match="cell complex has no weights"):
        complex_input(ring_complex(HOUSE, 5), some_features(5), operators=["weight"])
