"""Typed parameters of ``simplicial_build``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from topology_efficient_dl.params.base import Parameters


class SimplicialParams(Parameters):
    """How contacts, groups or a graph become a simplicial complex."""

    method: Literal["auto", "temporal", "cooccurrence", "clique"] = Field(
        "auto",
        description="what co-occurs in a time window; what occurs often enough; cliques of the graph, whenever; auto "
        "is temporal where there are times, cooccurrence of one or more for groups without, clique for other graphs",
    )
    time_window: int = Field(60, ge=1, description="seconds in a window of temporal, aligned to the first time")
    min_count: int = Field(2, ge=1, description="occurrences that cooccurrence asks of a pair or of a face of groups")
    max_dimension: int = Field(2, ge=1, le=8, description="of simplices: 1 edges, 2 triangles, 3 tetrahedra")
    max_simplices: int = Field(
        5_000_000, ge=1, description="edges, triangles and so on together, beyond which the complex is refused"
    )
    max_group_size: int = Field(25, ge=2, description="larger groups give no simplices, and are counted in the notes")

    def resolved(self, *, times: bool, groups: bool = False) -> SimplicialParams:
        """The same with ``auto`` decided.

        Parameters
        ----------
        times : whether there are times
        groups : whether there are groups of any size, not pairs

        Examples
        --------
        >>> SimplicialParams().resolved(times=True).method
        'temporal'
        """
        if self.method != "auto":
            return self
        if times:
            return self.model_copy(update={"method": "temporal"})
        if groups:
            return self.model_copy(update={"method": "cooccurrence", "min_count": 1})
        return self.model_copy(update={"method": "clique"})
