"""Cell complexes: a graph with some of its cycles filled by 2-cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from topology_efficient_dl.complexes.boundary import boundary_matrix
from topology_efficient_dl.complexes.checks import check_pairs
from topology_efficient_dl.complexes.rows import (
    IntArray,
    locate_rows,
    row_codes,
    unique_rows,
)
from topology_efficient_dl.errors import DataError


@dataclass(frozen=True, eq=False)
class CellComplex:
    """Nodes, edges and polygons.

    Attributes
    ----------
    n_nodes : number of nodes
    edges : (n_edges, 2) int64, u < v, distinct and in lexicographic order
    offsets : (n_cells + 1,) int64
    vertices : int64; 2-cell i is the cycle ``vertices[offsets[i]:offsets[i + 1]]``, which begins at its smallest node
        and goes on to the smaller one of that node's neighbours; cells are ordered by length and then by vertices

    Raises
    ------
    DataError : edges are not as described, or a cycle uses a pair that is no edge
    """

    n_nodes: int
    edges: IntArray
    offsets: IntArray
    vertices: IntArray

    def __post_init__(self) -> None:
        for name in ("edges", "offsets", "vertices"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), np.int64))
        edges = check_pairs(self.edges, self.n_nodes)
        if not (np.diff(row_codes(edges, self.n_nodes)) > 0).all():
            raise DataError("cell complex: edges are not distinct and in lexicographic order")
        missing = self._sides()[1] < 0
        if missing.any():
            node = self.vertices[np.argmax(missing)]
            raise DataError(f"cell complex: a cycle through node {node} goes along a pair that is no edge")

    @property
    def counts(self) -> tuple[int, int, int]:
        """Number of nodes, edges and 2-cells."""
        return self.n_nodes, len(self.edges), len(self.offsets) - 1

    def boundary(self, k: int) -> sparse.csr_array:
        """B_1 (n_nodes, n_edges) or B_2 (n_edges, n_cells), float64; without rows for k = 0, without columns for k = 3.

        An edge is oriented from its smaller to its larger node, a cell along its cycle.
        """
        if k == 1:
            return boundary_matrix(self.edges, np.arange(self.n_nodes)[:, None], self.n_nodes)
        if k != 2:
            counts = (0, *self.counts, 0)
            return sparse.csr_array((counts[k], counts[k + 1]))
        cell, edge, sign = self._sides()
        return sparse.csr_array((sign, (edge, cell)), shape=(len(self.edges), len(self.offsets) - 1))

    def _sides(self) -> tuple[IntArray, IntArray, NDArray[np.float64]]:
        """Cell, edge and direction of every side of every cell; edge -1 where there is none."""
        cell = np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))
        following = np.arange(1, len(self.vertices) + 1)
        following[self.offsets[1:] - 1] = self.offsets[:-1]
        sides = np.stack([self.vertices, self.vertices[following]], axis=1)
        edge = locate_rows(np.sort(sides, axis=1), self.edges, self.n_nodes)
        return cell, edge, np.where(sides[:, 0] < sides[:, 1], 1.0, -1.0)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Plain arrays by name, as ``numpy.savez`` takes them."""
        return {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> CellComplex:
        """The inverse of :meth:`to_arrays`; also takes an open npz file.

        Raises
        ------
        DataError : an array is missing, or the arrays contradict each other
        """
        missing = [field.name for field in fields(cls) if field.name not in arrays]
        if missing:
            raise DataError(f"cell complex: array '{missing[0]}' not found; was this written by to_arrays()?")
        return cls(int(arrays["n_nodes"]), arrays["edges"], arrays["offsets"], arrays["vertices"])


def cell_complex_of_cycles(n_nodes: int, pairs: IntArray, cycles: Iterable[Iterable[int]]) -> CellComplex:
    """A graph with the given cycles filled, each of them written in the one way that :class:`CellComplex` describes."""
    pairs = check_pairs(pairs, n_nodes)
    edges = pairs[unique_rows(pairs, n_nodes)]
    ordered = sorted({_one_way(list(cycle)) for cycle in cycles}, key=lambda cycle: (len(cycle), cycle))
    lengths = [len(cycle) for cycle in ordered]
    vertices = np.array([v for cycle in ordered for v in cycle], np.int64)
    return CellComplex(n_nodes, edges, np.cumsum([0, *lengths]), vertices)


def ring_complex(pairs: IntArray, n_nodes: int, *, max_length: int = 18, max_cells: int = 100_000) -> CellComplex:
    """A graph with its chordless cycles filled, triangles among them; networkx finds them.

    Parameters
    ----------
    pairs : (m, 2) int64, u < v
    n_nodes : number of nodes
    max_length : nodes of a cycle, at most
    max_cells : cycles, beyond which the search stops and the complex is refused

    Raises
    ------
    DataError : pairs are not as described, or there are too many cycles

    References
    ----------
    Bodnar et al., *Weisfeiler and Lehman Go Cellular: CW Networks* (2021): rings as 2-cells.

    Examples
    --------
    >>> house = np.array([[0, 1], [0, 3], [0, 4], [1, 2], [1, 4], [2, 3]])
    >>> ring_complex(house, 5).counts
    (5, 6, 2)
    """
    graph = nx.Graph()
    graph.add_edges_from(check_pairs(pairs, n_nodes).tolist())
    cycles: list[list[int]] = []
    for cycle in nx.chordless_cycles(graph, length_bound=max_length):
        if len(cycles) == max_cells:
            raise DataError(
                f"cell complex: more than {max_cells:,} chordless cycles of at most {max_length} of {n_nodes} nodes; "
                "take a smaller max_length, or raise max_cells"
            )
        cycles.append(cycle)
    return cell_complex_of_cycles(n_nodes, pairs, cycles)


def _one_way(cycle: list[int]) -> tuple[int, ...]:
    start = cycle.index(min(cycle))
    turned = cycle[start:] + cycle[:start]
    return tuple(turned if turned[1] < turned[-1] else [turned[0], *turned[:0:-1]])
