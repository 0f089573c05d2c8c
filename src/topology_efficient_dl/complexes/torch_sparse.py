"""Operators as torch tensors."""

from __future__ import annotations

import torch
from scipy import sparse


def to_torch(matrix: sparse.csr_array, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """A sparse matrix as a torch tensor in compressed rows.

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
    return torch.sparse_csr_tensor(
        torch.tensor(rows.indptr, dtype=torch.int64),
        torch.tensor(rows.indices, dtype=torch.int64),
        torch.tensor(rows.data, dtype=dtype),
        size=rows.shape,
    )
