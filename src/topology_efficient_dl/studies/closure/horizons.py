"""Candidates at a time with what closes after it, as samples to learn and to choose from.

A horizon is a time. What is known of a candidate is made of rows before that time alone (`past.Past`); rows from it on
say only whether the candidate closes. The horizons that are learnt from, and what closes after them, end where the
part begins that a choice or the result is measured on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topology_efficient_dl.collections.fingerprint import versioned
from topology_efficient_dl.complexes.closure import closed_by
from topology_efficient_dl.complexes.rows import FloatArray, IntArray
from topology_efficient_dl.data.graphs import ContactLog, split_at, time_split
from topology_efficient_dl.data.graphs.groups import TimedGroups
from topology_efficient_dl.data.graphs.label_splits import Timed
from topology_efficient_dl.errors import DataError
from topology_efficient_dl.params.studies import CandidateParams, ClosureParams
from topology_efficient_dl.studies.closure.models import Beside
from topology_efficient_dl.studies.closure.past import (
    Float32Array,
    Past,
    Scale,
    complex_of,
)

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Horizon:
    """A sample of the candidates at a time.

    Attributes
    ----------
    triangles : (t, 3) int64
    closed : (t,) bool, whether they close in the time after
    weight : (t,) float64, how many candidates each stands for
    columns : (t, n_columns) float32, scaled
    names : (n_columns,) unicode
    edge_weights : (t, 3) float32, logarithms, the largest first
    node_features : (n_nodes, n_features) float32
    edges, log_weights : (n_edges, 2) int64 and (n_edges,) float32, the graph of the past
    counts : (2,) int64, candidates and those that close, before any was left out
    """

    triangles: IntArray
    closed: BoolArray
    weight: FloatArray
    columns: Float32Array
    names: NDArray[np.str_]
    edge_weights: Float32Array
    node_features: Float32Array
    edges: IntArray
    log_weights: Float32Array
    counts: IntArray

    @property
    def base_rate(self) -> float:
        """Share of all candidates that close."""
        return float(self.counts[1] / self.counts[0])

    def beside(self, what: Beside) -> Float32Array:
        """(t, n) float32, what a decoder reads of each triangle beside its nodes; n is 0 where nothing."""
        return {"nodes": self.columns[:, :0], "edge_weights": self.edge_weights, "columns": self.columns}[what]

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """As it is stored."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> Horizon:
        """The inverse of :meth:`to_arrays`."""
        return cls(**arrays)


def horizon_keys(params: ClosureParams) -> dict[str, tuple[str, ...]]:
    """The horizons that each step reads, by the name they are stored under: ``<role>/<share of time>``.

    Returns
    -------
    ``choose``, earlier ones to learn from and at last the one to choose on; ``learn``, those before the result's.

    Examples
    --------
    >>> horizon_keys(ClosureParams())["choose"]
    ('train/0.2', 'train/0.3', 'train/0.4', 'validation/0.6')
    >>> horizon_keys(ClosureParams())["learn"]
    ('train/0.4', 'train/0.5', 'train/0.6')
    """
    future = 1 - params.past_share
    earlier = (f"train/{round(share - future, 6):g}" for share in params.horizon_shares)
    return {
        "choose": (*earlier, f"validation/{round(params.past_share - future, 6):g}"),
        "learn": tuple(f"train/{share:g}" for share in params.horizon_shares),
    }


def all_keys(params: ClosureParams) -> tuple[str, ...]:
    """The horizons that any step reads, each once.

    Examples
    --------
    >>> all_keys(ClosureParams(horizon_shares=(0.4, 0.6)))
    ('train/0.2', 'train/0.4', 'validation/0.6', 'train/0.6')
    """
    keys = horizon_keys(params)
    return tuple(dict.fromkeys((*keys["choose"], *keys["learn"])))


@versioned(1, name="closure.horizons:sample_horizon")
def sample_horizon(graph: Timed, key: str, future: float, params: CandidateParams) -> dict[str, NDArray[Any]]:
    """A sample of the candidates after a share of all time, with what closes in the share that follows.

    Parameters
    ----------
    graph : contacts or groups with times
    key : ``<role>/<share>``, the share of all rows that are past. For the role ``train`` all that close and some that
        do not are kept, up to a number in all; for ``validation`` all that close and a larger number that do not.
        Weights make up for what is left out
    future : share of all rows in which candidates close
    params : recencies, limits, sizes

    Returns
    -------
    The arrays of a `Horizon`.

    Raises
    ------
    DataError : the graph has no times, there are no candidates, or none or all of them close
    """
    check_timed(graph)
    role, share = key.split("/")[0], float(key.split("/")[1])
    past, later = _around(graph, share, future)
    known = Past.of(past, time_split(graph, share), share, params)
    closed = closed_by(known.triangles, complex_of(later, params))
    check_labels(closed, graph.name, share)
    rows, weight = _drawn(closed, role, params)
    triangles = known.triangles[rows]
    columns = Scale.of(known, params)(known.columns(triangles))
    return Horizon(
        triangles,
        closed[rows],
        weight,
        columns,
        np.array(known.names),
        known.edge_weights(triangles),
        known.node_features(),
        known.complex.simplices[1],
        np.log1p(known.complex.weights[1]).astype(np.float32),
        np.array([len(closed), closed.sum()]),
    ).to_arrays()


def check_timed(graph: Any) -> None:
    """Nothing for contacts and groups with times.

    Raises
    ------
    DataError : the graph has no times
    """
    if not isinstance(graph, ContactLog | TimedGroups):
        raise DataError(
            f"'{graph.name}' has no times, and closure is about what comes later; take contacts or timed groups"
        )


def check_labels(closed: BoolArray, name: str, share: float) -> None:
    """Nothing where some candidates close and some do not.

    Raises
    ------
    DataError : none closes, or all do
    """
    if closed.all() or not closed.any():
        raise DataError(
            f"'{name}': of {len(closed):,} open triangles at {share:.0%} of time {closed.sum():,} close afterwards; "
            "some must and some must not; change closure.horizon_shares or past_share, or take other data"
        )


def _around(graph: Timed, share: float, future: float) -> tuple[Timed, Timed]:
    """Rows before a share of time, and those of the share that follows."""
    past, later = split_at(graph, time_split(graph, share))
    end = round(share + future, 6)
    return past, later if end >= 1 else split_at(later, time_split(graph, end))[0]


def _drawn(closed: BoolArray, role: str, params: CandidateParams) -> tuple[IntArray, FloatArray]:
    """Rows that are kept, ascending, and how many rows each stands for."""
    rng = np.random.default_rng(params.draw_seed)
    yes, no = np.flatnonzero(closed), np.flatnonzero(~closed)
    most = params.validation_negatives
    if role == "train":
        most = max(params.least_negatives, params.negatives_per_positive * len(yes))
    rows = np.concatenate([yes, rng.choice(no, min(most, len(no)), replace=False)])
    if role == "train":
        rows = rng.permutation(rows)[: params.most_rows]
    rows = np.sort(rows)
    kept = closed[rows]
    shares = len(yes) / max(kept.sum(), 1), len(no) / max((~kept).sum(), 1)
    return rows, np.where(kept, *shares)
