"""One labelled graph without times, and the repairs that make it of raw edges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from topology_efficient_dl.data.graphs.records import (
    ArrayRecord,
    BoolArray,
    FloatArray,
    IntArray,
    notes_of,
)


@dataclass(frozen=True, eq=False)
class StaticGraph(ArrayRecord):
    """An undirected graph with node labels.

    Attributes
    ----------
    name : the set's name
    edges : (m, 2) int64 node indices, u < v, unique, in lexicographic order
    n_nodes : number of nodes, n
    labels : (n,) int64 codes in ``range(len(classes))``, -1 where missing
    classes : (n_classes,) the original labels in code order
    features : (n, f) float32, or float64 as in `common.columns.narrowed`, or None
    masks : ``train``, ``validation`` and ``test``, each (n_splits, n) bool: the official splits, or None
    notes : every repair, with its count
    """

    name: str
    edges: IntArray
    n_nodes: int
    labels: IntArray
    classes: tuple[str, ...]
    features: FloatArray | None = None
    masks: dict[str, BoolArray] | None = None
    notes: tuple[str, ...] = ()

    @property
    def n_edges(self) -> int:
        """Number of undirected edges, m."""
        return len(self.edges)


def undirected_edges(edges: IntArray, n_nodes: int) -> tuple[IntArray, tuple[str, ...]]:
    """Every undirected edge once.

    Parameters
    ----------
    edges : (k, 2) int64 node indices below ``n_nodes``, in any order and direction
    n_nodes : number of nodes

    Returns
    -------
    (m, 2) int64 edges with u < v in lexicographic order, and notes that count self-loops, edges that stood in both
    directions, and duplicates.

    Examples
    --------
    >>> edges, notes = undirected_edges(np.array([[2, 1], [1, 2], [0, 0], [2, 1]]), 3)
    >>> edges.tolist(), notes
    ([[1, 2]], ('1 self-loop(s) left out', '1 duplicate edge(s) left out', '1 edge(s) in both directions kept once'))
    """
    proper = edges[edges[:, 0] != edges[:, 1]]
    directed = np.unique(proper[:, 0] * n_nodes + proper[:, 1])
    keys = np.unique(proper.min(axis=1) * n_nodes + proper.max(axis=1))
    notes = notes_of(
        (len(edges) - len(proper), "self-loop(s) left out"),
        (len(proper) - len(directed), "duplicate edge(s) left out"),
        (len(directed) - len(keys), "edge(s) in both directions kept once"),
    )
    return np.column_stack(np.divmod(keys, n_nodes)), notes


def symmetric_edges(entries: IntArray, n_nodes: int) -> tuple[IntArray, tuple[str, ...]]:
    """Every undirected edge once, of entries of a matrix or of neighbour lists that should name it from both ends.

    Parameters
    ----------
    entries : (k, 2) int64 node indices below ``n_nodes``
    n_nodes : number of nodes

    Returns
    -------
    (m, 2) int64 edges with u < v in lexicographic order, and notes that count self-loops, duplicates, and edges that
    were named from one end only.

    Examples
    --------
    >>> edges, notes = symmetric_edges(np.array([[0, 1], [1, 0], [1, 2]]), 3)
    >>> edges.tolist(), notes
    ([[0, 1], [1, 2]], ('1 edge(s) of one direction made undirected',))
    """
    distinct = np.unique(entries, axis=0)
    edges, _ = undirected_edges(distinct, n_nodes)
    loops = int((distinct[:, 0] == distinct[:, 1]).sum())
    notes = notes_of(
        (loops, "self-loop(s) left out"),
        (len(entries) - len(distinct), "duplicate edge(s) left out"),
        (2 * len(edges) - (len(distinct) - loops), "edge(s) of one direction made undirected"),
    )
    return edges, notes
