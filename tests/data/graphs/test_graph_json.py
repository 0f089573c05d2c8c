"""graph.json holds a log, timed groups or a static graph; what is wrong is named by its place in the document."""

from __future__ import annotations

import json

import numpy as np
import pytest

from topology_efficient_dl.data.graphs import ContactLog, StaticGraph, TimedGroups
from topology_efficient_dl.data.graphs.graph_json import read_graph_json
from topology_efficient_dl.errors import DataError

NODES = [
    {"id": "ann", "label": "sales", "features": [1, 0.5]},
    {"id": 7, "label": "law", "features": [0, 1]},
    {"id": "bob", "label": None, "features": [2, 2]},
]
CONTACTS = [[40, "ann", 7], [20, 7, "ann"], [20, 7, 7]]


def test_contacts(write) -> None:
    log = read_graph_json(write("office/graph.json", json.dumps({"nodes": NODES, "contacts": CONTACTS})))
    assert isinstance(log, ContactLog)
    assert (log.name, log.nodes.tolist()) == ("office", ["ann", "7", "bob"])
    assert (log.times.tolist(), log.pairs.tolist()) == ([20, 40], [[0, 1], [0, 1]])
    assert (log.classes, log.labels.tolist()) == (("law", "sales"), [1, 0, -1])
    assert log.features is not None
    np.testing.assert_array_equal(log.features, [[1, 0.5], [0, 1], [2, 2]])
    assert log.notes[1:] == (
        "1 contact(s) of a node with itself left out",
        "1 node(s) that meet nobody kept",
        "1 node(s) without a class",
    )


def test_groups(write) -> None:
    groups = [{"time": 20, "members": ["bob", "ann", "bob"]}, {"time": 10, "members": [7]}]
    found = read_graph_json(write("graph.json", json.dumps({"name": "club", "nodes": NODES, "groups": groups})))
    assert isinstance(found, TimedGroups)
    assert (found.name, found.times.tolist(), found.members.tolist()) == ("club", [10, 20], [1, 0, 2])
    assert "1 repeated member(s) of a group left out" in found.notes


def test_edges_without_features(write) -> None:
    document = {"nodes": [{"id": 1}, {"id": 2}], "edges": [[2, 1]]}
    graph = read_graph_json(write("graph.json", json.dumps(document)), name="pair")
    assert isinstance(graph, StaticGraph)
    assert (graph.name, graph.edges.tolist(), graph.features, graph.labels.tolist()) == (
        "pair",
        [[0, 1]],
        None,
        [-1, -1],
    )


def test_a_label_is_a_class_whatever_it_says_and_null_is_missing(write) -> None:
    labels = ["none", "Unknown", "nan", "?", "7", "007", "1E3", 7, " ", None]
    document = {"nodes": [{"id": k, "label": label} for k, label in enumerate(labels)], "edges": [[0, 1]]}
    graph = read_graph_json(write("graph.json", json.dumps(document)))
    found = [graph.classes[label] if label >= 0 else None for label in graph.labels]
    assert found == [None if label is None else str(label) for label in labels]
    assert graph.notes == ("8 node(s) that meet nobody kept", "1 node(s) without a class")


def test_ids_that_differ_by_a_blank_or_a_zero_are_other_nodes(write) -> None:
    document = {"nodes": [{"id": name} for name in ("a", "a ", "7", "07")], "edges": [["a", "a "], [7, "07"]]}
    graph = read_graph_json(write("graph.json", json.dumps(document)))
    assert graph.edges.tolist() == [[0, 1], [2, 3]]


def document(**changes) -> str:
    return json.dumps({"nodes": NODES, "contacts": CONTACTS, **changes})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"nodes": [\n,]}', r"graph.json, line 2: is no JSON \(Expecting value at column 1\)"),
        ("[" * 100_000, r"graph.json: lists within lists without end"),
        ('{"nodes": [{"id": %s}]}' % ("1" * 5000), r"graph.json: has a number that cannot be read"),
        (document(nodes=[{"id": "\ud800"}]), r"nodes\[0\].id: .*half of a surrogate pair.*found '.ud800'"),
        (document(name="\ud800"), r"name: .*half of a surrogate pair"),
        ("[]", r"the document: Input should be .*found \[\]"),
        (document(nodes=[]), r"nodes: .*at least 1 item"),
        (document(contacts=[]), r"contacts: .*at least 1 item"),
        (document(contacts=None), r"found none of contacts, groups, edges; expected exactly one"),
        (document(edges=[["ann", 7]]), r"found contacts and edges of contacts, groups, edges"),
        (document(nodes=[{"id": "ann", "label": ""}]), r"nodes\[0\].label: .* a text that is not empty"),
        (document(nodes=[{"id": ""}]), r"nodes\[0\].id: .* a text that is not empty"),
        (document(nodes=[{"id": "a\0"}]), r"nodes\[0\].id: .* has no NUL"),
        (document(nodes=[{"id": "ann", "features": ["1_000"]}]), r"nodes\[0\].features\[0\]: .*valid number.*1_000"),
        (document(nodes=[{"id": "ann", "features": [1e39]}]), r"graph.json: feature 0 of node 0 is 1e\+39"),
        (
            '{"nodes": [{"id": 1, "id": 2}], "edges": [[1, 2]]}',
            r"graph.json: 'id' stands twice in .*; expected it once",
        ),
        (
            document(contacts=[[-(2**62), "ann", 7]]),
            r"contacts\[0\]\[0\]: .*greater than or equal to -46116860184273879",
        ),
        (document(contacts=[[20.5, "ann", 7]]), r"contacts\[0\]\[0\]: .*valid integer.*found 20.5"),
        (document(contacts=[[20, "ann"]]), r"contacts\[0\]\[2\]: Field required"),
        (document(contacts=[[20, "ann", "zoe"]]), r"contacts\[0\]: node 'zoe' is not among the 3 nodes; add it there"),
        (document(kontacts=[]), r"kontacts: Extra inputs are not permitted"),
        (document(nodes=[*NODES, {"id": "7", "features": [0, 0]}]), r"nodes: id '7' stands twice"),
        (document(nodes=[*NODES, {"id": "zoe"}]), r"nodes\[3\]: no features, but 2 of nodes\[0\]"),
        (document(nodes=[{"id": "ann", "features": [float("inf")]}]), r"nodes\[0\].features\[0\]: .*finite number"),
        (document(contacts=None, groups=[{"time": 1, "members": []}]), r"groups\[0\].members: .*at least 1 item"),
    ],
)
def test_what_is_wrong_is_named(write, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_graph_json(write("graph.json", text))


def test_large_whole_features_stay_apart(write) -> None:
    nodes = [{"id": k, "features": [2**60 + k, k / 4, 10**30 * k]} for k in range(3)]
    graph = read_graph_json(write("graph.json", json.dumps({"nodes": nodes, "edges": [[0, 1]]})))
    assert graph.features is not None
    np.testing.assert_allclose(graph.features, [[k, k / 4, 1e30 * k] for k in range(3)])
