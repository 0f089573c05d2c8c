"""Row-normalised operators from nodes to nodes, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from scipy import sparse

from topology_efficient_dl.complexes.groups import GroupPropagation, Groups
from topology_efficient_dl.complexes.operators import normalised, simplex_adjacency
from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex
from topology_efficient_dl.complexes.triangles import open_edges, triangle_adjacency
from topology_efficient_dl.errors import ParameterError, did_you_mean
from topology_efficient_dl.models.simplicial.sparse import Factors

NODE_ADJACENCIES: dict[str, Callable[[SimplicialComplex], sparse.csr_array]] = {
    "weight": lambda complex_: simplex_adjacency(complex_, 1),
    "log_weight": lambda complex_: simplex_adjacency(complex_, 1, logarithmic=True),
    "triangles": lambda complex_: triangle_adjacency(simplex_adjacency(complex_, 1)),
    "simplex_triangles": lambda complex_: simplex_adjacency(complex_, 2),
    "open_edges": lambda complex_: open_edges(simplex_adjacency(complex_, 1)),
    "log_simplex_triangles": lambda complex_: simplex_adjacency(complex_, 2, logarithmic=True),
}
"""Symmetric adjacencies (n_nodes, n_nodes) float64 of nodes by name; see :func:`node_operators`."""

NODE_OPERATORS = (*NODE_ADJACENCIES, "groups")
"""Names of the operators that :func:`node_operators` builds."""


def node_operators(
    complex_: SimplicialComplex, names: Sequence[str], groups: Groups | None = None
) -> dict[str, Factors]:
    """Means over neighbours of several kinds; rows of nodes without such neighbours are zero.

    ==========================  ======================================================================================
    name                        two nodes are neighbours by
    ==========================  ======================================================================================
    ``weight``                  the weight of their edge
    ``log_weight``              its logarithm, log(1 + w)
    ``triangles``               the number of triangles of edges on their edge, A o A^2, without a list of triangles
    ``simplex_triangles``       the weights of the 2-simplices that contain both
    ``open_edges``              1 / (1 + number of triangles of edges on their edge): the fewer, the more
    ``log_simplex_triangles``   the logarithms of those, added up
    ``groups``                  groups that contain both: mean over a node's groups by weight of means over members
    ==========================  ======================================================================================

    Parameters
    ----------
    complex_ : with edges; with triangles for the operators that read them
    names : which
    groups : on the same nodes, for ``groups``

    Returns
    -------
    by name, in the order of the names, the factors of an (n_nodes, n_nodes) float64 matrix

    Raises
    ------
    ParameterError : a name is unknown, or there are no groups for ``groups``
    DataError : the complex has no table of the dimension that an operator reads

    Examples
    --------
    >>> path = SimplicialComplex.of_simplices(3, [[0, 1], [1, 2]])
    >>> node_operators(path, ["weight"])["weight"][0].toarray()
    array([[0. , 1. , 0. ],
           [0.5, 0. , 0.5],
           [0. , 1. , 0. ]])
    """
    return {name: _factors(complex_, name, groups) for name in names}


def _factors(complex_: SimplicialComplex, name: str, groups: Groups | None) -> Factors:
    if name in NODE_ADJACENCIES:
        return (normalised(NODE_ADJACENCIES[name](complex_)),)
    if name != "groups":
        raise ParameterError(
            f"node operator '{name}' not found{did_you_mean(name, NODE_OPERATORS)}; there are "
            f"{', '.join(NODE_OPERATORS)}"
        )
    if groups is None:
        raise ParameterError("node operator 'groups' propagates through groups, and none were given; pass groups=...")
    steps = GroupPropagation.of(groups)
    return steps.scatter, steps.gather
