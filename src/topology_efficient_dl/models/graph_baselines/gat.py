"""Graph attention networks, with log weights as features of edges."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, get_args

import torch
from torch import Tensor, nn
from torch_geometric.nn import GATConv, GATv2Conv

from topology_efficient_dl.common.torch_internals import operators_are_watched
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.models.architecture import declare
from topology_efficient_dl.models.graph_baselines.body import GraphNetwork, head_width
from topology_efficient_dl.models.graph_baselines.fused_attention import attend_by_pairs, attend_by_sums
from topology_efficient_dl.models.graph_baselines.inputs import GraphInput
from topology_efficient_dl.models.simplicial.parts import Sizes

Kernel = Literal["edges", "fused"]

SIZES: Sizes = {
    "small": {"width": 32, "depth": 2, "heads": 4},
    "medium": {"width": 64, "depth": 2, "heads": 4},
    "large": {"width": 256, "depth": 4, "heads": 8},
}


@declare(sizes=SIZES, reads="graph", widths=("width",), width_step=8)
class GAT(GraphNetwork[GraphInput]):
    """``sum_{j ~ i} a_ij x_j W`` with ``a_ij = softmax_j LeakyReLU(s . x_j W + t . x_i W + u . e_ij V)``.

    A node attends to itself too, and there e is the mean of its edges.

    Both kernels compute the same from the same weights. Where operators are watched, by a counter of FLOPs or by what
    exports a network, those of ``edges`` are run: compiled loops would not be seen.

    Parameters
    ----------
    n_features, n_classes, width, options : as in :class:`GraphNetwork`
    heads : the width is divided among them
    attention_dropout : share of the a_ij dropped
    kernel : ``edges``, torch-geometric's, for any device; or ``fused``, compiled loops over the rows of
        :meth:`GraphInput.attention_rows`, several times as fast on one thread, for float32 on the CPU

    Raises
    ------
    ParameterError : the width is no multiple of the heads, or there is no such kernel; in use, the fused kernel is
        given features on another device or of another type

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
        width: int = 64,
        heads: int = 4,
        attention_dropout: float = 0.0,
        kernel: Kernel = "edges",
        **options: Any,
    ) -> None:
        if kernel not in get_args(Kernel):
            raise ParameterError(f"kernel is '{kernel}'; expected one of {', '.join(get_args(Kernel))}")
        each = head_width(width, heads)
        super().__init__(
            lambda n_in, n_out: self.convolution(n_in, each, heads=heads, edge_dim=1, dropout=attention_dropout),
            n_features,
            n_classes,
            width=width,
            **options,
        )
        self.kernel = kernel

    def convolve(self, convolution: nn.Module, features: Tensor, graph: GraphInput) -> Tensor:
        """(n_nodes, n_in) -> (n_nodes, width)."""
        if self.kernel == "fused":
            _refuse_but_float32_on_cpu(features)
        if self.kernel == "fused" and not operators_are_watched():
            return self.attend(convolution, features, graph)
        found: Tensor = convolution(features, graph.edge_index, graph.edge_attr)
        return found

    def attend(self, convolution: Any, features: Tensor, graph: GraphInput) -> Tensor:
        """(n_nodes, n_in) -> (n_nodes, width), by the fused kernel."""
        values = _by_head(convolution, convolution.lin(features))
        source, target = ((values * att).sum(2) for att in (convolution.att_src, convolution.att_dst))
        edge = (_by_head(convolution, convolution.lin_edge.weight.T) * convolution.att_edge).sum(2)
        rows, drop = graph.attention_rows(), _dropped(convolution)
        found = attend_by_sums(rows, values, source, target, edge[0], drop).flatten(1)
        return found + convolution.bias


@declare(sizes=SIZES, reads="graph", widths=("width",), width_step=8)
class GATv2(GAT):
    """Attention that depends on both ends: ``a_ij = softmax_j s . LeakyReLU(x_j W_1 + x_i W_2 + e_ij V)``.

    Parameters
    ----------
    n_features, n_classes, width, heads, attention_dropout, kernel, options : as in :class:`GAT`

    References
    ----------
    Brody, Alon and Yahav, *How attentive are graph attention networks?* (ICLR 2022), eq. 7.
    """

    convolution: ClassVar[type[nn.Module]] = GATv2Conv

    def attend(self, convolution: Any, features: Tensor, graph: GraphInput) -> Tensor:
        """(n_nodes, n_in) -> (n_nodes, width), by the fused kernel."""
        senders, receivers, edge = (
            _by_head(convolution, rows)
            for rows in (convolution.lin_l(features), convolution.lin_r(features), convolution.lin_edge.weight.T)
        )
        rows, att = graph.attention_rows(), convolution.att[0]
        found = attend_by_pairs(rows, senders, receivers, edge[0], att, _dropped(convolution)).flatten(1)
        return found + convolution.bias


def _by_head(convolution: Any, rows: Tensor) -> Tensor:
    """(n, width) of any precision -> (n, heads, width / heads) float32."""
    return rows.float().reshape(-1, convolution.heads, convolution.out_channels)


def _dropped(convolution: Any) -> float:
    share: float = convolution.dropout if convolution.training else 0.0
    return share


def _refuse_but_float32_on_cpu(features: Tensor) -> None:
    if features.device.type != "cpu" or features.dtype != torch.float32:
        raise ParameterError(
            f"kernel 'fused' computes with float32 on the CPU, and features are {features.dtype} on "
            f"{features.device}; take kernel='edges', which runs with the same weights"
        )
