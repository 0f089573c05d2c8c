"""Decompositions of weight arrays, by tensorly, in double precision.

References
----------
Kolda and Bader, *Tensor decompositions and applications* (SIAM Review 2009); Oseledets, *Tensor-train decomposition*
(SIAM J. Sci. Comput. 2011), algorithm 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import tensorly as tl
from numpy.typing import NDArray
from tensorly.decomposition import parafac, partial_tucker, tensor_train

Array = NDArray[np.float64]

CP_ITERATIONS = 300
CP_SEED = 0
CP_PENALTY = 1e-9
CP_LARGEST = 1e8
"""Of a component of a tensor of norm one: larger ones cancel one another, and nothing is left of them in float32."""
TUCKER_ITERATIONS = 20


def singular_values(matrix: Array) -> Array:
    """(min(n, m),) singular values of a matrix (n, m), falling."""
    found: Array = np.linalg.svd(matrix, compute_uv=False)
    return found


def unfold(tensor: Array, mode: int) -> Array:
    """The matrix (n_mode, rest) of a tensor along a mode; Kolda and Bader, section 2.4."""
    return np.moveaxis(tensor, mode, 0).reshape(tensor.shape[mode], -1)


Decomposed = tuple[Array, Array, Array]
"""Left singular vectors (n, k), singular values (k,) and right ones (k, m) of a matrix, with k = min(n, m)."""


def decomposed(matrix: Array) -> Decomposed:
    """The singular value decomposition of a matrix (n, m)."""
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    return left, values, right


def low_rank(matrix: Array | Decomposed, rank: int) -> tuple[Array, Array]:
    """The nearest product ``left @ right`` of a rank: (n, rank) and (rank, m) (Eckart and Young 1936).

    Each gets the root of the singular values, so that neither learns faster than the other.
    """
    left, values, right = matrix if isinstance(matrix, tuple) else decomposed(matrix)
    roots = np.sqrt(values[:rank])
    return left[:, :rank] * roots, roots[:, None] * right[:rank]


def tucker_factors(tensor: Array, modes: Sequence[int], ranks: Sequence[int]) -> tuple[Array, list[Array]]:
    """Core, and one factor (n_mode, rank) for each of some modes, the others left as they are; by orthogonal iteration.

    De Lathauwer, De Moor and Vandewalle, *On the best rank-1 and rank-(R1, ..., RN) approximation* (2000), started at
    the truncated singular vectors of every unfolding.
    """
    if not tensor.any():
        shape = [dict(zip(modes, ranks, strict=True)).get(mode, size) for mode, size in enumerate(tensor.shape)]
        return np.zeros(shape), [np.eye(tensor.shape[mode], rank) for mode, rank in zip(modes, ranks, strict=True)]
    (core, factors), _ = partial_tucker(
        tl.tensor(tensor), rank=list(ranks), modes=list(modes), n_iter_max=TUCKER_ITERATIONS
    )
    return np.asarray(core), [np.asarray(factor) for factor in factors]


def tt_cores(tensor: Array, ranks: Sequence[int]) -> list[Array]:
    """Cores (r_{k-1}, n_k, r_k) of the tensor train with those inner ranks, by TT-SVD."""
    found = tensor_train(tl.tensor(tensor), rank=[1, *ranks, 1])
    return [np.asarray(core) for core in found.factors]


def tt_ranks(shape: Sequence[int]) -> tuple[int, ...]:
    """Inner ranks at which a tensor train of any tensor of a shape is exact.

    Examples
    --------
    >>> tt_ranks((4, 5, 3))
    (4, 3)
    """
    return tuple(min(math.prod(shape[:cut]), math.prod(shape[cut:])) for cut in range(1, len(shape)))


def feasible_tt_ranks(shape: Sequence[int], ranks: Sequence[int]) -> tuple[int, ...]:
    """Inner ranks cut to what their neighbours allow: ``r_k <= r_{k-1} n_k`` and ``r_{k-1} <= n_k r_k``.

    Examples
    --------
    >>> feasible_tt_ranks((4, 5, 30), (1, 20))
    (1, 5)
    """
    found = [1, *ranks, 1]
    for place, size in enumerate(shape):
        found[place + 1] = min(found[place + 1], found[place] * size)
    for place in reversed(range(len(shape))):
        found[place] = min(found[place], found[place + 1] * shape[place])
    return tuple(found[1:-1])


def cp_rank(shape: Sequence[int]) -> int:
    """A rank at which a CP decomposition of any tensor of a shape is exact: all but the largest mode, spelled out.

    Examples
    --------
    >>> cp_rank((4, 5, 3))
    12
    """
    return math.prod(shape) // max(shape)


def cp_factors(tensor: Array, rank: int) -> list[Array]:
    """One factor (n_mode, rank) per mode with ``tensor ~ sum_r a_r x b_r x ...``; exact from `cp_rank` on.

    Alternating least squares, started at singular vectors; below the exact rank it finds a local optimum. Slices of
    zeros, such as dead filters, are left out of it; components that a tensor of a lower rank has no use for are zero.
    """
    if rank >= cp_rank(tensor.shape):
        return _padded(_spelled_out(tensor), cp_rank(tensor.shape))
    others = [tuple(axis for axis in range(tensor.ndim) if axis != mode) for mode in range(tensor.ndim)]
    alive = [np.flatnonzero(tensor.any(axis=axes)) for axes in others]
    if not all(places.size for places in alive):
        return [np.zeros((tensor.shape[0], rank)), *(np.ones((size, rank)) for size in tensor.shape[1:])]
    dead = any(places.size < size for places, size in zip(alive, tensor.shape, strict=True))
    inner = np.ascontiguousarray(tensor[np.ix_(*alive)]) if dead else tensor
    found = _spelled_out(inner) if rank >= cp_rank(inner.shape) else _by_least_squares(inner, rank)
    factors = [np.zeros((size, factor.shape[1])) for size, factor in zip(tensor.shape, found, strict=True)]
    for factor, places, values in zip(factors, alive, found, strict=True):
        factor[places] = values
    return _padded(factors, rank)


def _padded(factors: list[Array], rank: int) -> list[Array]:
    """Factors with components of zeros behind theirs."""
    return [np.pad(factor, ((0, 0), (0, rank - factor.shape[1]))) for factor in factors]


def _by_least_squares(tensor: Array, rank: int) -> list[Array]:
    """Of a tensor without slices of zeros; of a lower rank where the equations for more have no one solution."""
    scale = 2.0 ** np.floor(np.log2(np.abs(tensor).max()))  # so that squares are in range, without a rounding
    norm = scale * float(np.linalg.norm(tensor / scale))
    try:
        # The penalty keeps the equations solvable where the tensor's own rank is lower.
        found = parafac(
            tl.tensor(tensor / norm),
            rank=rank,
            init="svd",
            n_iter_max=CP_ITERATIONS,
            tol=1e-7,
            l2_reg=CP_PENALTY,
            normalize_factors=True,
            random_state=CP_SEED,
        )
        solved = all(bool((np.abs(each) < CP_LARGEST).all()) for each in (found.weights, *found.factors))
    except np.linalg.LinAlgError:
        solved = False
    if not solved:
        return _within_its_own_ranks(tensor, rank)
    # Weights are shared out evenly, so that no factor learns faster than another; the heaviest component comes first.
    weights = norm * np.asarray(found.weights)
    order = np.argsort(-np.abs(weights))
    roots = np.abs(weights) ** (1.0 / tensor.ndim)
    factors = [(np.asarray(factor) * roots)[:, order] for factor in found.factors]
    factors[0] = factors[0] * np.sign(weights[order])
    return factors


def _within_its_own_ranks(tensor: Array, rank: int) -> list[Array]:
    """Of a tensor with dependent slices by its Tucker core; of any other at a rank less."""
    bases = []
    for mode in range(tensor.ndim):
        left, values, _ = decomposed(unfold(tensor, mode))
        bases.append(left[:, values > 1e-12 * values[0]])
    core = tensor
    for mode, basis in enumerate(bases):
        core = np.moveaxis(np.tensordot(basis.T, core, axes=(1, mode)), 0, mode)
    if rank >= cp_rank(core.shape):
        found = _spelled_out(core)
    else:
        found = _by_least_squares(core, rank - (core.shape == tensor.shape))
    return [basis @ factor for basis, factor in zip(bases, found, strict=True)]


def _spelled_out(tensor: Array) -> list[Array]:
    """The exact CP: a fibre along the largest mode for every index of the others, which are unit vectors."""
    largest = int(np.argmax(tensor.shape))
    others = [mode for mode in range(tensor.ndim) if mode != largest]
    index = np.indices([tensor.shape[mode] for mode in others]).reshape(len(others), -1)
    factors = {mode: np.eye(tensor.shape[mode])[:, places] for mode, places in zip(others, index, strict=True)}
    factors[largest] = np.moveaxis(tensor, largest, 0).reshape(tensor.shape[largest], -1)
    return [factors[mode] for mode in range(tensor.ndim)]
