"""Sparse operators as products of factors that are never multiplied out."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

Factors = tuple[sparse.csr_array, ...]
"""A matrix as a product, leftmost factor first: ``(F, G)`` is ``F G``."""

ROUNDING = 1e-6
"""Relative difference up to which two float32 entries are one: that of a few roundings."""


@dataclass(frozen=True, eq=False)
class SparseMatrix:
    """A sparse matrix for products with features, and once a gradient needs it, its transpose.

    Inference holds the matrix alone.

    Attributes
    ----------
    rows : (n, m) float32 ``torch.sparse_csr``

    Examples
    --------
    >>> path = SparseMatrix.of(sparse.csr_array([[0.0, 1.0], [1.0, 0.0]]))
    >>> path @ torch.tensor([[1.0], [2.0]])
    tensor([[2.],
            [1.]])
    >>> path.transposed is path.rows
    True
    """

    rows: Tensor

    @classmethod
    def of(cls, matrix: sparse.csr_array) -> SparseMatrix:
        """A matrix of scipy's, on the processor; its products leave columns out of order, which torch rules out."""
        return cls(to_torch(matrix if matrix.has_sorted_indices else matrix.sorted_indices()))

    @cached_property
    def transposed(self) -> Tensor:
        """(m, n) float32 ``torch.sparse_csr``, made once, where torch would make it anew in every backward pass.

        Of a matrix that is symmetric up to rounding it is ``rows`` itself.
        """
        n, m = self.rows.shape
        columns = self.rows.to_sparse_csc()
        made = torch.sparse_csr_tensor(columns.ccol_indices(), columns.row_indices(), columns.values(), size=(m, n))
        return self.rows if _agree(self.rows, made) else made

    def to(self, device: str) -> SparseMatrix:
        """The same on a device; if it is there already, this very matrix."""
        rows = self.rows.to(device)
        return self if rows is self.rows else SparseMatrix(rows)

    def __matmul__(self, features: Tensor) -> Tensor:
        """(m, width) -> (n, width)."""
        if not features.requires_grad:
            return self.rows @ features
        product: Tensor = _Product.apply(features, self)
        return product


def _agree(one: Tensor, other: Tensor) -> bool:
    return (
        one.shape == other.shape
        and torch.equal(one.crow_indices(), other.crow_indices())
        and torch.equal(one.col_indices(), other.col_indices())
        and torch.allclose(one.values(), other.values(), rtol=ROUNDING, atol=0)
    )


class _Product(torch.autograd.Function):
    """Sparse times dense, of which only the dense part has a gradient."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, matrix: SparseMatrix) -> Tensor:
        ctx.matrix = matrix
        return matrix.rows @ features

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return ctx.matrix.transposed @ gradients[0], None


Operator = tuple[SparseMatrix, ...]
"""A product like :data:`Factors`, as torch tensors."""


def torch_operator(factors: Sequence[sparse.csr_array]) -> Operator:
    """Factors as torch tensors on the processor."""
    return tuple(SparseMatrix.of(factor) for factor in factors)


def apply_operator(operator: Operator, features: Tensor) -> Tensor:
    """(n, m) operator times (m, width) features, the rightmost factor first.

    Its arithmetic is the number of stored entries of all factors, times the width.
    """
    for factor in reversed(operator):
        features = factor @ features
    return features


def moved(operators: Sequence[Operator], device: str) -> tuple[Operator, ...]:
    """The operators with all of their factors on a device."""
    return tuple(tuple(factor.to(device) for factor in operator) for operator in operators)


def bounded_product(left: sparse.csr_array, right: sparse.csr_array) -> Factors:
    """D^-1/2 F G D^-1/2 of a symmetric product ``F G``, in two factors; rows without entries stay so.

    D is ``|F| |G| 1``. It needs neither the product nor its spectrum, and does not change when signs of rows do. No
    eigenvalue exceeds 1 in magnitude; and of a disjoint union it is the union of those of the parts, which a division
    by the largest eigenvalue is not.

    Parameters
    ----------
    left, right : (n, m) and (m, n) sparse, the product being symmetric

    Examples
    --------
    >>> edge = sparse.csr_array([[-1.0], [1.0]])
    >>> left, right = bounded_product(edge, edge.T)
    >>> (left @ right).toarray().round(6)
    array([[ 0.5, -0.5],
           [-0.5,  0.5]])
    """
    sums = np.asarray(abs(left) @ (abs(right) @ np.ones(right.shape[1])), np.float64)
    scale = sparse.diags_array(np.divide(1.0, np.sqrt(sums), out=np.zeros_like(sums), where=sums > 0))
    return (scale @ left).tocsr(), (right @ scale).tocsr()


INT32_MAX = int(np.iinfo(np.int32).max)


def to_torch(matrix: sparse.csr_array, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """A sparse matrix as a torch tensor in compressed rows.

    Indices are int32 where they fit: MKL reads no others, and torch would copy int64 ones at every product.

    Parameters
    ----------
    matrix : (n, m) sparse
    dtype : of the values

    Returns
    -------
    (n, m) ``torch.sparse_csr`` tensor on the processor; a copy

    Examples
    --------
    >>> to_torch(sparse.csr_array([[0.0, 2.0]])).to_dense()
    tensor([[0., 2.]])
    """
    rows = matrix.tocsr()
    index = torch.int32 if max(rows.nnz, *rows.shape) <= INT32_MAX else torch.int64
    with warnings.catch_warnings():  # of a beta state, and of checks that scipy has made
        warnings.simplefilter("ignore", UserWarning)
        return torch.sparse_csr_tensor(
            torch.tensor(rows.indptr, dtype=index),
            torch.tensor(rows.indices, dtype=index),
            torch.tensor(rows.data, dtype=dtype),
            size=rows.shape,
        )
