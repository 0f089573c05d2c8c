"""Scores of triangles by the complex around them: classic ones of the graph, and what larger simplices add."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from topology_efficient_dl.complexes.closure import (
    SHARED,
    check_triangles,
    edge_links,
    refuse_without_triangles,
    shared_links,
)
from topology_efficient_dl.complexes.operators import simplex_adjacency
from topology_efficient_dl.complexes.rows import FloatArray, IntArray, locate_rows
from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex
from topology_efficient_dl.complexes.statistics import graph_statistics, node_statistics
from topology_efficient_dl.complexes.triangles import triangle_adjacency
from topology_efficient_dl.errors import DataError

PIECE = 1 << 17
"""Triangles that are worked on at a time."""

SIDES = ([0, 1], [0, 2], [1, 2])


@dataclass(frozen=True, eq=False)
class TriangleScores:
    """Scores of triangles.

    Attributes
    ----------
    values : (t, n_scores) float32
    names : of the scores
    """

    values: NDArray[np.float32]
    names: tuple[str, ...]

    def column(self, name: str) -> NDArray[np.float32]:
        """(t,) float32, a view."""
        return self.values[:, self.names.index(name)]


def closure_scores(
    complex_: SimplicialComplex, triangles: ArrayLike, *, now: int | None = None, higher_order: bool = True
) -> TriangleScores:
    """Scores that do not depend on the order or names of the nodes, for triangles open or not.

    Parameters
    ----------
    complex_ : what is known; it need not have the edges of the triangles, as when it is of the latest time only, and
        what is missing weighs 0
    triangles : (t, 3) int64, ascending in a row
    now : time in seconds to which ages are counted, no earlier than any in the complex; None for no ages
    higher_order : with scores that need simplices of dimension 2 or more

    Returns
    -------
    ``arithmetic``, ``geometric`` and ``harmonic`` means of the weights of the edges; ``common_neighbours`` of all three
    nodes, ``common_weight``, the sum of their least weights, ``jaccard`` and ``adamic_adar`` of the three
    neighbourhoods, ``preferential_attachment``, the product of degrees; then, each from largest to smallest and with
    ending ``_1``, ``_2``, ``_3``, of edges ``edge_weight``, ``edge_triangles``, ``edge_age`` and ``edge_since``, times
    since they were last and first there, and of nodes ``node_<statistic>`` and ``node_age``. What was never there has
    the age of the complex.

    Of higher order: ``edge_simplices_k``, ``edge_simplex_weight_k``, number and weight of k-simplices, and
    ``edge_closure``, the share of its triangles that are simplices; the statistics of nodes by simplices; and
    ``link_<any | two | all | largest | middle | smallest>``, fourth nodes that are a simplex with any, two, all of the
    edges, as in :func:`shared_links`.

    Raises
    ------
    DataError : triangles are not as described; the complex has no triangles to be of higher order, or no edges;
        something in it is later than ``now``, or has no time

    References
    ----------
    Benson et al., *Simplicial closure and higher-order link prediction*, PNAS 115 (2018), with three-way
    generalisations of the scores of Liben-Nowell and Kleinberg, *The link-prediction problem for social networks*
    (2007).

    Examples
    --------
    >>> book = SimplicialComplex.of_simplices(4, [(0, 1, 2), (0, 1, 3), (2, 3)])
    >>> scores = closure_scores(book, [[0, 2, 3]])
    >>> [float(scores.column(name)[0]) for name in ("harmonic", "common_neighbours", "edge_closure_1", "link_two")]
    [1.0, 1.0, 0.5, 1.0]
    """
    return ClosureScorer.of(complex_, now=now, higher_order=higher_order)(triangles)


@dataclass(frozen=True, eq=False)
class ClosureScorer:
    """What :func:`closure_scores` takes from a complex, for triangles that come piece by piece.

    Attributes
    ----------
    edges : (n_edges, 2) int64
    of_nodes : by name, (n_nodes,) float64
    of_edges : by name, (n_edges + 1,) float64, the last for pairs that are no edge
    around_nodes : the graph
    around_edges : links of edges, or None without scores of higher order
    """

    edges: IntArray
    of_nodes: dict[str, FloatArray]
    of_edges: dict[str, FloatArray]
    around_nodes: sparse.csr_array
    around_edges: sparse.csr_array | None

    @classmethod
    def of(cls, complex_: SimplicialComplex, *, now: int | None = None, higher_order: bool = True) -> ClosureScorer:
        """What is known once and for all; parameters are those of :func:`closure_scores`."""
        graph = simplex_adjacency(complex_)
        of_edges = _graph_of_edges(complex_, graph)
        if higher_order:
            refuse_without_triangles(complex_)
            of_edges.update(_simplices_of_edges(complex_, of_edges["triangles"]))
        statistics = node_statistics(complex_) if higher_order else graph_statistics(graph)
        of_nodes = dict(zip(statistics.names, statistics.values.T.astype(np.float64), strict=True))
        of_nodes["occurrences"] = complex_.weights[0]
        if now is not None:
            of_nodes["age"] = _ages(complex_, 0, now)[0][:-1]
            of_edges["age"], of_edges["since"] = _ages(complex_, 1, now)
        around_edges = edge_links(complex_) if higher_order else None
        return cls(complex_.simplices[1], of_nodes, of_edges, graph, around_edges)

    def __call__(self, triangles: ArrayLike) -> TriangleScores:
        """Scores of (t, 3) int64 triangles, ascending in a row; temporary memory does not grow with t."""
        rows = check_triangles(triangles, self.around_nodes.shape[0])
        names = tuple(self._columns(rows[:0]))
        values = np.empty((len(rows), len(names)), np.float32)
        for start in range(0, len(rows), PIECE):
            piece = slice(start, start + PIECE)
            for place, column in enumerate(self._columns(rows[piece]).values()):
                values[piece, place] = column
        return TriangleScores(values, names)

    def _columns(self, rows: IntArray) -> dict[str, FloatArray]:
        n_nodes, n_edges = len(self.of_nodes["degree"]), len(self.edges)
        edges = np.stack([locate_rows(rows[:, side], self.edges, n_nodes) for side in SIDES], axis=1)
        edges[edges < 0] = n_edges
        columns = {**_means(self.of_edges["weight"][edges]), **self._neighbourhoods(rows)}
        for name, values in self.of_edges.items():
            columns.update(_from_largest(f"edge_{name}", values[edges]))
        for name, values in self.of_nodes.items():
            columns.update(_from_largest(f"node_{name}", values[rows]))
        if self.around_edges is not None:
            links = shared_links(self.around_edges, edges, np.zeros(n_nodes))
            columns.update({f"link_{name}": links[:, i] for i, name in enumerate(SHARED[:-1])})
        return columns

    def _neighbourhoods(self, rows: IntArray) -> dict[str, FloatArray]:
        degree = self.of_nodes["degree"]
        shared = dict(
            zip(SHARED, shared_links(self.around_nodes, rows, 1 / np.log(np.maximum(degree, 2))).T, strict=True)
        )
        return {
            "common_neighbours": shared["all"],
            "common_weight": shared["smallest"],
            "jaccard": _ratio(shared["all"], shared["any"]),
            "adamic_adar": shared["rare"],
            "preferential_attachment": degree[rows].prod(axis=1),
        }


def _means(weights: FloatArray) -> dict[str, FloatArray]:
    """Of (t, 3) weights; 0 where one of them is, but for the arithmetic mean."""
    least = weights.min(axis=1)
    safe = np.where(weights > 0, weights, 1.0)
    return {
        "arithmetic": weights.mean(axis=1),
        "geometric": np.where(least > 0, np.exp(np.log(safe).mean(axis=1)), 0.0),
        "harmonic": np.where(least > 0, 3 / (1 / safe).sum(axis=1), 0.0),
    }


def _from_largest(name: str, values: FloatArray) -> dict[str, FloatArray]:
    ordered = np.sort(values, axis=1)
    return {f"{name}_{i + 1}": ordered[:, 2 - i] for i in range(3)}


def _graph_of_edges(complex_: SimplicialComplex, graph: sparse.csr_array) -> dict[str, FloatArray]:
    counts = sparse.triu(triangle_adjacency(graph)).tocoo()
    triangles = np.zeros(complex_.counts[1] + 1)
    pairs = np.stack([counts.row, counts.col], axis=1).astype(np.int64)
    triangles[locate_rows(pairs, complex_.simplices[1], complex_.n_nodes)] = counts.data
    return {"weight": np.append(complex_.weights[1], 0.0), "triangles": triangles}


def _simplices_of_edges(complex_: SimplicialComplex, triangles: FloatArray) -> dict[str, FloatArray]:
    columns, n = {}, complex_.counts[1] + 1
    for k in range(2, complex_.max_dimension + 1):
        number, weight = np.zeros(n), np.zeros(n)
        for side in combinations(range(k + 1), 2):
            edges = locate_rows(complex_.simplices[k][:, side], complex_.simplices[1], complex_.n_nodes)
            number += np.bincount(edges, minlength=n)
            weight += np.bincount(edges, complex_.weights[k], minlength=n)
        columns[f"simplices_{k}"], columns[f"simplex_weight_{k}"] = number, weight
    return {**columns, "closure": _ratio(columns["simplices_2"], triangles)}


def _ages(complex_: SimplicialComplex, k: int, now: int) -> tuple[FloatArray, FloatArray]:
    """(n_k + 1,) times since each k-simplex was last and first there; of what never was, the age of the complex."""
    some = np.append(complex_.weights[k] > 0, False)
    first, last = np.append(complex_.first[k], -1), np.append(complex_.last[k], -1)
    if (first[some] < 0).any():
        raise DataError("closure scores: simplices without times have no age; leave 'now' out")
    latest = int(last.max())
    if latest > now:
        raise DataError(
            f"closure scores: the complex has times up to {latest}, and now is {now}; cut the data before now"
        )
    oldest = float(now - first[some].min(initial=now))
    return np.where(some, now - last, oldest), np.where(some, now - first, oldest)


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
