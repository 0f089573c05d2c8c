"""What contacts, timed groups and graphs must be, checked before anything is built from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topology_efficient_dl.complexes.rows import LARGEST, IntArray
from topology_efficient_dl.errors import DataError

LARGEST_SIMPLEX = 20
"""Vertices of a simplex whose faces are all listed: they are 2 to this power."""
MOST = {"n_nodes": 20_000_000, "max_dimension": LARGEST_SIMPLEX - 1}
"""Of nodes, whose tables take 32 bytes each, and of dimensions."""


def check_times(times: ArrayLike) -> IntArray:
    """(m,) int64 times from 0 on, refused unless they ascend; equal ones may follow each other.

    Where the first is negative, all are counted from it, since -1 stands for "no time" in a complex; other times stay
    as they are.

    Raises
    ------
    DataError : times are not one row of whole numbers, fall, or are further apart than int64 can hold

    Examples
    --------
    >>> check_times([-20, 0]), check_times([20, 40])
    (array([ 0, 20]), array([20, 40]))
    """
    times = _whole(times, "times")
    if times.ndim != 1:
        raise DataError(f"times: expected one row of seconds; found shape {times.shape}")
    fall = np.flatnonzero(times[1:] < times[:-1])
    if len(fall):
        i = int(fall[0])
        raise DataError(
            f"times fall from {times[i]} to {times[i + 1]} at row {i + 1}; sort the rows by time, together with what "
            "occurs at them"
        )
    if not len(times) or times[0] >= 0:
        return times
    if int(times[-1]) - int(times[0]) > LARGEST:
        raise DataError(f"times: {times[0]} to {times[-1]} is more than int64 can hold; take another unit or origin")
    return times - times[0]


def check_count(value: int, name: str) -> int:
    """A whole number of nodes or of dimensions, from 0 to ``MOST[name]``.

    Raises
    ------
    DataError : it is something else
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not 0 <= value <= MOST[name]:
        found = f"simplicial complex: {name} is {str(value)[:60]!r}"
        raise DataError(f"{found}; expected a whole number from 0 to {MOST[name]:,}; correct it")
    return int(value)


def check_simplices(simplices: Sequence[ArrayLike], n_nodes: int) -> list[list[int]]:
    """The vertices of every simplex, refused unless they are known nodes, each once, and few enough.

    Raises
    ------
    DataError : a simplex is empty, or not of distinct whole numbers from 0 to ``n_nodes - 1``, or has more than
        ``LARGEST_SIMPLEX`` vertices
    """
    if not np.iterable(simplices):
        raise DataError(f"simplicial complex: simplices is {str(simplices)[:60]}; expected a list of lists of vertices")
    return [_vertices(place, simplex, n_nodes) for place, simplex in enumerate(simplices)]


def _vertices(place: int, simplex: ArrayLike, n_nodes: int) -> list[int]:
    found = np.asarray(simplex, dtype=object)
    vertices: list[int] = found.tolist() if found.ndim == 1 else []
    whole = bool(vertices) and all(isinstance(vertex, int | np.integer) for vertex in vertices)
    if not whole or any(isinstance(vertex, bool) or not 0 <= vertex < n_nodes for vertex in vertices):
        problem = f"the nodes are whole numbers from 0 to {n_nodes - 1}; number them so, and leave padding out"
    elif len(set(vertices)) < len(vertices):
        problem = "expected every vertex once; leave repeated ones out"
    elif len(vertices) > LARGEST_SIMPLEX:
        many = f"{len(vertices)} vertices, and 2**{len(vertices)} faces"
        problem = f"{many}; expected at most {LARGEST_SIMPLEX}; take complex_of_groups, which bounds the dimension"
    else:
        return [int(vertex) for vertex in vertices]
    raise DataError(f"simplicial complex: simplex {place} is {str(simplex)[:60]}: {problem}")


def check_pairs(pairs: ArrayLike, n_nodes: int) -> IntArray:
    """(m, 2) int64 pairs ``u < v`` of known nodes.

    Raises
    ------
    DataError : a node is unknown, meets itself, or stands behind a larger one
    """
    pairs = _whole(pairs, "pairs").reshape(-1, 2) if np.size(pairs) == 0 else _whole(pairs, "pairs")
    if pairs.ndim != 2 or pairs.shape[1] != 2:
        raise DataError(f"pairs: expected shape (m, 2); found {pairs.shape}")
    _check_nodes(pairs, n_nodes, "pairs")
    wrong = np.flatnonzero(pairs[:, 0] >= pairs[:, 1])
    if len(wrong):
        u, v = pairs[wrong[0]]
        what = (
            "is a node with itself; leave such rows out" if u == v else "is not ascending; write the smaller node first"
        )
        raise DataError(f"pairs: row {wrong[0]}, ({u}, {v}), {what} ({len(wrong)} such rows)")
    return pairs


def check_groups(offsets: ArrayLike, members: ArrayLike, n_nodes: int) -> tuple[IntArray, IntArray]:
    """(g + 1,) int64 offsets, and members sorted within each group.

    Raises
    ------
    DataError : offsets do not fit the members, a node is unknown, or a group names a node twice
    """
    bounds, nodes = _whole(offsets, "offsets"), _whole(members, "members")
    if len(bounds) == 0 or bounds[0] != 0 or bounds[-1] != len(nodes) or (np.diff(bounds) < 1).any():
        raise DataError(
            f"groups: offsets must rise from 0 to the number of members, {len(nodes)}, and no group may be empty"
        )
    _check_nodes(nodes, n_nodes, "groups")
    group = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    nodes = nodes[np.lexsort((nodes, group))]
    twice = np.flatnonzero((np.diff(nodes) == 0) & (np.diff(group) == 0))
    if len(twice):
        i = twice[0]
        raise DataError(f"groups: group {group[i]} names node {nodes[i]} twice; name each member once")
    return bounds, nodes


def check_lengths(times: IntArray, n: int, what: str) -> None:
    """Refuse unless there is one time for each contact or group.

    Raises
    ------
    DataError : the numbers differ
    """
    if len(times) != n:
        raise DataError(f"{len(times)} times for {n} {what}; expected one time for each")


def _whole(values: ArrayLike, name: str) -> IntArray:
    array: NDArray = np.asarray(values)
    if array.size and not np.issubdtype(array.dtype, np.integer):
        raise DataError(f"{name}: found {array.dtype} values; expected whole numbers")
    if array.dtype == np.uint64 and array.size and array.max() > LARGEST:
        raise DataError(f"{name}: found {array.max()}; expected numbers that int64 can hold, up to {LARGEST}")
    return array.astype(np.int64, copy=False)


def _check_nodes(nodes: IntArray, n_nodes: int, what: str) -> None:
    unknown = nodes[(nodes < 0) | (nodes >= n_nodes)]
    if len(unknown):
        raise DataError(f"{what}: unknown node {unknown[0]}; the {n_nodes} nodes are 0 to {n_nodes - 1}")
