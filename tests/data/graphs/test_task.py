"""Which labels a model may see: parts are disjoint, stratified, and cover what is labelled; tasks come back as stored."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.graph_tasks import SCHOOL, TASKS, contacts, graph_set, official, static_graph

from topology_efficient_dl.data.graphs import StaticGraph, find_graph
from topology_efficient_dl.data.graphs.task import (
    N_FOLDS,
    RULES,
    TASK,
    GraphTask,
    describe_task,
    held_out_name,
    read_task,
)
from topology_efficient_dl.errors import DataError, ParameterError, StorageError
from topology_efficient_dl.params.graphs import DiffusionRecipe, GraphParams

PARTS = ("train", "validation", "test")


def sizes(task: GraphTask, draw: int = 0) -> tuple[int, ...]:
    return tuple(len(rows) for rows in task.parts(draw).values())


@pytest.mark.parametrize("held_out", [False, True])
@pytest.mark.parametrize("draw", [0, 1])
@pytest.mark.parametrize("name", TASKS)
def test_parts_are_disjoint_and_of_labelled_targets(name: str, draw: int, held_out: bool) -> None:
    task = replace(TASKS[name](), held_out=held_out)
    parts = task.parts(draw)
    assert tuple(parts) == PARTS
    together = np.concatenate(list(parts.values()))
    assert len(np.unique(together)) == len(together)
    assert (task.labels[together] >= 0).all()
    if not held_out:
        assert len(together) == (task.labels >= 0).sum()
    for rows in parts.values():
        assert len(rows)
        assert rows.tolist() == sorted(rows.tolist())
        assert rows.dtype == np.int64


@given(
    st.lists(st.integers(20, 60), min_size=2, max_size=5), st.floats(0.15, 0.5), st.integers(0, 3), st.integers(0, 9)
)
def test_few_labels_are_stratified(counts: list[int], share: float, draw: int, seed: int) -> None:
    labels = np.random.default_rng(seed).permutation(np.repeat(range(len(counts)), counts))
    graph = StaticGraph("g", np.array([[0, 1]]), len(labels), labels, tuple(map(str, range(len(counts)))))
    task = GraphTask("g", graph, "made up", share, 0.3, draw_seed=seed)
    parts = task.parts(draw)
    seen = np.concatenate([parts["train"], parts["validation"]])
    in_train, in_seen = (np.bincount(labels[rows], minlength=len(counts)) for rows in (parts["train"], seen))
    assert (in_train >= 1).all()
    assert (np.abs(in_seen - share * np.array(counts)) <= 1.5).all()
    assert len(seen) == max(round(share * sum(counts)), len(counts))
    assert len(parts["validation"]) == pytest.approx(0.3 * len(seen), abs=1)


def test_a_draw_depends_on_its_number_and_the_seed() -> None:
    task = contacts()
    np.testing.assert_array_equal(task.parts(2)["train"], contacts().parts(2)["train"])
    assert task.parts(0)["train"].tolist() != task.parts(1)["train"].tolist()
    assert task.parts(0)["train"].tolist() != replace(task, draw_seed=1).parts(0)["train"].tolist()


def test_official_splits_are_taken_as_they_are() -> None:
    task = official()
    for draw in (0, 1):
        for part, rows in task.parts(draw).items():
            mask = task.graph.masks[part][draw] & (task.labels >= 0)
            np.testing.assert_array_equal(rows, np.flatnonzero(mask))
    assert task.split_rule == "2 splits that came with the set"


def test_given_folds_are_test_and_a_graph_in_no_fold_is_in_no_part() -> None:
    task = graph_set(n_folds=3)
    np.testing.assert_array_equal(task.parts(1)["test"], np.flatnonzero(task.graph.folds[1]))
    folds = task.graph.folds.copy()
    folds[:, 5] = False
    rest = replace(task, graph=replace(task.graph, folds=folds))
    assert all(5 not in rows for draw in range(3) for rows in rest.parts(draw).values())
    assert task.split_rule == "3 folds that came with the set, 25% of the rest for validation"


def test_without_folds_there_are_ten_of_one_size_and_share_of_classes() -> None:
    task = graph_set(n_graphs=40, n_folds=None)
    tests = [task.parts(draw)["test"] for draw in range(N_FOLDS)]
    assert sorted(np.concatenate(tests).tolist()) == list(range(40))
    assert {tuple(np.bincount(task.labels[rows])) for rows in tests} == {(2, 2)}
    assert task.split_rule.startswith("10 folds")
    assert tests[0].tolist() != replace(task, draw_seed=1).parts(0)["test"].tolist()


def test_held_out_puts_validation_in_the_place_of_test_which_is_not_touched() -> None:
    for task in (contacts(), official(), graph_set()):
        whole, held = task.parts(0), replace(task, held_out=True).parts(0)
        np.testing.assert_array_equal(held["test"], whole["validation"])
        np.testing.assert_array_equal(np.sort(np.concatenate([held["train"], held["validation"]])), whole["train"])
        assert not set(whole["test"]) & set(np.concatenate(list(held.values())))
    assert replace(contacts(), held_out=True).split_rule.endswith("; validation stands in for test")
    assert "draws of 40% of the labels" in contacts().split_rule


@pytest.mark.parametrize("draw", [-1, 2])
def test_a_split_that_is_not_there_is_named(draw: int) -> None:
    with pytest.raises(ParameterError, match=rf"'blocks' has 2 splits, 0 to 1, and {draw} was asked for"):
        official().parts(draw)


def test_a_fold_that_is_not_there_is_named() -> None:
    with pytest.raises(ParameterError, match=r"track_b.seeds: 'shapes' has 3 folds, 0 to 2, and 3 was asked for"):
        graph_set().parts(3)


@pytest.mark.parametrize("name", TASKS)
def test_a_task_comes_back_from_its_arrays(name: str) -> None:
    task = replace(TASKS[name](), draw_seed=3, held_out=True)
    loaded = GraphTask.from_arrays(task.to_arrays())
    assert type(loaded.graph) is type(task.graph)
    assert {rule: getattr(loaded, rule) for rule in ("name", "source", *RULES)} == {
        rule: getattr(task, rule) for rule in ("name", "source", *RULES)
    }
    stored = loaded.to_arrays()
    assert stored.keys() == task.to_arrays().keys()
    for key, array in task.to_arrays().items():
        np.testing.assert_array_equal(stored[key], array)
    for part, rows in task.parts(1).items():
        np.testing.assert_array_equal(loaded.parts(1)[part], rows)


def test_what_is_no_task_is_refused() -> None:
    arrays = contacts().to_arrays()
    del arrays[TASK]
    with pytest.raises(StorageError, match=r"not a stored task: no 'task' among .*; run ingest again"):
        GraphTask.from_arrays(arrays)


def test_what_is_classified_and_how_many_there_are() -> None:
    assert (contacts().kind, contacts().n_nodes, contacts().n_classes) == ("node", 24, 3)
    task = graph_set()
    assert (task.kind, task.n_nodes, task.classes) == ("graph", int(task.graph.node_offsets[-1]), ("path", "complete"))


@pytest.mark.parametrize("name", TASKS)
def test_a_card_counts_what_is_there(name: str) -> None:
    task = TASKS[name]()
    card = describe_task(task)
    json.dumps(card)
    graph = task.graph
    counted = {"n_contacts", "n_groups", "n_hyperedges", "n_edges"} & set(dir(graph))
    assert card["n_edges"] == (getattr(graph, counted.pop()) if counted else len(graph.edges))
    assert (card["n_train"], card["n_validation"], card["n_test"]) == sizes(task)
    assert card["n_graphs"] == (30 if task.kind == "graph" else 1)
    assert 1 / card["n_classes"] <= card["majority_share"] <= 1
    assert task.split_rule == card["split"]
    assert (card["source"], card["skipped"], card["task"]) == ("made up", "", f"classes of {task.kind}s")


def test_a_card_says_what_stands_in_without_times_and_which_features_are_constant() -> None:
    recipes = {"diffused": DiffusionRecipe(), "static": DiffusionRecipe(operators=("weight",), features="own")}
    notes = describe_task(TASKS["static graph"](), recipes)["notes"]
    assert "no times: propagation.diffused spreads labels by triangles and weight instead of period_groups" in notes
    assert "1 of 2 feature(s) with one value at all nodes, which become 0" in notes
    assert "propagation.static" not in notes
    assert "no times" not in describe_task(contacts(), recipes)["notes"]


@pytest.mark.usefixtures("no_root")
def test_reading_takes_the_rule_from_the_parameters() -> None:
    params = GraphParams(planted=SCHOOL, label_share=0.25, validation_fraction=0.4, draw_seed=7)
    task = read_task(find_graph("planted_contacts"), params)
    assert (task.name, task.source, task.n_nodes) == ("planted_contacts", "generated", 24)
    assert {rule: getattr(task, rule) for rule in RULES} == {
        "label_share": 0.25, "validation_fraction": 0.4, "draw_seed": 7, "held_out": False
    }  # fmt: skip
    held = read_task(find_graph("planted_contacts"), params.model_copy(update={"held_out": True}))
    assert held.name == held_out_name("planted_contacts") == "planted_contacts_held_out"
    other = read_task(find_graph("planted_contacts"), params.model_copy(update={"planted_seed": 1}))
    assert other.graph.n_contacts != task.graph.n_contacts


@pytest.mark.usefixtures("no_root")
def test_a_graph_without_classes_is_no_task(write) -> None:
    task = read_task(find_graph("southern_women"), GraphParams())
    with pytest.raises(DataError, match=r"'southern_women' has labels of 0 class\(es\), and a task needs two or more"):
        task.parts(0)
    card = describe_task(task)
    assert (card["n_train"], card["n_test"], card["majority_share"], card["n_nodes"]) == (0, 0, None, 18)
    assert (card["split"], card["split_kind"]) == ("no labels", None)
    one = {"nodes": [{"id": 1, "label": "a"}, {"id": 2, "label": "a"}], "edges": [[1, 2]]}
    folder = write("office/graph.json", json.dumps(one)).parents[1]
    with pytest.raises(DataError, match=r"'office' has labels of 1 class\(es\).*graphs.options"):
        read_task(find_graph("office", folder), GraphParams()).parts(0)


def test_nodes_without_a_label_are_in_no_part() -> None:
    task = static_graph()
    assert not {30, 31, 32} & set(np.concatenate(list(task.parts(0).values())))
