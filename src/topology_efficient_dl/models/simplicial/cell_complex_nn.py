"""Message passing on a cell complex from boundaries and upper neighbours, as products with sparse matrices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.models.architecture import declare
from topology_efficient_dl.models.layers import initialise
from topology_efficient_dl.models.simplicial.cellular import CellOperators
from topology_efficient_dl.models.simplicial.hodge import DIMENSIONS
from topology_efficient_dl.models.simplicial.inputs import ComplexInput
from topology_efficient_dl.models.simplicial.parts import (
    Norm,
    Pooling,
    Readout,
    Sizes,
    Task,
    dimensions_by_layer,
    feature_widths,
    normalisation,
)
from topology_efficient_dl.models.simplicial.sparse import apply_operator

SIZES: Sizes = {
    "small": {"width": 16, "depth": 2},
    "medium": {"width": 64, "depth": 3},
    "large": {"width": 128, "depth": 4},
}


def heard(k: int) -> tuple[int, ...]:
    """Dimensions that dimension k hears: the one below (its boundary), its own and the one above (upper adjacency).

    Examples
    --------
    >>> [heard(k) for k in (0, 1, 2)]
    [(0, 1), (0, 1, 2), (1, 2)]
    """
    return tuple(j for j in (k - 1, k, k + 1) if j in DIMENSIONS)


def dense(n_in: int, width: int, norm: Norm) -> nn.Sequential:
    """Linear layer, normalisation, ReLU."""
    return nn.Sequential(nn.Linear(n_in, width), normalisation(norm, width), nn.ReLU())


class CellConvolution(nn.Module):
    """One dimension's part of a cellular isomorphism layer.

    ``m_B = MLP_B(h_s + sum_{t in B(s)} h_t)``, ``m_up = MLP_up(h_s + sum_{t, d} (h_t M_1 + h_d M_2))`` over upper
    neighbours t and the cofaces d that they share with s, and ``h_s' = MLP_U(m_B, m_up)``. With these linear messages
    the sums are products with sparse matrices, and nothing is stored per pair of neighbours.

    Parameters
    ----------
    k : dimension
    width : features in and out
    norm : in every perceptron

    References
    ----------
    Bodnar et al., *Weisfeiler and Lehman Go Cellular: CW Networks* (NeurIPS 2021), the CIN layer with
    epsilon = 0.
    """

    def __init__(self, k: int, width: int, norm: Norm) -> None:
        super().__init__()
        self.k = k
        self.boundary = dense(width, width, norm) if k > DIMENSIONS[0] else None
        self.upper = dense(width, width, norm) if k < DIMENSIONS[-1] else None
        self.message = nn.Linear(2 * width, width, bias=False) if self.upper is not None else None
        self.update = dense((len(heard(k)) - 1) * width, width, norm)

    def forward(self, features: Mapping[int, Tensor], cells: CellOperators) -> Tensor:
        """By dimension (n_k, width) -> (n_k, width)."""
        k, own, parts = self.k, features[self.k], []
        if self.boundary is not None:
            parts.append(self.boundary(own + apply_operator(cells.faces[k - 1], features[k - 1])))
        if self.upper is not None and self.message is not None:
            neighbours = apply_operator(cells.upper[k], own)
            cofaces = apply_operator(cells.cofaces[k], features[k + 1])
            parts.append(self.upper(own + self.message(torch.cat([neighbours, cofaces], dim=1))))
        updated: Tensor = self.update(torch.cat(parts, dim=1))
        return updated


class CellLayer(nn.Module):
    """Convolution, dropout, plus what went in.

    Parameters
    ----------
    dimensions : that are computed
    width, norm : of the convolutions
    dropout, residual : as they say
    """

    def __init__(self, dimensions: Sequence[int], width: int, norm: Norm, dropout: float, residual: bool) -> None:
        super().__init__()
        self.residual, self.dropout = residual, nn.Dropout(dropout)
        self.convolutions = nn.ModuleDict({str(k): CellConvolution(k, width, norm) for k in dimensions})

    def forward(self, features: Mapping[int, Tensor], cells: CellOperators) -> dict[int, Tensor]:
        """By dimension (n_k, width) -> the same of the dimensions that are computed."""
        updates = {int(k): self.dropout(convolution(features, cells)) for k, convolution in self.convolutions.items()}
        return {k: features[k] + update for k, update in updates.items()} if self.residual else updates


@declare(sizes=SIZES, reads="cells", widths=("width",))
class CellComplexNN(nn.Module):
    """Embedding of each dimension, cellular isomorphism layers, logits of nodes or graphs.

    Dimensions that no answer depends on are left out, so that the last layer of a ``node`` task computes nodes only.

    Parameters
    ----------
    n_features : of every dimension, or ``ComplexInput.widths``
    n_classes : number of logits
    task : ``node`` or ``graph``
    width, depth, dropout : hidden features, layers, share of features dropped after each
    norm : in every perceptron
    residual : add what went into a layer
    pooling : of ``graph``

    References
    ----------
    Bodnar et al., *Weisfeiler and Lehman Go Cellular: CW Networks* (NeurIPS 2021).
    """

    def __init__(
        self,
        n_features: int | Sequence[int],
        n_classes: int,
        *,
        task: Task = "node",
        width: int = 64,
        depth: int = 3,
        dropout: float = 0.1,
        norm: Norm = "batch",
        residual: bool = True,
        pooling: Pooling = "sum",
    ) -> None:
        super().__init__()
        inputs, *layers = dimensions_by_layer(depth, (0,) if task == "node" else DIMENSIONS, heard)
        widths = feature_widths(n_features)
        self.embed = nn.ModuleDict({str(k): nn.Linear(widths[k], width) for k in inputs})
        self.layers = nn.ModuleList(CellLayer(layer, width, norm, dropout, residual) for layer in layers)
        self.readout = Readout(task, width, n_classes, pooling=pooling, dropout=dropout)
        initialise(self)

    def forward(self, inputs: ComplexInput) -> Tensor:
        """A complex with ``cells`` -> logits (n_nodes or n_graphs, n_classes).

        Raises
        ------
        ParameterError : the input has no ``cells``
        """
        if inputs.cells is None:
            raise ParameterError(
                "CellComplexNN reads adjacencies, and the input has none; build it with parts=('cells',)"
            )
        features = {int(k): torch.relu(embed(inputs.features[int(k)])) for k, embed in self.embed.items()}
        for layer in self.layers:
            features = layer(features, inputs.cells)
        logits: Tensor = self.readout(features, inputs)
        return logits
