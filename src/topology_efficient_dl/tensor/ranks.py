"""Ranks of a factorised layer: what was asked for, and what its shape allows."""

from __future__ import annotations

import numbers
import operator
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topology_efficient_dl.errors import ParameterError

Ranks = tuple[int, ...]


def resolve_ranks(rank: int | Sequence[int], largest: Ranks, layer: str) -> Ranks:
    """One rank for every bond of a factorisation.

    Parameters
    ----------
    rank : a bound for every bond, cut to what a bond allows; or one rank per bond
    largest : ranks at which the factorisation is exact
    layer : what errors call the layer

    Raises
    ------
    ParameterError : a rank below one, above the dimension, or not one per bond

    Examples
    --------
    >>> resolve_ranks(16, (8, 32), "conv")
    (8, 16)
    >>> resolve_ranks(64, (8, 32), "conv")
    Traceback (most recent call last):
    ...
    topology_efficient_dl.errors.ParameterError: conv: rank 64 is above the dimension: it is exact at 32. Give 1 to 32
    """
    if isinstance(rank, str) or not isinstance(rank, Iterable) or np.ndim(rank) == 0:
        whole = whole_number(rank, layer)
        _check(whole, max(largest), layer)
        return tuple(min(whole, bound) for bound in largest)
    ranks = tuple(whole_number(value, layer) for value in rank)
    if len(ranks) != len(largest):
        raise ParameterError(f"{layer}: ranks {ranks}, expected {len(largest)} of them, at most {largest}")
    for value, bound in zip(ranks, largest, strict=True):
        _check(value, bound, layer)
    return ranks


def whole_number(rank: Any, layer: str) -> int:
    """A rank as an int, whichever integer type it came in.

    Raises
    ------
    ParameterError : it is no whole number, or a float that looks like one
    """
    try:
        if isinstance(rank, bool | np.bool_):
            raise TypeError
        return operator.index(rank)
    except TypeError:
        raise ParameterError(
            f"{layer}: rank {rank!r}, expected a whole number such as 4 (no {type(rank).__name__})"
        ) from None


def check_multiple(multiple: Any) -> None:
    """Refuse a multiple that ranks cannot be rounded to.

    Raises
    ------
    ParameterError : it is no whole number of at least one
    """
    try:
        right = operator.index(multiple) >= 1 and not isinstance(multiple, bool | np.bool_)
    except TypeError:
        right = False
    if not right:
        raise ParameterError(f"multiple: found {multiple!r}, expected a whole number of at least 1")


def share(value: Any, name: str) -> float:
    """A share as a float.

    Raises
    ------
    ParameterError : it is no number
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise ParameterError(f"{name} {value!r}, expected a number such as 0.5 (no {type(value).__name__})")
    return float(value)


def _check(rank: int, bound: int, layer: str) -> None:
    if rank < 1:
        raise ParameterError(f"{layer}: rank {rank}, expected a whole number of at least 1")
    if rank > bound:
        raise ParameterError(f"{layer}: rank {rank} is above the dimension: it is exact at {bound}. Give 1 to {bound}")


def rank_of_energy(singular_values: NDArray[np.float64], energy: float) -> int:
    """The least rank that keeps a share of the squared singular values.

    Parameters
    ----------
    singular_values : (n,) falling, not negative
    energy : share in (0, 1]

    Examples
    --------
    >>> rank_of_energy(np.array([3.0, 1.0, 0.0]), 0.9), rank_of_energy(np.array([3.0, 1.0, 0.0]), 1.0)
    (1, 2)
    """
    squares = np.square(singular_values)
    total = float(squares.sum())
    if total == 0.0:
        return 1
    kept = np.cumsum(squares) / total
    return int(np.searchsorted(kept, min(energy, 1.0) - 1e-12)) + 1


def rounded_down(rank: int, multiple: int) -> int:
    """The nearest multiple below a rank, for kernels that work in blocks; ranks below one multiple stay.

    Examples
    --------
    >>> [rounded_down(rank, 4) for rank in (3, 4, 11)]
    [3, 4, 8]
    """
    return rank if rank < multiple else rank // multiple * multiple
