"""Simplices gathered piece by piece, merged as they come, and refused beyond a limit."""

from __future__ import annotations

from topology_efficient_dl.complexes.limits import refuse_beyond
from topology_efficient_dl.complexes.rows import Occurrences
from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex
from topology_efficient_dl.params.complexes import SimplicialParams

PIECE = 1 << 20
"""Rows that are worked on at a time, and that wait at least before they are merged."""


class Tally:
    """Occurrences by dimension, from 0 to the largest of the parameters.

    No more memory is used than for twice the distinct simplices and two pieces.
    """

    def __init__(self, n_nodes: int, params: SimplicialParams) -> None:
        self.n_nodes, self.params = n_nodes, params
        self._merged = [Occurrences.none(k + 1) for k in range(params.max_dimension + 1)]
        self._waiting: list[list[Occurrences]] = [[] for _ in self._merged]

    def add(self, k: int, piece: Occurrences) -> None:
        """More occurrences of simplices of dimension k.

        Raises
        ------
        DataError : there are more simplices now than the parameters allow
        """
        self._waiting[k].append(piece)
        if sum(map(len, self._waiting[k])) > max(len(self._merged[k]), PIECE):
            self._merge(k)
            self._check()

    def complex(self, *, min_count: int = 1, notes: tuple[str, ...] = ()) -> SimplicialComplex:
        """What was added, without simplices of smaller weight than ``min_count``."""
        for k in range(len(self._merged)):
            self._merge(k)
        self._check()
        kept = [self._merged[0], *(table.select(table.weight >= min_count) for table in self._merged[1:])]
        return SimplicialComplex.of_occurrences(self.n_nodes, kept, notes)

    def _merge(self, k: int) -> None:
        self._merged[k] = Occurrences.merged([self._merged[k], *self._waiting[k]], self.n_nodes)
        self._waiting[k] = []

    def _check(self) -> None:
        refuse_beyond(
            sum(map(len, self._merged[1:])),
            self.params,
            f"edges, triangles and so on up to dimension {self.params.max_dimension}, if not more",
            "Take a smaller max_dimension",
        )
