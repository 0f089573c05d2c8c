"""Nodes of ``simplicial_build``."""

from __future__ import annotations

from functools import partial
from typing import Any

from topology_efficient_dl.collections.collection import Collection
from topology_efficient_dl.complexes.groups import Groups
from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex
from topology_efficient_dl.data.graphs.task import GraphTask
from topology_efficient_dl.models.simplicial.diffusion_kernels import DiffusionKernels
from topology_efficient_dl.models.simplicial.node_features import (
    describe_nodes,
    diffuse,
    lift,
    lift_groups,
    propagate,
)
from topology_efficient_dl.models.simplicial.propagation import PropagatedFeatures
from topology_efficient_dl.params.base import Names
from topology_efficient_dl.params.complexes import SimplicialParams
from topology_efficient_dl.params.graphs import (
    OWN,
    DiffusionRecipe,
    NodeFeatureParams,
    Propagation,
)
from topology_efficient_dl.params.models import Zoo
from topology_efficient_dl.params.training import ParallelParams
from topology_efficient_dl.tasks.graphs import model_reads_groups, recipe_of, recipe_reads_groups


def build_complexes(
    tasks: Collection[GraphTask], simplicial: SimplicialParams, parallel: ParallelParams
) -> Collection[SimplicialComplex]:
    """The complex of every graph, by its name."""
    return tasks.map(lift, simplicial).run_on(parallel)


def collect_groups(
    tasks: Collection[GraphTask], simplicial: SimplicialParams, models: Names, zoo: Zoo, propagation: Propagation
) -> Collection[Groups]:
    """The groups of every graph, of any size, where a chosen model or recipe reads them."""
    chosen = zoo.pick(models).values()
    recipes = propagation.pick({recipe_of(spec) for spec in chosen}).values()
    read = any(map(model_reads_groups, chosen)) or any(map(recipe_reads_groups, recipes))
    return tasks.filter(lambda _: read).map(lift_groups, simplicial)


def propagate_features(
    complexes: Collection[SimplicialComplex],
    tasks: Collection[GraphTask],
    groups: Collection[Groups],
    node_features: NodeFeatureParams,
    models: Names,
    zoo: Zoo,
    propagation: Propagation,
    simplicial: SimplicialParams,
    parallel: ParallelParams,
) -> Collection[PropagatedFeatures | DiffusionKernels]:
    """Features of nodes by themselves, and along the operators of every recipe that a chosen model reads."""
    own = complexes.cross().join(tasks, str).map(describe_nodes, node_features)
    hops = own.cross().join(complexes, str).join(groups, partial(_if_there, groups))
    spread = own.cross().join(complexes, str).join(tasks, str)
    recipes = propagation.pick({OWN, *(recipe_of(spec) for spec in zoo.pick(models).values())})
    parts: list[Collection[Any]] = []
    for name, recipe in recipes.items():
        if isinstance(recipe, DiffusionRecipe):
            parts.append(spread.map(diffuse, recipe, simplicial).suffixed(name))
        else:
            parts.append(hops.map(propagate, recipe).suffixed(name))
    return Collection.chain(parts).run_on(parallel)


def _if_there(groups: Collection[Groups], key: str) -> str | None:
    return key if key in groups else None
