"""Cells of track B: one combination of dataset, model and draw of labels, from fit to predictions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from topology_efficient_dl.collections.fingerprint import versioned
from topology_efficient_dl.complexes.groups import Groups
from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex
from topology_efficient_dl.data.graphs.graph_set import GraphSet
from topology_efficient_dl.data.graphs.task import GraphTask
from topology_efficient_dl.models.graph_inputs import Material, reads_groups
from topology_efficient_dl.models.graph_predictor import GraphPredictor
from topology_efficient_dl.models.registry import find_architecture
from topology_efficient_dl.models.simplicial.diffusion_kernels import DiffusionKernels
from topology_efficient_dl.models.simplicial.propagation import PropagatedFeatures
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.graphs import OWN, AnyRecipe
from topology_efficient_dl.params.models import ModelSpec
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.tasks.cells import predictions_table
from topology_efficient_dl.tasks.graph_fitting import fit_on_graph
from topology_efficient_dl.training.runtime import reproducible

Features = PropagatedFeatures | DiffusionKernels
Parts = tuple[SimplicialComplex, Features, Groups | None]
FitGraphCell = tuple[GraphTask, tuple[str, ModelSpec], int, SimplicialComplex, Features, Groups | None]
PredictGraphCell = tuple[TrainedModel, GraphTask, SimplicialComplex, Features, Groups | None]


def recipe_of(spec: ModelSpec) -> str:
    """Name of the propagation recipe that a model reads."""
    return spec.features or OWN


def features_key(zoo: Mapping[str, ModelSpec]) -> Callable[[str], str]:
    """From a cell's key ``<dataset>/<model>/...`` to the key ``<dataset>/<recipe>`` of the features that it reads."""

    def key_of_features(key: str) -> str:
        dataset, model = key.split("/")[:2]
        return f"{dataset}/{recipe_of(zoo[_dense_name(model)])}"

    return key_of_features


def groups_key(zoo: Mapping[str, ModelSpec]) -> Callable[[str], str | None]:
    """From a cell's key to the key ``<dataset>`` of the groups that its model reads, or None."""

    def key_of_groups(key: str) -> str | None:
        dataset, model = key.split("/")[:2]
        return dataset if model_reads_groups(zoo[_dense_name(model)]) else None

    return key_of_groups


def _dense_name(model: str) -> str:
    """The zoo's name of a model, or of what a compressed one, ``<model>.<variant>``, was made of."""
    return model.partition(".")[0]


def model_reads_groups(spec: ModelSpec) -> bool:
    """Whether a model needs the groups of a graph."""
    architecture = find_architecture(spec.architecture)
    return reads_groups(architecture.reads, architecture.complete(spec.size, spec.options))


def recipe_reads_groups(recipe: AnyRecipe) -> bool:
    """Whether a recipe carries features through the groups of a graph."""
    return recipe.kind == "hops" and "groups" in recipe.operators


def material_of(task: GraphTask, parts: Parts) -> Material:
    """What a network's input is made of."""
    complex_, features, groups = parts
    return Material(complex_, features, groups, task.graph.node_offsets if isinstance(task.graph, GraphSet) else None)


@versioned(1, name="training.graph_cells:fit_graph_cell")
def fit_graph_cell(cell: FitGraphCell, train: TrainParams) -> TrainedModel:
    """Fit one model on one dataset with one draw of labels."""
    task, (name, spec), draw, *parts = cell
    if spec.train:
        train = TrainParams(**{**train.model_dump(), **spec.train})
    return fit_on_graph(task, material_of(task, tuple(parts)), spec, draw, train, model=name)  # type: ignore[arg-type]


@versioned(1, name="training.graph_cells:predict_graph_cell")
def predict_graph_cell(cell: PredictGraphCell) -> pd.DataFrame:
    """Predictions on test, one row a node or graph, in the columns of ``predictions_table``."""
    model, task, *parts = cell
    rows = task.parts(model.card["seed"])["test"]
    material, predictor = material_of(task, tuple(parts)), GraphPredictor(model, check=False)  # type: ignore[arg-type]
    with reproducible(model.card["seed"], threads=1):
        answer = predictor.of_nodes if task.kind == "node" else predictor.of_graphs
        probabilities = answer(material, rows)
    return predictions_table(model, probabilities, task.labels[rows], rows)
