"""Convolution on groups of nodes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch_geometric.nn import HypergraphConv

from topology_efficient_dl.models.architecture import declare
from topology_efficient_dl.models.graph_baselines.body import SIZES, GraphNetwork
from topology_efficient_dl.models.graph_baselines.inputs import HypergraphInput

__all__ = ["SIZES", "HypergraphNetwork", "WeightedHypergraphConv"]


class WeightedHypergraphConv(HypergraphConv):
    """``D^-1 H W B^-1 H^T X Theta`` with W in the sum as well as in D.

    torch-geometric (2.6 to 2.8) divides by the weighted degrees D and leaves W out of what is summed, so that with
    weights its rows are no means; its layer without weights is the same as this one.
    """

    def forward(self, x: Tensor, hyperedge_index: Tensor, hyperedge_weight: Tensor) -> Tensor:
        """(n_nodes, n_in) -> (n_nodes, n_out).

        Parameters
        ----------
        x : (n_nodes, n_in)
        hyperedge_index : (2, n_incidences) int64
        hyperedge_weight : (n_groups,)
        """
        n_nodes, n_groups = len(x), len(hyperedge_weight)
        node, group = hyperedge_index
        strength = x.new_zeros(n_nodes).index_add(0, node, hyperedge_weight[group])
        sizes = torch.bincount(group, minlength=n_groups).to(x.dtype)
        means = self.propagate(
            hyperedge_index, x=self.lin(x), norm=_inverse(sizes), alpha=None, size=(n_nodes, n_groups)
        )
        weighted = means.view(n_groups, self.out_channels) * hyperedge_weight[:, None]
        back = self.propagate(
            hyperedge_index.flip([0]), x=weighted, norm=_inverse(strength), alpha=None, size=(n_groups, n_nodes)
        )
        result: Tensor = back.view(n_nodes, self.out_channels) + self.bias
        return result


@declare(sizes=SIZES, reads="hypergraph", widths=("width",))
class HypergraphNetwork(GraphNetwork[HypergraphInput]):
    """Hypergraph convolution on groups of nodes, weighted by log(1 + occurrences).

    Parameters
    ----------
    n_features, n_classes, options : as in :class:`GraphNetwork`
    weighted : with weights; otherwise every group counts 1

    References
    ----------
    Bai, Zhang and Torr, *Hypergraph convolution and hypergraph attention* (Pattern Recognition, 2021), normalised by
    rows.
    """

    def __init__(self, n_features: int, n_classes: int, *, weighted: bool = True, **options: Any) -> None:
        super().__init__(WeightedHypergraphConv, n_features, n_classes, **options)
        self.weighted = weighted

    def convolve(self, convolution: nn.Module, features: Tensor, graph: HypergraphInput) -> Tensor:
        """(n_nodes, n_in) -> (n_nodes, width)."""
        weight = graph.weight if self.weighted else torch.ones_like(graph.weight)
        found: Tensor = convolution(features, graph.incidence_index, weight)
        return found


def _inverse(values: Tensor) -> Tensor:
    return torch.where(values > 0, 1 / values.clamp(min=torch.finfo(values.dtype).tiny), 0.0)
