"""Random walks with restart on an adjacency, in closed form."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from topology_efficient_dl.complexes.rows import FloatArray
from topology_efficient_dl.errors import DataError

MOST_NODES = 6_000
"""Beyond that the dense inverse takes gigabytes and minutes."""


def diffusion(adjacency: sparse.csr_array, alpha: float = 0.95) -> FloatArray:
    """``(1 - alpha) (I - alpha D^-1/2 A D^-1/2)^-1``.

    Parameters
    ----------
    adjacency : (n, n) sparse, symmetric, not negative
    alpha : share of the walk that goes on, between 0 and 1

    Returns
    -------
    (n, n) float64, symmetric, positive semidefinite

    Raises
    ------
    DataError : there are too many nodes for a dense inverse

    References
    ----------
    Zhou et al., *Learning with local and global consistency* (NIPS 2004), eq. 3.

    Examples
    --------
    >>> edge = sparse.csr_array(np.array([[0.0, 1.0], [1.0, 0.0]]))
    >>> diffusion(edge, 0.5).round(6)
    array([[0.666667, 0.333333],
           [0.333333, 0.666667]])
    """
    n_nodes = adjacency.shape[0]
    if n_nodes > MOST_NODES:
        raise DataError(
            f"diffusion on {n_nodes:,} nodes needs a dense inverse of {8 * n_nodes**2 / 2**30:.1f} GiB; expected at "
            f"most {MOST_NODES:,} nodes. Take simplicial_mlp, whose propagation is sparse"
        )
    strength = np.asarray(adjacency.sum(axis=1)).ravel()
    scale = np.divide(1.0, np.sqrt(strength), out=np.zeros(n_nodes), where=strength > 0)
    walk = adjacency.toarray() * scale[:, None] * scale
    inverse = np.linalg.inv(np.eye(n_nodes) - alpha * walk)
    return np.asarray((1 - alpha) * (inverse + inverse.T) / 2)
