"""Maximal cliques: the groups that no larger group contains."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from topology_efficient_dl.complexes.cliques import OrientedGraph, TooManyCliques
from topology_efficient_dl.complexes.rows import IntArray


def maximal_cliques(graph: OrientedGraph, most: int) -> tuple[IntArray, IntArray]:
    """Maximal cliques of at least two vertices.

    Parameters
    ----------
    graph : any; the search is fast where vertices that point to many have few neighbours
    most : cliques, and no more than eight times as many members in all

    Returns
    -------
    offsets (n_cliques + 1,) int64, and members int64, ascending in each clique

    Raises
    ------
    TooManyCliques : more than ``most``, or than eight times as many members

    References
    ----------
    Eppstein, Löffler and Strash, *Listing all maximal cliques in sparse graphs in near-optimal time* (2010);
    Tomita, Tanaka and Takahashi, *The worst-case time complexity for generating all maximal cliques* (2006).

    Examples
    --------
    >>> path_and_triangle = OrientedGraph.of_edges(np.array([[0, 1], [1, 2], [1, 3], [2, 3]]), 4)
    >>> maximal_cliques(path_and_triangle, 10)
    (array([0, 2, 5]), array([0, 1, 1, 2, 3]))
    """
    edges = graph.edges()
    n = len(graph.indptr) - 1
    both = np.concatenate([edges, edges[:, ::-1]])
    both = both[np.lexsort((both[:, 1], both[:, 0]))]
    indptr = np.concatenate([[0], np.cumsum(np.bincount(both[:, 0], minlength=n))]).astype(np.int64)
    offsets, members = np.empty(most + 2, np.int64), np.empty(8 * most + n + 1, np.int64)
    found = list_maximal_cliques(indptr, np.ascontiguousarray(both[:, 1]), offsets, members)
    if found > most:
        raise TooManyCliques(found, None)
    size = int(offsets[found])
    members = members[:size].copy()
    clique = np.repeat(np.arange(found), np.diff(offsets[: found + 1]))
    return offsets[: found + 1].copy(), members[np.lexsort((members, clique))]


@njit(cache=True, nogil=True)
def list_maximal_cliques(indptr: Any, indices: Any, offsets: Any, members: Any) -> Any:
    """Bron and Kerbosch's search from each vertex among its larger neighbours, less what a smaller one extends.

    Parameters
    ----------
    indptr, indices : all neighbours of each vertex, ascending
    offsets : (most + 2,) int64, written
    members : int64, written

    Returns
    -------
    Number of cliques; ``most + 1`` as soon as there is no room for more.
    """
    n = len(indptr) - 1
    place = np.full(n, -1, np.int64)
    found = 0
    offsets[0] = 0
    for vertex in range(n):
        around = indices[indptr[vertex] : indptr[vertex + 1]]
        smaller = np.searchsorted(around, vertex)
        if smaller == len(around):
            continue
        for i in range(len(around)):
            place[around[i]] = i
        adjacent = neighbours_among(indptr, indices, around, smaller, place)
        for i in range(len(around)):
            place[around[i]] = -1
        found = search_around(vertex, around, smaller, adjacent, found, offsets, members)
        if found == len(offsets) - 1:
            return found
    return found


@njit(cache=True, nogil=True)
def neighbours_among(indptr: Any, indices: Any, around: Any, smaller: Any, place: Any) -> Any:
    """(n_larger, n_around) bool: which neighbours of a vertex are adjacent to each of the larger ones."""
    adjacent = np.zeros((len(around) - smaller, len(around)), np.bool_)
    for i in range(smaller, len(around)):
        for at in range(indptr[around[i]], indptr[around[i] + 1]):
            other = place[indices[at]]
            if other >= 0:
                adjacent[i - smaller, other] = True
    return adjacent


@njit(cache=True, nogil=True)
def search_around(vertex: Any, around: Any, smaller: Any, adjacent: Any, found: Any, offsets: Any, members: Any) -> Any:
    """All maximal cliques whose smallest member is a vertex, appended; returns their number with those of before.

    ``open_`` are vertices that extend the clique, of which smaller ones and ``done`` ones may not be added; ``todo``
    are those still to be added at each depth.
    """
    n, n_larger = len(around), len(around) - smaller
    depths = n_larger + 2
    open_, done = np.zeros((depths, n), np.bool_), np.zeros((depths, n), np.bool_)
    todo = np.zeros((depths, n), np.bool_)
    chosen = np.empty(depths, np.int64)
    open_[0, smaller:] = True
    done[0, :smaller] = True
    choose_todo(open_[0], adjacent, smaller, todo[0])
    depth, start = 0, np.zeros(depths, np.int64)
    start[0] = smaller
    while depth >= 0:
        at = start[depth]
        while at < n and not todo[depth, at]:
            at += 1
        if at == n:
            depth -= 1
            continue
        start[depth] = at + 1
        chosen[depth] = around[at]
        extends, barred = narrow(open_, done, adjacent[at - smaller], depth)
        open_[depth, at], done[depth, at] = False, True
        if extends:
            depth += 1
            start[depth] = smaller
            choose_todo(open_[depth], adjacent, smaller, todo[depth])
        elif not barred:
            end = offsets[found] + depth + 2
            if found + 2 == len(offsets) or end > len(members):
                return len(offsets) - 1
            members[offsets[found]] = vertex
            members[offsets[found] + 1 : end] = chosen[: depth + 1]
            found += 1
            offsets[found] = end
    return found


@njit(cache=True, nogil=True)
def narrow(open_: Any, done: Any, near: Any, depth: Any) -> Any:
    """One depth on, only neighbours of the vertex just added stay; tells whether any stay open, and any done."""
    extends, barred = False, False
    for other in range(len(near)):
        open_[depth + 1, other] = near[other] and open_[depth, other]
        done[depth + 1, other] = near[other] and done[depth, other]
        extends |= open_[depth + 1, other]
        barred |= done[depth + 1, other]
    return extends, barred


@njit(cache=True, nogil=True)
def choose_todo(open_: Any, adjacent: Any, smaller: Any, todo: Any) -> None:
    """Of the open vertices those that a pivot is not adjacent to, the pivot being open and adjacent to most."""
    best, pivot = -1, smaller
    for i in range(smaller, len(open_)):
        if open_[i]:
            near = 0
            for j in range(smaller, len(open_)):
                if open_[j] and adjacent[i - smaller, j]:
                    near += 1
            if near > best:
                best, pivot = near, i
    for j in range(len(open_)):
        todo[j] = open_[j] and not adjacent[pivot - smaller, j]
