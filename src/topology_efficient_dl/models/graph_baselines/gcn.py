"""Graph convolutional network."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn
from torch_geometric.nn import GCNConv

from topology_efficient_dl.models.graph_baselines.body import SIZES, GraphNetwork
from topology_efficient_dl.models.graph_baselines.inputs import GraphInput
from topology_efficient_dl.models.simplicial.parts import Norm, Pooling, Task

__all__ = ["GCN", "SIZES"]


class GCN(GraphNetwork[GraphInput]):
    """``D^-1/2 (A + I) D^-1/2 X W``, A being the log weights, as a product with the graph's sparse adjacency.

    Layers are torch-geometric's, which would gather and scatter along edges; values and gradients are the same.

    Parameters
    ----------
    n_features, n_classes, task, width, depth, dropout, norm, residual, pooling : as in :class:`GraphNetwork`
    weighted : with weights; otherwise every edge counts 1

    References
    ----------
    Kipf and Welling, *Semi-supervised classification with graph convolutional networks* (ICLR 2017), eq. 2.
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
        weighted: bool = True,
    ) -> None:
        super().__init__(
            GCNConv,
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
        self.weighted = weighted

    def convolve(self, convolution: nn.Module, features: Tensor, graph: GraphInput) -> Tensor:
        """(n_nodes, n_in) -> (n_nodes, width)."""
        layer = cast(GCNConv, convolution)
        found: Tensor = graph.adjacency("symmetric", weighted=self.weighted) @ layer.lin(features) + layer.bias
        return found
