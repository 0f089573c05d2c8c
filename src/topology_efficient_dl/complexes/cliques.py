"""Cliques of a graph up to a size: the flag complex, one dimension after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from topology_efficient_dl.complexes.rows import IntArray


@dataclass(frozen=True, eq=False)
class OrientedGraph:
    """A graph whose edges point from the smaller to the larger vertex, as compressed rows.

    Attributes
    ----------
    indptr : (n + 1,) int64; the out-neighbours of v are ``indices[indptr[v]:indptr[v + 1]]``
    indices : (m,) int64, ascending for each vertex
    """

    indptr: IntArray
    indices: IntArray

    @classmethod
    def of_edges(cls, edges: IntArray, n: int) -> OrientedGraph:
        """The graph of (m, 2) edges ``u < v``, distinct and in lexicographic order."""
        degrees = np.bincount(edges[:, 0], minlength=n)
        return cls(np.concatenate([[0], np.cumsum(degrees)]).astype(np.int64), np.ascontiguousarray(edges[:, 1]))

    def edges(self) -> IntArray:
        """(m, 2) int64, in lexicographic order."""
        return np.stack([np.repeat(np.arange(len(self.indptr) - 1), np.diff(self.indptr)), self.indices], axis=1)


class TooManyCliques(Exception):
    """More cliques than wanted: ``found`` with ``dimension + 1`` vertices, or maximal ones, counted and not listed."""

    def __init__(self, found: int, dimension: int | None) -> None:
        super().__init__(found, dimension)
        self.found, self.dimension = found, dimension


def cliques(graph: OrientedGraph, max_dimension: int, most: int) -> Iterator[IntArray]:
    """All cliques of 2, 3, .. vertices, one table for each size; each size is counted before it is listed.

    Two cliques that share all vertices but the last make a larger one if their last vertices are adjacent.

    Parameters
    ----------
    graph : any
    max_dimension : up to cliques of as many vertices and one more
    most : cliques of one size

    Returns
    -------
    Tables (n_k, k + 1) int64 for k = 1 .. max_dimension, in lexicographic order.

    Raises
    ------
    TooManyCliques : a size has more than ``most``

    References
    ----------
    Zomorodian, *Fast construction of the Vietoris-Rips complex* (2010): expansion of the 1-skeleton.

    Examples
    --------
    >>> square = OrientedGraph.of_edges(np.array([[0, 1], [0, 3], [1, 2], [1, 3], [2, 3]]), 4)
    >>> [table.tolist() for table in cliques(square, 2, 10)][1]
    [[0, 1, 3], [1, 2, 3]]
    """
    rows, starts = graph.edges(), graph.indptr
    for k in range(1, max_dimension + 1):
        if k > 1:
            parents, last = _extended(graph, rows, starts, k, most)
            rows = np.concatenate([rows[parents], last[:, None]], axis=1)
            starts = np.append(np.flatnonzero(np.diff(parents, prepend=-1)), len(parents))
        elif len(rows) > most:
            raise TooManyCliques(len(rows), k)
        yield rows


def _extended(graph: OrientedGraph, rows: IntArray, starts: IntArray, k: int, most: int) -> tuple[IntArray, IntArray]:
    """For each clique of k + 1 vertices its first k as a row, and its last."""
    ends = np.ascontiguousarray(rows[:, -1])
    nothing = np.empty(0, np.int64)
    found = extend_cliques(graph.indptr, graph.indices, starts, ends, nothing, nothing)
    if found > most:
        raise TooManyCliques(found, k)
    parents, last = np.empty(found, np.int64), np.empty(found, np.int64)
    extend_cliques(graph.indptr, graph.indices, starts, ends, parents, last)
    return parents, last


@njit(cache=True, nogil=True)
def extend_cliques(indptr: Any, indices: Any, starts: Any, ends: Any, parents: Any, last: Any) -> Any:
    """Count, and as far as there is room list, the cliques of one vertex more.

    Parameters
    ----------
    indptr, indices : the oriented graph
    starts : (n_blocks + 1,) int64; rows of a block share all vertices but the last
    ends : (n_rows,) int64 last vertices, ascending in a block
    parents, last : (room,) int64, written: the row that a new clique begins with, and its last vertex

    Returns
    -------
    Number of cliques, be there room or not.
    """
    found = 0
    marked = np.full(len(indptr) - 1, -1, np.int64)
    for block in range(len(starts) - 1):
        begin, end = starts[block], starts[block + 1]
        for row in range(begin, end):
            marked[ends[row]] = block
        for row in range(begin, end):
            low, high = indptr[ends[row]], indptr[ends[row] + 1]
            siblings = end - row - 1
            if siblings < high - low:
                place = low  # few siblings: each is looked up among many neighbours, which ascend like them
                for other in range(row + 1, end):
                    place += np.searchsorted(indices[place:high], ends[other])
                    if place == high:
                        break
                    if indices[place] == ends[other]:
                        if found < len(parents):
                            parents[found], last[found] = row, ends[other]
                        found += 1
            else:
                for place in range(low, high):
                    if marked[indices[place]] == block:
                        if found < len(parents):
                            parents[found], last[found] = row, indices[place]
                        found += 1
    return found
