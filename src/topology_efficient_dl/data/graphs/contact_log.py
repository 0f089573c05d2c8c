"""Contacts between two nodes at a time: the log, and the repairs that make one of raw rows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from topology_efficient_dl.data.graphs.records import (
    ArrayRecord,
    FloatArray,
    IntArray,
    StrArray,
    notes_of,
)


@dataclass(frozen=True, eq=False)
class ContactLog(ArrayRecord):
    """Who met whom, and when.

    Attributes
    ----------
    name : the set's name
    times : (m,) int64 seconds, ascending; the origin is the source's
    pairs : (m, 2) int64 node indices, u < v; no row occurs twice at one time
    nodes : (n,) unicode, the ids of the source
    labels : (n,) int64 codes in ``range(len(classes))``, -1 where missing
    classes : (n_classes,) the original labels in code order
    attributes : by name, (n,) unicode, e.g. gender
    features : (n, f) float32, or float64 as in `common.columns.narrowed`, or None
    notes : every repair, with its count
    """

    name: str
    times: IntArray
    pairs: IntArray
    nodes: StrArray
    labels: IntArray
    classes: tuple[str, ...]
    attributes: dict[str, StrArray] = field(default_factory=dict)
    features: FloatArray | None = None
    notes: tuple[str, ...] = ()

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.nodes)

    @property
    def n_contacts(self) -> int:
        """Number of contacts, m."""
        return len(self.times)

    def rows(self, start: int, stop: int) -> ContactLog:
        """Contacts ``start`` to ``stop - 1`` of the same nodes."""
        return replace(self, times=self.times[start:stop], pairs=self.pairs[start:stop])


def ordered_contacts(
    times: IntArray, pairs: IntArray, resolution: int | None = None
) -> tuple[IntArray, IntArray, tuple[str, ...]]:
    """Contacts in order of time, then of nodes, each once and none of a node with itself.

    Parameters
    ----------
    times : (k,) int64 seconds, in any order
    pairs : (k, 2) int64 node indices, in any order
    resolution : seconds between two looks of the sensors; time stamps off this grid are counted and kept

    Returns
    -------
    (m,) int64 times, (m, 2) int64 pairs with u < v, and notes that count what was left out or put in order.

    Examples
    --------
    >>> times, pairs, notes = ordered_contacts(np.array([40, 20, 20, 20]), np.array([[1, 0], [2, 2], [2, 1], [1, 2]]))
    >>> times.tolist(), pairs.tolist()
    ([20, 40], [[1, 2], [0, 1]])
    >>> notes
    ('1 contact(s) earlier than the one before: put in order of time',
     '1 contact(s) of a node with itself left out', '1 duplicate contact(s) left out')
    """
    u, v = pairs.min(axis=1), pairs.max(axis=1)
    order = np.lexsort((v, u, times))
    in_order = np.column_stack([times, u, v])[order]
    met = in_order[in_order[:, 1] != in_order[:, 2]]
    fresh = np.ones(len(met), dtype=bool)
    fresh[1:] = (met[1:] != met[:-1]).any(axis=1)
    kept = met[fresh]
    notes = notes_of(
        (int((np.diff(times) < 0).sum()), "contact(s) earlier than the one before: put in order of time"),
        (len(in_order) - len(met), "contact(s) of a node with itself left out"),
        (len(met) - len(kept), "duplicate contact(s) left out"),
        (_off_grid(times, resolution), f"time stamp(s) off the {resolution} s grid kept as they are"),
    )
    return np.ascontiguousarray(kept[:, 0]), np.ascontiguousarray(kept[:, 1:]), notes


def _off_grid(times: IntArray, resolution: int | None) -> int:
    return int((times % resolution != 0).sum()) if resolution else 0
