"""Groups of any size: timed groups and hypergraphs, and the repairs that make them of raw lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from topology_efficient_dl.data.graphs.records import (
    ArrayRecord,
    FloatArray,
    IntArray,
    StrArray,
    notes_of,
)


@dataclass(frozen=True, eq=False)
class Hypergraph(ArrayRecord):
    """Hyperedges over labelled nodes.

    Attributes
    ----------
    name : the set's name
    offsets : (h + 1,) int64; hyperedge k is ``members[offsets[k]:offsets[k + 1]]``
    members : (offsets[-1],) int64 node indices, ascending within a hyperedge, none twice
    n_nodes : number of nodes; some may be in no hyperedge
    labels : (n_nodes,) int64 codes in ``range(len(classes))``, -1 where missing
    classes : (n_classes,) the original labels in code order
    notes : every repair, with its count
    """

    name: str
    offsets: IntArray
    members: IntArray
    n_nodes: int
    labels: IntArray
    classes: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def n_hyperedges(self) -> int:
        """Number of hyperedges, h."""
        return len(self.offsets) - 1


@dataclass(frozen=True, eq=False)
class TimedGroups(ArrayRecord):
    """Groups of nodes that came together, and when ("timed simplices").

    Attributes
    ----------
    name : the set's name
    times : (g,) int64, ascending, in ``time_unit``; the origin is the source's
    offsets : (g + 1,) int64; group k is ``members[offsets[k]:offsets[k + 1]]``
    members : (offsets[-1],) int64 node indices, ascending within a group, none twice; groups of one node occur
    nodes : (n,) unicode, the ids of the source
    labels : (n,) int64 codes in ``range(len(classes))``, -1 where missing
    classes : (n_classes,) the original labels in code order
    features : (n, f) float32, or float64 as in `common.columns.narrowed`, or None
    time_unit : ``"s"``, ``"ms"``, or ``"rank"`` where only an order is known
    notes : every repair, with its count
    """

    name: str
    times: IntArray
    offsets: IntArray
    members: IntArray
    nodes: StrArray
    labels: IntArray
    classes: tuple[str, ...]
    features: FloatArray | None = None
    time_unit: str = "s"
    notes: tuple[str, ...] = ()

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.nodes)

    @property
    def n_groups(self) -> int:
        """Number of groups, g."""
        return len(self.times)

    def rows(self, start: int, stop: int) -> TimedGroups:
        """Groups ``start`` to ``stop - 1`` of the same nodes."""
        offsets = self.offsets[start : stop + 1]
        members = self.members[offsets[0] : offsets[-1]]
        return replace(self, times=self.times[start:stop], offsets=offsets - offsets[0], members=members)

    def to_hypergraph(self) -> Hypergraph:
        """Every distinct group once, times forgotten; by size, then by members."""
        offsets, members = distinct_groups(self.offsets, self.members)
        return Hypergraph(self.name, offsets, members, self.n_nodes, self.labels, self.classes, self.notes)


def offsets_of(sizes: IntArray) -> IntArray:
    """Where each group begins, and the end of the last.

    Examples
    --------
    >>> offsets_of(np.array([2, 3]))
    array([0, 2, 5])
    """
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes, dtype=np.int64)])


def flattened(groups: Sequence[Sequence[int]]) -> tuple[IntArray, IntArray]:
    """Sizes (g,) and members (sum of sizes,) of groups, int64.

    Examples
    --------
    >>> flattened([[4, 2], [7]])
    (array([2, 1]), array([4, 2, 7]))
    """
    sizes = np.fromiter(map(len, groups), np.int64, len(groups))
    members = np.fromiter((member for group in groups for member in group), np.int64, int(sizes.sum()))
    return sizes, members


def ordered_groups(
    times: IntArray, sizes: IntArray, members: IntArray
) -> tuple[IntArray, IntArray, IntArray, tuple[str, ...]]:
    """Groups in order of time, with members in ascending order and none of them twice.

    Parameters
    ----------
    times : (g,) int64, in any order; groups of one time keep their order
    sizes : (g,) int64 members of each group
    members : (sum of sizes,) int64

    Returns
    -------
    (g,) times, (g + 1,) offsets, members, all int64, and notes that count what was put in order or left out.

    Examples
    --------
    >>> ordered_groups(np.array([9, 5]), np.array([3, 2]), np.array([3, 1, 3, 8, 2]))[:3]
    (array([5, 9]), array([0, 2, 4]), array([2, 8, 1, 3]))
    """
    order = np.argsort(times, kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    group = np.repeat(rank, sizes)
    by_group = np.lexsort((members, group))
    group, members = group[by_group], members[by_group]
    fresh = np.ones(len(members), dtype=bool)
    fresh[1:] = (group[1:] != group[:-1]) | (members[1:] != members[:-1])
    offsets = offsets_of(np.bincount(group[fresh], minlength=len(times)))
    notes = notes_of(
        (int((np.diff(times) < 0).sum()), "group(s) earlier than the one before: put in order of time"),
        (int((~fresh).sum()), "repeated member(s) of a group left out"),
    )
    return times[order], offsets, members[fresh], notes


def distinct_groups(offsets: IntArray, members: IntArray) -> tuple[IntArray, IntArray]:
    """Every distinct group once, by size, then by members.

    Parameters
    ----------
    offsets : (g + 1,) int64
    members : (offsets[-1],) int64, ascending within a group

    Examples
    --------
    >>> distinct_groups(np.array([0, 2, 3, 5]), np.array([0, 1, 4, 0, 1]))
    (array([0, 1, 3]), array([4, 0, 1]))
    """
    sizes = np.diff(offsets)
    rows = {
        size: np.unique(members[offsets[:-1][sizes == size, None] + np.arange(size)], axis=0)
        for size in np.unique(sizes).tolist()
    }
    distinct_sizes = np.repeat(list(rows), [len(row) for row in rows.values()]).astype(np.int64)
    flat = np.concatenate([np.zeros(0, dtype=np.int64), *(row.ravel() for row in rows.values())])
    return offsets_of(distinct_sizes), flat
