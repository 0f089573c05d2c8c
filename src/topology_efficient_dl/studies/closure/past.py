"""What is known at a time: complexes of all that was before it and of the latest of it, and what they say of triangles.

Everything here is made by :meth:`Past.of` from the rows before a time and that time; rows from it on are no argument.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from topology_efficient_dl.complexes.build import complex_of_contacts, complex_of_groups
from topology_efficient_dl.complexes.closure import open_triangles
from topology_efficient_dl.complexes.closure_scores import SIDES, ClosureScorer
from topology_efficient_dl.complexes.rows import IntArray, locate_rows
from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex
from topology_efficient_dl.complexes.statistics import node_statistics
from topology_efficient_dl.data.graphs import ContactLog, split_at, time_split
from topology_efficient_dl.data.graphs.label_splits import Timed
from topology_efficient_dl.errors import DataError
from topology_efficient_dl.models.simplicial.propagation import standardised_counts
from topology_efficient_dl.params.complexes import SimplicialParams
from topology_efficient_dl.params.studies import CandidateParams, ColumnFamily
from topology_efficient_dl.studies.closure.models import CLASSIC

Float32Array = NDArray[np.float32]
Result = TypeVar("Result")

WHOLE = "past"
"""The view of all that was before; the others are named by the share of all time that they look back."""

_MEANS = ("arithmetic", "geometric", "harmonic")
_OF_HIGHER_ORDER = ("simplices", "simplex_weight", "closure", "link_")


@dataclass(frozen=True, eq=False)
class Past:
    """What is known at a time.

    Attributes
    ----------
    now : the time; all that is known is earlier. Counted as in ``complex``: from the first row where that is negative
    complex : of all that was before
    triangles : (t, 3) int64, open at that time: the candidates
    scorers : by view, ``WHOLE`` and one for each recency
    seconds : what ``complex``, ``candidates`` and each view took to make
    """

    now: int
    complex: SimplicialComplex
    triangles: IntArray
    scorers: dict[str, ClosureScorer]
    seconds: dict[str, float]

    @classmethod
    def of(cls, past: Timed, now: int, share: float, params: CandidateParams) -> Past:
        """What is known at ``now`` of rows that are all earlier.

        Parameters
        ----------
        past : rows before ``now``
        now : in the unit of the rows
        share : of all time that the rows are, by which recencies become shares of the rows; a recency that is not
            smaller looks back to the first row
        params : recencies and limits

        Raises
        ------
        DataError : there is a row that is not earlier, there are no open triangles, or too many
        """
        if len(past.times) and past.times[-1] >= now:
            raise DataError(f"'{past.name}': a row of time {past.times[-1]} is not before {now}; cut the past there")
        shift = min(int(past.times[0]), 0) if len(past.times) else 0  # as check_times counts, for all views alike
        past, asked, now = replace(past, times=past.times - shift), now, now - shift
        seconds: dict[str, float] = {}
        built = timed("complex", seconds, complex_of, past, params)
        limits = SimplicialParams(max_simplices=params.max_simplices)
        triangles = timed("candidates", seconds, open_triangles, built, limits)
        if not len(triangles):
            raise DataError(f"'{past.name}': no triangle is open at {asked}; take a larger share of time or other data")
        scorers = {WHOLE: timed(WHOLE, seconds, _scorer, built, now)}
        for recency in params.recencies:
            recent = past if recency >= share else split_at(past, time_split(past, 1 - recency / share))[1]
            name = f"{recency:g}"
            latest = timed(name, seconds, complex_of, recent, params)
            scorers[name] = timed(name, seconds, _scorer, latest, now)
        return cls(now, built, triangles, scorers, seconds)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns, ``<view>/<score>``."""
        return tuple(
            f"{view}/{name}" for view, scorer in self.scorers.items() for name in scorer(self.triangles[:0]).names
        )

    def columns(self, triangles: IntArray, seconds: dict[str, float] | None = None) -> Float32Array:
        """(t, n_columns) float32, not negative, as they are counted.

        Parameters
        ----------
        triangles : (t, 3) int64, ascending in a row
        seconds : by view, what it took is added
        """
        spent = {} if seconds is None else seconds
        views = [timed(view, spent, scorer, triangles) for view, scorer in self.scorers.items()]
        return np.concatenate([view.values for view in views], axis=1)

    def edge_weights(self, triangles: IntArray) -> Float32Array:
        """(t, 3) float32, log(1 + weight) of the edges of each triangle, the largest first."""
        scorer = self.scorers[WHOLE]
        places = [locate_rows(triangles[:, side], scorer.edges, self.complex.n_nodes) for side in SIDES]
        weights = np.sort(scorer.of_edges["weight"][np.stack(places, axis=1)], axis=1)[:, ::-1]
        return np.log1p(weights).astype(np.float32)

    def node_features(self) -> Float32Array:
        """(n_nodes, n_features) float32, standardised: statistics, those by simplices among them, and age."""
        counts = node_statistics(self.complex).values
        return standardised_counts(np.column_stack([counts, self.scorers[WHOLE].of_nodes["age"]]))


