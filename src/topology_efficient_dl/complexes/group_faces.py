"""The complex of groups: every group is a simplex, and its faces are counted."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np

from topology_efficient_dl.complexes.checks import check_groups, check_lengths, check_times
from topology_efficient_dl.complexes.groups import Groups
from topology_efficient_dl.complexes.limits import refuse_beyond
from topology_efficient_dl.complexes.rows import IntArray, Occurrences, unique_rows
from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex
from topology_efficient_dl.complexes.tally import PIECE, Tally
from topology_efficient_dl.complexes.windows import whole_windows, window_starts
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.params.complexes import SimplicialParams


def distinct_groups(times: IntArray | None, offsets: IntArray, members: IntArray, n_nodes: int) -> Groups:
    """Distinct groups, with how often and when they occur; arguments are those of :func:`group_complex`."""
    offsets, members = check_groups(offsets, members, n_nodes)
    return Groups.once(n_nodes, offsets, members, _times(times, len(offsets) - 1))


def _times(times: IntArray | None, n_groups: int) -> IntArray:
    if times is None:
        return np.full(n_groups, -1)
    times = check_times(times)
    check_lengths(times, n_groups, "groups")
    return times


def group_complex(
    times: IntArray | None, offsets: IntArray, members: IntArray, n_nodes: int, params: SimplicialParams
) -> SimplicialComplex:
    """All faces of all groups up to ``max_dimension``, with how often and when they occur.

    Parameters
    ----------
    times : (g,) int64, ascending, in seconds; None for groups that have no times, which are static
    offsets : (g + 1,) int64; group i is ``members[offsets[i]:offsets[i + 1]]``
    members : int64, in any order in a group
    n_nodes : number of nodes
    params : of ``cooccurrence``, weights count groups, and a simplex that is in fewer than ``min_count`` is left out;
        of ``temporal``, weights count windows that have such a group, and all are kept. Groups of more than
        ``max_group_size`` give no simplices but their nodes, which is noted

    Raises
    ------
    DataError : groups are not as described, or their faces could be more than ``max_simplices``: every distinct group
        of k nodes is counted as C(k, d + 1) faces of dimension d, and no more than there are sets of nodes
    ParameterError : ``temporal``, and there are no times
    """
    temporal = params.method == "temporal"
    if times is None and temporal:
        raise ParameterError("simplicial.method 'temporal' needs times, and these groups have none; use 'cooccurrence'")
    distinct = distinct_groups(times, offsets, members, n_nodes)
    refuse_beyond(
        estimated_faces(distinct, params),
        params,
        f"simplices estimated for {len(distinct):,} distinct groups of at most "
        f"{min(params.max_group_size, int(distinct.sizes.max(initial=0)))} nodes",
        "Take a smaller max_dimension or max_group_size",
    )
    offsets, members = check_groups(offsets, members, n_nodes)
    times = _times(times, len(offsets) - 1)
    windows = window_starts(times, params.time_window) if temporal else np.arange(len(times))
    tally = Tally(n_nodes, params)
    for piece in whole_windows(windows, PIECE, _faces_of_groups(np.diff(offsets), params)):
        _add_groups(tally, windows[piece], times[piece], offsets[piece.start : piece.stop + 1], members)
    return tally.complex(min_count=1 if temporal else params.min_count, notes=_notes(offsets, params))


def estimated_faces(groups: Groups, params: SimplicialParams) -> int:
    """No fewer than the edges, triangles and so on of the groups that are not too large, by binomials.

    Examples
    --------
    >>> pair_and_five = Groups.once(9, np.array([0, 2, 7]), np.array([0, 1, 0, 1, 2, 3, 4]), np.array([0, 0]))
    >>> estimated_faces(pair_and_five, SimplicialParams())
    21
    """
    sizes, n_groups = np.unique(groups.sizes[groups.sizes <= params.max_group_size], return_counts=True)
    return sum(
        min(sum(int(n) * comb(int(size), k + 1) for size, n in zip(sizes, n_groups, strict=True)), most)
        for k, most in ((k, comb(groups.n_nodes, k + 1)) for k in range(1, params.max_dimension + 1))
    )


def _faces_of_groups(sizes: IntArray, params: SimplicialParams) -> IntArray:
    """(g,) int64 rows that each group becomes, its nodes included."""
    distinct, which = np.unique(sizes, return_inverse=True)
    top = [params.max_dimension if size <= params.max_group_size else 0 for size in distinct]
    n_faces = [sum(comb(int(size), k + 1) for k in range(t + 1)) for size, t in zip(distinct, top, strict=True)]
    return np.array(n_faces, np.int64)[which]


def _notes(offsets: IntArray, params: SimplicialParams) -> tuple[str, ...]:
    sizes = np.diff(offsets)
    large = sizes[sizes > params.max_group_size]
    if len(large) == 0:
        return ()
    return (
        f"{len(large)} of {len(sizes)} groups have more than {params.max_group_size} nodes (the largest {large.max()}) "
        "and give no simplices but their nodes",
    )


def _add_groups(tally: Tally, windows: IntArray, times: IntArray, offsets: IntArray, members: IntArray) -> None:
    """Count the faces of some whole windows' groups, each face once a window."""
    window = np.unique(windows, return_inverse=True)[1]
    at = windows if tally.params.method == "temporal" else times
    size = max(tally.n_nodes, len(window))
    for k in range(tally.params.max_dimension + 1):
        group, faces = _faces(offsets, members, k, tally.params.max_group_size if k else None)
        once = unique_rows(np.column_stack([window[group], faces]), size)
        tally.add(k, Occurrences.once(faces[once], at[group[once]]))


def _faces(offsets: IntArray, members: IntArray, k: int, largest: int | None) -> tuple[IntArray, IntArray]:
    """(n,) groups and (n, k + 1) their faces of dimension k, of groups up to a size."""
    sizes = np.diff(offsets)
    owners, tables = [np.empty(0, np.int64)], [np.empty((0, k + 1), np.int64)]
    for size in np.unique(sizes[(sizes > k) & (sizes <= (largest or len(members)))]):
        groups = np.flatnonzero(sizes == size)
        rows = members[offsets[groups][:, None] + np.arange(size)]
        places = np.array(list(combinations(range(size), k + 1)))
        owners.append(np.repeat(groups, len(places)))
        tables.append(rows[:, places].reshape(-1, k + 1))
    return np.concatenate(owners), np.concatenate(tables)
