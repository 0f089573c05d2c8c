"""Simplicial closure: triangles of edges that no simplex fills, which of them are filled later, and their links."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from topology_efficient_dl.complexes.boundary import face_places
from topology_efficient_dl.complexes.cliques import OrientedGraph, TooManyCliques, cliques
from topology_efficient_dl.complexes.limits import too_many
from topology_efficient_dl.complexes.rows import FloatArray, IntArray, locate_rows
from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex
from topology_efficient_dl.errors import DataError
from topology_efficient_dl.params.complexes import SimplicialParams

SHARED = ("any", "two", "all", "largest", "middle", "smallest", "rare")
"""Columns of :func:`shared_links`."""


def open_triangles(complex_: SimplicialComplex, params: SimplicialParams) -> IntArray:
    """Three nodes of which every two are an edge, and which are no simplex together.

    Triangles are counted before they are listed, those that are simplices included.

    Parameters
    ----------
    complex_ : of dimension 2 or more, its tables of dimension 1 and 2 complete
    params : ``max_simplices`` bounds the triangles; no other parameter plays a part

    Returns
    -------
    (t, 3) int64, ascending in a row, rows in lexicographic order

    Raises
    ------
    DataError : the complex has no table of triangles, or the graph has too many

    References
    ----------
    Benson, Abebe, Schaub, Jadbabaie and Kleinberg, *Simplicial closure and higher-order link prediction*, PNAS 115
    (2018): open and closed triangles.

    Examples
    --------
    >>> half = SimplicialComplex.of_simplices(4, [(0, 1, 2), (1, 3), (2, 3)])
    >>> open_triangles(half, SimplicialParams())
    array([[1, 2, 3]])
    """
    refuse_without_triangles(complex_)
    graph = OrientedGraph.of_edges(complex_.simplices[1], complex_.n_nodes)
    try:
        _, triangles = cliques(graph, 2, params.max_simplices)
    except TooManyCliques as many:
        what = "edges" if many.dimension == 1 else "triangles of edges, open and closed, counted"
        raise too_many(many.found, params, what, "Take a shorter past or pairs that met more often") from None
    return triangles[~closed_by(triangles, complex_)]


def closed_by(triangles: ArrayLike, complex_: SimplicialComplex) -> NDArray[np.bool_]:
    """Which triangles are simplices of a complex; of a later one, those that close.

    Parameters
    ----------
    triangles : (t, 3) int64, ascending in a row
    complex_ : of dimension 2 or more, of the same nodes

    Returns
    -------
    (t,) bool

    Raises
    ------
    DataError : triangles are not as described, or the complex has no table of them

    Examples
    --------
    >>> later = SimplicialComplex.of_simplices(5, [(1, 2, 3, 4)])
    >>> closed_by([[0, 1, 2], [1, 2, 3]], later)
    array([False,  True])
    """
    refuse_without_triangles(complex_)
    rows = check_triangles(triangles, complex_.n_nodes)
    return locate_rows(rows, complex_.simplices[2], complex_.n_nodes) >= 0


def edge_links(complex_: SimplicialComplex) -> sparse.csr_array:
    """(n_edges + 1, n_nodes) float64: row e has the nodes that are a triangle with edge e, by the weight of it.

    The last row is empty, and belongs to pairs that are no edge.

    Examples
    --------
    >>> edge_links(SimplicialComplex.of_simplices(3, [(0, 1, 2)])).toarray()
    array([[0., 0., 1.],
           [0., 1., 0.],
           [1., 0., 0.],
           [0., 0., 0.]])
    """
    triangles, n = complex_.simplices[2], complex_.n_nodes
    edges = face_places(triangles, complex_.simplices[1], n)
    places = (edges.ravel(), triangles.ravel())
    return sparse.csr_array((np.repeat(complex_.weights[2], 3), places), shape=(complex_.counts[1] + 1, n))


def shared_links(links: sparse.csr_array, places: IntArray, rarity: FloatArray) -> FloatArray:
    """What three faces of each triangle have in common.

    Parameters
    ----------
    links : (n_faces, n_nodes) float64, a row for each face: the weighted graph for nodes, :func:`edge_links` for edges
    places : (t, 3) int64 the three faces of each triangle, in any order
    rarity : (n_nodes,) float64, what a node counts for in the last column

    Returns
    -------
    (t, 7) float64, columns as in ``SHARED``: how many nodes are in any, in at least two and in all of the three rows;
    sums over nodes of the largest, middle and smallest of the three weights, where a node that is not in a row weighs
    0; and the sum of rarities of nodes in all three.

    Examples
    --------
    >>> links = sparse.csr_array([[0.0, 1.0, 5.0], [0.0, 3.0, 0.0], [1.0, 2.0, 4.0]])
    >>> shared_links(links, np.array([[0, 1, 2]]), np.array([1.0, 0.5, 1.0]))
    array([[3. , 2. , 1. , 9. , 6. , 1. , 0.5]])
    """
    if not links.has_sorted_indices:
        links = links.sorted_indices()
    found = np.zeros((len(places), len(SHARED)))
    merge_links(links.indptr, links.indices, links.data, places, rarity, found)
    return found


@njit(cache=True, nogil=True)
def merge_links(indptr: Any, indices: Any, weights: Any, places: Any, rarity: Any, found: Any) -> None:
    """Go along three ascending rows at once.

    Parameters
    ----------
    indptr, indices, weights : compressed rows, ascending
    places, rarity : as in :func:`shared_links`
    found : (t, 7) float64 zeros, written
    """
    beyond = len(rarity)
    for i in range(len(places)):
        p, q, r = places[i]
        a, b, c = indptr[p], indptr[q], indptr[r]
        while True:
            at_a = indices[a] if a < indptr[p + 1] else beyond
            at_b = indices[b] if b < indptr[q + 1] else beyond
            at_c = indices[c] if c < indptr[r + 1] else beyond
            node = min(at_a, at_b, at_c)
            if node == beyond:
                break
            x = y = z = 0.0
            rows = 0
            if at_a == node:
                x, a, rows = weights[a], a + 1, rows + 1
            if at_b == node:
                y, b, rows = weights[b], b + 1, rows + 1
            if at_c == node:
                z, c, rows = weights[c], c + 1, rows + 1
            found[i, 0] += 1
            found[i, 1] += rows >= 2
            found[i, 3] += max(x, y, z)
            found[i, 4] += max(min(x, y), min(max(x, y), z))
            if rows == 3:
                found[i, 2] += 1
                found[i, 5] += min(x, y, z)
                found[i, 6] += rarity[node]


def check_triangles(triangles: ArrayLike, n_nodes: int) -> IntArray:
    """(t, 3) int64 triangles of known nodes, refused unless they ascend in a row.

    Raises
    ------
    DataError : another shape, an unknown node, or a row that does not ascend
    """
    rows = np.asarray(triangles, np.int64)
    if rows.ndim != 2 or rows.shape[1] != 3:
        raise DataError(f"triangles: expected shape (t, 3); found {rows.shape}")
    if rows.size and (rows.min() < 0 or rows.max() >= n_nodes):
        raise DataError(
            f"triangles: nodes from {rows.min()} to {rows.max()}; the {n_nodes} nodes are 0 to {n_nodes - 1}"
        )
    wrong = np.flatnonzero((np.diff(rows, axis=1) <= 0).any(axis=1))
    if len(wrong):
        raise DataError(f"triangles: row {wrong[0]}, {rows[wrong[0]].tolist()}, does not ascend; sort each row")
    return rows


def refuse_without_triangles(complex_: SimplicialComplex) -> None:
    """Nothing where a complex says which triangles are simplices.

    Raises
    ------
    DataError : it has no table of dimension 2
    """
    if complex_.max_dimension < 2:
        raise DataError(
            f"simplicial closure: the complex has dimensions 0 to {complex_.max_dimension}, and does not say which "
            "triangles are closed; build it with simplicial.max_dimension of 2 or more"
        )
