"""Who was together in which period of time, and adjacencies in which every period has the same say.

Lessons last for hours and breaks for minutes, and a break has more contacts; normalised period by period, a node's
company in either counts alike.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from topology_efficient_dl.complexes.groups import Groups
from topology_efficient_dl.complexes.rows import FloatArray


def group_adjacency(groups: Groups) -> sparse.csr_array:
    """Nodes are adjacent by the groups that contain both: a group of k counts its weight over k - 1.

    So every group gives each of its members its weight once, whatever its size.

    Parameters
    ----------
    groups : of any size; those of one node count nothing

    Returns
    -------
    (n_nodes, n_nodes) float64, symmetric, zero diagonal

    Examples
    --------
    >>> groups = Groups.once(3, np.array([0, 3, 5]), np.array([0, 1, 2, 0, 1]), np.array([0, 60]))
    >>> group_adjacency(groups).toarray()[0]
    array([0. , 1.5, 0.5])
    """
    incidence = groups.incidence()
    share = np.where(groups.sizes > 1, groups.weight / np.maximum(groups.sizes - 1.0, 1.0), 0.0)
    product = (incidence @ sparse.diags_array(share) @ incidence.T).tocsr()
    product.setdiag(0.0)
    product.eliminate_zeros()
    return product


def period_normalised(adjacencies: Sequence[sparse.csr_array], smoothing: float = 0.5) -> sparse.csr_array:
    """``sum_b D_b^-1/2 log(1 + A_b) D_b^-1/2`` over periods b.

    Parameters
    ----------
    adjacencies : (n, n) sparse of every period, at least one
    smoothing : mean strengths of present nodes that are added to the strengths D_b, so that a node that was met once
        in a period is not given the weight of one that was met all the time

    Examples
    --------
    >>> once = sparse.csr_array(np.array([[0.0, np.e - 1], [np.e - 1, 0.0]]))
    >>> period_normalised([once, once], smoothing=0.0).toarray().round(6)
    array([[0., 2.],
           [2., 0.]])
    """
    total = sparse.csr_array(adjacencies[0].shape)
    for adjacency in adjacencies:
        logs = adjacency.log1p()
        strength: FloatArray = np.asarray(logs.sum(axis=1)).ravel()
        present = strength > 0
        if present.any():
            scale = sparse.diags_array(1 / np.sqrt(np.maximum(strength + smoothing * strength[present].mean(), 1e-9)))
            total = total + scale @ logs @ scale
    return total.tocsr()


def periods_together(adjacencies: Sequence[sparse.csr_array]) -> sparse.csr_array:
    """Number of periods in which two nodes were together: (n, n) float64.

    Examples
    --------
    >>> twice = sparse.csr_array(np.array([[0.0, 7.0], [7.0, 0.0]]))
    >>> periods_together([twice, twice]).toarray()
    array([[0., 2.],
           [2., 0.]])
    """
    total = sparse.csr_array(adjacencies[0].shape)
    for adjacency in adjacencies:
        total = total + (adjacency > 0).astype(np.float64)
    return total.tocsr()
