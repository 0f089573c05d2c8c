"""What contacts, timed groups and graphs must be, checked before anything is built from them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topology_efficient_dl.complexes.rows import IntArray
from topology_efficient_dl.errors import DataError


def check_times(times: ArrayLike) -> IntArray:
    """(m,) int64 times, refused unless they ascend; equal ones may follow each other.

    Raises
    ------
    DataError : times are not one row of whole numbers from 0 on, or fall
    """
    times = _whole(times, "times")
    if times.ndim != 1 or (times.size and times.min() < 0):
        raise DataError(f"times: expected one row of seconds from 0 on; found shape {times.shape}")
    fall = np.flatnonzero(np.diff(times) < 0)
    if len(fall):
        i = int(fall[0])
        raise DataError(
            f"times fall from {times[i]} to {times[i + 1]} at row {i + 1}; sort the rows by time, together with what "
            "occurs at them"
        )
    return times


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
    return array.astype(np.int64, copy=False)


def _check_nodes(nodes: IntArray, n_nodes: int, what: str) -> None:
    unknown = nodes[(nodes < 0) | (nodes >= n_nodes)]
    if len(unknown):
        raise DataError(f"{what}: unknown node {unknown[0]}; the {n_nodes} nodes are 0 to {n_nodes - 1}")
