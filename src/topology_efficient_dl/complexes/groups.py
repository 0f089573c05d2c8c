"""Groups of any size, as they are: the incidence of nodes with maximal simplices, and propagation through it.

A group of k nodes costs k incidences here, and k (k - 1) / 2 edges in a graph.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from topology_efficient_dl.complexes.boundary import face_places
from topology_efficient_dl.complexes.rows import FloatArray, IntArray, Occurrences
from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex
from topology_efficient_dl.errors import DataError


@dataclass(frozen=True, eq=False)
class Groups:
    """Distinct groups of nodes, ordered by size and then by members.

    Attributes
    ----------
    n_nodes : number of nodes
    offsets : (n_groups + 1,) int64; group i is ``members[offsets[i]:offsets[i + 1]]``
    members : int64, ascending in each group
    weight : (n_groups,) float64, number of occurrences
    first, last : (n_groups,) int64, times in seconds; -1 where static
    """

    n_nodes: int
    offsets: IntArray
    members: IntArray
    weight: FloatArray
    first: IntArray
    last: IntArray

    def __len__(self) -> int:
        """Number of groups."""
        return len(self.weight)

    @property
    def sizes(self) -> IntArray:
        """(n_groups,) int64, members of each group."""
        return np.diff(self.offsets)

    @classmethod
    def none(cls, n_nodes: int) -> Groups:
        """No groups."""
        nothing = np.empty(0, np.int64)
        return cls(n_nodes, np.zeros(1, np.int64), nothing, np.empty(0), nothing, nothing)

    @classmethod
    def once(cls, n_nodes: int, offsets: IntArray, members: IntArray, times: IntArray) -> Groups:
        """Groups as they occur one by one, equal ones merged.

        Parameters
        ----------
        n_nodes : number of nodes
        offsets : (g + 1,) int64
        members : int64, ascending in each group
        times : (g,) int64

        Examples
        --------
        >>> twice = Groups.once(3, np.array([0, 2, 5, 7]), np.array([0, 1, 0, 1, 2, 0, 1]), np.array([5, 6, 9]))
        >>> twice.sizes, twice.weight, twice.first, twice.last
        (array([2, 3]), array([2., 1.]), array([5, 6]), array([9, 6]))
        """
        return merged_groups([cls(n_nodes, offsets, members, np.ones(len(times)), times, times)])

    def of_size(self, size: int) -> Occurrences:
        """The groups of so many members as a table."""
        which = np.flatnonzero(self.sizes == size)
        rows = self.members[self.offsets[which][:, None] + np.arange(size)]
        return Occurrences(rows, self.weight[which], self.first[which], self.last[which])

    def incidence(self) -> sparse.csr_array:
        """(n_nodes, n_groups) float64, 1 where a node is a member: as many entries as there are members."""
        by_group = sparse.csr_array((np.ones(len(self.members)), self.members, self.offsets), (len(self), self.n_nodes))
        return by_group.T.tocsr()

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Plain arrays by name, as ``numpy.savez`` takes them."""
        return {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Groups:
        """The inverse of :meth:`to_arrays`; also takes an open npz file.

        Raises
        ------
        DataError : an array is missing
        """
        names = [field.name for field in fields(cls)]
        missing = [name for name in names if name not in arrays]
        if missing:
            raise DataError(
                f"groups: array '{missing[0]}' not found among {', '.join(arrays) or 'nothing'}. "
                "Was this written by to_arrays()?"
            )
        return cls(int(arrays["n_nodes"]), *(arrays[name] for name in names[1:]))


def merged_groups(parts: Sequence[Groups]) -> Groups:
    """Groups of all parts, equal ones merged: weights add up, times span all of theirs.

    Parameters
    ----------
    parts : at least one, of the same nodes
    """
    n_nodes = parts[0].n_nodes
    sizes = np.unique(np.concatenate([part.sizes for part in parts]))
    tables = [Occurrences.merged([part.of_size(int(size)) for part in parts], n_nodes) for size in sizes]
    return _of_tables(n_nodes, tables)


def facets(complex_: SimplicialComplex) -> Groups:
    """The maximal simplices of a complex: those that are no face of another one; nodes alone are left out."""
    tables = []
    for k in range(1, complex_.max_dimension + 1):
        maximal = np.ones(complex_.counts[k], np.bool_)
        if k < complex_.max_dimension:
            maximal[face_places(complex_.simplices[k + 1], complex_.simplices[k], complex_.n_nodes)] = False
        tables.append(complex_.occurrences(k).select(maximal))
    return _of_tables(complex_.n_nodes, tables)


def _of_tables(n_nodes: int, tables: Sequence[Occurrences]) -> Groups:
    if not tables:
        return Groups.none(n_nodes)
    sizes = np.repeat([t.rows.shape[1] for t in tables], [len(t) for t in tables])
    return Groups(
        n_nodes,
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        np.concatenate([t.rows.ravel() for t in tables]),
        np.concatenate([t.weight for t in tables]),
        np.concatenate([t.first for t in tables]),
        np.concatenate([t.last for t in tables]),
    )


@dataclass(frozen=True, eq=False)
class GroupPropagation:
    """One step from nodes to groups and back: X' = D_v^-1 H W D_e^-1 H^T X, never multiplied out.

    Attributes
    ----------
    gather : (n_groups, n_nodes) float64, D_e^-1 H^T: means over members
    scatter : (n_nodes, n_groups) float64, D_v^-1 H W: means over a node's groups by weight; rows of nodes in no group
        are zero

    References
    ----------
    Feng et al., *Hypergraph Neural Networks* (2019): hyperedge convolution, here normalised by rows;
    Zhou, Huang and Schölkopf, *Learning with Hypergraphs* (2006).
    """

    gather: sparse.csr_array
    scatter: sparse.csr_array

    @classmethod
    def of(cls, groups: Groups) -> GroupPropagation:
        """The two factors."""
        incidence = groups.incidence()
        weighted = incidence @ sparse.diags_array(groups.weight)
        strength = np.asarray(weighted.sum(axis=1))
        inverse = np.divide(1.0, strength, out=np.zeros_like(strength), where=strength > 0)
        gather = sparse.diags_array(1.0 / groups.sizes) @ incidence.T
        return cls(gather.tocsr(), (sparse.diags_array(inverse) @ weighted).tocsr())

    def __call__(self, features: NDArray[np.floating]) -> NDArray[np.floating]:
        """(n_nodes, f) features, each the mean over groups of the mean over members."""
        return np.asarray(self.scatter @ (self.gather @ features))
