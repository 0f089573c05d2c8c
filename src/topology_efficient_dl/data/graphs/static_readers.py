"""Static graphs in ``.npz`` files (two layouts) and edge lists.

Sources: Platonov et al., "A critical look at the evaluation of GNNs under heterophily", ICLR 2023; Shchur et al.,
"Pitfalls of graph neural network evaluation", 2018.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from topology_efficient_dl.common.bounded import NPZ_ERRORS, check_size, read_npz
from topology_efficient_dl.common.columns import check_range, narrowed
from topology_efficient_dl.data.formats import WARNING, damaged
from topology_efficient_dl.data.graphs.node_tables import (
    encode_labels,
    index_nodes,
    labels_of_array,
    missing_note,
    places_in,
    read_metadata_file,
)
from topology_efficient_dl.data.graphs.records import BoolArray, FloatArray, IntArray
from topology_efficient_dl.data.graphs.static_graph import StaticGraph, undirected_edges
from topology_efficient_dl.data.graphs.text_tables import WHOLE_NUMBER, read_table
from topology_efficient_dl.errors import DataError

HETEROPHILOUS = ("node_features", "node_labels", "edges", "train_masks", "val_masks", "test_masks")
SHCHUR = tuple(f"{kind}_{part}" for kind in ("adj", "attr") for part in ("data", "indices", "indptr", "shape"))


def read_heterophilous(graph: Path, *, name: str) -> StaticGraph:
    """An ``.npz`` file of node features, labels, edges and the masks of the official splits.

    Raises
    ------
    DataError : the file is missing or damaged, lacks an array, or the arrays do not fit each other
    """
    arrays = _open_npz(graph, HETEROPHILOUS)
    n_nodes = len(arrays["node_labels"])
    features = checked_features(graph, arrays["node_features"], n_nodes)
    edges, repairs = undirected_edges(checked_edges(graph, arrays["edges"], n_nodes), n_nodes)
    labels, classes = encode_labels(labels_of_array(graph, arrays["node_labels"]))
    masks = {
        part: _checked_masks(graph, key, arrays[key], n_nodes)
        for part, key in (("train", "train_masks"), ("validation", "val_masks"), ("test", "test_masks"))
    }
    _check_disjoint(graph, masks)
    return StaticGraph(name, edges, n_nodes, labels, classes, features, masks, (*repairs, *missing_note(labels)))


def read_shchur(graph: Path, *, name: str) -> StaticGraph:
    """An ``.npz`` file of adjacency and attributes as compressed sparse rows, labels and names of the classes.

    Raises
    ------
    DataError : the file is missing or damaged, lacks an array, or the arrays do not fit each other
    """
    arrays = _open_npz(graph, (*SHCHUR, "labels", "class_names"))
    adjacency, attributes = (_sparse(graph, arrays, kind) for kind in ("adj", "attr"))
    n_nodes = len(arrays["labels"])
    check_size(graph, math.prod(attributes.shape) * attributes.dtype.itemsize)
    features = checked_features(graph, attributes.toarray(), n_nodes)
    found = np.column_stack(adjacency.nonzero())
    edges, repairs = undirected_edges(checked_edges(graph, found, n_nodes), n_nodes)
    if arrays["labels"].dtype.kind not in "iu":
        raise damaged(graph, f"labels are {arrays['labels'].dtype}; expected whole numbers, places in class_names")
    codes, names = arrays["labels"].astype(np.int64), tuple(arrays["class_names"].astype(np.str_).tolist())
    if ((codes < 0) | (codes >= len(names))).any():
        raise damaged(graph, f"labels {codes.min()} to {codes.max()}; expected 0 to {len(names) - 1}, its class_names")
    return StaticGraph(name, edges, n_nodes, codes, names, features, notes=repairs)


def read_edge_list(edges: Path, metadata: Path | None = None, *, name: str, header: bool | None = None) -> StaticGraph:
    """Lines ``i j``, with a metadata file of lines ``id class`` or ``id class gender``, or without.

    Nodes are those that have an edge, by number if all ids are numbers, else by spelling. ``header`` says whether the
    first line names the columns; if None, its names do.

    Raises
    ------
    DataError : a file is missing, damaged or empty, a line is ragged, or a node is not in the metadata
    """
    table = read_table(edges, ("i", "j"), header=header)
    known = None if metadata is None else read_metadata_file(metadata)
    nodes = index_nodes(table.to_numpy().ravel(), known, places_in(edges, table, 2))
    found, repairs = undirected_edges(nodes.codes.reshape(-1, 2), len(nodes.nodes))
    doubt = _names_perhaps(edges, table) if metadata is None and header is None else ()
    notes = (*doubt, *repairs, *nodes.notes)
    return StaticGraph(name, found, len(nodes.nodes), nodes.labels, nodes.classes, notes=notes)


def _names_perhaps(path: Path, table: pd.DataFrame) -> tuple[str, ...]:
    """A warning where the first line is of two words that occur in no other."""
    first, others = set(table.iloc[0]), table.iloc[1:]
    if table.attrs["named"] or not len(others) or others.isin(first).to_numpy().any():
        return ()
    if len(first) == 1 or any(WHOLE_NUMBER.fullmatch(word) for word in first):
        return ()
    shown = ", ".join(table.iloc[0])
    found = f"line {table.index[0]} of {path.name} ({shown}) has two nodes that no other line has"
    return (f"{WARNING}{found}; if it names the columns, call them i j",)


def checked_edges(path: Path, edges: NDArray[Any], n_nodes: int) -> IntArray:
    """(k, 2) int64 edges, all between the nodes.

    Raises
    ------
    DataError : another shape or type, or a node that there is not
    """
    if edges.ndim != 2 or edges.shape[1] != 2 or edges.dtype.kind not in "iu":
        raise damaged(path, f"edges are {edges.dtype} of shape {edges.shape}; expected whole numbers of shape (m, 2)")
    bad = np.flatnonzero(((edges < 0) | (edges >= n_nodes)).any(axis=1))
    if len(bad):
        problem = (
            f"edge {bad[0]} joins {edges[bad[0]].tolist()}; expected nodes 0 to {n_nodes - 1}, as there are labels"
        )
        raise damaged(path, f"{problem}; take it out or add the node")
    return edges.astype(np.int64)


def checked_features(path: Path, features: NDArray[Any], n_nodes: int) -> FloatArray:
    """(n_nodes, f) features, all finite, in float32 where that keeps what tells nodes apart.

    Raises
    ------
    DataError : another shape or number of nodes, or a value that is no number, not finite or beyond float32
    """
    if features.ndim != 2 or len(features) != n_nodes:
        raise damaged(path, f"features of shape {features.shape}; expected ({n_nodes}, f), as there are labels")
    if features.dtype.kind not in "biuf":
        raise damaged(path, f"features are {features.dtype}; expected numbers")
    try:
        check_range(features)
    except DataError as error:
        raise damaged(path, str(error)) from None
    return narrowed(features)


def _open_npz(path: Path, keys: tuple[str, ...]) -> Mapping[str, NDArray[Any]]:
    """The arrays of these names, none of them of pickled objects."""
    try:
        return read_npz(path, str(path), keys)
    except KeyError as error:
        (found,) = error.args
        missing = sorted(set(keys) - set(found))
        raise damaged(path, f"lacks the arrays {', '.join(missing)}; found {', '.join(found)}; is it whole?") from error
    except FileNotFoundError as error:
        raise damaged(path, f"cannot be read ({error.strerror})") from error
    except (OSError, *NPZ_ERRORS) as error:
        problem = f"is no .npz file of plain arrays ({error}); expected arrays without pickled objects; fetch it again"
        raise damaged(path, problem) from error


def _checked_masks(path: Path, key: str, masks: NDArray[Any], n_nodes: int) -> BoolArray:
    if masks.ndim != 2 or masks.shape[1] != n_nodes or masks.dtype != np.bool_:
        raise damaged(
            path, f"{key} is {masks.dtype} of shape {masks.shape}; expected bool of shape (splits, {n_nodes})"
        )
    return masks


def _check_disjoint(path: Path, masks: Mapping[str, BoolArray]) -> None:
    shapes = {part: mask.shape for part, mask in masks.items()}
    if len(set(shapes.values())) > 1:
        raise damaged(path, f"masks of different shapes {shapes}; expected as many splits in each; is it whole?")
    shared = np.argwhere(sum(mask.astype(np.int64) for mask in masks.values()) > 1)
    if len(shared):
        split, node = shared[0]
        raise damaged(
            path, f"node {node} is in two parts of split {split}; expected train, validation or test; choose one"
        )


def _sparse(path: Path, arrays: Mapping[str, NDArray[Any]], kind: str) -> csr_matrix:
    data, indices, indptr, shape = (arrays[f"{kind}_{part}"] for part in ("data", "indices", "indptr", "shape"))
    try:
        matrix = csr_matrix((data, indices, indptr), shape=tuple(shape.tolist()))
        matrix.check_format(full_check=True)
    except ValueError as error:
        raise damaged(path, f"{kind}_* is no matrix of compressed sparse rows ({error}); is the file whole?") from error
    return matrix
