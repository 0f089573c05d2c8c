"""Answers of every network on graphs: of nodes and of graphs, alone and in batches."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from tests.graph_tasks import (
    ARCHITECTURES_OF_SETS,
    GRAPH_ARCHITECTURES,
    contacts,
    graph_set,
    material,
    recipe_read_by,
    static_graph,
)

from topology_efficient_dl.data.graphs.task import GraphTask
from topology_efficient_dl.errors import DataError
from topology_efficient_dl.models.graph_inputs import Material
from topology_efficient_dl.models.graph_predictor import GraphPredictor
from topology_efficient_dl.models.registry import find_architecture
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.models import ModelSpec
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.tasks.graphs import GraphClasses
from topology_efficient_dl.tasks.task import fit as fit_task

QUICK = TrainParams(max_epochs=1, min_epochs=1, refit=False)


@pytest.fixture(scope="module")
def fitted():
    """A model of an architecture on a task, with its material; each made once."""
    made: dict[tuple[str, str], tuple[TrainedModel, Material]] = {}

    def fit(architecture: str, task: GraphTask) -> tuple[TrainedModel, Material]:
        key = architecture, task.name
        if key not in made:
            parts = material(task, recipe_read_by(architecture))
            spec = ModelSpec(architecture=architecture, size="small")
            made[key] = fit_task(GraphClasses(task, parts), spec, 0, QUICK), parts
        return made[key]

    return fit


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("architecture", GRAPH_ARCHITECTURES)
@pytest.mark.parametrize("make", [contacts, static_graph])
def test_every_network_answers_for_all_nodes_and_for_some(fitted, make, architecture: str) -> None:
    task = make()
    model, parts = fitted(architecture, task)
    predictor = GraphPredictor(model)
    everything = predictor.of_input(predictor.prepare(parts))
    assert everything.shape == (task.n_nodes, task.n_classes)
    np.testing.assert_allclose(everything.sum(axis=1), 1, rtol=1e-5)
    rows = task.parts(0)["test"]
    np.testing.assert_allclose(predictor.of_nodes(parts, rows), everything[rows], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("architecture", ARCHITECTURES_OF_SETS)
def test_graphs_in_a_batch_do_not_see_each_other(fitted, architecture: str) -> None:
    task = graph_set()
    model, parts = fitted(architecture, task)
    graphs = task.parts(0)["test"]
    together = GraphPredictor(model).of_graphs(parts, graphs)
    assert together.shape == (len(graphs), 2)
    for size in (1, 4):
        in_batches = GraphPredictor(model, batch_graphs=size).of_graphs(parts, graphs)
        np.testing.assert_allclose(in_batches, together, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("architecture", ARCHITECTURES_OF_SETS)
def test_no_graphs_have_no_answers(fitted, architecture: str) -> None:
    model, parts = fitted(architecture, graph_set())
    assert GraphPredictor(model).of_graphs(parts, np.empty(0, np.int64)).shape == (0, 2)


@pytest.mark.parametrize("architecture", GRAPH_ARCHITECTURES)
def test_a_model_that_was_stored_answers_the_same(fitted, architecture: str) -> None:
    model, parts = fitted(architecture, contacts())
    again = GraphPredictor(TrainedModel.from_bytes(model.to_bytes()))
    rows = np.arange(5)
    np.testing.assert_array_equal(again.of_nodes(parts, rows), GraphPredictor(model).of_nodes(parts, rows))


@pytest.mark.parametrize("architecture", GRAPH_ARCHITECTURES)
def test_features_by_another_recipe_are_refused(fitted, architecture: str) -> None:
    model, parts = fitted(architecture, contacts())
    features = parts.features
    names = tuple(f"other {name}" for name in features.names)
    other = dataclasses.replace(parts, features=dataclasses.replace(features, names=names))
    with pytest.raises(DataError, match=r"was given \d+ by other .*Make them as the run did"):
        GraphPredictor(model).of_nodes(other, np.arange(3))


def test_features_and_answers_that_are_not_finite_are_refused_but_not_for_who_scores_them(fitted) -> None:
    model, parts = fitted("gcn", contacts())
    values = parts.features.values.copy()
    values[2, 1] = np.nan
    broken = dataclasses.replace(parts, features=dataclasses.replace(parts.features, values=values))
    with pytest.raises(DataError, match="features of nodes: sample 2, column 1 is nan"):
        GraphPredictor(model).of_nodes(broken, np.arange(3))
    assert np.isnan(GraphPredictor(model, check=False).of_nodes(broken, np.arange(3))).any()
    weights = {name: value * np.nan if value.is_floating_point() else value for name, value in model.weights.items()}
    with pytest.raises(DataError, match="answer of the model: sample 0"):
        GraphPredictor(TrainedModel(model.card, weights)).of_nodes(parts, np.arange(3))


def test_networks_that_read_groups_among_operators_answer_for_graphs(fitted) -> None:
    task = graph_set()
    parts = material(task)
    spec = ModelSpec(architecture="simplicial_operators", size="small", options={"operators": ["weight", "groups"]})
    model = fit_task(GraphClasses(task, parts), spec, 0, QUICK)
    graphs = task.parts(0)["test"]
    together = GraphPredictor(model).of_graphs(parts, graphs)
    alone = GraphPredictor(model, batch_graphs=1).of_graphs(parts, graphs)
    np.testing.assert_allclose(alone, together, rtol=1e-4, atol=1e-5)


def test_every_architecture_of_graphs_has_a_task_and_closed_forms_have_none() -> None:
    for name in GRAPH_ARCHITECTURES:
        entry = find_architecture(name)
        assert ("task" in entry.options) == (entry.reads not in ("propagated", "diffusion")), name
