"""Static graphs in npz and mat files and edge lists: undirected, each edge once, arrays that fit each other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import savemat
from scipy.sparse import csr_matrix

from topology_efficient_dl.data.graphs.mat_readers import read_attributed_mat, read_facebook100
from topology_efficient_dl.data.graphs.static_graph import symmetric_edges, undirected_edges
from topology_efficient_dl.data.graphs.static_readers import read_edge_list, read_heterophilous, read_shchur
from topology_efficient_dl.errors import DataError, ParameterError

edge_lists = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=30)


def heterophilous(**changes: np.ndarray) -> dict[str, np.ndarray]:
    masks = np.array([[1, 0, 0, 0], [0, 1, 0, 0]], dtype=bool)
    arrays = {
        "node_features": np.arange(8.0).reshape(4, 2),
        "node_labels": np.array([0, 1, 1, 0]),
        "edges": np.array([[0, 1], [2, 1], [3, 0]]),
        "train_masks": masks,
        "val_masks": masks[:, [3, 2, 1, 0]],
        "test_masks": masks[:, [1, 0, 3, 2]],
    }
    return {**arrays, **changes}


def test_heterophilous_layout(tmp_path: Path) -> None:
    np.savez(tmp_path / "g.npz", **heterophilous())
    graph = read_heterophilous(tmp_path / "g.npz", name="g")
    assert graph.edges.tolist() == [[0, 1], [0, 3], [1, 2]]
    assert (graph.n_edges, graph.n_nodes, graph.classes, graph.labels.tolist()) == (3, 4, ("0", "1"), [0, 1, 1, 0])
    assert graph.features is not None
    assert graph.features.dtype == np.float32
    assert graph.masks is not None
    assert {part: mask.shape for part, mask in graph.masks.items()} == dict.fromkeys(
        ("train", "validation", "test"), (2, 4)
    )
    assert graph.masks["test"][0].tolist() == [False, True, False, False]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"edges": np.array([[0, 1], [2, 4]])}, r"edge 1 joins \[2, 4\]; expected nodes 0 to 3"),
        ({"edges": np.array([[0.0, 1.0]])}, r"edges are float64 of shape \(1, 2\); expected whole numbers"),
        ({"edges": np.array([0, 1])}, r"edges are int64 of shape \(2,\)"),
        ({"node_features": np.full((4, 2), np.nan)}, r"feature 0 of node 0 is nan; expected finite"),
        ({"node_features": np.full((4, 2), -1e39)}, r"feature 0 of node 0 is -1e\+39; expected at most 3.4e\+38"),
        ({"node_features": np.array([["1", "2"]] * 4)}, r"features are <U1; expected numbers"),
        ({"node_features": np.zeros((3, 2))}, r"features of shape \(3, 2\); expected \(4, f\)"),
        ({"train_masks": np.zeros((2, 3), dtype=bool)}, r"train_masks is bool of shape \(2, 3\)"),
        ({"test_masks": np.zeros((1, 4), dtype=bool)}, r"masks of different shapes"),
        ({"test_masks": heterophilous()["train_masks"]}, r"node 0 is in two parts of split 0"),
        ({"node_labels": np.array([{}, 1, 2, 3], dtype=object)}, r"g.npz: is no .npz file of plain arrays"),
    ],
)
def test_arrays_that_do_not_fit(tmp_path: Path, changes, message: str) -> None:
    np.savez(tmp_path / "g.npz", **heterophilous(**changes))
    with pytest.raises(DataError, match=message):
        read_heterophilous(tmp_path / "g.npz", name="g")


def test_labels_of_arrays_are_text_and_nan_is_missing(tmp_path: Path) -> None:
    for labels, expected in (
        (["none", "nan", "?", "007"], ["none", "nan", "?", "007"]),
        ([b"none", b"unknown", b"7", b"7"], ["none", "unknown", "7", "7"]),
        ([1.0, np.nan, 2.5, 1.0], ["1.0", None, "2.5", "1.0"]),
    ):
        np.savez(tmp_path / "g.npz", **heterophilous(node_labels=np.array(labels)))
        graph = read_heterophilous(tmp_path / "g.npz", name="g")
        assert [graph.classes[label] if label >= 0 else None for label in graph.labels] == expected


def test_features_that_float32_would_make_one_stay_apart(tmp_path: Path) -> None:
    seconds = 1_700_000_000 + np.array([[0, 0.5], [1, 0.25], [2, 0.5], [60, 0]])
    np.savez(tmp_path / "g.npz", **heterophilous(node_features=seconds))
    found = read_heterophilous(tmp_path / "g.npz", name="g").features
    assert found is not None
    np.testing.assert_array_equal(found, seconds)


def test_damaged_and_missing_npz(tmp_path: Path) -> None:
    path = tmp_path / "g.npz"
    with pytest.raises(DataError, match=r"g.npz: cannot be read \(No such file"):
        read_heterophilous(path, name="g")
    np.savez(path, edges=np.zeros((1, 2)))
    with pytest.raises(DataError, match=r"lacks the arrays node_features, node_labels, test_masks"):
        read_heterophilous(path, name="g")
    for content in (b"", b"no zip", path.read_bytes()[:-40]):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"is no .npz file of plain arrays"):
            read_heterophilous(path, name="g")


def shchur(adjacency: np.ndarray) -> dict[str, np.ndarray]:
    arrays = {"labels": np.array([1, 0, 1], dtype=np.int8), "class_names": np.array(["AI", "DB"])}
    for kind, matrix in (("adj", csr_matrix(adjacency)), ("attr", csr_matrix(np.eye(3, 2)))):
        parts = {
            "data": matrix.data,
            "indices": matrix.indices,
            "indptr": matrix.indptr,
            "shape": np.array(matrix.shape),
        }
        arrays.update({f"{kind}_{part}": array for part, array in parts.items()})
    return arrays


def test_shchur_layout(tmp_path: Path) -> None:
    arrays = shchur(np.array([[1.0, 1, 0], [1, 0, 1], [0, 0, 0]]))
    np.savez(tmp_path / "g.npz", **arrays)
    graph = read_shchur(tmp_path / "g.npz", name="g")
    assert graph.edges.tolist() == [[0, 1], [1, 2]]
    assert (graph.classes, graph.labels.tolist(), graph.labels.dtype) == (("AI", "DB"), [1, 0, 1], np.int64)
    assert graph.features is not None
    np.testing.assert_array_equal(graph.features, np.eye(3, 2))
    assert graph.notes == ("1 self-loop(s) left out", "1 edge(s) in both directions kept once")
    for changes, message in (
        ({"labels": np.array([0, 1, 2])}, r"labels 0 to 2; expected 0 to 1, its class_names"),
        ({"adj_indices": np.array([0, 1, 9, 2])}, r"adj_\* is no matrix of compressed sparse rows"),
    ):
        np.savez(tmp_path / "g.npz", **{**arrays, **changes})
        with pytest.raises(DataError, match=message):
            read_shchur(tmp_path / "g.npz", name="g")


def test_edge_list(write) -> None:
    graph = read_edge_list(write("e.csv", "10 9\n9 10\n9 9\n7 10\n"), write("m.txt", "7 a\n9 b\n10 b\n"), name="g")
    assert graph.edges.tolist() == [[0, 2], [1, 2]]
    assert (graph.classes, graph.labels.tolist()) == (("a", "b"), [0, 1, 1])
    assert graph.notes == ("1 self-loop(s) left out", "1 edge(s) in both directions kept once")
    assert read_edge_list(write("e.csv", "a\tb\n"), name="g").labels.tolist() == [-1, -1]
    with pytest.raises(DataError, match=r"e.csv, line 2: node '3' is not in m.txt"):
        read_edge_list(write("e.csv", "7 9\n9 3\n"), write("m.txt", "7 a\n9 b\n"), name="g")


def test_an_edge_list_with_names_of_columns(write) -> None:
    assert read_edge_list(write("e.csv", "Source,Target\na,b\n"), name="g").n_edges == 1
    assert read_edge_list(write("e.csv", "person colleague\na b\n"), name="g", header=True).n_edges == 1
    assert read_edge_list(write("e.csv", "i j\nj k\n"), name="g", header=False).n_edges == 2
    for text in ("person1 person2\n1 2\n2 3\n", "i j\ni k\n"):
        with pytest.raises(
            DataError, match=r"e.csv, line 1: .* could be names of columns or a row; say which with head"
        ):
            read_edge_list(write("e.csv", text), name="g")
    with pytest.raises(
        DataError, match=r"e.csv, line 3: '#cats #dogs' begins as a comment and has the fields of a row"
    ):
        read_edge_list(write("e.csv", "# hashtags\ncats dogs\n#cats #dogs\n"), name="g")


def test_a_first_line_of_words_that_come_never_again_is_doubted(write) -> None:
    graph = read_edge_list(write("e.csv", "person,friend\nann,bob\nbob,cat\n"), name="g")
    assert graph.notes == (
        "warning: line 1 of e.csv (person, friend) has two nodes that no other line has; if it names the columns, call "
        "them i j",
    )
    for text in ("ann,bob\nbob,cat\n", "1,2\n3,4\n"):
        assert read_edge_list(write("e.csv", text), name="g").notes == ()


@given(edge_lists)
def test_edges_agree_with_a_set(pairs) -> None:
    expected = sorted({(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]})
    for found, _ in (undirected_edges(np.array(pairs), 6), symmetric_edges(np.array(pairs), 6)):
        assert list(map(tuple, found.tolist())) == expected


def test_attributed_mat(tmp_path: Path) -> None:
    keys = ("X", "y", "A")
    savemat(tmp_path / "x.mat", {"X": csr_matrix(np.eye(3)), "y": np.array([[2], [10], [2]])})
    savemat(tmp_path / "a.mat", {"A": csr_matrix([[0, 1, 0], [1, 1, 1], [0, 0, 0]])})
    graph = read_attributed_mat(tmp_path / "x.mat", tmp_path / "a.mat", name="g", keys=keys)
    assert (graph.edges.tolist(), graph.classes) == ([[0, 1], [1, 2]], ("2", "10"))
    assert graph.notes == ("1 self-loop(s) left out", "1 edge(s) of one direction made undirected")
    savemat(tmp_path / "a.mat", {"A": np.zeros((2, 2))})
    with pytest.raises(DataError, match=r"adjacency of shape \(2, 2\); expected \(3, 3\)"):
        read_attributed_mat(tmp_path / "x.mat", tmp_path / "a.mat", name="g", keys=keys)
    with pytest.raises(DataError, match=r"x.mat: lacks the arrays Z; found X, y"):
        read_attributed_mat(tmp_path / "x.mat", tmp_path / "a.mat", name="g", keys=("Z", "y", "A"))


def test_facebook100(tmp_path: Path) -> None:
    path = tmp_path / "College.mat"
    answers = np.array([[1, 2, 5, 0, 0, 2008, 7], [2, 0, 5, 0, 3, 2008, 8], [1, 1, 0, 0, 0, 2007, 9]])
    savemat(path, {"A": csr_matrix([[0, 1, 0], [1, 0, 1], [0, 1, 0]]), "local_info": answers.astype(np.uint16)})
    graph = read_facebook100(path, name="g")
    assert (graph.classes, graph.labels.tolist()) == (("1", "2"), [1, -1, 0])
    assert graph.features is not None
    np.testing.assert_array_equal(graph.features, [[1, 0, 1, 0, 0, 1], [0, 1, 1, 1, 0, 1], [1, 0, 0, 0, 1, 0]])
    assert graph.notes == ("1 node(s) without a class",)
    assert read_facebook100(path, name="g", label="year").classes == ("2007", "2008")
    with pytest.raises(ParameterError, match="no column 'gendre'; did you mean 'gender'"):
        read_facebook100(path, name="g", label="gendre")
    savemat(path, {"A": np.zeros((3, 3)), "local_info": answers[:, :5]})
    with pytest.raises(DataError, match=r"local_info of shape \(3, 5\)"):
        read_facebook100(path, name="g")


def test_damaged_and_missing_mat(tmp_path: Path) -> None:
    path = tmp_path / "College.mat"
    with pytest.raises(DataError, match="cannot be read"):
        read_facebook100(path, name="g")
    for content in (b"", b"x" * 200, b"MATLAB 7.3 MAT-file" + b" " * 105 + b"\x00\x02IM"):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"College.mat: is no MATLAB file"):
            read_facebook100(path, name="g")
