"""A simplicial complex with weights and times: the interchange format of the room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gudhi
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from topology_efficient_dl.complexes.boundary import boundary_matrix, face_places
from topology_efficient_dl.complexes.checks import check_count, check_simplices
from topology_efficient_dl.complexes.rows import (
    FloatArray,
    IntArray,
    Occurrences,
    row_codes,
)
from topology_efficient_dl.errors import DataError

PARTS = ("simplices", "weights", "first", "last")


@dataclass(frozen=True, eq=False)
class SimplicialComplex:
    """Simplices of each dimension, closed under faces.

    Attributes
    ----------
    n_nodes : vertices, which are the simplices of dimension 0, in order
    simplices : of dimension k a (n_k, k + 1) int64 table; vertices ascend in a row, and rows are distinct and in
        lexicographic order
    weights : (n_k,) float64, the number of windows or occurrences; 0 for a node that never occurs
    first, last : (n_k,) int64, times of the first and last occurrence in seconds; -1 where static
    notes : what was left out while building, for reports

    Raises
    ------
    DataError : a table is not as described, or a face is missing

    Examples
    --------
    >>> hollow = SimplicialComplex.of_simplices(3, [[0, 1], [1, 2], [0, 2]])
    >>> hollow.counts, hollow.betti_numbers()
    ((3, 3), (1, 1))
    >>> SimplicialComplex.of_simplices(3, [[0, 1, 2]]).counts
    (3, 3, 1)
    """

    n_nodes: int
    simplices: tuple[IntArray, ...]
    weights: tuple[FloatArray, ...]
    first: tuple[IntArray, ...]
    last: tuple[IntArray, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in PARTS:
            kind = np.float64 if name == "weights" else np.int64
            object.__setattr__(self, name, tuple(np.asarray(part, kind) for part in getattr(self, name)))
        self._check_shapes()
        for k in range(1, self.max_dimension + 1):
            self._check_order(k)
            self._check_faces(k)

    def _check_shapes(self) -> None:
        vertices = np.arange(self.n_nodes)[:, None]
        if not self.simplices or not np.array_equal(self.simplices[0], vertices):
            raise DataError(f"simplicial complex: simplices of dimension 0 are not the {self.n_nodes} nodes in order")
        for name in PARTS[1:]:
            lengths = tuple(len(part) for part in getattr(self, name))
            if lengths != self.counts:
                raise DataError(
                    f"simplicial complex: '{name}' has {lengths} values by dimension; expected one for each simplex, "
                    f"{self.counts}"
                )

    def _check_order(self, k: int) -> None:
        rows = self.simplices[k]
        if rows.ndim != 2 or rows.shape[1] != k + 1:
            raise DataError(
                f"simplicial complex: simplices of dimension {k} have shape {rows.shape}; expected (n, {k + 1})"
            )
        if rows.size and (rows.min() < 0 or rows.max() >= self.n_nodes):
            raise DataError(
                f"simplicial complex: dimension {k} has vertices from {rows.min()} to {rows.max()}; "
                f"expected 0 to {self.n_nodes - 1}"
            )
        if not (np.diff(rows, axis=1) > 0).all() or not (np.diff(row_codes(rows, self.n_nodes)) > 0).all():
            raise DataError(
                f"simplicial complex: simplices of dimension {k} are not ascending in rows that are distinct and in "
                "lexicographic order; SimplicialComplex.of_simplices puts them so"
            )

    def _check_faces(self, k: int) -> None:
        missing = face_places(self.simplices[k], self.simplices[k - 1], self.n_nodes) < 0
        if missing.any():
            simplex, i = np.argwhere(missing)[0]
            row = self.simplices[k][simplex]
            raise DataError(
                f"simplicial complex: {row.tolist()} is there and its face {np.delete(row, i).tolist()} is not; "
                "SimplicialComplex.of_simplices adds all faces"
            )

    @property
    def max_dimension(self) -> int:
        """The largest dimension that has a table, be it empty."""
        return len(self.simplices) - 1

    @property
    def counts(self) -> tuple[int, ...]:
        """Number of simplices by dimension."""
        return tuple(len(rows) for rows in self.simplices)

    @classmethod
    def of_simplices(cls, n_nodes: int, simplices: Sequence[ArrayLike], max_dimension: int = 0) -> SimplicialComplex:
        """The static complex of some simplices and all of their faces, each of weight 1; gudhi finds the faces.

        Parameters
        ----------
        n_nodes : number of vertices
        simplices : vertices of each, in any order
        max_dimension : tables up to here exist even if they are empty

        Raises
        ------
        DataError : a simplex is not of distinct whole numbers from 0 to ``n_nodes - 1``, or has too many for
            all of its faces to be listed; or the number of nodes or dimensions is none; nothing is built then
        """
        n_nodes, max_dimension = check_count(n_nodes, "n_nodes"), check_count(max_dimension, "max_dimension")
        tree = gudhi.SimplexTree()
        for simplex in check_simplices(simplices, n_nodes):
            tree.insert(simplex)
        top = max(max_dimension, tree.dimension(), 0)
        rows: list[list[list[int]]] = [[] for _ in range(top + 1)]
        for simplex, _ in tree.get_simplices():
            rows[len(simplex) - 1].append(simplex)
        tables = [np.array(sorted(found), np.int64).reshape(-1, k + 1) for k, found in enumerate(rows)]
        tables[0] = np.arange(n_nodes)[:, None]
        return cls.of_occurrences(n_nodes, [Occurrences.static(table) for table in tables])

    @classmethod
    def of_occurrences(
        cls, n_nodes: int, tables: Sequence[Occurrences], notes: tuple[str, ...] = ()
    ) -> SimplicialComplex:
        """A complex of one table a dimension; nodes that the first table lacks get weight 0."""
        nodes = tables[0].rows[:, 0]
        weight, first, last = np.zeros(n_nodes), np.full(n_nodes, -1), np.full(n_nodes, -1)
        weight[nodes], first[nodes], last[nodes] = tables[0].weight, tables[0].first, tables[0].last
        every = [Occurrences(np.arange(n_nodes)[:, None], weight, first, last), *tables[1:]]
        return cls(
            n_nodes,
            simplices=tuple(table.rows for table in every),
            weights=tuple(table.weight for table in every),
            first=tuple(table.first for table in every),
            last=tuple(table.last for table in every),
            notes=notes,
        )

    def occurrences(self, k: int) -> Occurrences:
        """The simplices of dimension k with their weights and times."""
        return Occurrences(self.simplices[k], self.weights[k], self.first[k], self.last[k])

    def boundary(self, k: int) -> sparse.csr_array:
        """Boundary matrix B_k.

        Parameters
        ----------
        k : from 0 (a matrix without rows) to ``max_dimension + 1`` (without columns)

        Returns
        -------
        (n_{k-1}, n_k) float64, entries -1, 0 and 1
        """
        if k in (0, self.max_dimension + 1):
            counts = (0, *self.counts, 0)
            return sparse.csr_array((counts[k], counts[k + 1]))
        return boundary_matrix(self.simplices[k], self.simplices[k - 1], self.n_nodes)

    def betti_numbers(self) -> tuple[int, ...]:
        """Rank of each homology group, by gudhi with coefficients in Z/11."""
        tree = gudhi.SimplexTree()
        for rows in self.simplices:
            tree.insert_batch(rows.T.astype(np.int32), np.zeros(len(rows)))
        tree.compute_persistence(homology_coeff_field=11, persistence_dim_max=True)
        found = tree.betti_numbers()
        return tuple(found[k] if k < len(found) else 0 for k in range(self.max_dimension + 1))

    def summary(self, *, betti: bool = False) -> dict[str, Any]:
        """Numbers for a preview: simplices and total weight by dimension, Euler characteristic, and, on demand,
        Betti numbers.

        Examples
        --------
        >>> SimplicialComplex.of_simplices(3, [[0, 1, 2]]).summary()["n_simplices"]
        {'0': 3, '1': 3, '2': 1}
        """
        numbers: dict[str, Any] = {
            "n_nodes": self.n_nodes,
            "n_simplices": {str(k): n for k, n in enumerate(self.counts)},
            "total_weight": {str(k): float(weight.sum()) for k, weight in enumerate(self.weights)},
            "euler_characteristic": sum((-1) ** k * n for k, n in enumerate(self.counts)),
            "notes": list(self.notes),
        }
        return {**numbers, "betti_numbers": list(self.betti_numbers())} if betti else numbers

    def relabelled(self, permutation: ArrayLike) -> SimplicialComplex:
        """The same complex with other names of nodes.

        Parameters
        ----------
        permutation : (n_nodes,) integers; node v becomes ``permutation[v]``
        """
        names = np.asarray(permutation, np.int64)
        if not np.array_equal(np.sort(names), np.arange(self.n_nodes)):
            raise DataError(f"simplicial complex: not a permutation of {self.n_nodes} nodes")
        tables = []
        for k in range(self.max_dimension + 1):
            table = self.occurrences(k)
            rows = np.sort(names[table.rows], axis=1)
            renamed = Occurrences(rows, table.weight, table.first, table.last)
            tables.append(renamed.select(np.argsort(row_codes(rows, self.n_nodes))))
        return SimplicialComplex.of_occurrences(self.n_nodes, tables, self.notes)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Plain arrays by name, as ``numpy.savez`` takes them."""
        scalars = {"n_nodes": np.array(self.n_nodes), "max_dimension": np.array(self.max_dimension)}
        tables = {f"{name}_{k}": part for name in PARTS for k, part in enumerate(getattr(self, name))}
        return {**scalars, "notes": np.array(self.notes, np.str_), **tables}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> SimplicialComplex:
        """The inverse of :meth:`to_arrays`; also takes an open npz file.

        Raises
        ------
        DataError : an array is missing, or the arrays contradict each other
        """
        dimensions = range(int(arrays["max_dimension"]) + 1 if "max_dimension" in arrays else 1)
        names = ["n_nodes", "max_dimension", "notes", *(f"{part}_{k}" for part in PARTS for k in dimensions)]
        missing = [name for name in names if name not in arrays]
        if missing:
            raise DataError(
                f"simplicial complex: array '{missing[0]}' not found among {', '.join(arrays) or 'nothing'}. "
                "Was this written by to_arrays()?"
            )
        parts = {part: tuple(arrays[f"{part}_{k}"] for k in dimensions) for part in PARTS}
        return cls(int(arrays["n_nodes"]), notes=tuple(str(note) for note in arrays["notes"]), **parts)
