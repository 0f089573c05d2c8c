"""Faces and boundary matrices of simplices, from their vertices."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from topology_efficient_dl.complexes.rows import IntArray, locate_rows


def face_places(simplices: IntArray, faces: IntArray, n_nodes: int) -> IntArray:
    """Where the faces of simplices stand among the simplices of one dimension less.

    Parameters
    ----------
    simplices : (n_k, k + 1) int64, ascending vertices, k >= 1
    faces : (n_{k-1}, k) int64, distinct and in lexicographic order
    n_nodes : number of vertices

    Returns
    -------
    (n_k, k + 1) int64; column i is the face without vertex i, -1 where it is missing.
    """
    columns = range(simplices.shape[1])
    return np.stack([locate_rows(np.delete(simplices, i, axis=1), faces, n_nodes) for i in columns], axis=1)


def boundary_matrix(simplices: IntArray, faces: IntArray, n_nodes: int) -> sparse.csr_array:
    """B_k, oriented by the order of vertices: ``d[v_0..v_k] = sum_i (-1)^i [v_0..v_k without v_i]``.

    Parameters
    ----------
    simplices : (n_k, k + 1) int64, ascending vertices, k >= 1
    faces : (n_{k-1}, k) int64, in lexicographic order, all faces of the simplices among them
    n_nodes : number of vertices

    Returns
    -------
    (n_{k-1}, n_k) float64, entries -1, 0 and 1

    References
    ----------
    Lim, *Hodge Laplacians on Graphs*, SIAM Review 62 (2020).

    Examples
    --------
    >>> boundary_matrix(np.array([[0, 2]]), np.array([[0], [1], [2]]), 3).toarray().T
    array([[-1.,  0.,  1.]])
    """
    n, n_faces = simplices.shape
    places = face_places(simplices, faces, n_nodes)
    signs = np.tile((-1.0) ** np.arange(n_faces), n)
    columns = np.repeat(np.arange(n), n_faces)
    return sparse.csr_array((signs, (places.ravel(), columns)), shape=(len(faces), n))
