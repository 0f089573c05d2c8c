"""Maxmin landmarks: a small, evenly spread, deterministic subset of a point cloud."""

from __future__ import annotations

import numpy as np
from numba import njit

from topology_efficient_dl.tda.diagrams import FloatArray, IntArray


def unique_points(points: FloatArray) -> FloatArray:
    """The points without repetitions, in order of first appearance.

    A repeated point adds to a Rips or alpha filtration only classes that die at birth, so the diagram is the same.

    Examples
    --------
    >>> unique_points(np.array([[2.0], [1.0], [2.0]]))
    array([[2.],
           [1.]])
    """
    order = np.lexsort(points.T)
    ordered = points[order]
    first = np.concatenate([[True], (ordered[1:] != ordered[:-1]).any(axis=1)])
    return points if first.all() else points[np.sort(order[first])]


@njit(cache=True)
def maxmin_landmarks(points: FloatArray, n_landmarks: int) -> IntArray:
    """Greedy farthest point sampling from the first point on; ties go to the lowest index.

    The Rips diagram of the landmarks is within twice their covering radius of that of all points, in bottleneck
    distance and in edge lengths.

    Parameters
    ----------
    points : (n_points, n_coordinates) float64 array
    n_landmarks : how many, at most n_points

    Returns
    -------
    (n_landmarks,) int64 array of indices, the order in which they were chosen; fewer when points repeat.

    References
    ----------
    de Silva and Carlsson, "Topological estimation using witness complexes" (2004).

    Examples
    --------
    >>> maxmin_landmarks(np.array([[0.0], [1.0], [5.0], [6.0]]), 3)
    array([0, 3, 1])
    """
    n_points, n_coordinates = points.shape
    chosen = np.zeros(min(n_landmarks, n_points), np.int64)
    nearest = np.full(n_points, np.inf)
    for k in range(1, len(chosen)):
        for i in range(n_points):
            squared = 0.0
            for j in range(n_coordinates):
                squared += (points[i, j] - points[chosen[k - 1], j]) ** 2
            nearest[i] = min(nearest[i], squared)
        chosen[k] = np.argmax(nearest)
        if nearest[chosen[k]] == 0.0:
            return chosen[:k]
    return chosen
