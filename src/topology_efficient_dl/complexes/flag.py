"""The flag complex of a graph: all of its cliques."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from topology_efficient_dl.complexes.checks import check_lengths, check_pairs, check_times
from topology_efficient_dl.complexes.cliques import OrientedGraph, TooManyCliques, cliques
from topology_efficient_dl.complexes.groups import Groups
from topology_efficient_dl.complexes.limits import refuse_beyond, too_many
from topology_efficient_dl.complexes.maximal_cliques import maximal_cliques
from topology_efficient_dl.complexes.rows import (
    IntArray,
    Occurrences,
    locate_rows,
    unique_rows,
)
from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex
from topology_efficient_dl.params.complexes import SimplicialParams

WAY_OUT = "Take a smaller max_dimension or a sparser graph, or count triangles without listing them"


def flag_complex(pairs: IntArray, n_nodes: int, params: SimplicialParams) -> SimplicialComplex:
    """The cliques of a static graph up to ``max_dimension``; every size is counted exactly before it is listed.

    Parameters
    ----------
    pairs : (m, 2) int64, u < v, in any order; repeated pairs count once
    n_nodes : number of nodes
    params : dimension and limit

    Returns
    -------
    All weights are 1, of nodes without edges too; all times -1.

    Raises
    ------
    DataError : pairs are not as described, or there are too many cliques
    """
    edges = _distinct(check_pairs(pairs, n_nodes), n_nodes)
    nodes = np.arange(n_nodes)[:, None]
    return _filled(Occurrences.static(nodes), Occurrences.static(edges), Occurrences.static, n_nodes, params)


def cooccurrence_complex(times: IntArray, pairs: IntArray, n_nodes: int, params: SimplicialParams) -> SimplicialComplex:
    """The flag complex of the pairs that are in contact at least ``min_count`` times.

    Parameters
    ----------
    times : (m,) int64, ascending, in seconds
    pairs : (m, 2) int64, u < v
    n_nodes : number of nodes
    params : count, dimension and limit

    Returns
    -------
    An edge weighs its number of contacts, a larger simplex as much as its lightest edge, a node its number of
    contacts, rare ones included. A simplex is there from the moment when all of its edges have occurred (first), and
    until any of them occurs last.

    Raises
    ------
    DataError : contacts are not as described, or there are too many cliques
    """
    times, pairs = check_times(times), check_pairs(pairs, n_nodes)
    check_lengths(times, len(pairs), "contacts")
    nodes = Occurrences.merged([Occurrences.once(pairs[:, [end]], times) for end in range(2)], n_nodes)
    edges = Occurrences.merged([Occurrences.once(pairs, times)], n_nodes)
    often = edges.select(edges.weight >= params.min_count)
    return _filled(nodes, often, partial(_from_edges, edges=often, n_nodes=n_nodes), n_nodes, params)


def clique_groups(pairs: IntArray, n_nodes: int, params: SimplicialParams) -> Groups:
    """The maximal cliques of a static graph, whatever their size.

    Parameters
    ----------
    pairs : (m, 2) int64, u < v, in any order; repeated pairs count once
    n_nodes : number of nodes
    params : ``max_simplices`` bounds the cliques; no other parameter plays a part

    Raises
    ------
    DataError : pairs are not as described, or there are too many cliques
    """
    edges = _distinct(check_pairs(pairs, n_nodes), n_nodes)
    by_degree = np.argsort(np.bincount(edges.ravel(), minlength=n_nodes), kind="stable")
    rank = np.empty(n_nodes, np.int64)
    rank[by_degree] = np.arange(n_nodes)
    ranked = np.sort(rank[edges], axis=1)
    try:
        graph = OrientedGraph.of_edges(ranked[unique_rows(ranked, n_nodes)], n_nodes)
        offsets, members = maximal_cliques(graph, params.max_simplices)
    except TooManyCliques as many:
        raise too_many(many.found, params, "maximal cliques, if not more", "Take a sparser graph") from None
    clique = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    nodes = by_degree[members]
    return Groups.once(n_nodes, offsets, nodes[np.lexsort((nodes, clique))], np.full(len(offsets) - 1, -1))


def _distinct(pairs: IntArray, n_nodes: int) -> IntArray:
    return pairs[unique_rows(pairs, n_nodes)]


def _filled(
    nodes: Occurrences,
    edges: Occurrences,
    filling: Callable[[IntArray], Occurrences],
    n_nodes: int,
    params: SimplicialParams,
) -> SimplicialComplex:
    tables = [nodes, edges]
    graph = OrientedGraph.of_edges(edges.rows, n_nodes)
    try:
        for k, rows in enumerate(cliques(graph, params.max_dimension, params.max_simplices), start=1):
            if k > 1:
                tables.append(filling(rows))
                refuse_beyond(sum(map(len, tables[1:])), params, f"cliques up to dimension {k}", WAY_OUT)
    except TooManyCliques as many:
        raise too_many(many.found, params, f"simplices of dimension {many.dimension}, counted", WAY_OUT) from None
    return SimplicialComplex.of_occurrences(n_nodes, tables)


def _from_edges(rows: IntArray, edges: Occurrences, n_nodes: int) -> Occurrences:
    """Cliques with the least weight and the latest times of their edges."""
    one, other = np.triu_indices(rows.shape[1], 1)
    places = [locate_rows(rows[:, [i, j]], edges.rows, n_nodes) for i, j in zip(one, other, strict=True)]
    weight, first, last = edges.weight[places[0]], edges.first[places[0]], edges.last[places[0]]
    for place in places[1:]:
        weight = np.minimum(weight, edges.weight[place])
        first, last = np.maximum(first, edges.first[place]), np.maximum(last, edges.last[place])
    return Occurrences(rows, weight, first, last)
