"""From the graph of a task to its simplicial complex, its groups, and the features of its nodes."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from topology_efficient_dl.collections.fingerprint import versioned
from topology_efficient_dl.common.columns import Float32Array, standardised
from topology_efficient_dl.complexes.build import (
    complex_of_contacts,
    complex_of_graph,
    complex_of_groups,
    groups_of_contacts,
)
from topology_efficient_dl.complexes.diffusion import diffusion
from topology_efficient_dl.complexes.flag import clique_groups
from topology_efficient_dl.complexes.group_faces import distinct_groups
from topology_efficient_dl.complexes.groups import Groups
from topology_efficient_dl.complexes.operators import simplex_adjacency
from topology_efficient_dl.complexes.periods import group_adjacency, period_normalised, periods_together
from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex
from topology_efficient_dl.complexes.statistics import node_statistics
from topology_efficient_dl.complexes.triangles import open_edges
from topology_efficient_dl.data.graphs.contact_log import ContactLog
from topology_efficient_dl.data.graphs.finder import Graph
from topology_efficient_dl.data.graphs.graph_set import GraphSet
from topology_efficient_dl.data.graphs.groups import Hypergraph, TimedGroups
from topology_efficient_dl.data.graphs.records import IntArray
from topology_efficient_dl.data.graphs.static_graph import StaticGraph
from topology_efficient_dl.data.graphs.task import GraphTask
from topology_efficient_dl.errors import DataError, ParameterError
from topology_efficient_dl.models.simplicial.diffusion_kernels import DiffusionKernels, similarity
from topology_efficient_dl.models.simplicial.node_operators import NODE_ADJACENCIES, node_operators
from topology_efficient_dl.models.simplicial.propagation import (
    PropagatedFeatures,
    propagated_features,
    standardised_counts,
)
from topology_efficient_dl.params.complexes import SimplicialParams
from topology_efficient_dl.params.graphs import DiffusionRecipe, NodeFeatureParams, PropagationRecipe

ROUNDING = 2.0**-20
"""Of features that were propagated in float32."""


@versioned(1, name="lifting:lift")
def lift(task: GraphTask, params: SimplicialParams) -> SimplicialComplex:
    """The complex of a task's graph; of a set of graphs, their disjoint union.

    Parameters
    ----------
    task : of any graph
    params : method, window, counts, dimension, limits

    Raises
    ------
    DataError : there would be too many simplices
    ParameterError : the method needs times and there are none

    Examples
    --------
    >>> from topology_efficient_dl.data.graphs import southern_women
    >>> lift(GraphTask("women", southern_women(), "networkx"), SimplicialParams(max_dimension=1)).counts
    (18, 139)
    """
    graph = task.graph
    if isinstance(graph, ContactLog):
        return complex_of_contacts(_from_zero(graph.times), graph.pairs, graph.n_nodes, params)
    if isinstance(graph, TimedGroups):
        return complex_of_groups(_seconds(graph, params), graph.offsets, graph.members, graph.n_nodes, params)
    if isinstance(graph, Hypergraph):
        return complex_of_groups(None, graph.offsets, graph.members, graph.n_nodes, params)
    return complex_of_graph(_pairs(graph), task.n_nodes, params)


@versioned(1, name="lifting:lift_groups")
def lift_groups(task: GraphTask, params: SimplicialParams) -> Groups:
    """The groups of a task's graph, of any size: of contacts the maximal cliques of windows, of a graph its own.

    Parameters and errors are those of :func:`lift`; ``max_dimension`` plays no part.
    """
    graph = task.graph
    if isinstance(graph, ContactLog):
        return groups_of_contacts(_from_zero(graph.times), graph.pairs, graph.n_nodes, params)
    if isinstance(graph, TimedGroups):
        return distinct_groups(_seconds(graph, params), graph.offsets, graph.members, graph.n_nodes)
    if isinstance(graph, Hypergraph):
        return distinct_groups(None, graph.offsets, graph.members, graph.n_nodes)
    return clique_groups(_pairs(graph), task.n_nodes, params)


def _from_zero(times: IntArray) -> IntArray:
    return times - times[0] if len(times) else times


def _seconds(graph: TimedGroups, params: SimplicialParams) -> IntArray:
    """Times from 0 on; where only an order is known every rank is a window of its own."""
    times = _from_zero(graph.times)
    if graph.time_unit == "ms":
        return times // 1000
    return times * params.time_window if graph.time_unit == "rank" else times


def _pairs(graph: StaticGraph | GraphSet) -> IntArray:
    """Edges; those of a set of graphs with the nodes of each graph after those of the one before."""
    if isinstance(graph, StaticGraph):
        return graph.edges
    return graph.edges + np.repeat(graph.node_offsets[:-1], np.diff(graph.edge_offsets))[:, None]


@versioned(1, name="lifting:describe_nodes")
def describe_nodes(pair: tuple[SimplicialComplex, GraphTask], params: NodeFeatureParams) -> PropagatedFeatures:
    """Features of nodes without propagation, in blocks by kind: ``given``, ``activity``, ``statistics``.

    Counts are taken as log(1 + x), and all columns have mean 0 and standard deviation 1 over all nodes. Nodes without
    a label are used for these two numbers, as for the complex; labels of the task are not.

    Parameters
    ----------
    pair : the complex, and the task that it is of
    params : which kinds

    Raises
    ------
    DataError : there is no feature at all
    """
    complex_, task = pair
    found: dict[str, Float32Array | None] = {"given": _given(task.graph), "activity": None, "statistics": None}
    if not params.given:
        found["given"] = None
    if params.activity_minutes is not None and isinstance(task.graph, ContactLog | TimedGroups):
        found["activity"] = standardised_counts(activity(task.graph, 60 * params.activity_minutes))
    if params.statistics:
        found["statistics"] = standardised_counts(node_statistics(complex_).values)
    if params.open_edges:
        found["open_edges"] = standardised_counts(_openness(complex_))
    if params.encoding_bins:
        _encode(found, params.encoding_bins)
    blocks = {name: block for name, block in found.items() if block is not None and block.shape[1]}
    if not blocks:
        raise DataError(
            f"'{task.name}' has no features of nodes: none came with it, and node_features leaves out the others. "
            "Set node_features.statistics=true"
        )
    sizes = tuple(block.shape[1] for block in blocks.values())
    return PropagatedFeatures(np.concatenate(list(blocks.values()), axis=1), sizes, tuple(blocks))


def _openness(complex_: SimplicialComplex) -> NDArray[np.float64]:
    """(n_nodes, 2) sums over a node's edges of 1 / (1 + triangles on it), and of the squares of these."""
    weights = open_edges(simplex_adjacency(complex_, 1))
    return np.column_stack([weights.sum(axis=1), weights.power(2).sum(axis=1)])


