"""Contacts in time windows, and the contact graphs of many windows as one graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from topology_efficient_dl.complexes.cliques import OrientedGraph
from topology_efficient_dl.complexes.rows import IntArray, row_codes, unique_rows


def window_starts(times: IntArray, time_window: int) -> IntArray:
    """Start of the window that each time lies in; windows are half open and begin at the first time.

    Parameters
    ----------
    times : (m,) int64, ascending, in seconds
    time_window : seconds

    Examples
    --------
    >>> window_starts(np.array([20, 79, 80, 300]), 60)
    array([ 20,  20,  80, 260])
    """
    if len(times) == 0:
        return times
    return np.asarray(times[0] + (times - times[0]) // time_window * time_window)


def whole_windows(windows: IntArray, size: int, costs: IntArray | None = None) -> Iterator[slice]:
    """Pieces of about ``size`` rows that cut no window in two.

    Parameters
    ----------
    windows : (m,) int64, ascending
    size : rows of a piece, or the sum of their costs; a larger window is a piece of its own
    costs : (m,) int64, what each row counts for

    Examples
    --------
    >>> list(whole_windows(np.array([0, 0, 0, 60, 60, 120]), 4))
    [slice(0, 5, None), slice(5, 6, None)]
    """
    spent = np.arange(1, len(windows) + 1) if costs is None else np.cumsum(costs)
    start = 0
    while start < len(windows):
        before = spent[start - 1] if start else 0
        final = max(int(np.searchsorted(spent, before + size, side="right")) - 1, start)
        stop = int(np.searchsorted(windows, windows[final], side="right"))
        yield slice(start, stop)
        start = stop


def halves(windows: IntArray, piece: slice) -> tuple[slice, slice] | None:
    """A piece cut between two windows near its middle; None for a single window."""
    part = windows[piece]
    if part[0] == part[-1]:
        return None
    middle = part[len(part) // 2]
    cut = int(np.searchsorted(part, middle)) or int(np.searchsorted(part, middle, side="right"))
    return slice(piece.start, piece.start + cut), slice(piece.start + cut, piece.stop)


@dataclass(frozen=True, eq=False)
class WindowGraphs:
    """The contact graphs of several windows, side by side: a vertex is a node in a window.

    Attributes
    ----------
    start : (n_vertices,) int64, start of the window; ascending
    node : (n_vertices,) int64, ascending in a window
    graph : of contacts, each once
    """

    start: IntArray
    node: IntArray
    graph: OrientedGraph

    @classmethod
    def of_contacts(cls, windows: IntArray, pairs: IntArray, n_nodes: int) -> WindowGraphs:
        """Graphs of contacts.

        Parameters
        ----------
        windows : (m,) int64, start of each contact's window, ascending
        pairs : (m, 2) int64, u < v
        n_nodes : number of nodes
        """
        starts, window = np.unique(windows, return_inverse=True)
        size = max(n_nodes, len(starts))
        contacts = np.column_stack([window, pairs])
        contacts = contacts[unique_rows(contacts, size)]
        ends = np.concatenate([contacts[:, [0, 1]], contacts[:, [0, 2]]])
        _, first, vertex = np.unique(row_codes(ends, size), return_index=True, return_inverse=True)
        edges = vertex.reshape(2, -1).T.astype(np.int64)
        return cls(starts[ends[first, 0]], ends[first, 1], OrientedGraph.of_edges(edges, len(first)))
