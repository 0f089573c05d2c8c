"""Graph convolutional network."""

from __future__ import annotations

from typing import Any, cast

from torch import Tensor, nn
from torch_geometric.nn import GCNConv

from topology_efficient_dl.models.architecture import declare
from topology_efficient_dl.models.graph_baselines.body import SIZES, GraphNetwork
from topology_efficient_dl.models.graph_baselines.inputs import GraphInput

__all__ = ["GCN", "SIZES"]


@declare(sizes=SIZES, reads="graph", widths=("width",))
class GCN(GraphNetwork[GraphInput]):
    """``D^-1/2 (A + I) D^-1/2 X W``, A being the log weights, as a product with the graph's sparse adjacency.

    Layers are torch-geometric's, which would gather and scatter along edges; values and gradients are the same.

    Parameters
    ----------
    n_features, n_classes, options : as in :class:`GraphNetwork`
    weighted : with weights; otherwise every edge counts 1

    References
    ----------
    Kipf and Welling, *Semi-supervised classification with graph convolutional networks* (ICLR 2017), eq. 2.
    """

    def __init__(self, n_features: int, n_classes: int, *, weighted: bool = True, **options: Any) -> None:
        super().__init__(GCNConv, n_features, n_classes, **options)
        self.weighted = weighted

    def convolve(self, convolution: nn.Module, features: Tensor, graph: GraphInput) -> Tensor:
        """(n_nodes, n_in) -> (n_nodes, width)."""
        layer = cast(GCNConv, convolution)
        found: Tensor = graph.adjacency("symmetric", weighted=self.weighted) @ layer.lin(features) + layer.bias
        return found
