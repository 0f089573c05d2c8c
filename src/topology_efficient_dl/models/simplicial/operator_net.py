"""A shallow network over several kinds of neighbours at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.models.architecture import declare
from topology_efficient_dl.models.layers import initialise
from topology_efficient_dl.models.simplicial.inputs import ComplexInput
from topology_efficient_dl.models.simplicial.node_operators import NODE_OPERATORS
from topology_efficient_dl.models.simplicial.parts import (
    Norm,
    Pooling,
    Readout,
    Sizes,
    Task,
    normalisation,
)
from topology_efficient_dl.models.simplicial.sparse import Operator, apply_operator

Mixing = Literal["softmax", "scalar", "none"]

DEFAULT_OPERATORS = ("weight", "log_weight", "simplex_triangles")

SIZES: Sizes = {
    "small": {"width": 32, "depth": 1},
    "medium": {"width": 64, "depth": 2},
    "large": {"width": 128, "depth": 4},
}


class OperatorLayer(nn.Module):
    """``y = x W_0 + b + sum_k a_k P_k x W_k``.

    The product with P_k comes on whichever side of W_k has fewer features.

    Parameters
    ----------
    n_in, n_out : features
    operators : names, in the order of the weights
    mixing : ``softmax``: the a_k are positive and sum up to 1; ``scalar``: they are free and begin at 1; ``none``: all
        are 1
    """

    def __init__(self, n_in: int, n_out: int, operators: Sequence[str], mixing: Mixing) -> None:
        super().__init__()
        self.operators, self.mixing, self.narrow_first = tuple(operators), mixing, n_in < n_out
        self.own = nn.Linear(n_in, n_out)
        self.heard = nn.ModuleList(nn.Linear(n_in, n_out, bias=False) for _ in operators)
        start = torch.zeros(len(operators)) if mixing == "softmax" else torch.ones(len(operators))
        self.mix = nn.Parameter(start, requires_grad=mixing != "none")

    def importances(self) -> Tensor:
        """(n_operators,) the a_k."""
        return torch.softmax(self.mix, dim=0) if self.mixing == "softmax" else self.mix

    def forward(self, features: Tensor, operators: Mapping[str, Operator]) -> Tensor:
        """(n_nodes, n_in) -> (n_nodes, n_out)."""
        total: Tensor = self.own(features)
        for name, linear, importance in zip(self.operators, self.heard, self.importances(), strict=True):
            total = total + importance * self._heard(features, operators[name], linear)
        return total

    def _heard(self, features: Tensor, operator: Operator, linear: nn.Module) -> Tensor:
        if self.narrow_first:
            found: Tensor = linear(apply_operator(operator, features))
            return found
        return apply_operator(operator, linear(features))


@declare(sizes=SIZES, reads="operators", widths=("width",))
class SimplicialOperatorNet(nn.Module):
    """Layers over several row-normalised operators: weights, log weights, triangles, groups.

    A layer is ``x W_0 + b + sum_k a_k P_k x W_k``, normalisation, ReLU, dropout, plus what went in where widths agree.
    Each operator is a mean over one kind of neighbours, so that nothing has to be attended to, edge by edge.

    Parameters
    ----------
    n_features, n_classes : shape of the data
    operators : names of ``node_operators``, which the input must have
    task : ``node`` or ``graph``
    width, depth, dropout : hidden features, layers, share of features dropped after each
    mixing : of the operators, in each layer; see :class:`OperatorLayer`
    norm, residual, pooling : as they say

    Raises
    ------
    ParameterError : no operators

    References
    ----------
    Schlichtkrull et al., *Modeling relational data with graph convolutional networks* (ESWC 2018), eq. 2: one weight
    matrix for each relation; here relations are those of a complex.
    """

    def __init__(
        self,
        n_features: int,
        n_classes: int,
        *,
        operators: Sequence[str] = DEFAULT_OPERATORS,
        task: Task = "node",
        width: int = 64,
        depth: int = 2,
        dropout: float = 0.3,
        mixing: Mixing = "softmax",
        norm: Norm = "layer",
        residual: bool = True,
        pooling: Pooling = "mean",
    ) -> None:
        super().__init__()
        if not operators:
            raise ParameterError(f"SimplicialOperatorNet needs operators, of {', '.join(NODE_OPERATORS)}")
        self.operators, self.residual, self.dropout = tuple(operators), residual, nn.Dropout(dropout)
        widths = [n_features] + [width] * (depth - 1)
        self.layers = nn.ModuleList(OperatorLayer(n_in, width, operators, mixing) for n_in in widths)
        self.norms = nn.ModuleList(normalisation(norm, width) for _ in widths)
        self.readout = Readout(task, width, n_classes, dimensions=(0,), pooling=pooling)
        initialise(self)

    def forward(self, inputs: ComplexInput) -> Tensor:
        """A complex with the operators -> logits (n_nodes or n_graphs, n_classes).

        Raises
        ------
        ParameterError : the input lacks an operator
        """
        self._check(inputs)
        features = self.dropout(inputs.features[0])
        for layer, norm in zip(self.layers, self.norms, strict=True):
            update = self.dropout(torch.relu(norm(layer(features, inputs.operators))))
            features = features + update if self.residual and features.shape == update.shape else update
        logits: Tensor = self.readout({0: features}, inputs)
        return logits

    def _check(self, inputs: ComplexInput) -> None:
        missing = [name for name in self.operators if name not in inputs.operators]
        if missing:
            raise ParameterError(
                f"SimplicialOperatorNet reads the operator '{missing[0]}', and the input has "
                f"{', '.join(inputs.operators) or 'none'}; name it in complex_input(operators=...)"
            )
