"""Several complexes side by side as one, for models that take many graphs at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from topology_efficient_dl.complexes.groups import Groups
from topology_efficient_dl.complexes.rows import IntArray, Occurrences
from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex


@dataclass(frozen=True, eq=False)
class SimplicialBatch:
    """A disjoint union, whose boundary matrices and Laplacians are block-diagonal.

    Attributes
    ----------
    complex : the union; nodes of the first complex come first, and so do its simplices in every dimension
    index : by dimension (n_k,) int64, the complex that each simplex belongs to
    """

    complex: SimplicialComplex
    index: tuple[IntArray, ...]


def disjoint_union(complexes: Sequence[SimplicialComplex]) -> SimplicialBatch:
    """Simplicial complexes side by side; a dimension that some of them lack is empty in those.

    Parameters
    ----------
    complexes : any number

    Examples
    --------
    >>> edge = SimplicialComplex.of_simplices(2, [[0, 1]])
    >>> two = disjoint_union([edge, edge])
    >>> two.complex.simplices[1].tolist(), two.index[1]
    ([[0, 1], [2, 3]], array([0, 1]))
    """
    shifts = np.cumsum([0, *(c.n_nodes for c in complexes)])
    tables, index = [], []
    for k in range(max((c.max_dimension for c in complexes), default=0) + 1):
        parts = [c.occurrences(k) if k <= c.max_dimension else Occurrences.none(k + 1) for c in complexes]
        tables.append(_side_by_side(parts, shifts, k))
        index.append(_owners([len(part) for part in parts]))
    notes = tuple(note for c in complexes for note in c.notes)
    return SimplicialBatch(SimplicialComplex.of_occurrences(int(shifts[-1]), tables, notes), tuple(index))


def select_graphs(union: SimplicialComplex, node_offsets: IntArray, chosen: IntArray) -> SimplicialBatch:
    """Some of the complexes of a disjoint union, in the order in which they stand in it.

    Parameters
    ----------
    union : complexes side by side, no simplex across two of them
    node_offsets : (n + 1,) int64; complex i has nodes ``node_offsets[i]`` to ``node_offsets[i + 1] - 1``
    chosen : (m,) int64, ascending, which

    Examples
    --------
    >>> three = SimplicialComplex.of_simplices(6, [[0, 1], [2, 3], [4, 5]])
    >>> some = select_graphs(three, np.array([0, 2, 4, 6]), np.array([0, 2]))
    >>> some.complex.simplices[1].tolist(), some.index[1]
    ([[0, 1], [2, 3]], array([0, 1]))
    """
    graph_of_node, place = _chosen_nodes(node_offsets, chosen)
    tables, index = [], []
    for k in range(union.max_dimension + 1):
        whole = union.occurrences(k)
        owners = graph_of_node[whole.rows[:, 0]]
        kept = whole.select(owners >= 0)
        tables.append(Occurrences(place[kept.rows], kept.weight, kept.first, kept.last))
        index.append(owners[owners >= 0])
    n_nodes = int((graph_of_node >= 0).sum())
    return SimplicialBatch(SimplicialComplex.of_occurrences(n_nodes, tables, union.notes), tuple(index))


def select_groups(groups: Groups, node_offsets: IntArray, chosen: IntArray) -> Groups:
    """The groups of some of the graphs, on the nodes that `select_graphs` keeps.

    Parameters
    ----------
    groups : of nodes, none across two graphs
    node_offsets, chosen : as in `select_graphs`

    Examples
    --------
    >>> three = Groups.once(6, np.array([0, 2, 4, 6]), np.arange(6), np.zeros(3, np.int64))
    >>> some = select_groups(three, np.array([0, 2, 4, 6]), np.array([0, 2]))
    >>> some.n_nodes, some.members, some.sizes
    (4, array([0, 1, 2, 3]), array([2, 2]))
    """
    graph_of_node, place = _chosen_nodes(node_offsets, chosen)
    kept = graph_of_node[groups.members[groups.offsets[:-1]]] >= 0
    offsets = np.concatenate([[0], np.cumsum(groups.sizes[kept])]).astype(np.int64)
    members = place[groups.members[np.repeat(kept, groups.sizes)]]
    n_nodes = int((graph_of_node >= 0).sum())
    return Groups(n_nodes, offsets, members, groups.weight[kept], groups.first[kept], groups.last[kept])


def _chosen_nodes(node_offsets: IntArray, chosen: IntArray) -> tuple[IntArray, IntArray]:
    """By node: which of the chosen graphs it is in, -1 for none; and its place among the nodes of those."""
    rank = np.full(len(node_offsets) - 1, -1)
    rank[chosen] = np.arange(len(chosen))
    graph_of_node = np.repeat(rank, np.diff(node_offsets))
    return graph_of_node, np.cumsum(graph_of_node >= 0) - 1


def _side_by_side(parts: Sequence[Occurrences], shifts: IntArray, k: int) -> Occurrences:
    moved = [
        Occurrences(part.rows + shift, part.weight, part.first, part.last)
        for part, shift in zip(parts, shifts, strict=False)
    ]
    together = [Occurrences.none(k + 1), *moved]
    rows, weight, first, last = (
        np.concatenate([getattr(part, name) for part in together]) for name in ("rows", "weight", "first", "last")
    )
    return Occurrences(rows, weight, first, last)


def _owners(sizes: Sequence[int]) -> IntArray:
    return np.repeat(np.arange(len(sizes)), sizes).astype(np.int64)
