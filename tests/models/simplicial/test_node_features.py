"""From graphs of every type to complexes, groups and features of nodes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.complexes.cases import table
from tests.graph_tasks import RECIPES, SCHOOL, TASKS, contacts, graph_set, hypergraph, static_graph, timed_groups

from topology_efficient_dl.complexes.batch import disjoint_union
from topology_efficient_dl.complexes.build import complex_of_contacts
from topology_efficient_dl.complexes.groups import facets
from topology_efficient_dl.data.graphs import planted_events
from topology_efficient_dl.data.graphs.contact_log import ContactLog
from topology_efficient_dl.data.graphs.task import GraphTask
from topology_efficient_dl.errors import DataError, ParameterError
from topology_efficient_dl.models.simplicial.node_features import (
    _DiffusionOperators,
    activity,
    describe_nodes,
    diffuse,
    lift,
    lift_groups,
    periods_of,
    propagate,
)
from topology_efficient_dl.params.complexes import SimplicialParams
from topology_efficient_dl.params.graphs import DiffusionRecipe, NodeFeatureParams, PropagationRecipe

AUTO = SimplicialParams()
ALL, NONE = NodeFeatureParams(), NodeFeatureParams(given=False, activity_minutes=None, statistics=False)


def described(task: GraphTask, params: NodeFeatureParams = ALL):
    return describe_nodes((lift(task, AUTO), task), params)


@pytest.mark.parametrize("name", TASKS)
def test_complex_and_groups_are_on_the_nodes_of_the_task(name: str) -> None:
    task = TASKS[name]()
    complex_, groups = lift(task, AUTO), lift_groups(task, AUTO)
    assert complex_.n_nodes == groups.n_nodes == task.n_nodes
    assert complex_.max_dimension == 2
    assert min(complex_.counts) > 0
    pairs = {tuple(sorted(pair)) for pair in complex_.simplices[1].tolist()}
    rows = [
        groups.members[start:stop].tolist() for start, stop in zip(groups.offsets, groups.offsets[1:], strict=False)
    ]
    assert pairs == {(u, v) for row in rows for i, u in enumerate(row) for v in row[i + 1 :]}


@pytest.mark.parametrize("name", TASKS)
def test_features_are_standardised_in_blocks_by_kind(name: str) -> None:
    task = TASKS[name]()
    features = described(task)
    assert features.values.dtype == np.float32
    assert features.values.shape == (task.n_nodes, sum(features.sizes))
    for kind, block in zip(features.names, features.blocks(), strict=True):
        if kind == "given" and task.kind == "graph":
            continue  # one-hot labels of nodes
        np.testing.assert_allclose(block.mean(axis=0), 0, atol=1e-4)
        spread = block.std(axis=0)
        assert ((np.abs(spread - 1) < 1e-3) | (spread == 0)).all()


@pytest.mark.parametrize(
    ("name", "blocks"),
    [
        ("contacts", ("activity", "statistics")),
        ("timed groups", ("activity", "statistics")),
        ("hypergraph", ("statistics",)),
        ("static graph", ("given", "statistics")),
        ("set of graphs", ("given", "statistics")),
    ],
)
def test_kinds_of_features_by_type(name: str, blocks: tuple[str, ...]) -> None:
    assert described(TASKS[name]()).names == blocks


def test_kinds_can_be_left_out() -> None:
    task = contacts()
    assert described(task, NodeFeatureParams(activity_minutes=None)).names == ("statistics",)
    assert described(task, NodeFeatureParams(statistics=False)).names == ("activity",)
    assert described(static_graph(), NodeFeatureParams(given=False)).names == ("statistics",)


@pytest.mark.parametrize("task", [contacts(), hypergraph(), graph_set()], ids=lambda task: task.name)
def test_no_feature_at_all_is_an_error(task: GraphTask) -> None:
    with pytest.raises(DataError, match=rf"'{task.name}' has no features of nodes.*Set node_features.statistics=true"):
        described(task, NONE)


def test_features_look_at_no_label() -> None:
    for make in (contacts, timed_groups, hypergraph, static_graph, graph_set):
        task = make()
        graph = task.graph
        shuffled = replace(task, graph=replace(graph, labels=np.roll(graph.labels, 3)))
        np.testing.assert_array_equal(described(task).values, described(shuffled).values)


def test_given_features_and_a_constant_one() -> None:
    task = static_graph()
    given = described(task, NodeFeatureParams(statistics=False))
    raw = task.graph.features[:, 0].astype(float)
    np.testing.assert_allclose(given.values[:, 0], (raw - raw.mean()) / raw.std(), rtol=1e-4, atol=1e-5)
    assert not given.values[:, 1].any()


def test_seconds_since_1970_and_large_ids_tell_nodes_apart() -> None:
    task = static_graph()
    steps = np.arange(task.n_nodes) % 7
    features = np.stack([1_700_000_000 + steps, 10**15 + steps, 1e-12 * steps], axis=1)
    given = described(replace(task, graph=replace(task.graph, features=features)), NodeFeatureParams(statistics=False))
    np.testing.assert_allclose(given.values, np.stack([(steps - steps.mean()) / steps.std()] * 3, axis=1), rtol=1e-5)


def test_sets_have_features_and_labels_of_nodes_side_by_side() -> None:
    task = graph_set()
    codes = task.graph.node_labels.copy()
    codes[3] = -1
    values = np.arange(task.n_nodes, dtype=np.float32)[:, None]
    both = replace(task, graph=replace(task.graph, node_labels=codes, node_features=values))
    block = described(both, NodeFeatureParams(statistics=False)).values
    assert block.shape == (task.n_nodes, 3)
    assert block[3, 1:].tolist() == [0, 0]
    np.testing.assert_array_equal(block[:, 1:].argmax(axis=1)[codes >= 0], codes[codes >= 0])
    neither = replace(task, graph=replace(task.graph, node_labels=None))
    assert described(neither).names == ("statistics",)


def test_a_set_is_its_graphs_side_by_side() -> None:
    task = graph_set()
    alone = [lift(GraphTask("one", task.graph.graph(index), "cut"), AUTO) for index in range(task.graph.n_graphs)]
    union, together = disjoint_union(alone).complex, lift(task, AUTO)
    for k in range(3):
        assert table(together, k) == table(union, k)
    groups = lift_groups(task, AUTO)
    assert len(groups) == sum(
        len(lift_groups(GraphTask("one", g, "cut"), AUTO)) for g in map(task.graph.graph, range(30))
    )


@pytest.mark.parametrize("origin", [-(10**6), 0, 1_700_000_000, 2**60])
def test_the_origin_of_times_changes_neither_complex_nor_features(origin: int) -> None:
    task = contacts()
    start = task.graph.times[0] // 1800 * 1800
    moved = replace(task, graph=replace(task.graph, times=task.graph.times - start + origin // 1800 * 1800))
    assert [table(lift(moved, AUTO), k) for k in range(3)] == [table(lift(task, AUTO), k) for k in range(3)]
    np.testing.assert_array_equal(described(moved).values, described(task).values)


def test_times_begin_with_the_first_contact() -> None:
    task = contacts()
    log = task.graph
    assert log.times[0] > 0
    late = replace(task, graph=replace(log, times=log.times + 17))
    for k in range(3):
        assert table(lift(task, AUTO), k) == table(lift(late, AUTO), k)
    own = complex_of_contacts(log.times - log.times[0], log.pairs, log.n_nodes, AUTO)
    assert table(own, 2) == table(lift(task, AUTO), 2)


def test_units_of_time() -> None:
    """Milliseconds are seconds a thousand times, and every rank is a window of its own."""
    seconds = timed_groups("s")
    graph = seconds.graph
    in_ms = replace(seconds, graph=replace(graph, times=1000 * graph.times, time_unit="ms"))
    ranks = np.unique(graph.times, return_inverse=True)[1]
    by_rank = replace(seconds, graph=replace(graph, times=ranks, time_unit="rank"))
    for k in range(3):
        assert table(lift(seconds, AUTO), k) == table(lift(in_ms, AUTO), k)
    assert not (np.diff(np.unique(graph.times)) % AUTO.time_window).any()  # so that windows are the same here
    for window in (60, 7, 3600):
        params = SimplicialParams(time_window=window)
        np.testing.assert_array_equal(lift(by_rank, params).weights[2], lift(seconds, AUTO).weights[2])
    np.testing.assert_array_equal(lift_groups(seconds, AUTO).last, lift_groups(in_ms, AUTO).last)
    np.testing.assert_array_equal(activity(graph, 1800), activity(in_ms.graph, 1800))
    assert activity(by_rank.graph, 1800).shape[1] == len(np.unique(ranks))


def test_activity_counts_every_contact_of_a_node_once() -> None:
    log = contacts().graph
    counts = activity(log, 60)
    np.testing.assert_array_equal(counts.sum(axis=1), np.bincount(log.pairs.ravel(), minlength=log.n_nodes))
    assert counts.any(axis=0).all()
    coarse = activity(log, 10**9)
    np.testing.assert_array_equal(coarse[:, 0], counts.sum(axis=1))
    groups = timed_groups().graph
    assert activity(groups, 60).sum() == len(groups.members)


def test_a_log_of_nothing() -> None:
    empty = replace(contacts(), graph=contacts().graph.rows(0, 0))
    assert activity(empty.graph, 60).shape == (24, 0)
    assert lift(empty, AUTO).counts[1:] == (0, 0)
    assert described(empty).names == ("statistics",)


def test_methods_by_type() -> None:
    task = contacts()
    clique = lift(task, SimplicialParams(method="clique"))
    assert clique.counts[2] > lift(task, AUTO).counts[2]
    often = lift(task, SimplicialParams(method="cooccurrence", min_count=3))
    assert often.weights[1].min() >= 3
    with pytest.raises(ParameterError, match=r"simplicial.method 'temporal' needs times, and a static graph has none"):
        lift(static_graph(), SimplicialParams(method="temporal"))
    with pytest.raises(ParameterError):
        lift(hypergraph(), SimplicialParams(method="temporal"))


@pytest.mark.parametrize("name", TASKS)
def test_too_many_simplices_are_refused(name: str) -> None:
    with pytest.raises(DataError, match=r"simplicial.max_simplices allows 10\. .*or raise max_simplices"):
        lift(TASKS[name](), SimplicialParams(max_simplices=10))


def test_planted_events_are_simplices_of_the_log() -> None:
    """What was planted as a group of three or more is in the complex, at its window."""
    params = SimplicialParams(time_window=SCHOOL.window_seconds)
    triangles = table(lift(contacts(), params), 2)
    events = planted_events(SCHOOL, 0)
    for start, stop in zip(events.offsets[:-1], events.offsets[1:], strict=True):
        assert tuple(events.members[start : start + 3].tolist()) in triangles or stop - start < 3


def test_propagation_keeps_the_features_and_adds_a_block_for_every_operator_and_hop() -> None:
    task = contacts()
    complex_, groups = lift(task, AUTO), lift_groups(task, AUTO)
    own = described(task)
    assert propagate((own, complex_, None), RECIPES["own"]) is own
    recipe = PropagationRecipe(operators=("weight", "groups"), hops=2)
    found = propagate((own, complex_, groups), recipe)
    assert found.names == ("own", "weight^1", "weight^2", "groups^1", "groups^2")
    np.testing.assert_array_equal(found.blocks()[0], own.values)
    with pytest.raises(ParameterError, match=r"'groups' propagates through groups, and none were given"):
        propagate((own, complex_, None), recipe)


def test_groups_of_a_complex_without_repeats_are_its_facets() -> None:
    task = static_graph()
    groups, simplices = lift_groups(task, AUTO), facets(lift(task, SimplicialParams(max_dimension=8)))
    np.testing.assert_array_equal(groups.members, simplices.members)


def test_open_edges_and_an_encoding_are_added_where_they_are_asked_for() -> None:
    task = static_graph()
    found = described(task, NodeFeatureParams(open_edges=True, encoding_bins=4))
    assert found.names == ("given", "statistics", "open_edges", "encoding")
    given, statistics, open_edges, encoding = found.blocks()
    assert open_edges.shape[1] == 2
    assert 0 < encoding.shape[1] <= 4 * (given.shape[1] + statistics.shape[1] + 2)
    assert np.abs(found.values).max() <= 6
    assert "encoding" not in described(task, NodeFeatureParams(open_edges=True)).names


def test_own_features_can_be_left_out() -> None:
    task = static_graph()
    inputs = described(task), lift(task, AUTO), None
    recipe = PropagationRecipe(operators=("weight",), hops=2)
    whole, carried = (propagate(inputs, recipe.model_copy(update={"keep_own": keep})) for keep in (True, False))
    assert carried.names == whole.names[1:] == ("weight^1", "weight^2")
    np.testing.assert_array_equal(carried.values, whole.values[:, whole.sizes[0] :])
    with pytest.raises(ValueError, match="nothing is carried"):
        PropagationRecipe(keep_own=False)


def test_propagated_columns_can_be_standardised_again() -> None:
    task = contacts()
    recipe = PropagationRecipe(operators=("weight",), hops=1, standardise=True)
    values = propagate((described(task), lift(task, AUTO), None), recipe).values
    np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-5)
    assert ((np.abs(values.std(axis=0) - 1) < 1e-3) | (values.std(axis=0) == 0)).all()


@pytest.mark.parametrize("features", ["own", "weight", "period_groups", "none"])
@pytest.mark.parametrize("make", [contacts, timed_groups])
def test_kernels_between_nodes_are_symmetric(make, features: str) -> None:
    task = make()
    recipe = DiffusionRecipe(operators=("period_groups", "period_pairs", "periods_together"), features=features)
    found = diffuse((described(task), lift(task, AUTO), task), recipe, AUTO)
    assert found.labels.shape == (3, 24, 24)
    assert (found.features is None) == (features == "none")
    for kernel in [*found.labels, *([] if found.features is None else [found.features])]:
        np.testing.assert_allclose(kernel, kernel.T, atol=1e-8)


def test_groups_of_periods_are_those_of_all_the_time() -> None:
    task = timed_groups()
    parts = [lift_groups(part, AUTO) for part in periods_of(task, 1800, AUTO)]
    assert sum(float(part.weight.sum()) for part in parts) == task.graph.n_groups
    with pytest.raises(ParameterError, match=r"'blocks' has no times, and operators by periods need them"):
        periods_of(static_graph(), 1800, AUTO)


@pytest.mark.parametrize("make", [static_graph, hypergraph])
def test_without_times_other_operators_stand_in(make) -> None:
    task = make()
    inputs = described(task), lift(task, AUTO), task
    found = diffuse(inputs, DiffusionRecipe(), AUTO)
    asked = diffuse(inputs, DiffusionRecipe(operators=("triangles", "weight"), features="weight"), AUTO)
    assert found.names == asked.names == ("triangles", "weight")
    np.testing.assert_array_equal(found.labels, asked.labels)
    np.testing.assert_array_equal(found.features, asked.features)


def test_with_times_the_operators_are_those_of_the_recipe() -> None:
    task = contacts()
    kernels = diffuse((described(task), lift(task, AUTO), task), DiffusionRecipe(untimed_operators=("weight",)), AUTO)
    assert kernels.names == DiffusionRecipe().operators


def test_pairs_of_periods_count_windows_and_look_at_no_group() -> None:
    """Three that meet as a group, or as three pairs in the same window, are the same company."""
    times, pairs = np.array([0, 0, 0, 7200, 7260]), np.array([[0, 1], [0, 2], [1, 2], [0, 1], [0, 1]])
    log = ContactLog("log", times, pairs, np.array(list("abc")), np.array([0, 1, 1]), ("x", "y"))
    task = GraphTask("log", log, "made here")
    recipe = DiffusionRecipe(operators=("period_pairs",), features="none", smoothing=0.0)
    operator = _DiffusionOperators(task, lift(task, AUTO), recipe, AUTO)("period_pairs").toarray()
    first = np.log(2) / (2 * np.log(2))  # every strength is twice log 2 in the first half-hour
    expected = np.array([[0, first + 1, first], [first + 1, 0, first], [first, first, 0]])
    np.testing.assert_allclose(operator, expected)
