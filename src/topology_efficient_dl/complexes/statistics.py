"""Simple statistics of nodes, as features that are computed once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from topology_efficient_dl.common.columns import RealArray, narrowed
from topology_efficient_dl.complexes.operators import simplex_adjacency
from topology_efficient_dl.complexes.rows import FloatArray
from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex
from topology_efficient_dl.complexes.triangles import triangle_adjacency


@dataclass(frozen=True, eq=False)
class NodeStatistics:
    """Features of nodes.

    Attributes
    ----------
    values : (n_nodes, n_features) float32, or float64 where that rounds away what tells nodes apart
    names : of the features
    """

    values: RealArray
    names: tuple[str, ...]

    @classmethod
    def of(cls, columns: dict[str, FloatArray]) -> NodeStatistics:
        """Columns by name."""
        return cls(narrowed(np.stack(list(columns.values()), axis=1)), tuple(columns))


def graph_statistics(adjacency: sparse.csr_array) -> NodeStatistics:
    """Statistics of a graph that need no list of triangles.

    Parameters
    ----------
    adjacency : (n, n) sparse, symmetric, zero diagonal

    Returns
    -------
    ``degree``; ``strength``, the sum of weights; ``triangles``; ``clustering``, the share of pairs of neighbours that
    are adjacent, 0 where there are no pairs; ``neighbour_degree``, the mean degree of neighbours, 0 without any.

    References
    ----------
    Watts and Strogatz, *Collective dynamics of small-world networks* (1998): clustering.

    Examples
    --------
    >>> statistics = graph_statistics(sparse.csr_array(1 - np.eye(3)))
    >>> dict(zip(statistics.names, statistics.values[0].tolist()))
    {'degree': 2.0, 'strength': 2.0, 'triangles': 1.0, 'clustering': 1.0, 'neighbour_degree': 2.0}
    """
    return NodeStatistics.of(_graph_columns(adjacency))


def node_statistics(complex_: SimplicialComplex) -> NodeStatistics:
    """Statistics of the weighted graph of a complex, and of its larger simplices.

    Parameters
    ----------
    complex_ : any

    Returns
    -------
    The columns of :func:`graph_statistics`; ``occurrences``, the weight of the node; for k >= 2 ``simplices_k`` and
    ``simplex_weight_k``, number and total weight of the k-simplices that contain it; and with triangles ``closure``,
    the share of a node's triangles of edges that are simplices, 0 without any.

    References
    ----------
    Benson et al., *Simplicial closure and higher-order link prediction* (2018): open and closed triangles.
    """
    if complex_.max_dimension == 0:
        graph = sparse.csr_array((complex_.n_nodes, complex_.n_nodes))
    else:
        graph = simplex_adjacency(complex_, 1)
    columns = {**_graph_columns(graph), "occurrences": complex_.weights[0]}
    for k in range(2, complex_.max_dimension + 1):
        columns[f"simplices_{k}"] = _total(complex_, k, np.ones(complex_.counts[k]))
        columns[f"simplex_weight_{k}"] = _total(complex_, k, complex_.weights[k])
    if complex_.max_dimension >= 2:
        columns["closure"] = _ratio(columns["simplices_2"], columns["triangles"])
    return NodeStatistics.of(columns)


def _graph_columns(adjacency: sparse.csr_array) -> dict[str, FloatArray]:
    pattern = abs(adjacency).sign()
    degree = np.asarray(pattern.sum(axis=1), np.float64)
    triangles = np.asarray(triangle_adjacency(adjacency).sum(axis=1), np.float64) / 2
    return {
        "degree": degree,
        "strength": np.asarray(adjacency.sum(axis=1), np.float64),
        "triangles": triangles,
        "clustering": _ratio(triangles, degree * (degree - 1) / 2),
        "neighbour_degree": _ratio(np.asarray(pattern @ degree), degree),
    }


def _total(complex_: SimplicialComplex, k: int, values: FloatArray) -> FloatArray:
    return np.bincount(complex_.simplices[k].ravel(), np.repeat(values, k + 1), complex_.n_nodes).astype(np.float64)


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
