"""Compressed networks on graphs trained on: on nodes, on sets of graphs, on rows of propagated features."""

from __future__ import annotations

import pytest
import torch
from tests.graph_tasks import graph_set, material, recipe_read_by, static_graph

from topology_efficient_dl.compression.compress import compress
from topology_efficient_dl.compression.tuning import tune_graph_cell
from topology_efficient_dl.data.graphs.task import GraphTask
from topology_efficient_dl.errors import CellError
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.compression import CompressionRecipe, FineTuneParams
from topology_efficient_dl.params.models import ModelSpec
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.tasks.cells import fit_graph_cell, predict_graph_cell
from topology_efficient_dl.tasks.graphs import features_key, groups_key

TRAIN = TrainParams(max_epochs=3, min_epochs=1, batch_size=4)
KINDS = [
    (static_graph, "graph_transformer"), (static_graph, "simplicial_mlp"), (static_graph, "simplicial_nn"),
    (static_graph, "simplicial_operators"), (static_graph, "gat"), (graph_set, "graph_transformer"), (graph_set, "simplicial_mlp"),
]  # fmt: skip


def spec_of(architecture: str) -> ModelSpec:
    return ModelSpec(architecture=architecture, size="small", features=recipe_read_by(architecture))


def dense(task: GraphTask, architecture: str) -> TrainedModel:
    spec = spec_of(architecture)
    parts = material(task, spec.features)
    return fit_graph_cell((task, ("name", spec), 0, parts.complex, parts.features, parts.groups), TRAIN)


def tuned(
    task: GraphTask, architecture: str, recipe: CompressionRecipe, train: TrainParams = TRAIN
) -> tuple[TrainedModel, TrainedModel]:
    teacher, spec = dense(task, architecture), spec_of(architecture)
    small, parts = compress(teacher, recipe, "small"), material(task, spec.features)
    cell = (small, teacher, recipe, spec, task, parts.complex, parts.features, parts.groups)
    return small, tune_graph_cell(cell, train)


@pytest.mark.parametrize(("make", "architecture"), KINDS)
def test_a_decomposed_network_is_trained_on_and_predicts(make, architecture: str) -> None:
    task = make()
    recipe = CompressionRecipe(
        method="svd", layers=("linear",), keep=0.7, multiple=1, fine_tune=FineTuneParams(epochs=2, learning_rate=0.01)
    )
    start, found = tuned(task, architecture, recipe)
    assert found.card["n_params"] < dense(task, architecture).card["n_params"]
    assert found.card["epochs"] == 2
    assert any(not torch.equal(start.weights[name], weight) for name, weight in found.weights.items())
    parts = material(task, found.card["features"])
    table = predict_graph_cell((found, task, parts.complex, parts.features, parts.groups))
    assert set(table["model"]) == {"name.small"}
    assert table.filter(like="p_").notna().all(axis=None)


@pytest.mark.parametrize(("make", "architecture"), [KINDS[0], KINDS[1], KINDS[5]])
def test_a_teacher_whose_answers_are_not_finite_is_named(make, architecture: str) -> None:
    task = make()
    teacher, spec = dense(task, architecture), spec_of(architecture)
    recipe = CompressionRecipe(method="svd", layers=("linear",), keep=0.7, multiple=1)
    small, parts = compress(teacher, recipe, "small"), material(task, spec.features)
    weights = {
        name: value * torch.nan if value.is_floating_point() else value for name, value in teacher.weights.items()
    }
    cell = (small, TrainedModel(teacher.card, weights), recipe, spec, task, parts.complex, parts.features, parts.groups)
    with pytest.raises(CellError, match=f"name on {task.name}, seed 0: .* its compressed networks would learn from"):
        tune_graph_cell(cell, TRAIN)


@pytest.mark.parametrize("make", [static_graph, graph_set])
@pytest.mark.parametrize("distillation", [0.0, 0.5])
def test_a_narrower_network_is_fitted_from_nothing(make, distillation: float) -> None:
    recipe = CompressionRecipe(
        method="small_dense", keep=0.5, fine_tune=FineTuneParams(epochs=2, distillation=distillation)
    )
    start, found = tuned(make(), "simplicial_mlp", recipe)
    assert found.card["options"]["width"] == start.card["options"]["width"] < 64
    assert found.card["compression"]["method"] == "small_dense"
    assert found.card["epochs"] >= 3, "as many as the dense network had at most"


def test_the_same_cell_gives_the_same_weights_and_balanced_classes_others() -> None:
    recipe = CompressionRecipe(
        method="svd", layers=("linear",), rank=2, fine_tune=FineTuneParams(epochs=2, learning_rate=0.01)
    )
    _, first = tuned(static_graph(), "graph_transformer", recipe)
    _, second = tuned(static_graph(), "graph_transformer", recipe)
    assert all(torch.equal(first.weights[name], weight) for name, weight in second.weights.items())
    _, balanced = tuned(
        static_graph(), "graph_transformer", recipe, TRAIN.model_copy(update={"class_weights": "balanced"})
    )
    assert balanced.weights.keys() == first.weights.keys()


def test_a_compressed_model_reads_what_its_dense_one_reads() -> None:
    zoo = {"gat": spec_of("gat"), "mlp": spec_of("simplicial_mlp")}
    for model in zoo:
        for of in (features_key(zoo), groups_key(zoo)):
            assert of(f"set/{model}.svd/0") == of(f"set/{model}/0")