def _encode(found: dict[str, Float32Array | None], bins: int) -> None:
    """Add the encoding of all but activities, and clip everything at six standard deviations."""
    columns = [found[name] for name in ("given", "statistics", "open_edges")]
    there = [block for block in columns if block is not None]
    if there:
        found["encoding"] = standardised(piecewise_linear(np.concatenate(there, axis=1), bins))
    for name, block in found.items():
        found[name] = None if block is None else np.clip(block, -6.0, 6.0)


def piecewise_linear(values: Float32Array, bins: int) -> Float32Array:
    """How far every bin between quantiles is filled: 0 below it, 1 above it, linear inside; columns of two values have
    none.

    Parameters
    ----------
    values : (n, f)
    bins : between equally spaced quantiles; equal quantiles make one bin

    Returns
    -------
    (n, at most f * bins) float32

    References
    ----------
    Gorishniy, Rubachev and Babenko, *On embeddings for numerical features in tabular deep learning* (NeurIPS 2022),
    eq. 1.

    Examples
    --------
    >>> piecewise_linear(np.array([[0.0], [1.0], [2.0]], np.float32), 2)
    array([[0., 0.],
           [1., 0.],
           [1., 1.]], dtype=float32)
    """
    parts = [np.zeros((len(values), 0), np.float32)]
    for column in values.T.astype(np.float64):
        edges = np.unique(np.quantile(column, np.linspace(0.0, 1.0, bins + 1)))
        if len(edges) > 2:
            filled = (column[:, None] - edges[:-1]) / np.diff(edges)
            parts.append(np.clip(filled, 0.0, 1.0).astype(np.float32))
    return np.concatenate(parts, axis=1)


