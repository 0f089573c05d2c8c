"""What the networks on complexes read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from topology_efficient_dl.common.columns import as_float32
from topology_efficient_dl.complexes.batch import SimplicialBatch
from topology_efficient_dl.complexes.cells import CellComplex
from topology_efficient_dl.complexes.groups import Groups
from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex
from topology_efficient_dl.errors import DataError, ParameterError
from topology_efficient_dl.models.simplicial.cellular import Aggregate, CellOperators
from topology_efficient_dl.models.simplicial.hodge import (
    DIMENSIONS,
    HodgeOperators,
    Weighting,
    coboundary_means,
)
from topology_efficient_dl.models.simplicial.node_operators import node_operators
from topology_efficient_dl.models.simplicial.sparse import Operator, moved, torch_operator

AnyComplex = SimplicialComplex | SimplicialBatch | CellComplex

Part = Literal["hodge", "cells"]


@dataclass(frozen=True, eq=False)
class ComplexInput:
    """Features of nodes, edges and 2-cells, and the sparse operators on them.

    Attributes
    ----------
    features : by dimension (n_k, f_k) float32
    index : by dimension (n_k,) int64, the graph that each cell belongs to; all 0 for a single complex
    n_graphs : number of graphs
    operators : by name, from nodes to nodes (``node_operators``)
    hodge : boundaries and Laplacians, or None where they were not asked for
    cells : boundary and upper adjacencies, or None likewise
    """

    features: tuple[Tensor, ...]
    index: tuple[Tensor, ...]
    n_graphs: int
    operators: dict[str, Operator]
    hodge: HodgeOperators | None
    cells: CellOperators | None

    @property
    def widths(self) -> tuple[int, ...]:
        """Number of features by dimension, as the networks' ``n_features``."""
        return tuple(part.shape[1] for part in self.features)

    def to(self, device: str) -> ComplexInput:
        """The same on a device."""
        return replace(
            self,
            features=tuple(part.to(device) for part in self.features),
            index=tuple(part.to(device) for part in self.index),
            operators=dict(zip(self.operators, moved(list(self.operators.values()), device), strict=True)),
            hodge=self.hodge and self.hodge.to(device),
            cells=self.cells and self.cells.to(device),
        )


def complex_input(
    complex_: AnyComplex,
    node_features: ArrayLike,
    *,
    higher: Sequence[ArrayLike | None] = (None, None),
    parts: Sequence[Part] = ("hodge",),
    operators: Sequence[str] = (),
    groups: Groups | None = None,
    weighting: Weighting = "log",
    oriented: bool = False,
    aggregate: Aggregate = "sum",
) -> ComplexInput:
    """What the networks read of a complex, or of many side by side; only what is asked for is built.

    Parameters
    ----------
    complex_ : simplicial or cell complex, or a disjoint union
    node_features : (n_nodes, f_0)
    higher : (n_edges, f_1) and (n_triangles, f_2); where one is None it is the mean over faces of what the dimension
        below has, or if ``oriented`` the coboundary, which for triangles of derived edges is 0
    parts : ``hodge`` for :class:`SimplicialNN`, ``cells`` for :class:`CellComplexNN`
    operators, groups : for :class:`SimplicialOperatorNet`; see ``node_operators``
    weighting : of the simplices in ``hodge``
    oriented : keep the signs of ``hodge``; features of edges and triangles then change sign with their orientation
    aggregate : of ``cells``

    Raises
    ------
    DataError : there is not one row of features for each simplex, or one is not finite in float32
    ParameterError : operators by weights are asked of a cell complex, which has none; or an operator is unknown

    Examples
    --------
    >>> filled = SimplicialComplex.of_simplices(3, [[0, 1, 2]])
    >>> complex_input(filled, [[0.0], [3.0], [6.0]]).features[2]
    tensor([[3.]])
    """
    union = complex_.complex if isinstance(complex_, SimplicialBatch) else complex_
    if operators and isinstance(union, CellComplex):
        raise ParameterError(
            f"node operators {', '.join(operators)} need a simplicial complex; a cell complex has no weights"
        )
    named = node_operators(union, operators, groups) if isinstance(union, SimplicialComplex) else {}
    index = _index(complex_)
    return ComplexInput(
        features=_features(union, (node_features, *higher), oriented),
        index=index,
        n_graphs=int(index[0].max()) + 1 if len(index[0]) else 0,
        operators={name: torch_operator(factors) for name, factors in named.items()},
        hodge=HodgeOperators.of(union, weighting=weighting, oriented=oriented) if "hodge" in parts else None,
        cells=CellOperators.of(union, aggregate=aggregate) if "cells" in parts else None,
    )


def _index(complex_: AnyComplex) -> tuple[Tensor, ...]:
    if isinstance(complex_, SimplicialBatch):
        found = [torch.as_tensor(part) for part in complex_.index]
    else:
        found = [torch.zeros(count, dtype=torch.int64) for count in complex_.counts]
    nothing = torch.zeros(0, dtype=torch.int64)
    return tuple(found[k] if k < len(found) else nothing for k in DIMENSIONS)


def _features(
    union: SimplicialComplex | CellComplex, given: Sequence[ArrayLike | None], oriented: bool
) -> tuple[Tensor, ...]:
    counts = (*union.counts, 0, 0)
    parts: list[NDArray[np.float32]] = []
    for k, values in zip(DIMENSIONS, given, strict=True):
        if values is None:
            values = coboundary_means(union, k, oriented=oriented).astype(np.float32) @ parts[k - 1]
            if oriented and k > 1 and given[k - 1] is None:
                values = np.zeros_like(values)  # B_1 B_2 = 0, but for rounding
        rows = as_float32(values, "simplex" if k else "node")
        if rows.ndim != 2 or len(rows) != counts[k]:
            raise DataError(
                f"features of dimension {k} have shape {rows.shape}; expected ({counts[k]}, n_features), one row for "
                "each simplex"
            )
        parts.append(rows)
    return tuple(torch.tensor(rows) for rows in parts)
