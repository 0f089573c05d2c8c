"""Boundaries and Hodge Laplacians up to triangles, normalised, as torch tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from topology_efficient_dl.complexes.cells import CellComplex
from topology_efficient_dl.complexes.operators import normalised
from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex
from topology_efficient_dl.models.simplicial.sparse import (
    Operator,
    bounded_product,
    moved,
    torch_operator,
)

DIMENSIONS = (0, 1, 2)
"""Dimensions that the networks read; larger simplices are not looked at."""

Weighting = Literal["unit", "weight", "log"]


class HasBoundaries(Protocol):
    """A complex whose cells are counted by dimension."""

    @property
    def counts(self) -> tuple[int, ...]:
        """Number of cells by dimension."""
        ...

    def boundary(self, k: int) -> sparse.csr_array:
        """(n_{k-1}, n_k) boundary matrix."""
        ...


def boundary_up_to_triangles(complex_: HasBoundaries, k: int) -> sparse.csr_array:
    """B_1 or B_2, without columns or rows where the complex has no such dimension."""
    return sparse.csr_array((0, 0)) if k > len(complex_.counts) else complex_.boundary(k)


def coboundary_means(complex_: HasBoundaries, k: int, *, oriented: bool = False) -> sparse.csr_array:
    """(n_k, n_{k-1}) float64, rows of |B_k^T| (or of B_k^T) divided by the number of faces.

    Examples
    --------
    >>> coboundary_means(SimplicialComplex.of_simplices(2, [[0, 1]]), 1).toarray()
    array([[0.5, 0.5]])
    """
    transposed = boundary_up_to_triangles(complex_, k).T.tocsr()
    return normalised(transposed if oriented else abs(transposed))


@dataclass(frozen=True, eq=False)
class HodgeOperators:
    """What simplices of neighbouring dimensions, and those of one dimension, say to each other.

    With W_k the diagonal matrix of weights of k-simplices, as they are or in logarithms or all 1; and with B_k by its
    magnitudes if the operators are not oriented, so that means of features take the place of their differences:

    Attributes
    ----------
    boundary : at k = 0, 1, (n_k, n_{k+1}), B_{k+1} W_{k+1} with the magnitudes of each row summing up to 1
    coboundary : at k = 0, 1, (n_{k+1}, n_k), B_{k+1}^T likewise
    lower : at k - 1 = 0, 1, (n_k, n_k), B_k^T B_k by :func:`bounded_product`
    upper : at k = 0, 1, (n_k, n_k), B_{k+1} W_{k+1} B_{k+1}^T likewise
    oriented : signs are kept

    All but ``upper[0]``, which is as sparse as the graph, are kept in factors: the d edges at a node cost
    d entries there, where B_1^T B_1 has d^2.

    References
    ----------
    Lim, *Hodge Laplacians on Graphs*, SIAM Review 62 (2020); Schaub et al., *Random walks on simplicial complexes and
    the normalized Hodge 1-Laplacian*, SIAM Review 62 (2020), for weights.
    """

    boundary: tuple[Operator, ...]
    coboundary: tuple[Operator, ...]
    lower: tuple[Operator, ...]
    upper: tuple[Operator, ...]
    oriented: bool

    def to(self, device: str) -> HodgeOperators:
        """The same on a device."""
        return replace(
            self,
            boundary=moved(self.boundary, device),
            coboundary=moved(self.coboundary, device),
            lower=moved(self.lower, device),
            upper=moved(self.upper, device),
        )

    @classmethod
    def of(
        cls, complex_: SimplicialComplex | CellComplex, *, weighting: Weighting = "log", oriented: bool = False
    ) -> HodgeOperators:
        """Operators of a complex; cells of a :class:`CellComplex` all weigh 1."""
        signed = [boundary_up_to_triangles(complex_, k) for k in (1, 2)]
        bounds = signed if oriented else [abs(matrix) for matrix in signed]
        weighted = [
            (matrix @ sparse.diags_array(_weights(complex_, k, matrix.shape[1], weighting))).tocsr()
            for k, matrix in enumerate(bounds, start=1)
        ]
        transposed = [matrix.T.tocsr() for matrix in bounds]
        left, right = bounded_product(weighted[0], transposed[0])
        return cls(
            boundary=_operators([(normalised(matrix),) for matrix in weighted]),
            coboundary=_operators([(normalised(matrix),) for matrix in transposed]),
            lower=_operators([bounded_product(*pair) for pair in zip(transposed, bounds, strict=True)]),
            upper=_operators([((left @ right).tocsr(),), bounded_product(weighted[1], transposed[1])]),
            oriented=oriented,
        )


def _operators(factors: Sequence[tuple[sparse.csr_array, ...]]) -> tuple[Operator, ...]:
    return tuple(torch_operator(product) for product in factors)


def _weights(
    complex_: SimplicialComplex | CellComplex, k: int, count: int, weighting: Weighting
) -> NDArray[np.float64]:
    if weighting == "unit" or isinstance(complex_, CellComplex) or count == 0:
        return np.ones(count)
    return complex_.weights[k] if weighting == "weight" else np.log1p(complex_.weights[k])
