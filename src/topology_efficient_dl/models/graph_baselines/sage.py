"""GraphSAGE."""

from __future__ import annotations

from typing import Any, cast

from torch import Tensor, nn
from torch_geometric.nn import SAGEConv

from topology_efficient_dl.models.architecture import declare
from topology_efficient_dl.models.graph_baselines.body import SIZES, GraphNetwork
from topology_efficient_dl.models.graph_baselines.inputs import GraphInput

__all__ = ["SIZES", "GraphSAGE"]


@declare(sizes=SIZES, reads="graph", widths=("width",))
class GraphSAGE(GraphNetwork[GraphInput]):
    """``x_i W_1 + mean_{j ~ i} x_j W_2`` over all neighbours; it knows no weights.

    Means are products with the graph's sparse adjacency. Layers are torch-geometric's, which would gather and scatter
    along edges; values and gradients are the same.

    Parameters
    ----------
    n_features, n_classes, options : as in :class:`GraphNetwork`

    References
    ----------
    Hamilton, Ying and Leskovec, *Inductive representation learning on large graphs* (NeurIPS 2017), mean aggregator.
    """

    def __init__(self, n_features: int, n_classes: int, **options: Any) -> None:
        super().__init__(SAGEConv, n_features, n_classes, **options)

    def convolve(self, convolution: nn.Module, features: Tensor, graph: GraphInput) -> Tensor:
        """(n_nodes, n_in) -> (n_nodes, width)."""
        layer = cast(SAGEConv, convolution)
        means = graph.adjacency("row", weighted=False) @ features
        found: Tensor = layer.lin_l(means) + layer.lin_r(features)
        return found
