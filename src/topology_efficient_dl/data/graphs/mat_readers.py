"""Static graphs in MATLAB files: attributed social networks and facebook100.

Sources: Li et al., "Attributed network embedding", 2017 (BlogCatalog, Flickr); Traud et al., "Social structure of
Facebook networks", Physica A 391 (2012); Lim et al., "Large scale learning on non-homophilous graphs", NeurIPS 2021.
"""

from __future__ import annotations

import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat
from scipy.io.matlab import MatReadError
from scipy.sparse import coo_matrix

from topology_efficient_dl.common.bounded import check_mat, check_size
from topology_efficient_dl.data.formats import damaged
from topology_efficient_dl.data.graphs.node_tables import encode_labels, labels_of_array, missing_note
from topology_efficient_dl.data.graphs.records import FloatArray, IntArray
from topology_efficient_dl.data.graphs.static_graph import StaticGraph, symmetric_edges
from topology_efficient_dl.data.graphs.static_readers import checked_edges, checked_features
from topology_efficient_dl.errors import ParameterError, did_you_mean

FACEBOOK_COLUMNS = ("status", "gender", "major", "minor", "dorm", "year", "high_school")
FACEBOOK_FEATURES = ("status", "gender", "major", "minor", "dorm", "year")


def read_attributed_mat(attributes: Path, adjacency: Path, *, name: str, keys: tuple[str, str, str]) -> StaticGraph:
    """A graph in two ``.mat`` files: attributes with labels, and the adjacency matrix.

    Parameters
    ----------
    attributes : has the attributes (n, f) and the labels (n, 1)
    adjacency : has the matrix (n, n)
    name : of the set
    keys : names of attributes, labels and adjacency in the files

    Raises
    ------
    DataError : a file is missing or damaged, lacks an array, or the arrays do not fit each other
    """
    found, related = load_mat(attributes, keys[0], keys[1]), load_mat(adjacency, keys[2])
    labels, classes = encode_labels(labels_of_array(attributes, found[keys[1]]))
    features = checked_features(attributes, _dense(attributes, found[keys[0]]), len(labels))
    edges, notes = _edges_of_matrix(adjacency, related[keys[2]], len(labels))
    return StaticGraph(name, edges, len(labels), labels, classes, features, notes=(*notes, *missing_note(labels)))


def read_facebook100(graph: Path, *, name: str, label: str = "gender") -> StaticGraph:
    """One college of facebook100: friendships, and one column of its members' answers as the label.

    Answers of 0 are missing. Features are the other answers one-hot, missing ones all zero; the high school, of
    thousands of values, is left out.

    Parameters
    ----------
    graph : has ``A`` (n, n) and ``local_info`` (n, 7)
    name : of the set
    label : one of ``status gender major minor dorm year high_school``

    Raises
    ------
    ParameterError : there is no such column
    DataError : the file is missing or damaged, lacks an array, or the arrays do not fit each other
    """
    if label not in FACEBOOK_COLUMNS:
        hint = did_you_mean(label, FACEBOOK_COLUMNS) or "."
        raise ParameterError(f"label: no column '{label}'{hint} Allowed: {', '.join(FACEBOOK_COLUMNS)}")
    found = load_mat(graph, "A", "local_info")
    answers = found["local_info"]
    if answers.ndim != 2 or answers.shape[1] != len(FACEBOOK_COLUMNS):
        expected = f"(n, {len(FACEBOOK_COLUMNS)}): {', '.join(FACEBOOK_COLUMNS)}"
        raise damaged(graph, f"local_info of shape {answers.shape}; expected {expected}; is it of facebook100?")
    chosen = answers[:, FACEBOOK_COLUMNS.index(label)]
    labels, classes = encode_labels(np.where(chosen == 0, "", labels_of_array(graph, chosen)))
    edges, notes = _edges_of_matrix(graph, found["A"], len(labels))
    others = [FACEBOOK_COLUMNS.index(column) for column in FACEBOOK_FEATURES if column != label]
    features: FloatArray = np.hstack([_one_hot(answers[:, column]) for column in others])
    return StaticGraph(name, edges, len(labels), labels, classes, features, notes=(*notes, *missing_note(labels)))


def load_mat(path: Path, *keys: str) -> dict[str, Any]:
    """Arrays, dense or sparse, of these names in a ``.mat`` file.

    Raises
    ------
    DataError : the file is missing or damaged, or lacks an array
    """
    try:
        check_mat(path)
        found: dict[str, Any] = loadmat(str(path), appendmat=False)
    except FileNotFoundError as error:
        raise damaged(path, f"cannot be read ({error.strerror})") from error
    except (OSError, ValueError, TypeError, NotImplementedError, MemoryError, zlib.error, MatReadError) as error:
        raise damaged(path, f"is no MATLAB file of version 4 to 7.2 ({error}); fetch it again") from error
    missing = [key for key in keys if key not in found]
    if missing:
        there = ", ".join(key for key in found if not key.startswith("__"))
        raise damaged(path, f"lacks the arrays {', '.join(missing)}; found {there}; is it the right file?")
    return {key: found[key] for key in keys}


def _dense(path: Path, matrix: Any) -> NDArray[Any]:
    check_size(path, math.prod(matrix.shape) * matrix.dtype.itemsize)
    return np.asarray(matrix.toarray() if hasattr(matrix, "toarray") else matrix)


def _edges_of_matrix(path: Path, matrix: Any, n_nodes: int) -> tuple[IntArray, tuple[str, ...]]:
    """Undirected edges of an adjacency matrix, which need not be symmetric."""
    sparse = coo_matrix(matrix)
    if sparse.shape != (n_nodes, n_nodes):
        problem = f"adjacency of shape {sparse.shape}; expected ({n_nodes}, {n_nodes}), as there are labels"
        raise damaged(path, f"{problem}; are the files of one set?")
    return symmetric_edges(checked_edges(path, np.column_stack(sparse.nonzero()), n_nodes), n_nodes)


def _one_hot(answers: NDArray[Any]) -> NDArray[np.float32]:
    """(n, number of distinct answers) float32; rows of missing answers (0) are zero."""
    values = np.unique(answers[answers != 0])
    hot: NDArray[np.float32] = (answers[:, None] == values[None, :]).astype(np.float32)
    return hot
