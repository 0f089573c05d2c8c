"""Small tasks on graphs of every type, and what models read of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import numpy as np

from topology_efficient_dl.data.graphs import (
    GraphSet,
    PlantedContacts,
    StaticGraph,
    planted_contacts,
    planted_events,
)
from topology_efficient_dl.data.graphs.task import GraphTask
from topology_efficient_dl.models.graph_inputs import Material
from topology_efficient_dl.models.registry import architectures, find_architecture
from topology_efficient_dl.models.simplicial.node_features import (
    describe_nodes,
    diffuse,
    lift,
    lift_groups,
    propagate,
)
from topology_efficient_dl.params.complexes import SimplicialParams
from topology_efficient_dl.params.graphs import (
    AnyRecipe,
    DiffusionRecipe,
    NodeFeatureParams,
    PropagationRecipe,
)
from topology_efficient_dl.tasks.graphs import material_of

SCHOOL = PlantedContacts(n_classes=3, class_size=8, days=1, periods=4)
RECIPES: dict[str, AnyRecipe] = {
    "own": PropagationRecipe(),
    "propagated": PropagationRecipe(operators=("weight", "simplex_triangles"), hops=1),
    "groups": PropagationRecipe(operators=("groups",), hops=1),
    "diffused": DiffusionRecipe(operators=("weight", "triangles"), features="own"),
}
GRAPH_ARCHITECTURES = tuple(name for name in architectures() if find_architecture(name).of_graphs)
ARCHITECTURES_OF_SETS = tuple(name for name in GRAPH_ARCHITECTURES if find_architecture(name).reads != "diffusion")


def contacts() -> GraphTask:
    """A planted contact log: 24 nodes, 3 classes."""
    return GraphTask("school", planted_contacts(SCHOOL, 0), "made up", label_share=0.4, validation_fraction=0.3)


def timed_groups(time_unit: str = "s") -> GraphTask:
    """The group events of the same school."""
    events = planted_events(SCHOOL, 0)
    return GraphTask("events", replace(events, time_unit=time_unit), "made up", 0.4, 0.3)


def hypergraph() -> GraphTask:
    """The same events without times."""
    return GraphTask("hyper", planted_events(SCHOOL, 0).to_hypergraph(), "made up", 0.4, 0.3)


def static_graph() -> GraphTask:
    """Two dense blocks of 15 nodes with features that tell the class, and 3 nodes without a label."""
    rng = np.random.default_rng(0)
    labels = np.array([*np.repeat([0, 1], 15), -1, -1, -1])
    every = np.array(list(combinations(range(len(labels)), 2)))
    share = np.where(labels[every[:, 0]] == labels[every[:, 1]], 0.5, 0.02)
    features = np.stack([labels + 0.1 * rng.normal(size=len(labels)), np.full(len(labels), 7.0)], axis=1)
    edges = every[rng.random(len(every)) < share]
    graph = StaticGraph("blocks", edges, len(labels), labels, ("a", "b"), features.astype(np.float32))
    return GraphTask("blocks", graph, "made up", 0.4, 0.3)


def official() -> GraphTask:
    """The same with two official splits."""
    task = static_graph()
    part = np.stack([np.arange(33) % 3, (np.arange(33) + 1) % 3])
    masks = {name: part == index for index, name in enumerate(("train", "validation", "test"))}
    return replace(task, graph=replace(task.graph, masks=masks))


def graph_set(n_graphs: int = 30, n_folds: int | None = 3) -> GraphTask:
    """Paths and complete graphs of 4 to 6 nodes, with labels of nodes that say nothing; folds where a number is given."""
    rng = np.random.default_rng(0)
    sizes = rng.integers(4, 7, n_graphs)
    labels = np.arange(n_graphs) % 2
    parts = [
        np.array(list(combinations(range(n), 2))) if label else np.stack([np.arange(n - 1), np.arange(1, n)], axis=1)
        for n, label in zip(sizes.tolist(), labels.tolist(), strict=True)
    ]
    folds = None if n_folds is None else np.arange(n_graphs) // 2 % n_folds == np.arange(n_folds)[:, None]
    graphs = GraphSet(
        "shapes",
        np.concatenate(parts),
        np.cumsum([0, *map(len, parts)]),
        np.cumsum([0, *sizes]),
        labels,
        ("path", "complete"),
        rng.integers(0, 2, sizes.sum()),
        ("x", "y"),
        folds=folds,
    )
    return GraphTask("shapes", graphs, "made up", validation_fraction=0.25)


TASKS: dict[str, Callable[[], GraphTask]] = {
    "contacts": contacts,
    "timed groups": timed_groups,
    "hypergraph": hypergraph,
    "static graph": static_graph,
    "official splits": official,
    "set of graphs": graph_set,
    "set without folds": lambda: graph_set(n_folds=None),
}


def material(task: GraphTask, recipe: str = "own", params: SimplicialParams | None = None) -> Material:
    """All that any model reads of a task."""
    params = params or SimplicialParams()
    complex_, groups = lift(task, params), lift_groups(task, params)
    own, chosen = describe_nodes((complex_, task), NodeFeatureParams()), RECIPES[recipe]
    if isinstance(chosen, DiffusionRecipe):
        return material_of(task, (complex_, diffuse((own, complex_, task), chosen, params), groups))
    return material_of(task, (complex_, propagate((own, complex_, groups), chosen), groups))


def recipe_read_by(architecture: str) -> str:
    """Name of the recipe that an architecture is tested with."""
    return {"propagated": "propagated", "diffusion": "diffused"}.get(find_architecture(architecture).reads, "own")
