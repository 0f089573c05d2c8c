"""Fits on graphs: they repeat, they learn, they do not look at test; and the keys of cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.graph_tasks import (
    ARCHITECTURES_OF_SETS,
    GRAPH_ARCHITECTURES,
    RECIPES,
    contacts,
    graph_set,
    material,
    official,
    recipe_read_by,
    static_graph,
)

from topology_efficient_dl.data.graphs.task import GraphTask
from topology_efficient_dl.errors import CellError, DataError, ParameterError
from topology_efficient_dl.evaluation.metrics import score_predictions
from topology_efficient_dl.models.on_nodes import OnNodes
from topology_efficient_dl.models.simplicial.propagation import PropagatedFeatures
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.models import ModelSpec
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.tasks.cells import fit_graph_cell, predict_graph_cell
from topology_efficient_dl.tasks.graphs import (
    GraphClasses,
    GraphSamples,
    NodeSamples,
    features_key,
    groups_key,
    recipe_of,
    recipe_reads_groups,
)
from topology_efficient_dl.tasks.task import fit as fit_task
from topology_efficient_dl.training.samples import Shuffled

TWO_EPOCHS = TrainParams(max_epochs=2, min_epochs=1)
LONG = TrainParams(max_epochs=60, min_epochs=60, learning_rate=0.02, batch_size=8)
ON_NODES = [(static_graph, name) for name in GRAPH_ARCHITECTURES]
ON_GRAPHS = [(graph_set, name) for name in ARCHITECTURES_OF_SETS]
Make = Callable[[], GraphTask]


def fit(task: GraphTask, architecture: str, train: TrainParams, draw: int = 0, **options) -> TrainedModel:
    parts = material(task, recipe_read_by(architecture))
    spec = ModelSpec(architecture=architecture, size="small", options=options, features=recipe_read_by(architecture))
    cell = (task, ("name", spec), draw, parts.complex, parts.features, parts.groups)
    return fit_graph_cell(cell, train)


def predicted(model: TrainedModel, task: GraphTask):
    parts = material(task, model.card["features"])
    return predict_graph_cell((model, task, parts.complex, parts.features, parts.groups))


def assert_same_weights(first: TrainedModel, second: TrainedModel) -> None:
    assert first.weights.keys() == second.weights.keys()
    assert all(torch.equal(first.weights[name], second.weights[name]) for name in first.weights)
    for name, array in first.extractor_state.items():
        np.testing.assert_array_equal(array, second.extractor_state[name])


@pytest.mark.parametrize(("make", "architecture"), ON_NODES + ON_GRAPHS)
def test_the_same_cell_gives_the_same_weights(make: Make, architecture: str) -> None:
    first, second = (fit(make(), architecture, TWO_EPOCHS) for _ in range(2))
    assert_same_weights(first, second)
    assert {key: value for key, value in first.card.items() if key not in ("fit_seconds", "history")} == {
        key: value for key, value in second.card.items() if key not in ("fit_seconds", "history")
    }
    other = fit(make(), architecture, TWO_EPOCHS, draw=1)
    assert any(not torch.equal(first.weights[name], other.weights[name]) for name in first.weights)


@pytest.mark.parametrize(
    ("make", "architecture"), [(static_graph, "gat"), (static_graph, "simplicial_mlp"), (graph_set, "simplicial_mlp")]
)
def test_answers_that_are_not_finite_are_no_class(make: Make, architecture: str) -> None:
    task = make()
    model = fit(task, architecture, TWO_EPOCHS)
    weights = {name: value * torch.nan if value.is_floating_point() else value for name, value in model.weights.items()}
    table = predicted(TrainedModel(model.card, weights), task)
    assert set(table["predicted"]) == {-1}
    scores = score_predictions(table)
    assert scores[["accuracy", "f1_macro"]].to_numpy().tolist() == [[0.0, 0.0]]
    assert scores["not_finite"].tolist() == [len(table)]


def test_label_diffusion_is_not_fitted_to_kernels_that_are_not_finite() -> None:
    task = contacts()
    parts = material(task, recipe_read_by("simplicial_diffusion"))
    labels = parts.features.labels.copy()
    labels[0, 3, 2] = np.nan
    spec = ModelSpec(architecture="simplicial_diffusion", size="small", features=recipe_read_by("simplicial_diffusion"))
    cell = (task, ("name", spec), 0, parts.complex, replace(parts.features, labels=labels), parts.groups)
    with pytest.raises(CellError, match=f"name on {task.name}, draw 0: 1 of .* rows of a kernel are not finite"):
        fit_graph_cell(cell, TWO_EPOCHS)


@pytest.mark.parametrize(("make", "architecture"), ON_NODES + ON_GRAPHS)
def test_what_can_be_told_apart_is_learnt(make: Make, architecture: str) -> None:
    task = make()
    table = predicted(fit(task, architecture, LONG), task)
    assert (table["label"] == table["predicted"]).mean() >= 0.9


@pytest.mark.parametrize(
    ("make", "architecture"), [(official, name) for name in GRAPH_ARCHITECTURES] + [(graph_set, "gcn")]
)
def test_labels_of_test_are_not_looked_at(make: Make, architecture: str) -> None:
    task = make()
    labels, rows = task.labels.copy(), task.parts(0)["test"]
    labels[rows] = np.roll(labels[rows], 1)
    assert (labels != task.labels).any()
    other = replace(task, graph=replace(task.graph, labels=labels))
    assert_same_weights(fit(task, architecture, TWO_EPOCHS), fit(other, architecture, TWO_EPOCHS))


@pytest.mark.parametrize(("make", "architecture"), [(static_graph, "gat"), (graph_set, "simplicial_mlp")])
def test_predictions_are_one_row_a_node_or_graph_of_test(make: Make, architecture: str) -> None:
    task = make()
    table = predicted(fit(task, architecture, TWO_EPOCHS), task)
    rows = task.parts(0)["test"]
    assert list(table.columns) == ["dataset", "model", "seed", "index", "label", "predicted", "p_0", "p_1"]
    assert table["index"].tolist() == rows.tolist()
    assert table["label"].tolist() == task.labels[rows].tolist()
    assert table["predicted"].tolist() == table[["p_0", "p_1"]].to_numpy().argmax(axis=1).tolist()
    assert table[["dataset", "model", "seed"]].drop_duplicates().to_numpy().tolist() == [[task.name, "name", 0]]


def test_a_card_says_what_is_rebuilt() -> None:
    task = graph_set()
    card = fit(task, "gcn", TWO_EPOCHS).card
    assert (card["options"]["task"], card["seed"], card["classes"]) == ("graph", 0, ["path", "complete"])
    blocks = fit(static_graph(), "simplicial_mlp", TWO_EPOCHS).card
    assert sum(blocks["options"]["block_sizes"]) == blocks["n_features"]
    assert blocks["features"] == "propagated"


def test_an_ensemble_has_several_members() -> None:
    spec = ModelSpec(architecture="gcn", size="small", members=2)
    model = fit_task(GraphClasses(static_graph(), material(static_graph())), spec, 0, TWO_EPOCHS)
    assert len(model.card["best_epochs"]) == 2
    assert model.card["model"] == "gcn"
    assert model.card["epochs"] == 2 * 2 + sum(model.card["best_epochs"])


def test_a_model_may_have_training_of_its_own() -> None:
    task, parts = static_graph(), material(static_graph())
    spec = ModelSpec(architecture="gcn", size="small", train={"max_epochs": 1, "refit": False})
    own = fit_graph_cell((task, ("gcn", spec), 0, parts.complex, parts.features, None), TWO_EPOCHS)
    assert own.card["epochs"] == 1


def test_models_of_series_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"zoo.cnn: architecture 'tiny_cnn' reads series and no graphs"):
        fit_task(
            GraphClasses(contacts(), material(contacts())),
            ModelSpec(architecture="tiny_cnn"),
            0,
            TWO_EPOCHS,
            model="cnn",
        )


def test_a_draw_without_validation_is_refused() -> None:
    task = replace(contacts(), label_share=0.1)  # one label of each class
    with pytest.raises(DataError, match=r"'school' has no labels in validation of draw 0.*Raise graphs.label_share"):
        fit_task(GraphClasses(task, material(task)), ModelSpec(architecture="gcn"), 0, TWO_EPOCHS)


def test_a_split_that_is_not_there_is_refused() -> None:
    with pytest.raises(ParameterError, match="has 2 splits"):
        fit(official(), "gcn", TWO_EPOCHS, draw=2)


def test_diffusion_is_for_nodes_of_one_graph_and_reads_kernels() -> None:
    with pytest.raises(ParameterError, match="'shapes' is a set of graphs, and diffusion is for nodes of one"):
        material(graph_set(), "diffused")
    spec = ModelSpec(architecture="simplicial_diffusion", size="small")
    with pytest.raises(ParameterError, match="name a recipe of kind diffusion"):
        fit_task(GraphClasses(contacts(), material(contacts())), spec, 0, TWO_EPOCHS)


def test_label_diffusion_refuses_class_weights_which_would_change_nothing() -> None:
    task = static_graph()
    spec = ModelSpec(architecture="simplicial_diffusion", size="small")
    parts = material(task, recipe_read_by("simplicial_diffusion"))
    with pytest.raises(ParameterError, match=r"class_weights: 'spread' is label diffusion, .*Set zoo\.spread\.train"):
        fit_task(GraphClasses(task, parts), spec, 0, TrainParams(class_weights="balanced"), model="spread")


def test_keys_of_cells() -> None:
    zoo = {
        "gat": ModelSpec(architecture="gat"),
        "mlp": ModelSpec(architecture="simplicial_mlp", features="propagated"),
        "hyper": ModelSpec(architecture="hypergraph"),
        "net": ModelSpec(architecture="simplicial_operators", options={"operators": ["groups"]}),
    }
    assert [recipe_of(spec) for spec in zoo.values()] == ["own", "propagated", "own", "own"]
    assert [features_key(zoo)(f"set/{name}/0") for name in zoo] == ["set/own", "set/propagated", "set/own", "set/own"]
    assert [groups_key(zoo)(f"set/{name}/0") for name in zoo] == [None, None, "set", "set"]


def test_recipes_that_read_groups() -> None:
    assert {name for name, recipe in RECIPES.items() if recipe_reads_groups(recipe)} == {"groups"}


def part(n: int):
    return {"train": (np.arange(n) * 2 + 1, np.arange(n) % 2)}


def test_a_graph_is_one_batch_whatever_the_size_and_seed() -> None:
    rows, targets = torch.tensor([4, 1]), torch.tensor([0, 1])
    samples = NodeSamples(torch.eye(5), {"train": (rows, targets)})
    for batch_size, seed in ((1, None), (99, 3)):
        batches = samples.batches("train", batch_size, seed)
        assert len(batches) == 1
        ((inputs, found),) = list(batches)
        assert isinstance(inputs, OnNodes)
        assert (inputs.rows.tolist(), found.tolist()) == ([4, 1], [0, 1])
    assert samples.targets("train") is targets


def test_batches_of_graphs_hold_every_graph_once_in_a_new_order_in_every_pass() -> None:
    task = graph_set()
    own = np.repeat(np.arange(30.0), np.diff(task.graph.node_offsets))[:, None]  # a node knows its graph
    known = replace(material(task), features=PropagatedFeatures(own.astype(np.float32), (1,), ("own",)))
    samples = GraphSamples("propagated", {}, known, part(10), "cpu")
    expected = sorted(zip(*(column.tolist() for column in part(10)["train"]), strict=True))
    batches = samples.batches("train", 3, shuffle_seed=5)
    assert len(batches) == 4

    def one_pass(loader) -> list[tuple[int, int]]:
        return [(round(x.item()), y.item()) for inputs, codes in loader for x, y in zip(inputs, codes, strict=True)]

    passes = [one_pass(batches) for _ in range(6)]
    assert all(sorted(seen) == expected for seen in passes)
    assert len(set(map(tuple, passes))) > 1
    assert one_pass(samples.batches("train", 3, shuffle_seed=5)) == passes[0]
    in_order = samples.batches("train", 3)
    for _ in range(2):
        assert [codes.tolist() for _, codes in in_order] == [[0, 1, 0], [1, 0, 1], [0, 1], [0, 1]]
    assert samples.targets("train").tolist() == part(10)["train"][1].tolist()


def test_batches_that_were_made_keep_their_order_without_a_seed() -> None:
    made = [(number, torch.tensor([number])) for number in range(4)]
    plain, mixed = Shuffled(made, None), Shuffled(made, 0)
    assert [number for number, _ in plain] == [number for number, _ in plain] == [0, 1, 2, 3]
    orders = [[number for number, _ in mixed] for _ in range(5)]
    assert all(sorted(order) == [0, 1, 2, 3] for order in orders)
    assert orders == [[number for number, _ in again] for again in [Shuffled(made, 0)] for _ in range(5)]
