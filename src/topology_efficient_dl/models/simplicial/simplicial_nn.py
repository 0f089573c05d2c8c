"""Convolutional network on nodes, edges and triangles: separate filters below and above, projections between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.models.architecture import declare
from topology_efficient_dl.models.layers import initialise
from topology_efficient_dl.models.simplicial.hodge import DIMENSIONS, HodgeOperators
from topology_efficient_dl.models.simplicial.inputs import ComplexInput
from topology_efficient_dl.models.simplicial.parts import (
    Pooling,
    Readout,
    Sizes,
    Task,
    dimensions_by_layer,
    feature_widths,
    normalisation,
)
from topology_efficient_dl.models.simplicial.sparse import Operator, apply_operator

Paths = Literal["boundary", "coboundary", "both"]

SIZES: Sizes = {
    "small": {"width": 16, "depth": 1, "order": 1},
    "medium": {"width": 64, "depth": 2, "order": 1},
    "large": {"width": 128, "depth": 3, "order": 2},
}


def sources(k: int, paths: Paths) -> tuple[int, ...]:
    """Dimensions that dimension k hears: its own, the one above by the boundary, the one below by the coboundary.

    Examples
    --------
    >>> sources(1, "both"), sources(1, "boundary"), sources(0, "coboundary")
    ((0, 1, 2), (1, 2), (0,))
    """
    below = [k - 1] if paths != "boundary" and k > DIMENSIONS[0] else []
    above = [k + 1] if paths != "coboundary" and k < DIMENSIONS[-1] else []
    return (*below, k, *above)


def filtered(operator: Operator, features: Tensor, order: int) -> list[Tensor]:
    """``L x, L^2 x, ... L^order x``, each as wide as x."""
    found = []
    for _ in range(order):
        features = apply_operator(operator, features)
        found.append(features)
    return found


class SimplicialConvolution(nn.Module):
    """One dimension's part of a simplicial convolution, before the nonlinearity.

    ``y_k = sum_t (L_{k,d}^t (x_{k,d} A_t + x_k B_t) + L_{k,u}^t (x_k C_t + x_{k,u} D_t))`` with
    ``x_{k,d} = B_k^T x_{k-1}`` from below, ``x_{k,u} = B_{k+1} x_{k+1}`` from above, and t from 0 to the order.

    Parameters
    ----------
    k : dimension
    width : features in and out
    paths : projections that are there
    order : of the polynomials
    bias : add one

    References
    ----------
    Yang and Isufi, *Convolutional learning on simplicial complexes* (2023), the SCCNN layer; Yang, Isufi and Leus,
    *Simplicial convolutional neural networks* (ICASSP 2022) is the case without projections.
    """

    def __init__(self, k: int, width: int, paths: Paths, order: int, *, bias: bool) -> None:
        super().__init__()
        self.k, self.order, self.sources = k, order, sources(k, paths)
        sides = (k > DIMENSIONS[0]) + (k < DIMENSIONS[-1])
        n_blocks = 1 + sides * order + (len(self.sources) - 1) * (1 + order)
        self.linear = nn.Linear(n_blocks * width, width, bias=bias)

    def forward(self, features: Mapping[int, Tensor], hodge: HodgeOperators) -> Tensor:
        """By dimension (n_k, width) -> (n_k, width)."""
        mixed: Tensor = self.linear(torch.cat(self._blocks(features, hodge), dim=1))
        return mixed

    def _blocks(self, features: Mapping[int, Tensor], hodge: HodgeOperators) -> list[Tensor]:
        k, own = self.k, features[self.k]
        blocks = [own]
        if k > DIMENSIONS[0]:
            blocks += filtered(hodge.lower[k - 1], own, self.order)
        if k < DIMENSIONS[-1]:
            blocks += filtered(hodge.upper[k], own, self.order)
        if k - 1 in self.sources:
            below = apply_operator(hodge.coboundary[k - 1], features[k - 1])
            blocks += [below, *filtered(hodge.lower[k - 1], below, self.order)]
        if k + 1 in self.sources:
            above = apply_operator(hodge.boundary[k], features[k + 1])
            blocks += [above, *filtered(hodge.upper[k], above, self.order)]
        return blocks


class SimplicialLayer(nn.Module):
    """Convolution, layer normalisation, nonlinearity, dropout, plus what went in.

    Parameters
    ----------
    dimensions : that are computed
    width, paths, order : of the convolutions
    dropout, residual : as they say
    oriented : edges and triangles go through odd functions only
    """

    def __init__(
        self,
        dimensions: Sequence[int],
        width: int,
        paths: Paths,
        order: int,
        *,
        dropout: float,
        residual: bool,
        oriented: bool,
    ) -> None:
        super().__init__()
        self.residual, self.oriented, self.dropout = residual, oriented, nn.Dropout(dropout)
        self.convolutions, self.norms = nn.ModuleDict(), nn.ModuleDict()
        for k in dimensions:
            bias = not is_odd(k, oriented)
            self.convolutions[str(k)] = SimplicialConvolution(k, width, paths, order, bias=bias)
            self.norms[str(k)] = normalisation("layer", width, bias=bias)

    def forward(self, features: Mapping[int, Tensor], hodge: HodgeOperators) -> dict[int, Tensor]:
        """By dimension (n_k, width) -> the same of the dimensions that are computed."""
        found = {}
        for name, convolution in self.convolutions.items():
            values = self.norms[name](convolution(features, hodge))
            update = self.dropout(activated(int(name), values, self.oriented))
            found[int(name)] = features[int(name)] + update if self.residual else update
        return found


def is_odd(k: int, oriented: bool) -> bool:
    """Whether features of dimension k change sign with orientation; nodes have none."""
    return oriented and k > 0


def activated(k: int, values: Tensor, oriented: bool) -> Tensor:
    """Tanh where features have signs, else ReLU."""
    return torch.tanh(values) if is_odd(k, oriented) else torch.relu(values)


@declare(sizes=SIZES, reads="hodge", widths=("width",))
class SimplicialNN(nn.Module):
    """Linear embedding of each dimension, simplicial convolutions, logits of nodes or graphs.

    A layer is convolution, layer normalisation, nonlinearity, dropout, plus what went in. Dimensions that no answer
    depends on are left out: the last layer of a ``node`` task computes nodes only, and with ``paths="coboundary"``,
    where nothing comes down to nodes, such a network is a filter on the graph.

    Oriented, the network is odd in edges and triangles (tanh, no biases), so that turning a simplex round turns its
    features round and changes no logits. Otherwise the operators have no signs, and everything goes through ReLU.

    Parameters
    ----------
    n_features : of every dimension, or ``ComplexInput.widths``
    n_classes : number of logits
    task : ``node`` or ``graph``
    paths : ``boundary``: simplices hear their cofaces; ``coboundary``: their faces; ``both``
    width, depth, order, dropout : hidden features, layers, degree of the polynomials, share of features dropped
    residual : add what went in
    oriented : as in ``complex_input``
    pooling : of ``graph``

    References
    ----------
    Yang and Isufi, *Convolutional learning on simplicial complexes* (2023).
    """

    def __init__(
        self,
        n_features: int | Sequence[int],
        n_classes: int,
        *,
        task: Task = "node",
        paths: Paths = "both",
        width: int = 64,
        depth: int = 2,
        order: int = 1,
        dropout: float = 0.1,
        residual: bool = True,
        oriented: bool = False,
        pooling: Pooling = "mean",
    ) -> None:
        super().__init__()
        self.oriented = oriented
        wanted = (0,) if task == "node" else DIMENSIONS
        inputs, *layers = dimensions_by_layer(depth, wanted, lambda k: sources(k, paths))
        widths = feature_widths(n_features)
        self.embed = nn.ModuleDict({str(k): nn.Linear(widths[k], width, bias=not is_odd(k, oriented)) for k in inputs})
        self.layers = nn.ModuleList(
            SimplicialLayer(layer, width, paths, order, dropout=dropout, residual=residual, oriented=oriented)
            for layer in layers
        )
        self.readout = Readout(task, width, n_classes, pooling=pooling, dropout=dropout, oriented=oriented)
        initialise(self)

    def forward(self, inputs: ComplexInput) -> Tensor:
        """A complex with ``hodge`` -> logits (n_nodes or n_graphs, n_classes).

        Raises
        ------
        ParameterError : the input has no ``hodge``, or its operators are oriented and the network is not, or vice versa
        """
        hodge = self._operators(inputs)
        features = {
            int(k): activated(int(k), embed(inputs.features[int(k)]), self.oriented) for k, embed in self.embed.items()
        }
        for layer in self.layers:
            features = layer(features, hodge)
        logits: Tensor = self.readout(features, inputs)
        return logits

    def _operators(self, inputs: ComplexInput) -> HodgeOperators:
        if inputs.hodge is None:
            raise ParameterError(
                "SimplicialNN reads Laplacians, and the input has none; build it with parts=('hodge',)"
            )
        if inputs.hodge.oriented != self.oriented:
            raise ParameterError(
                f"SimplicialNN has oriented={self.oriented}, and its input oriented={inputs.hodge.oriented}; "
                "give both the same"
            )
        return inputs.hodge
