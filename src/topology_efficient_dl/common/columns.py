"""Columns of numbers for networks: in float32 where that keeps what tells rows apart, and standardised in float64."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topology_efficient_dl.errors import DataError

Float32Array = NDArray[np.float32]
RealArray = NDArray[np.float32] | NDArray[np.float64]

LARGEST = float(np.finfo(np.float32).max)
HARMLESS = 2.0**-16
"""Share of a column's range that float32 may round away."""
LARGEST_EXACT = 2.0**53
"""Up to here float64 tells all whole numbers apart."""
ROUNDINGS = 4
"""A column is constant where its range is at most so many roundings of its largest value."""
FAR_OFF = 2.0**-20
"""Where the range is a smaller share of the largest value, the least value is taken off before means are."""
_AT_ONCE = 256


def as_float32(values: ArrayLike, row: str = "node", column: str = "feature") -> Float32Array:
    """The values in float32, in rows that lie one after another.

    Parameters
    ----------
    values : (n, f); what is float32 already passes, finite or not, for the answers of a network to show it
    row, column : what these are of, for the error

    Raises
    ------
    DataError : a value of another type is beyond the range of float32, or not finite

    Examples
    --------
    >>> as_float32([[1.0], [1e39]])
    Traceback (most recent call last):
    ...
    topology_efficient_dl.errors.DataError: feature 0 of node 1 is 1e+39; expected at most 3.4e+38, ...
    """
    wide = np.asarray(values)
    if wide.dtype != np.float32:
        check_range(wide, row, column)
    return np.ascontiguousarray(wide, np.float32)


def check_range(values: NDArray[Any], row: str = "node", column: str = "feature") -> None:
    """Refuse values that float32 has no room for; parameters and errors are those of :func:`as_float32`."""
    if values.ndim != 2 or not values.size:
        return
    if not (float(values.max()) <= LARGEST and float(values.min()) >= -LARGEST):
        i, j = np.argwhere(~(np.abs(values) <= LARGEST))[0]
        found = f"{column} {j} of {row} {i} is {values[i, j]:g}"
        if not np.isfinite(values[i, j]):
            raise DataError(f"{found}; expected finite numbers; fill it")
        raise DataError(f"{found}; expected at most 3.4e+38, the range of float32; take another unit, or the logarithm")


def narrowed(values: NDArray[Any]) -> RealArray:
    """The values in float32 where no column loses more than ``HARMLESS`` of its range by it, else in float64.

    Seconds since 1970 and large ids stay apart so until they are standardised. A column of integers beyond 2**53 is
    counted from its least value.

    Parameters
    ----------
    values : (n, f) numbers within the range of float32

    Examples
    --------
    >>> narrowed(np.array([[1.5], [0.1]])).dtype, narrowed(np.array([[1.7e9], [1.7e9 + 1]])).dtype
    (dtype('float32'), dtype('float64'))
    """
    values = _from_least(values)
    harmless = values.dtype == np.float32 or all(map(_survives, _wide(values)))
    return values.astype(np.float32) if harmless else values.astype(np.float64)


def _survives(part: NDArray[np.float64]) -> bool:
    with np.errstate(over="ignore"):
        lost = np.abs(part - part.astype(np.float32)).max(axis=0)
    return bool((lost <= HARMLESS * np.ptp(part, axis=0))[_varies(part)].all())


def constant_columns(values: NDArray[Any], rounding: float = 2.0**-52) -> NDArray[np.bool_]:
    """(f,) bool, the columns that are one value but for rounding.

    Parameters
    ----------
    values : (n, f)
    rounding : relative, of the arithmetic that made them
    """
    parts = [~_varies(part, rounding) for part in _wide(values)]
    return np.concatenate(parts) if parts else np.zeros(values.shape[1], np.bool_)


def standardised(values: NDArray[Any], rounding: float = 2.0**-52) -> Float32Array:
    """Columns with mean 0 and standard deviation 1, computed in float64; constant ones become 0.

    Parameters
    ----------
    values : (n, f)
    rounding : as in :func:`constant_columns`

    Raises
    ------
    DataError : a value is not finite in float32

    Examples
    --------
    >>> standardised(np.array([[1.7e9, 5e-12, 7.1], [1.7e9 + 1, 9e-12, 7.1]])).tolist()
    [[-1.0, -1.0, 0.0], [1.0, 1.0, 0.0]]
    """
    check_range(values)
    wide = _from_least(values).astype(np.float64)
    # A power of two changes no digit, and keeps squares of the smallest numbers above 0.
    wide = np.ldexp(wide, -np.frexp(np.abs(wide).max(axis=0, initial=0.0))[1])
    varies = ~constant_columns(wide, rounding)
    if len(wide):
        least = wide.min(axis=0)
        wide -= np.where(np.ptp(wide, axis=0) < FAR_OFF * np.abs(wide).max(axis=0), least, 0.0)
    scaled = (wide - wide.mean(axis=0)) / np.where(varies, wide.std(axis=0), 1.0)
    return np.where(varies, scaled, 0.0).astype(np.float32)


def _wide(values: NDArray[Any]) -> Iterator[NDArray[np.float64]]:
    """Some columns at a time in float64, if there are rows."""
    for start in range(0, values.shape[1] if len(values) else 0, _AT_ONCE):
        yield _from_least(values[:, start : start + _AT_ONCE]).astype(np.float64)


def _from_least(values: NDArray[Any]) -> NDArray[Any]:
    """The values; columns of whole numbers beyond 2**53 lose their least one, so that float64 tells them apart."""
    if values.dtype.kind not in "iu" or values.dtype.itemsize < 8 or not len(values):
        return values
    wide = values.astype(np.float64)
    large = np.abs(wide).max(axis=0, initial=0.0) > LARGEST_EXACT
    # Differences of int64 may need all 64 bits, which unsigned ones have; they wrap around to the right ones.
    wide[:, large] = values[:, large].astype(np.uint64) - values[:, large].min(axis=0).astype(np.uint64)
    return wide


def _varies(part: NDArray[np.float64], rounding: float = 2.0**-52) -> NDArray[np.bool_]:
    return np.asarray(np.ptp(part, axis=0) > ROUNDINGS * rounding * np.abs(part).max(axis=0))
