"""Graph transformer: every node attends to every node of its graph."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch_geometric.nn import GATv2Conv, GINEConv, GPSConv

from topology_efficient_dl.models.architecture import declare
from topology_efficient_dl.models.graph_baselines.body import GraphReadout, head_width
from topology_efficient_dl.models.graph_baselines.inputs import GraphInput
from topology_efficient_dl.models.layers import initialise
from topology_efficient_dl.models.simplicial.parts import (
    Norm,
    Pooling,
    Sizes,
    Task,
)

Local = Literal["gine", "gatv2", "none"]

SIZES: Sizes = {
    "small": {"width": 32, "depth": 1, "heads": 4},
    "medium": {"width": 64, "depth": 2, "heads": 4},
    "large": {"width": 256, "depth": 4, "heads": 8},
}

NORMS: dict[str, tuple[str | None, dict[str, Any]]] = {
    "layer": ("layer_norm", {"mode": "node"}),
    "batch": ("batch_norm", {}),
    "none": (None, {}),
}
"""torch-geometric's names; its layer normalisation runs over whole graphs unless it is told not to."""


def local_convolution(local: Local, width: int, heads: int) -> nn.Module | None:
    """What a layer does along edges, with log weights as their features.

    ``gine``: a perceptron on ``x_i + sum_j relu(x_j + e_ij V)``; ``gatv2``: attention to neighbours; ``none``: nothing.
    """
    if local == "gatv2":
        attention: nn.Module = GATv2Conv(width, head_width(width, heads), heads=heads, edge_dim=1)
        return attention
    if local == "none":
        return None
    perceptron = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width))
    convolution: nn.Module = GINEConv(perceptron, edge_dim=1)
    return convolution


@contextmanager
def attention_in_blocks() -> Iterator[None]:
    """Attention by torch's kernel that goes block by block, and holds no weight for every pair of nodes.

    Its "fast path" for inference holds them all on a processor, and takes longer.
    """
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


@declare(sizes=SIZES, reads="graph", widths=("width",), width_step=8)
class GraphTransformer(nn.Module):
    """GPS: in every layer a convolution along edges beside attention among all nodes of a graph, then a perceptron.

    Attention is torch's multi-head attention through torch-geometric's ``GPSConv``: its arithmetic grows with the
    square of the number of nodes. ``performer`` is its approximation by random features, which grows linearly.

    Parameters
    ----------
    n_features, n_classes : shape of the data
    task : ``node`` or ``graph``
    width, depth, heads, dropout : hidden features, layers, heads that divide the width, share of features dropped
    attention_dropout : share of attention dropped, of ``multihead``
    norm : after each part of a layer
    local : convolution along edges; see :func:`local_convolution`
    attention : ``multihead`` or ``performer``
    pooling : of ``graph``

    Raises
    ------
    ParameterError : the width is no multiple of the heads

    References
    ----------
    Rampášek et al., *Recipe for a general, powerful, scalable graph transformer* (NeurIPS 2022), without positional
    encodings, which are features here if they are wanted.
    """

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
        local: Local = "gatv2",
        attention: Literal["multihead", "performer"] = "multihead",
        pooling: Pooling = "mean",
    ) -> None:
        super().__init__()
        head_width(width, heads)
        self.embed = nn.Linear(n_features, width)
        self.readout = GraphReadout(task, width, n_classes, pooling, dropout)
        initialise(self)
        name, options = NORMS[norm]
        self.layers = nn.ModuleList(
            GPSConv(
                width,
                local_convolution(local, width, heads),
                heads=heads,
                dropout=dropout,
                norm=name,
                norm_kwargs=options,
                attn_type=attention,
                attn_kwargs={"dropout": attention_dropout} if attention == "multihead" else {},
            )
            for _ in range(depth)
        )

    def forward(self, graph: GraphInput) -> Tensor:
        """A graph or many -> logits (n_nodes or n_graphs, n_classes)."""
        features = torch.relu(self.embed(graph.x))
        batch = graph.batch if graph.n_graphs > 1 else None
        with attention_in_blocks():
            for layer in self.layers:
                edges = {"edge_attr": graph.edge_attr} if layer.conv is not None else {}
                features = layer(features, graph.edge_index, batch, **edges)
        logits: Tensor = self.readout(features, graph)
        return logits
