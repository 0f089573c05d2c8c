"""Sparse operators as products of factors that are never multiplied out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from topology_efficient_dl.complexes.torch_sparse import to_torch

Factors = tuple[sparse.csr_array, ...]
"""A matrix as a product, leftmost factor first: ``(F, G)`` is ``F G``."""


class SparseMatrix(NamedTuple):
    """A sparse matrix for products with features, and its transpose for their gradients.

    Attributes
    ----------
    rows : (n, m) float32 ``torch.sparse_csr``
    transposed : (m, n) float32 ``torch.sparse_csr``; torch would make it anew in every backward pass
    """

    rows: Tensor
    transposed: Tensor

    def to(self, device: str) -> SparseMatrix:
        """The same on a device."""
        return SparseMatrix(self.rows.to(device), self.transposed.to(device))

    def __matmul__(self, features: Tensor) -> Tensor:
        """(m, width) -> (n, width)."""
        if not features.requires_grad:
            return self.rows @ features
        product: Tensor = _Product.apply(features, self)
        return product


class _Product(torch.autograd.Function):
    """Sparse times dense, of which only the dense part has a gradient."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, matrix: SparseMatrix) -> Tensor:
        ctx.transposed = matrix.transposed
        return matrix.rows @ features

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return ctx.transposed @ gradients[0], None


Operator = tuple[SparseMatrix, ...]
"""A product like :data:`Factors`, as torch tensors."""


def torch_operator(factors: Sequence[sparse.csr_array]) -> Operator:
    """Factors as torch tensors on the processor."""
    return tuple(SparseMatrix(to_torch(factor), to_torch(factor.T.tocsr())) for factor in factors)


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
