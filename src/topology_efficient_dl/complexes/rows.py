"""Tables of small integers whose rows are kept in lexicographic order: simplices, by dimension."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

LARGEST = int(np.iinfo(np.int64).max)


def row_codes(rows: IntArray, size: int) -> IntArray:
    """One whole number for each row, in the order of the rows: equal rows have equal codes, smaller rows smaller ones.

    Codes of different tables can only be compared when ``size ** n_columns`` fits into int64; else rows are ranked
    among each other.

    Parameters
    ----------
    rows : (n_rows, n_columns) int64, ``0 <= rows < size``
    size : number of different entries; with as many rows, ``n_rows * size`` fits into int64

    Returns
    -------
    (n_rows,) int64

    Examples
    --------
    >>> row_codes(np.array([[0, 2], [1, 0]]), 3)
    array([2, 3])
    """
    codes, n_codes = np.zeros(len(rows), np.int64), 1
    for column in rows.T:
        if n_codes > LARGEST // max(size, 1):
            distinct, codes = np.unique(codes, return_inverse=True)
            n_codes = len(distinct)
        codes = codes * size + column
        n_codes *= size
    return codes


def unique_rows(rows: IntArray, size: int) -> IntArray:
    """(n,) int64, where each distinct row stands first, in lexicographic order of the rows.

    Parameters
    ----------
    rows : (n_rows, n_columns) int64
    size : number of different entries

    Examples
    --------
    >>> unique_rows(np.array([[1, 2], [0, 1], [1, 2]]), 3)
    array([1, 0])
    """
    return np.unique(row_codes(rows, size), return_index=True)[1].astype(np.int64)


def locate_rows(rows: IntArray, table: IntArray, size: int) -> IntArray:
    """Where each row stands in a table in lexicographic order; -1 where it does not.

    Parameters
    ----------
    rows : (n_rows, n_columns) int64
    table : (n_table, n_columns) int64, rows distinct and in lexicographic order
    size : number of different entries

    Examples
    --------
    >>> locate_rows(np.array([[1, 2], [0, 2]]), np.array([[0, 1], [1, 2]]), 3)
    array([ 1, -1])
    """
    if len(table) == 0:
        return np.full(len(rows), -1, np.int64)
    codes = row_codes(np.concatenate([table, rows]), size)
    known, wanted = codes[: len(table)], codes[len(table) :]
    places = np.minimum(np.searchsorted(known, wanted), len(table) - 1)
    return np.where(known[places] == wanted, places, -1).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Occurrences:
    """Rows with how often and when they occur.

    Attributes
    ----------
    rows : (n, n_columns) int64
    weight : (n,) float64, number of occurrences
    first, last : (n,) int64, times; -1 where static
    """

    rows: IntArray
    weight: FloatArray
    first: IntArray
    last: IntArray

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.rows)

    def select(self, which: IntArray | NDArray[np.bool_]) -> Occurrences:
        """Some of the rows, by integers or by a mask."""
        return Occurrences(self.rows[which], self.weight[which], self.first[which], self.last[which])

    @classmethod
    def once(cls, rows: IntArray, times: IntArray) -> Occurrences:
        """Every row occurs once, at its time."""
        return cls(rows, np.ones(len(rows)), times, times)

    @classmethod
    def static(cls, rows: IntArray) -> Occurrences:
        """Every row weighs 1 and has no time."""
        no_time = np.full(len(rows), -1)
        return cls(rows, np.ones(len(rows)), no_time, no_time)

    @classmethod
    def none(cls, n_columns: int) -> Occurrences:
        """A table without rows."""
        nothing = np.empty(0, np.int64)
        return cls(np.empty((0, n_columns), np.int64), np.empty(0), nothing, nothing)

    @classmethod
    def merged(cls, parts: list[Occurrences], size: int) -> Occurrences:
        """Equal rows become one: weights add up, times span all of theirs; rows come in lexicographic order.

        Parameters
        ----------
        parts : at least one, all with as many columns
        size : number of different entries
        """
        rows, weight, first, last = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("rows", "weight", "first", "last")
        )
        if len(rows) == 0:
            return parts[0]
        codes = row_codes(rows, size)
        order = np.argsort(codes, kind="stable")
        starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
        return cls(
            rows[order[starts]],
            np.add.reduceat(weight[order], starts),
            np.minimum.reduceat(first[order], starts),
            np.maximum.reduceat(last[order], starts),
        )
