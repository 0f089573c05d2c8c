"""What the graph and hypergraph baselines read."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from topology_efficient_dl.complexes.batch import SimplicialBatch
from topology_efficient_dl.complexes.groups import Groups
from topology_efficient_dl.complexes.rows import IntArray
from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex
from topology_efficient_dl.errors import DataError


@dataclass(frozen=True, eq=False)
class GraphInput:
    """A weighted graph, or many side by side.

    Attributes
    ----------
    x : (n_nodes, n_features) float32
    edge_index : (2, 2 n_edges) int64, both directions of every edge
    edge_weight : (2 n_edges,) float32, log(1 + weight)
    batch : (n_nodes,) int64, ascending, the graph that each node belongs to
    n_graphs : number of graphs
    """

    x: Tensor
    edge_index: Tensor
    edge_weight: Tensor
    batch: Tensor
    n_graphs: int

    @property
    def edge_attr(self) -> Tensor:
        """(2 n_edges, 1) float32, the log weights as features of edges."""
        return self.edge_weight[:, None]

    def to(self, device: str) -> GraphInput:
        """The same on a device."""
        return replace(
            self, **{name: getattr(self, name).to(device) for name in ("x", "edge_index", "edge_weight", "batch")}
        )


@dataclass(frozen=True, eq=False)
class HypergraphInput:
    """Groups of nodes, or those of many graphs side by side.

    Attributes
    ----------
    x : (n_nodes, n_features) float32
    incidence_index : (2, n_incidences) int64, a node and a group that it is in
    weight : (n_groups,) float32, log(1 + occurrences)
    batch : (n_nodes,) int64, ascending, the graph that each node belongs to
    n_graphs : number of graphs
    """

    x: Tensor
    incidence_index: Tensor
    weight: Tensor
    batch: Tensor
    n_graphs: int

    def to(self, device: str) -> HypergraphInput:
        """The same on a device."""
        return replace(
            self, **{name: getattr(self, name).to(device) for name in ("x", "incidence_index", "weight", "batch")}
        )


def graph_input(complex_: SimplicialComplex | SimplicialBatch, node_features: ArrayLike) -> GraphInput:
    """The weighted graph of a complex, or of many side by side; larger simplices are not looked at.

    Parameters
    ----------
    complex_ : a complex, or a disjoint union
    node_features : (n_nodes, n_features)

    Raises
    ------
    DataError : there is not one row of features for each node

    Examples
    --------
    >>> edge = SimplicialComplex.of_simplices(2, [[0, 1]])
    >>> graph_input(edge, [[0.0], [1.0]]).edge_index
    tensor([[0, 1],
            [1, 0]])
    """
    union = complex_.complex if isinstance(complex_, SimplicialBatch) else complex_
    batch = complex_.index[0] if isinstance(complex_, SimplicialBatch) else np.zeros(union.n_nodes, np.int64)
    has_edges = union.max_dimension > 0
    edges = union.simplices[1] if has_edges else np.empty((0, 2), np.int64)
    weights = np.log1p(union.weights[1] if has_edges else np.empty(0))
    return GraphInput(
        x=_features(node_features, union.n_nodes),
        edge_index=torch.tensor(np.concatenate([edges, edges[:, ::-1]]).T.copy()),
        edge_weight=torch.tensor(np.tile(weights, 2), dtype=torch.float32),
        batch=torch.tensor(batch),
        n_graphs=_count(batch),
    )


def hypergraph_input(groups: Groups, node_features: ArrayLike, batch: IntArray | None = None) -> HypergraphInput:
    """The hypergraph of some groups.

    Parameters
    ----------
    groups : of nodes; of all graphs together where there are many
    node_features : (n_nodes, n_features)
    batch : (n_nodes,) int64, ascending; None for a single graph

    Raises
    ------
    DataError : there is not one row of features for each node
    """
    owners = np.zeros(groups.n_nodes, np.int64) if batch is None else batch
    places = np.repeat(np.arange(len(groups)), groups.sizes)
    return HypergraphInput(
        x=_features(node_features, groups.n_nodes),
        incidence_index=torch.tensor(np.stack([groups.members, places])),
        weight=torch.tensor(np.log1p(groups.weight), dtype=torch.float32),
        batch=torch.tensor(owners),
        n_graphs=_count(owners),
    )


def _features(node_features: ArrayLike, n_nodes: int) -> Tensor:
    rows = np.ascontiguousarray(node_features, np.float32)
    if rows.ndim != 2 or len(rows) != n_nodes:
        raise DataError(f"features of nodes have shape {rows.shape}; expected ({n_nodes}, n_features)")
    return torch.tensor(rows)


def _count(batch: IntArray) -> int:
    return int(batch.max()) + 1 if len(batch) else 0
