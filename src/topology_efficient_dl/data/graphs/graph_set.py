"""Many small labelled graphs in one block, for graph classification."""

from __future__ import annotations

from dataclasses import dataclass

from topology_efficient_dl.data.graphs.node_tables import missing_labels
from topology_efficient_dl.data.graphs.records import (
    ArrayRecord,
    BoolArray,
    FloatArray,
    IntArray,
)
from topology_efficient_dl.data.graphs.static_graph import StaticGraph


@dataclass(frozen=True, eq=False)
class GraphSet(ArrayRecord):
    """Graphs with one label each.

    Attributes
    ----------
    name : the set's name
    edges : (m, 2) int64 node indices within their graph, u < v, unique; graph k has rows
        ``edge_offsets[k]:edge_offsets[k + 1]``
    edge_offsets : (n_graphs + 1,) int64
    node_offsets : (n_graphs + 1,) int64; the nodes of graph k are rows ``node_offsets[k]:node_offsets[k + 1]``
    labels : (n_graphs,) int64 codes in ``range(len(classes))``
    classes : (n_classes,) the original labels in code order
    node_labels : (n_nodes,) int64 codes in ``range(len(node_classes))``, or None
    node_classes : the original node labels in code order
    node_features : (n_nodes, f) float32, or float64 as in `common.columns.narrowed`, or None
    folds : (n_folds, n_graphs) bool, True where a graph is in the test part of the fold, or None
    notes : every repair, with its count
    """

    name: str
    edges: IntArray
    edge_offsets: IntArray
    node_offsets: IntArray
    labels: IntArray
    classes: tuple[str, ...]
    node_labels: IntArray | None = None
    node_classes: tuple[str, ...] = ()
    node_features: FloatArray | None = None
    folds: BoolArray | None = None
    notes: tuple[str, ...] = ()

    @property
    def n_graphs(self) -> int:
        """Number of graphs."""
        return len(self.labels)

    def graph(self, index: int) -> StaticGraph:
        """One graph by itself; its labels are the node labels.

        Raises
        ------
        IndexError : there is no graph of this index
        """
        if not 0 <= index < self.n_graphs:
            raise IndexError(f"{self.name}: no graph {index}; expected 0 to {self.n_graphs - 1}")
        nodes = slice(*self.node_offsets[index : index + 2].tolist())
        edges = self.edges[slice(*self.edge_offsets[index : index + 2].tolist())]
        n_nodes = nodes.stop - nodes.start
        labels = missing_labels(n_nodes) if self.node_labels is None else self.node_labels[nodes]
        features = None if self.node_features is None else self.node_features[nodes]
        return StaticGraph(f"{self.name}/{index}", edges, n_nodes, labels, self.node_classes, features)
