"""Graph attention networks, with log weights as features of edges."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn
from torch_geometric.nn import GATConv, GATv2Conv

from topology_efficient_dl.models.graph_baselines.body import GraphNetwork, head_width
from topology_efficient_dl.models.graph_baselines.inputs import GraphInput
from topology_efficient_dl.models.simplicial.parts import Norm, Pooling, Sizes, Task

SIZES: Sizes = {
    "small": {"width": 32, "depth": 2, "heads": 4},
    "medium": {"width": 64, "depth": 2, "heads": 4},
    "large": {"width": 256, "depth": 4, "heads": 8},
}


class GAT(GraphNetwork[GraphInput]):
    """``sum_{j ~ i} a_ij x_j W`` with ``a_ij = softmax_j LeakyReLU(s . x_j W + t . x_i W + u . e_ij V)``.

    A node attends to itself too, and there e is the mean of its edges.

    Parameters
    ----------
    n_features, n_classes, task, width, depth, dropout, norm, residual, pooling : as in :class:`GraphNetwork`
    heads : the width is divided among them
    attention_dropout : share of the a_ij dropped

    Raises
    ------
    ParameterError : the width is no multiple of the heads

    References
    ----------
    Veličković et al., *Graph attention networks* (ICLR 2018), eq. 3 to 5.
    """

    convolution: ClassVar[type[nn.Module]] = GATConv

    def __init__(
        self,
        n_features: int,
        n_classes: int,
        *,
        task: Task = "node",
        width: int = 64,
        depth: int = 2,
        heads: int = 4,
        dropout: float = 0.5,
        attention_dropout: float = 0.0,
        norm: Norm = "layer",
        residual: bool = True,
        pooling: Pooling = "mean",
    ) -> None:
        each = head_width(width, heads)
        super().__init__(
            lambda n_in, n_out: self.convolution(n_in, each, heads=heads, edge_dim=1, dropout=attention_dropout),
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
        found: Tensor = convolution(features, graph.edge_index, graph.edge_attr)
        return found


class GATv2(GAT):
    """Attention that depends on both ends: ``a_ij = softmax_j s . LeakyReLU(x_j W_1 + x_i W_2 + e_ij V)``.

    Parameters
    ----------
    n_features, n_classes, task, width, depth, heads, dropout, attention_dropout, norm, residual, pooling :
        as in :class:`GAT`

    References
    ----------
    Brody, Alon and Yahav, *How attentive are graph attention networks?* (ICLR 2022), eq. 7.
    """

    convolution: ClassVar[type[nn.Module]] = GATv2Conv
