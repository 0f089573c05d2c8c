"""What the graph and hypergraph baselines read."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import torch
from numpy.typing import ArrayLike
from scipy import sparse
from torch import Tensor

from topology_efficient_dl.common.columns import as_float32
from topology_efficient_dl.complexes.batch import SimplicialBatch
from topology_efficient_dl.complexes.groups import Groups
from topology_efficient_dl.complexes.operators import normalised
from topology_efficient_dl.complexes.rows import IntArray
from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex
from topology_efficient_dl.errors import DataError
from topology_efficient_dl.models.graph_baselines.fused_attention import AttentionRows
from topology_efficient_dl.models.simplicial.sparse import SparseMatrix

Normalisation = Literal["symmetric", "row"]


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
    _adjacencies: dict[tuple[Normalisation, bool], SparseMatrix] = field(default_factory=dict, init=False, repr=False)
    _rows: list[AttentionRows] = field(default_factory=list, init=False, repr=False)

    def adjacency(self, normalisation: Normalisation, *, weighted: bool) -> SparseMatrix:
        """(n_nodes, n_nodes), a row for each node that hears; made when it is first asked for, and kept.

        A product with it is what gathering and scattering along edges comes to, without a copy of the features for
        every edge.

        Parameters
        ----------
        normalisation : ``symmetric``: D^-1/2 (A + I) D^-1/2; ``row``: D^-1 A, 0 for nodes without edges
        weighted : A has the log weights; otherwise every edge counts 1

        Examples
        --------
        >>> path = graph_input(SimplicialComplex.of_simplices(3, [[0, 1], [1, 2]]), np.eye(3))
        >>> path.adjacency("row", weighted=False).rows.to_dense()
        tensor([[0.0000, 1.0000, 0.0000],
                [0.5000, 0.0000, 0.5000],
                [0.0000, 1.0000, 0.0000]])
        """
        key = normalisation, weighted
        if key not in self._adjacencies:
            plain = self._matrix(weighted)
            looped = (plain + sparse.eye_array(len(self.x))).tocsr() if normalisation == "symmetric" else plain
            matrix = SparseMatrix.of(normalised(looped, normalisation))
            self._adjacencies[key] = matrix.to(str(self.x.device))
        return self._adjacencies[key]

    def _matrix(self, weighted: bool) -> sparse.csr_array:
        sender, receiver = self.edge_index.cpu().numpy()
        weight = self.edge_weight.cpu().numpy().astype(np.float64) if weighted else np.ones(len(sender))
        return sparse.csr_array((weight, (receiver, sender)), shape=(len(self.x), len(self.x)))

    def attention_rows(self) -> AttentionRows:
        """The edges that come in at each node, itself included; made when they are first asked for, and kept."""
        if not self._rows:
            weight = self.edge_weight.cpu().numpy()
            self._rows.append(AttentionRows.of_edges(self.edge_index.cpu().numpy(), weight, len(self.x)))
        return self._rows[0]

    @property
    def edge_attr(self) -> Tensor:
        """(2 n_edges, 1) float32, the log weights as features of edges."""
        return self.edge_weight[:, None]

    def without_edges(self) -> GraphInput:
        """The same without the list of edges, where adjacencies or rows were made of it: a network that asks for one of
        these reads the list no longer."""
        if not (self._adjacencies or self._rows):
            return self
        none, nothing = self.edge_index[:, :0].clone(), self.edge_weight[:0].clone()
        found = replace(self, edge_index=none, edge_weight=nothing)
        found._adjacencies.update(self._adjacencies)
        found._rows.extend(self._rows)
        return found

    def to(self, device: str) -> GraphInput:
        """The same on a device, with the adjacencies and rows that were made."""
        there = replace(
            self, **{name: getattr(self, name).to(device) for name in ("x", "edge_index", "edge_weight", "batch")}
        )
        there._adjacencies.update({key: matrix.to(device) for key, matrix in self._adjacencies.items()})
        there._rows.extend(self._rows)
        return there


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
    DataError : there is not one row of features for each node, or one is not finite in float32

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
    rows = as_float32(node_features)
    if rows.ndim != 2 or len(rows) != n_nodes:
        raise DataError(f"features of nodes have shape {rows.shape}; expected ({n_nodes}, n_features)")
    return torch.tensor(rows)


def _count(batch: IntArray) -> int:
    return int(batch.max()) + 1 if len(batch) else 0
