"""Who tells whom in a cellular Weisfeiler-Lehman step, as torch tensors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy import sparse

from topology_efficient_dl.complexes.operators import normalised
from topology_efficient_dl.models.simplicial.hodge import HasBoundaries, boundary_up_to_triangles
from topology_efficient_dl.models.simplicial.sparse import Operator, moved, torch_operator

Aggregate = Literal["sum", "mean"]


@dataclass(frozen=True, eq=False)
class CellOperators:
    """Boundary and upper adjacency of cells; orientations and weights play no part.

    Attributes
    ----------
    faces : at k - 1 = 0, 1, (n_k, n_{k-1}): a cell hears the cells of its boundary, B(sigma)
    upper : at k = 0, 1, (n_k, n_k): it hears the cells that share a coface with it, once for each that they share
    cofaces : at k = 0, 1, (n_k, n_{k+1}): it hears each of these cofaces, once for each cell that shares it

    References
    ----------
    Bodnar et al., *Weisfeiler and Lehman Go Cellular: CW Networks* (NeurIPS 2021).
    """

    faces: tuple[Operator, ...]
    upper: tuple[Operator, ...]
    cofaces: tuple[Operator, ...]

    def to(self, device: str) -> CellOperators:
        """The same on a device."""
        return replace(self, **{name: moved(getattr(self, name), device) for name in ("faces", "upper", "cofaces")})

    @classmethod
    def of(cls, complex_: HasBoundaries, *, aggregate: Aggregate = "sum") -> CellOperators:
        """Operators of a complex, that add up what is heard, or take its mean."""
        bounds = [abs(boundary_up_to_triangles(complex_, k)) for k in (1, 2)]
        return cls(
            faces=tuple(_heard(matrix.T.tocsr(), aggregate) for matrix in bounds),
            upper=tuple(_heard(_others(matrix), aggregate) for matrix in bounds),
            cofaces=tuple(_heard(_shared(matrix), aggregate) for matrix in bounds),
        )


def _heard(matrix: sparse.csr_array, aggregate: Aggregate) -> Operator:
    return torch_operator([normalised(matrix) if aggregate == "mean" else matrix])


def _others(boundary: sparse.csr_array) -> sparse.csr_array:
    product = (boundary @ boundary.T).tocsr()
    others = (product - sparse.diags_array(product.diagonal())).tocsr()
    others.eliminate_zeros()
    return others


def _shared(boundary: sparse.csr_array) -> sparse.csr_array:
    sizes = np.asarray(boundary.sum(axis=0), np.float64)
    return (boundary @ sparse.diags_array(np.maximum(sizes - 1, 0))).tocsr()
