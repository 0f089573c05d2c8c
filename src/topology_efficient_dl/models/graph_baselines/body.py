"""What classic networks on graphs share: residuals, normalisation, dropout, and the way out."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.models.graph_baselines.inputs import GraphInput, HypergraphInput
from topology_efficient_dl.models.layers import initialise
from topology_efficient_dl.models.simplicial.parts import (
    Norm,
    Pooling,
    Sizes,
    Task,
    normalisation,
    pooled,
)

SIZES: Sizes = {
    "small": {"width": 32, "depth": 2},
    "medium": {"width": 64, "depth": 2},
    "large": {"width": 256, "depth": 4},
}
"""Of networks without heads."""

Graph = TypeVar("Graph", GraphInput, HypergraphInput)


def head_width(width: int, heads: int) -> int:
    """Features of each head, whose outputs are joined to ``width``.

    Raises
    ------
    ParameterError : the width is no multiple of the heads
    """
    if width % heads:
        raise ParameterError(f"width is {width}, and no multiple of the {heads} heads")
    return width // heads


class GraphReadout(nn.Module):
    """Logits of every node, or of every graph from the mean or sum of its nodes.

    Parameters
    ----------
    task : ``node``, a linear layer; or ``graph``, pooling, a hidden layer and a linear layer
    width : features of nodes
    n_classes : number of logits
    pooling, dropout : of ``graph``
    """

    def __init__(self, task: Task, width: int, n_classes: int, pooling: Pooling, dropout: float) -> None:
        super().__init__()
        self.task, self.pooling = task, pooling
        hidden = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Dropout(dropout))
        self.hidden = nn.Identity() if task == "node" else hidden
        self.head = nn.Linear(width, n_classes)

    def forward(self, features: Tensor, graph: GraphInput | HypergraphInput) -> Tensor:
        """(n_nodes, width) -> logits (n_nodes or n_graphs, n_classes)."""
        rows = features if self.task == "node" else pooled(features, graph.batch, graph.n_graphs, self.pooling)
        logits: Tensor = self.head(self.hidden(rows))
        return logits


class GraphNetwork(nn.Module, Generic[Graph]):
    """Graph convolutions as tuned for classic networks: ``x + ...`` by a linear shortcut, norm, ReLU, dropout.

    A layer is ``dropout(relu(norm(conv(x) + x S)))``, S being learnt. Subclasses say what a convolution is and
    what it reads; the options here are those of all of them.

    Parameters
    ----------
    convolution : from features in and out to the layer
    n_features, n_classes : shape of the data
    task : ``node`` or ``graph``
    width, depth, dropout : hidden features, layers, share of features dropped after each
    norm : after each convolution
    residual : with shortcuts
    pooling : of ``graph``

    References
    ----------
    Luo, Shi and Wu, *Classic GNNs are strong baselines: reassessing GNNs for node classification* (NeurIPS 2024).
    """

    def __init__(
        self,
        convolution: Callable[[int, int], nn.Module],
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
        super().__init__()
        widths = [n_features] + [width] * (depth - 1)
        self.shortcuts = nn.ModuleList(nn.Linear(n_in, width) for n_in in widths) if residual else None
        self.norms = nn.ModuleList(normalisation(norm, width) for _ in widths)
        self.dropout = nn.Dropout(dropout)
        self.readout = GraphReadout(task, width, n_classes, pooling, dropout)
        initialise(self)
        self.convolutions = nn.ModuleList(convolution(n_in, width) for n_in in widths)

    @abstractmethod
    def convolve(self, convolution: nn.Module, features: Tensor, graph: Graph) -> Tensor:
        """(n_nodes, n_in) -> (n_nodes, width), by one of the layers."""

    def forward(self, graph: Graph) -> Tensor:
        """A graph or many -> logits (n_nodes or n_graphs, n_classes)."""
        features = graph.x
        for place, (convolution, norm) in enumerate(zip(self.convolutions, self.norms, strict=True)):
            found = self.convolve(convolution, features, graph)
            if self.shortcuts is not None:
                found = found + self.shortcuts[place](features)
            features = self.dropout(torch.relu(norm(found)))
        logits: Tensor = self.readout(features, graph)
        return logits