def _given(graph: Graph) -> Float32Array | None:
    """Features that came with the nodes, and their own labels in a set of labelled graphs."""
    if isinstance(graph, GraphSet):
        parts = [] if graph.node_features is None else [standardised(graph.node_features)]
        if graph.node_labels is not None:
            parts.append(np.eye(len(graph.node_classes) + 1, dtype=np.float32)[graph.node_labels][:, :-1])
        return np.concatenate(parts, axis=1) if parts else None
    features = None if isinstance(graph, Hypergraph) else graph.features
    return None if features is None else standardised(features)


def activity(graph: ContactLog | TimedGroups, period: int) -> NDArray[np.int64]:
    """How often a node is in a contact or a group, by period; periods in which nothing happens have no column.

    Parameters
    ----------
    graph : with times
    period : seconds

    Returns
    -------
    (n_nodes, n_periods) int64

    Examples
    --------
    >>> log = ContactLog("log", np.array([0, 20, 7200]), np.array([[0, 1], [0, 2], [1, 2]]), np.array(list("abc")),
    ...                  np.array([0, 1, 1]), ("x", "y"))
    >>> activity(log, 3600)
    array([[2, 0],
           [1, 1],
           [1, 1]])
    """
    if isinstance(graph, ContactLog):
        times, nodes = np.repeat(graph.times, 2), graph.pairs.ravel()
    else:
        times, nodes = np.repeat(graph.times, np.diff(graph.offsets)), graph.members
    length = {"s": period, "ms": 1000 * period, "rank": 1}[getattr(graph, "time_unit", "s")]
    _, column = np.unique(times // length, return_inverse=True)
    n_periods = int(column.max()) + 1 if len(column) else 0
    counts = np.bincount(nodes * n_periods + column, minlength=graph.n_nodes * n_periods)
    return counts.reshape(graph.n_nodes, n_periods).astype(np.int64)


@versioned(1, name="lifting:diffuse")
def diffuse(
    inputs: tuple[PropagatedFeatures, SimplicialComplex, GraphTask],
    recipe: DiffusionRecipe,
    simplicial: SimplicialParams,
) -> DiffusionKernels:
    """Kernels by which labels spread, and the similarity of propagated features.

    ====================  ==========================================================================================
    operator              two nodes are adjacent by
    ====================  ==========================================================================================
    ``period_groups``     logarithms of their groups in every period, a group of k counting 1 / (k - 1), normalised
                          period by period
    ``period_pairs``      logarithms of the windows in which the pair was in contact in every period, normalised
                          likewise: no group is looked at
    ``periods_together``  the number of periods in which they were together
    others                as in ``models.simplicial.node_operators``, without normalisation
    ====================  ==========================================================================================

    Where a graph has no times and the recipe needs them, its ``untimed_operators`` and ``untimed_features`` stand in.

    Parameters
    ----------
    inputs : features by kind, complex, and the task that they are of
    recipe : operators, diffusion, similarity
    simplicial : window and limits of the groups of a contact log

    Raises
    ------
    ParameterError : it is a set of graphs
    DataError : there are too many nodes for dense kernels
    """
    own, complex_, task = inputs
    if isinstance(task.graph, GraphSet):
        raise ParameterError(f"'{task.name}' is a set of graphs, and diffusion is for nodes of one; use another model")
    if not isinstance(task.graph, ContactLog | TimedGroups):
        recipe = recipe.untimed()
    operators = _DiffusionOperators(task, complex_, recipe, simplicial)
    kernels = np.stack([diffusion(operators(name), recipe.alpha) for name in recipe.operators])
    if recipe.features == "none":
        return DiffusionKernels(kernels, None, recipe.operators)
    carrier = None if recipe.features == "own" else operators(recipe.features)
    return DiffusionKernels(kernels, similarity(own.blocks(), carrier, recipe.hops), recipe.operators)


class _DiffusionOperators:
    """Adjacencies by name, those by periods made of the same groups."""

    def __init__(
        self, task: GraphTask, complex_: SimplicialComplex, recipe: DiffusionRecipe, simplicial: SimplicialParams
    ) -> None:
        self.task, self.complex, self.recipe, self.simplicial = task, complex_, recipe, simplicial

    @cached_property
    def parts(self) -> list[GraphTask]:
        """Every period in which something happens."""
        return periods_of(self.task, 60 * self.recipe.period_minutes, self.simplicial)

    @cached_property
    def by_groups(self) -> list[sparse.csr_array]:
        """Adjacencies by the groups of every period."""
        return [group_adjacency(lift_groups(part, self.simplicial)) for part in self.parts]

    def __call__(self, name: str) -> sparse.csr_array:
        if name == "periods_together":
            return periods_together(self.by_groups)
        if name == "period_groups":
            return period_normalised(self.by_groups, self.recipe.smoothing)
        if name == "period_pairs":
            pairs = self.simplicial.model_copy(update={"max_dimension": 1})
            adjacencies = [simplex_adjacency(lift(part, pairs)) for part in self.parts]
            return period_normalised(adjacencies, self.recipe.smoothing)
        return NODE_ADJACENCIES[name](self.complex)


def periods_of(task: GraphTask, period: int, simplicial: SimplicialParams) -> list[GraphTask]:
    """The task cut into periods of so many seconds, those in which nothing happens left out.

    Raises
    ------
    ParameterError : the graph has no times
    """
    graph = task.graph
    if not isinstance(graph, ContactLog | TimedGroups):
        raise ParameterError(
            f"'{task.name}' has no times, and operators by periods need them; take triangles, weight or log_weight in "
            "the recipe's operators"
        )
    seconds = _from_zero(graph.times) if isinstance(graph, ContactLog) else _seconds(graph, simplicial)
    index = seconds // period
    cuts = np.flatnonzero(np.diff(index)) + 1
    bounds = zip([0, *cuts.tolist()], [*cuts.tolist(), len(index)], strict=True)
    return [replace(task, graph=graph.rows(start, stop)) for start, stop in bounds if stop > start]


@versioned(1, name="lifting:propagate")
def propagate(
    inputs: tuple[PropagatedFeatures, SimplicialComplex, Groups | None], recipe: PropagationRecipe
) -> PropagatedFeatures:
    """Features of nodes, and what each operator brings them after each hop.

    Parameters
    ----------
    inputs : features, complex, and the groups that the operator ``groups`` reads, or None
    recipe : operators and hops
    """
    own, complex_, groups = inputs
    if not recipe.operators:
        return own
    found = propagated_features(own.values, recipe.hops, node_operators(complex_, recipe.operators, groups))
    if not recipe.keep_own:
        n_own = found.sizes[0]
        found = PropagatedFeatures(np.ascontiguousarray(found.values[:, n_own:]), found.sizes[1:], found.names[1:])
    if not recipe.standardise:
        return found
    return replace(found, values=np.clip(standardised(found.values, ROUNDING), -6.0, 6.0))
