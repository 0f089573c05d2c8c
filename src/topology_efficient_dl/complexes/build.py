"""From contacts, groups or a graph to a complex, by the method of the parameters."""

from __future__ import annotations

import numpy as np

from topology_efficient_dl.complexes.checks import check_groups
from topology_efficient_dl.complexes.flag import clique_groups, cooccurrence_complex, flag_complex
from topology_efficient_dl.complexes.group_faces import group_complex
from topology_efficient_dl.complexes.groups import Groups
from topology_efficient_dl.complexes.rows import IntArray
from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex
from topology_efficient_dl.complexes.temporal import temporal_complex, temporal_groups
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.params.complexes import SimplicialParams


def complex_of_contacts(times: IntArray, pairs: IntArray, n_nodes: int, params: SimplicialParams) -> SimplicialComplex:
    """The complex of a contact log.

    Parameters
    ----------
    times : (m,) int64, ascending, in seconds
    pairs : (m, 2) int64, u < v
    n_nodes : number of nodes
    params : ``temporal`` takes the cliques of each window, ``cooccurrence`` those of the pairs that meet often,
        ``clique`` those of all pairs that ever meet

    Raises
    ------
    DataError : the log is not as described, or the complex would be too large

    Examples
    --------
    >>> times, pairs = np.array([0, 20, 40, 300]), np.array([[0, 1], [1, 2], [0, 2], [2, 3]])
    >>> complex_of_contacts(times, pairs, 4, SimplicialParams(time_window=60)).counts
    (4, 4, 1)
    >>> complex_of_contacts(times, pairs, 4, SimplicialParams(time_window=20)).counts
    (4, 4, 0)
    """
    params = params.resolved(times=True)
    if params.method == "temporal":
        return temporal_complex(times, pairs, n_nodes, params)
    if params.method == "cooccurrence":
        return cooccurrence_complex(times, pairs, n_nodes, params)
    return flag_complex(pairs, n_nodes, params)


def complex_of_groups(
    times: IntArray | None, offsets: IntArray, members: IntArray, n_nodes: int, params: SimplicialParams
) -> SimplicialComplex:
    """The complex of groups, with or without times.

    Parameters
    ----------
    times : (g,) int64, ascending, in seconds; None for groups that have none
    offsets : (g + 1,) int64; group i is ``members[offsets[i]:offsets[i + 1]]``
    members : int64
    n_nodes : number of nodes
    params : ``temporal`` and ``cooccurrence`` count faces by windows and by groups; ``clique`` has only groups of two

    Raises
    ------
    DataError : the groups are not as described, or the complex would be too large
    ParameterError : ``clique``, and there are larger groups; ``temporal``, and there are no times

    Examples
    --------
    >>> params = SimplicialParams(method="cooccurrence", min_count=2)
    >>> times, offsets, members = np.array([0, 9]), np.array([0, 3, 6]), np.array([0, 1, 2, 1, 2, 3])
    >>> complex_of_groups(times, offsets, members, 4, params).simplices[1]
    array([[1, 2]])
    """
    params = params.resolved(times=times is not None, groups=True)
    if params.method != "clique":
        return group_complex(times, offsets, members, n_nodes, params)
    offsets, members = check_groups(offsets, members, n_nodes)
    if (np.diff(offsets) != 2).any():
        raise ParameterError(
            "simplicial.method 'clique' forgets which groups were there, and takes pairs; use 'cooccurrence' with "
            "min_count=1 for all faces of all groups"
        )
    return flag_complex(members.reshape(-1, 2), n_nodes, params)


def groups_of_contacts(times: IntArray, pairs: IntArray, n_nodes: int, params: SimplicialParams) -> Groups:
    """The groups of a contact log, of any size, for propagation through their incidence.

    Parameters
    ----------
    times, pairs, n_nodes : as in :func:`complex_of_contacts`
    params : ``temporal`` takes the maximal cliques of each window, the other methods those of the graph that they fill

    Raises
    ------
    DataError : the log is not as described, or there are too many groups

    Examples
    --------
    >>> times, pairs = np.array([0, 20, 40, 300]), np.array([[0, 1], [1, 2], [0, 2], [2, 3]])
    >>> groups_of_contacts(times, pairs, 4, SimplicialParams(time_window=60)).sizes
    array([2, 3])
    """
    params = params.resolved(times=True)
    if params.method == "temporal":
        return temporal_groups(times, pairs, n_nodes, params)
    graph = complex_of_contacts(times, pairs, n_nodes, params.model_copy(update={"max_dimension": 1}))
    return clique_groups(graph.simplices[1], n_nodes, params)


def complex_of_graph(pairs: IntArray, n_nodes: int, params: SimplicialParams) -> SimplicialComplex:
    """The flag complex of a graph without times.

    Parameters
    ----------
    pairs : (m, 2) int64, u < v
    n_nodes : number of nodes
    params : of method ``clique`` or ``auto``

    Raises
    ------
    DataError : the pairs are not as described, or the complex would be too large
    ParameterError : another method
    """
    params = params.resolved(times=False)
    if params.method != "clique":
        raise ParameterError(
            f"simplicial.method '{params.method}' needs times, and a static graph has none; use 'clique'"
        )
    return flag_complex(pairs, n_nodes, params)
