"""Sparse operators on the simplices or cells of a complex."""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np
from scipy import sparse

from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex
from topology_efficient_dl.errors import DataError


class HasBoundary(Protocol):
    """A complex of any kind of cells."""

    def boundary(self, k: int) -> sparse.csr_array:
        """(n_{k-1}, n_k) boundary matrix."""
        ...


def down_laplacian(complex_: HasBoundary, k: int) -> sparse.csr_array:
    """(n_k, n_k) float64, B_k^T B_k: cells that share a face."""
    lower = complex_.boundary(k)
    return (lower.T @ lower).tocsr()


def up_laplacian(complex_: HasBoundary, k: int) -> sparse.csr_array:
    """(n_k, n_k) float64, B_{k+1} B_{k+1}^T: cells that are faces of the same cell."""
    upper = complex_.boundary(k + 1)
    return (upper @ upper.T).tocsr()


def hodge_laplacian(complex_: HasBoundary, k: int) -> sparse.csr_array:
    """L_k = B_k^T B_k + B_{k+1} B_{k+1}^T, whose kernel has the dimension of the k-th homology.

    Parameters
    ----------
    complex_ : simplicial or cell complex
    k : dimension, from 0 to the largest of the complex

    Returns
    -------
    (n_k, n_k) float64, symmetric and positive semidefinite

    References
    ----------
    Lim, *Hodge Laplacians on Graphs*, SIAM Review 62 (2020).

    Examples
    --------
    >>> hollow = SimplicialComplex.of_simplices(3, [[0, 1], [1, 2], [0, 2]])
    >>> np.linalg.eigvalsh(hodge_laplacian(hollow, 1).toarray()).round(6) + 0.0
    array([0., 3., 3.])
    """
    return (down_laplacian(complex_, k) + up_laplacian(complex_, k)).tocsr()


def simplex_incidence(complex_: SimplicialComplex, k: int) -> sparse.csr_array:
    """(n_nodes, n_k) float64, 1 where a node is a vertex of a k-simplex; without columns above the last dimension.

    ``normalised(simplex_incidence(complex_, k).T)`` takes features of nodes to their means on simplices.

    Examples
    --------
    >>> simplex_incidence(SimplicialComplex.of_simplices(3, [[0, 2]]), 1).toarray().T
    array([[1., 0., 1.]])
    """
    rows = complex_.simplices[k] if k <= complex_.max_dimension else np.empty((0, k + 1), np.int64)
    places = (rows.ravel(), np.repeat(np.arange(len(rows)), k + 1))
    return sparse.csr_array((np.ones(rows.size), places), shape=(complex_.n_nodes, len(rows)))


def simplex_adjacency(complex_: SimplicialComplex, k: int = 1, *, logarithmic: bool = False) -> sparse.csr_array:
    """Nodes are adjacent by the weights of all k-simplices that contain both.

    Parameters
    ----------
    complex_ : any
    k : dimension of the simplices; 1 is the weighted graph
    logarithmic : weights become log(1 + weight)

    Returns
    -------
    (n_nodes, n_nodes) float64, symmetric, zero diagonal

    Raises
    ------
    DataError : the complex has no table of that dimension

    Examples
    --------
    >>> filled = SimplicialComplex.of_simplices(3, [[0, 1, 2]])
    >>> simplex_adjacency(filled, 2).toarray()[0]
    array([0., 1., 1.])
    """
    if not 1 <= k <= complex_.max_dimension:
        raise DataError(
            f"adjacency by simplices of dimension {k}: the complex has dimensions 1 to {complex_.max_dimension}; "
            "build it with a larger simplicial.max_dimension"
        )
    weights = np.log1p(complex_.weights[k]) if logarithmic else complex_.weights[k]
    n = complex_.n_nodes
    total = sparse.csr_array((n, n))
    for i, j in zip(*np.triu_indices(k + 1, 1), strict=True):
        u, v = complex_.simplices[k][:, i], complex_.simplices[k][:, j]
        total = total + sparse.coo_array((weights, (u, v)), shape=(n, n)).tocsr()
    return (total + total.T).tocsr()


def normalised(matrix: sparse.csr_array, kind: Literal["row", "symmetric"] = "row") -> sparse.csr_array:
    """D^-1 A or D^-1/2 A D^-1/2, D being the sums of magnitudes of rows; rows without entries stay so.

    Parameters
    ----------
    matrix : (n, m) sparse; square and symmetric for ``symmetric``
    kind : which

    Examples
    --------
    >>> normalised(sparse.csr_array([[0.0, 3.0], [0.0, 0.0]])).toarray()
    array([[0., 1.],
           [0., 0.]])
    """
    sums = np.asarray(abs(matrix).sum(axis=1), np.float64)
    power = 1.0 if kind == "row" else 0.5
    scale = np.divide(1.0, sums**power, out=np.zeros_like(sums), where=sums > 0)
    left = sparse.diags_array(scale) @ matrix
    return (left if kind == "row" else left @ sparse.diags_array(scale)).tocsr()