@dataclass(frozen=True, eq=False)
class Scale:
    """Columns as log(1 + x), with mean 0 and standard deviation 1 over the candidates of their own time.

    Attributes
    ----------
    centre, spread : (n_columns,) float32; the spread of a constant column is infinite, and it becomes 0
    """

    centre: Float32Array
    spread: Float32Array

    @classmethod
    def of(cls, past: Past, params: CandidateParams) -> Scale:
        """From candidates drawn uniformly; labels play no part."""
        rows = past.triangles
        if len(rows) > params.scaled_on:
            drawn = np.random.default_rng(params.draw_seed).choice(len(rows), params.scaled_on, replace=False)
            rows = rows[np.sort(drawn)]
        logs = past.columns(rows)
        np.log1p(logs, out=logs)
        spread = logs.std(axis=0, dtype=np.float64)
        centre = logs.mean(axis=0, dtype=np.float64).astype(np.float32)
        return cls(centre, np.where(spread > 1e-6, spread, np.inf).astype(np.float32))

    def __call__(self, columns: Float32Array, bound: float = 8.0) -> Float32Array:
        """Scaled columns, none beyond the bound; written over the ones that are given."""
        np.log1p(columns, out=columns)
        columns -= self.centre
        columns /= self.spread
        return np.clip(columns, -bound, bound, out=columns)


def complex_of(timed_rows: Timed, params: CandidateParams) -> SimplicialComplex:
    """The complex of some rows: cliques of the windows of a contact log; faces of groups that are not too large."""
    n_nodes, limits = timed_rows.n_nodes, {"max_simplices": params.max_simplices}
    if isinstance(timed_rows, ContactLog):
        windows = SimplicialParams(method="temporal", time_window=params.time_window, **limits)
        return complex_of_contacts(timed_rows.times, timed_rows.pairs, n_nodes, windows)
    faces = SimplicialParams(method="cooccurrence", min_count=1, max_group_size=params.max_group_size, **limits)
    return complex_of_groups(timed_rows.times, timed_rows.offsets, timed_rows.members, n_nodes, faces)


def chosen_columns(
    names: tuple[str, ...], family: ColumnFamily = "all", *, higher_order: bool = True, recency: bool = True
) -> IntArray:
    """Places of columns.

    Parameters
    ----------
    names : of all columns, ``<view>/<score>``
    family : ``all``; ``edges``: classic scores, and weights and ages of the three edges; ``means`` of the three weights
    higher_order : with those that need simplices of dimension 2 or more
    recency : with views of the latest time

    Examples
    --------
    >>> columns = ("past/harmonic", "past/edge_age_1", "past/edge_closure_1", "0.05/harmonic")
    >>> chosen_columns(columns, higher_order=False).tolist(), chosen_columns(columns, "means").tolist()
    ([0, 1, 3], [0, 3])
    """
    kept = [
        place
        for place, (view, _, name) in enumerate(name.partition("/") for name in names)
        if (recency or view == WHOLE)
        and (higher_order or not any(part in name for part in _OF_HIGHER_ORDER))
        and (family == "all" or name in _MEANS or (family == "edges" and _is_of_edges(name)))
    ]
    return np.array(kept, np.int64)


def _is_of_edges(name: str) -> bool:
    return name in CLASSIC or name.startswith(("edge_weight_", "edge_age_", "edge_since_"))


def _scorer(complex_: SimplicialComplex, now: int) -> ClosureScorer:
    return ClosureScorer.of(complex_, now=now)


def timed(name: str, seconds: dict[str, float], call: Callable[..., Result], *arguments: Any) -> Result:
    """What a call gives; the seconds it took are added under a name."""
    started = time.perf_counter()
    found = call(*arguments)
    seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - started
    return found
