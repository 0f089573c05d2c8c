"""What the networks on complexes and graphs share: normalisation, which layers matter, and the way out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from topology_efficient_dl.models.simplicial.hodge import DIMENSIONS
from topology_efficient_dl.models.simplicial.inputs import ComplexInput

Task = Literal["node", "graph"]
Norm = Literal["layer", "batch", "none"]
Pooling = Literal["mean", "sum"]
Sizes = Mapping[str, Mapping[str, object]]


class BatchNorm(nn.BatchNorm1d):
    """Batch normalisation that takes its running statistics where a batch has fewer than two rows.

    A complex may have one triangle or none; torch refuses to train on such a batch.
    """

    def forward(self, input: Tensor) -> Tensor:
        """(n, width) -> (n, width)."""
        if len(input) > 1:
            return super().forward(input)
        return F.batch_norm(input, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)


def normalisation(norm: Norm, width: int, *, bias: bool = True) -> nn.Module:
    """(n, width) -> (n, width) by ``layer`` or ``batch`` normalisation, or ``none``.

    Parameters
    ----------
    norm : which
    width : number of features
    bias : of layer normalisation; without it the layer is an odd function
    """
    if norm == "layer":
        return nn.LayerNorm(width, bias=bias)
    return BatchNorm(width) if norm == "batch" else nn.Identity()


def dimensions_by_layer(
    depth: int, wanted: Iterable[int], reads: Callable[[int], Iterable[int]]
) -> list[tuple[int, ...]]:
    """Dimensions that matter before each layer and after the last: what no answer depends on is not computed.

    Parameters
    ----------
    depth : number of layers
    wanted : dimensions that are read out
    reads : dimensions that a layer reads for its output in one dimension

    Returns
    -------
    ``depth + 1`` tuples, of the inputs first

    Examples
    --------
    >>> dimensions_by_layer(2, [0], lambda k: {k, min(k + 1, 2)})
    [(0, 1, 2), (0, 1), (0,)]
    """
    found = [tuple(sorted(wanted))]
    for _ in range(depth):
        found.append(tuple(sorted({source for k in found[-1] for source in reads(k)})))
    return found[::-1]


def feature_widths(n_features: int | Sequence[int]) -> tuple[int, ...]:
    """Features by dimension, of one number for all or of one for each."""
    return (n_features,) * len(DIMENSIONS) if isinstance(n_features, int) else tuple(n_features)


def pooled(values: Tensor, index: Tensor, n_graphs: int, pooling: Pooling) -> Tensor:
    """Mean or sum over the rows of each graph, 0 where it has none.

    Parameters
    ----------
    values : (n, width)
    index : (n,) int64, the graph of each row
    n_graphs : number of graphs
    pooling : which

    Returns
    -------
    (n_graphs, width)
    """
    total = values.new_zeros(n_graphs, values.shape[1]).index_add(0, index, values)
    if pooling == "sum":
        return total
    return total / torch.bincount(index, minlength=n_graphs).clamp(min=1)[:, None]


class Readout(nn.Module):
    """Logits of every node from its features, or of every graph from the pooled features of all dimensions.

    Parameters
    ----------
    task : ``node``: a linear layer; ``graph``: each dimension pooled, joined, a hidden layer, a linear layer
    width : of the features
    n_classes : number of logits
    dimensions : that are pooled
    pooling, dropout : as they say
    oriented : features of edges and triangles have signs, and are pooled by their magnitudes
    """

    def __init__(
        self,
        task: Task,
        width: int,
        n_classes: int,
        *,
        dimensions: Sequence[int] = DIMENSIONS,
        pooling: Pooling = "mean",
        dropout: float = 0.0,
        oriented: bool = False,
    ) -> None:
        super().__init__()
        self.task, self.dimensions, self.pooling, self.oriented = task, tuple(dimensions), pooling, oriented
        self.dropout = nn.Dropout(dropout)
        self.hidden = nn.Identity() if task == "node" else nn.Linear(len(self.dimensions) * width, width)
        self.head = nn.Linear(width, n_classes)

    def forward(self, features: Mapping[int, Tensor], inputs: ComplexInput) -> Tensor:
        """By dimension (n_k, width) -> logits (n_nodes or n_graphs, n_classes)."""
        if self.task == "node":
            values = features[0]
        else:
            joined = torch.cat([self._pooled(features[k], inputs, k) for k in self.dimensions], dim=1)
            values = F.relu(self.hidden(joined))
        logits: Tensor = self.head(self.dropout(values))
        return logits

    def _pooled(self, values: Tensor, inputs: ComplexInput, k: int) -> Tensor:
        magnitudes = values.abs() if self.oriented and k > 0 else values
        return pooled(magnitudes, inputs.index[k], inputs.n_graphs, self.pooling)
