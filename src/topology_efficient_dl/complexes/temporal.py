"""The temporal complex: who is in contact with each other in one time window."""

from __future__ import annotations

import numpy as np

from topology_efficient_dl.complexes.checks import check_lengths, check_pairs, check_times
from topology_efficient_dl.complexes.cliques import TooManyCliques, cliques
from topology_efficient_dl.complexes.groups import Groups, merged_groups
from topology_efficient_dl.complexes.limits import refuse_beyond, too_many
from topology_efficient_dl.complexes.maximal_cliques import maximal_cliques
from topology_efficient_dl.complexes.rows import IntArray, Occurrences
from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex
from topology_efficient_dl.complexes.tally import PIECE, Tally
from topology_efficient_dl.complexes.windows import (
    WindowGraphs,
    halves,
    whole_windows,
    window_starts,
)
from topology_efficient_dl.params.complexes import SimplicialParams

WAY_OUT = "Take a smaller time_window or max_dimension"


def temporal_complex(times: IntArray, pairs: IntArray, n_nodes: int, params: SimplicialParams) -> SimplicialComplex:
    """The union of the windows' contact graphs with their cliques filled in.

    The maximal cliques of a window's contact graph, with all their faces, are its cliques of any size; they are listed
    up to ``max_dimension``, some windows at a time, and counted before they are listed.

    Parameters
    ----------
    times : (m,) int64, ascending, in seconds
    pairs : (m, 2) int64, u < v
    n_nodes : number of nodes
    params : window, dimension, limit

    Returns
    -------
    Weights are numbers of windows; times are the starts of the first and last of them. A window's contacts may come
    after its start: for a complex of what was known at a time, cut the log there, and do not select simplices by time.

    Raises
    ------
    DataError : contacts are not as described, or there are too many simplices
    """
    times, pairs = _checked(times, pairs, n_nodes)
    windows = window_starts(times, params.time_window)
    tally = Tally(n_nodes, params)
    for piece in whole_windows(windows, PIECE):
        _add_windows(tally, windows, pairs, piece)
    return tally.complex()


def temporal_groups(times: IntArray, pairs: IntArray, n_nodes: int, params: SimplicialParams) -> Groups:
    """The maximal cliques of the windows' contact graphs, whatever their size: groups that were together.

    Parameters, weights and times are those of :func:`temporal_complex`; ``max_dimension`` plays no part, and
    ``max_simplices`` bounds the groups.
    """
    times, pairs = _checked(times, pairs, n_nodes)
    windows = window_starts(times, params.time_window)
    groups = Groups.none(n_nodes)
    for piece in whole_windows(windows, PIECE):
        for part in _groups_of_windows(windows, pairs, piece, n_nodes, params):
            groups = merged_groups([groups, part])
            refuse_beyond(len(groups), params, "maximal cliques of windows, if not more", WAY_OUT)
    return groups


def _checked(times: IntArray, pairs: IntArray, n_nodes: int) -> tuple[IntArray, IntArray]:
    times, pairs = check_times(times), check_pairs(pairs, n_nodes)
    check_lengths(times, len(pairs), "contacts")
    return times, pairs


def _add_windows(tally: Tally, windows: IntArray, pairs: IntArray, piece: slice) -> None:
    graphs = WindowGraphs.of_contacts(windows[piece], pairs[piece], tally.n_nodes)
    try:
        most = max(tally.params.max_simplices, PIECE)
        tables = list(cliques(graphs.graph, tally.params.max_dimension, most))
    except TooManyCliques as many:
        parts = halves(windows, piece)
        if parts is None:
            what = f"simplices of dimension {many.dimension} in the window from {windows[piece.start]} s alone"
            raise too_many(many.found, tally.params, what, WAY_OUT) from None
        for part in parts:
            _add_windows(tally, windows, pairs, part)
        return
    vertices = np.arange(len(graphs.node))[:, None]
    for k, table in enumerate([vertices, *tables]):
        tally.add(k, Occurrences.once(graphs.node[table], graphs.start[table[:, 0]]))


def _groups_of_windows(
    windows: IntArray, pairs: IntArray, piece: slice, n_nodes: int, params: SimplicialParams
) -> list[Groups]:
    graphs = WindowGraphs.of_contacts(windows[piece], pairs[piece], n_nodes)
    try:
        offsets, members = maximal_cliques(graphs.graph, max(params.max_simplices, PIECE))
    except TooManyCliques as many:
        parts = halves(windows, piece)
        if parts is None:
            what = f"maximal cliques or more in the window from {windows[piece.start]} s alone"
            raise too_many(many.found, params, what, WAY_OUT) from None
        return [group for part in parts for group in _groups_of_windows(windows, pairs, part, n_nodes, params)]
    times = graphs.start[members[offsets[:-1]]]
    return [Groups.once(n_nodes, offsets, graphs.node[members], times)]
