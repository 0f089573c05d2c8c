"""Triangles of a graph without listing them: A o A^2."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import sparse


def triangle_adjacency(adjacency: sparse.csr_array) -> sparse.csr_array:
    """A o A^2 of the graph under a symmetric matrix: for each edge the number of triangles that it is in.

    Triangles are counted and never listed, nor is A^2 formed: memory is that of the result. Each triangle is found
    once, from the one of its vertices that has the fewest neighbours.

    Parameters
    ----------
    adjacency : (n, n) sparse, symmetric; weights and the diagonal do not count

    Returns
    -------
    (n, n) float64, symmetric; edges without triangles have no entry

    References
    ----------
    Latapy, *Main-memory triangle computations for very large (sparse (power-law)) graphs* (2008): forward.

    Examples
    --------
    >>> complete = sparse.csr_array(1 - np.eye(4))
    >>> triangle_adjacency(complete).toarray()[0]
    array([0., 2., 2., 2.])
    """
    n = adjacency.shape[0]
    u, v = _edges(adjacency)
    degrees = np.bincount(u, minlength=n) + np.bincount(v, minlength=n)
    rank = np.empty(n, np.int32)
    rank[np.argsort(degrees, kind="stable")] = np.arange(n)
    tails, heads = np.minimum(rank[u], rank[v]), np.maximum(rank[u], rank[v])
    oriented = sparse.coo_array((np.arange(len(u)), (tails, heads)), shape=(n, n)).tocsr()
    counts = np.zeros(len(u))
    counts[oriented.data] = count_edge_triangles(oriented.indptr, oriented.indices)
    some = counts > 0
    upper = sparse.coo_array((counts[some], (u[some], v[some])), shape=(n, n)).tocsr()
    return (upper + upper.T).tocsr()


def _edges(adjacency: sparse.csr_array) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Smaller and larger node of every edge."""
    upper = sparse.triu(adjacency, 1).tocoo()
    keep = upper.data != 0
    return upper.row[keep].astype(np.int32), upper.col[keep].astype(np.int32)


@njit(cache=True, nogil=True)
def count_edge_triangles(indptr: Any, indices: Any) -> Any:
    """(m,) int32 triangles that each edge of an oriented graph is in.

    Parameters
    ----------
    indptr, indices : compressed rows of larger neighbours
    """
    counts = np.zeros(len(indices), np.int32)
    edge_to = np.full(len(indptr) - 1, -1, np.int32)
    for u in range(len(indptr) - 1):
        begin, end = indptr[u], indptr[u + 1]
        for first in range(begin, end):
            edge_to[indices[first]] = first
        for first in range(begin, end):
            v = indices[first]
            found = 0
            for across in range(indptr[v], indptr[v + 1]):
                second = edge_to[indices[across]]
                if second >= 0:
                    found += 1
                    counts[across] += 1
                    counts[second] += 1
            counts[first] += found
        for first in range(begin, end):
            edge_to[indices[first]] = -1
    return counts


def open_edges(adjacency: sparse.csr_array) -> sparse.csr_array:
    """Edges by ``1 / (1 + t)``, t being the number of triangles on the edge: bridges count 1, edges in cliques little.

    Parameters
    ----------
    adjacency : (n, n) sparse, symmetric, zero diagonal; weights play no part

    Returns
    -------
    (n, n) float64, symmetric

    Examples
    --------
    >>> triangle_and_tail = sparse.csr_array(np.array([[0, 1, 1, 0], [1, 0, 1, 0], [1, 1, 0, 1], [0, 0, 1, 0]]))
    >>> open_edges(triangle_and_tail).toarray()[2]
    array([0.5, 0.5, 0. , 1. ])
    """
    pattern = sparse.csr_array(adjacency.astype(bool).astype(np.float64))
    counts = (pattern + triangle_adjacency(pattern)).tocsr()
    counts.data = 1.0 / counts.data
    return counts
