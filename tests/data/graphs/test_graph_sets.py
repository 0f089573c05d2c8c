"""The DGCNN text format, its folds, and every way in which it can be damaged."""

from __future__ import annotations

import numpy as np
import pytest

from topology_efficient_dl.data.graphs.graph_set_reader import read_graph_set
from topology_efficient_dl.errors import DataError

TWO = "2\n3 -1\n0 2 1 2\n1 1 0\n0 1 0\n2 1\n5 1 1\n0 1 0\n"


def test_two_graphs(write) -> None:
    graphs = read_graph_set(write("g.txt.gz", TWO), name="toy")
    assert graphs.n_graphs == 2
    assert graphs.edges.tolist() == [[0, 1], [0, 2], [0, 1]]
    assert (graphs.edge_offsets.tolist(), graphs.node_offsets.tolist()) == ([0, 2, 3], [0, 3, 5])
    assert (graphs.classes, graphs.labels.tolist()) == (("-1", "1"), [0, 1])
    assert graphs.node_labels is not None
    assert (graphs.node_classes, graphs.node_labels.tolist()) == (("0", "1", "5"), [0, 1, 0, 2, 0])
    assert graphs.node_features is None
    assert graphs.folds is None
    second = graphs.graph(1)
    assert (second.n_nodes, second.edges.tolist(), second.labels.tolist()) == (2, [[0, 1]], [2, 0])
    with pytest.raises(IndexError, match="no graph 2; expected 0 to 1"):
        graphs.graph(2)


def test_features_loops_and_one_way_neighbours(write) -> None:
    graphs = read_graph_set(write("g.txt", "1\n3 a\n0 2 0 1 0.5 2\n0 0 1 -1\n0 1 1 3 1e-1\n"), name="toy")
    assert graphs.edges.tolist() == [[0, 1], [1, 2]]
    assert graphs.node_features is not None
    np.testing.assert_allclose(graphs.node_features, [[0.5, 2], [1, -1], [3, 0.1]])
    assert graphs.graph(0).features is not None
    assert graphs.notes == ("1 self-loop(s) left out", "2 edge(s) of one direction made undirected")


def test_folds(write) -> None:
    path = write("g.txt", "3\n1 0\n0 0\n1 1\n0 0\n1 1\n0 0\n")
    graphs = read_graph_set(path, [write("f1.txt", "2\n"), write("f2.txt", "0\n")], name="toy")
    assert graphs.folds is not None
    assert graphs.folds.tolist() == [[False, False, True], [True, False, False]]
    assert graphs.notes == ("1 graph(s) in the test part of no fold",)
    with pytest.raises(DataError, match=r"f2.txt, line 2: test graph 2; expected 0 to 2, each in one fold"):
        read_graph_set(path, [write("f1.txt", "2\n"), write("f2.txt", "0\n2\n")], name="toy")
    with pytest.raises(DataError, match=r"f1.txt, line 1: test graph 3"):
        read_graph_set(path, [write("f1.txt", "3\n")], name="toy")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"ends where the number of graphs was expected; it is empty"),
        ("two\n", r"line 1: the number of graphs is 'two'"),
        ("0\n", r"line 1: the first line says 0 graph\(s\)"),
        (f"1{TWO[1:]}", r"line 6: the first line says 1 graph\(s\), the file is another"),
        (f"3{TWO[1:]}", r"ends where a graph 'n label' was expected"),
        (TWO[:-6], r"ends where a node 'tag m neighbours...' was expected"),
        ("1\n3\n", r"line 2: '3'; expected 'n label'"),
        ("1\nx 1\n", r"line 2: the number of nodes is 'x'"),
        ("1\n1 1\n0\n", r"line 3: the number of neighbours is ''"),
        ("1\n2 1\n0 2 1\n", r"line 3: 1 neighbours; expected 2, as the line says"),
        ("1\n2 1\n0 1 2\n", r"line 3: neighbour 2; expected 0 to 1"),
        ("1\n2 1\n0 1 -1\n", r"line 3: a neighbour is '-1'"),
        ("1\n1 1\n0 0 wide\n", r"line 3: feature 'wide' is not a number"),
        ("1\n1 1\n0 0 1_0\n", r"line 3: feature '1_0' is not a number"),
        ("1\n1 1\n0 0 nan\n", r"line 3: feature 'nan' is not finite"),
        ("1\n1 1\n0 0 1e39\n", r"line 3: feature '1e39' is not finite in float32"),
        ("1\n2 1\n0 0 1\n0 0\n", r"nodes with 0 and 1 features"),
    ],
)
def test_damaged_sets_are_named_with_their_line(write, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_graph_set(write("g.txt", text), name="toy")


def test_classes_and_tags_are_text(write) -> None:
    graphs = read_graph_set(write("g.txt", "3\n1 none\nnan 0\n1 a#1\n? 0\n1 01\n07 0\n"), name="toy")
    assert [graphs.classes[label] for label in graphs.labels] == ["none", "a#1", "01"]
    assert graphs.node_classes == ("07", "?", "nan")
