"""GraphSAGE."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn
from torch_geometric.nn import SAGEConv

from topology_efficient_dl.models.graph_baselines.body import SIZES, GraphNetwork
from topology_efficient_dl.models.graph_baselines.inputs import GraphInput
from topology_efficient_dl.models.simplicial.parts import Norm, Pooling, Task

__all__ = ["SIZES", "GraphSAGE"]


class GraphSAGE(GraphNetwork[GraphInput]):
    """``x_i W_1 + mean_{j ~ i} x_j W_2`` over all neighbours; it knows no weights.

    Means are products with the graph's sparse adjacency. Layers are torch-geometric's, which would gather and scatter
    along edges; values and gradients are the same.

    Parameters
    ----------
    n_features, n_classes, task, width, depth, dropout, norm, residual, pooling : as in :class:`GraphNetwork`

    References
    ----------
    Hamilton, Ying and Leskovec, *Inductive representation learning on large graphs* (NeurIPS 2017), mean aggregator.
    """

    def __init__(
        self,
        n_features: int,
        n_classes: int,
        *,
        task: Task = "node",
        width: int = 64,
        depth: int = 2,
        dropout: float = 0.5,
        norm: Norm = "layer",
        residual: bool = True,
        pooling: Pooling = "mean",
    ) -> None:
        super().__init__(
            SAGEConv,
            n_features,
            n_classes,
            task=task,
            width=width,
            depth=depth,
            dropout=dropout,
            norm=norm,
            residual=residual,
            pooling=pooling,
        )

    def convolve(self, convolution: nn.Module, features: Tensor, graph: GraphInput) -> Tensor:
        """(n_nodes, n_in) -> (n_nodes, width)."""
        layer = cast(SAGEConv, convolution)
        means = graph.adjacency("row", weighted=False) @ features
        found: Tensor = layer.lin_l(means) + layer.lin_r(features)
        return found
