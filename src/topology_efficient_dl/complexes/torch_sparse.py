"""Operators as torch tensors."""

from __future__ import annotations

import warnings

import numpy as np
import torch
from scipy import sparse

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
