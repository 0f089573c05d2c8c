"""Graph classification sets in the text format of DGCNN, with their official folds.

A line with the number of graphs; then for every graph a line ``n label`` and n lines
``tag m neighbours... features...``.
Source: Zhang et al., "An end-to-end deep learning architecture for graph classification", AAAI 2018.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from topology_efficient_dl.common.columns import LARGEST
from topology_efficient_dl.data.formats import damaged
from topology_efficient_dl.data.graphs.graph_set import GraphSet
from topology_efficient_dl.data.graphs.groups import offsets_of
from topology_efficient_dl.data.graphs.node_tables import encode_labels
from topology_efficient_dl.data.graphs.records import (
    BoolArray,
    FloatArray,
    IntArray,
    notes_of,
)
from topology_efficient_dl.data.graphs.static_graph import symmetric_edges
from topology_efficient_dl.data.graphs.static_readers import checked_features
from topology_efficient_dl.data.graphs.text_tables import (
    data_lines,
    fields_of,
    open_text,
    read_table,
)

Lines = Iterator[tuple[int, str]]


@dataclass(frozen=True)
class _Node:
    tag: str
    neighbours: list[int]
    features: list[float]


@dataclass(frozen=True)
class _Graph:
    label: str
    nodes: list[_Node]


def read_graph_set(graphs: Path, folds: Sequence[Path] = (), *, name: str) -> GraphSet:
    """All graphs of a file, and the folds of as many files of test indices.

    Parameters
    ----------
    graphs : the text file, ``.gz`` or not
    folds : one file a fold, with the indices (from 0) of its test graphs, one a line
    name : of the set

    Raises
    ------
    DataError : a file is missing, damaged, empty or cut off, a line is not as it should be, a neighbour or a test index
        is out of range, or a graph is in the test part of two folds
    """
    with open_text(graphs) as file:
        found = _graphs(graphs, data_lines(file))
    sizes = np.array([len(graph.nodes) for graph in found], dtype=np.int64)
    node_offsets = offsets_of(sizes)
    edges, edge_offsets, repairs = _edges(found, node_offsets)
    labels, classes = encode_labels([graph.label for graph in found])
    nodes = [node for graph in found for node in graph.nodes]
    tags, node_classes = encode_labels([node.tag for node in nodes])
    tests = _folds(folds, len(found)) if folds else None
    untested = int((~tests.any(axis=0)).sum()) if tests is not None else 0
    counts = (untested, "graph(s) in the test part of no fold"), (int((labels < 0).sum()), "graph(s) without a class")
    return GraphSet(
        name,
        edges,
        edge_offsets,
        node_offsets,
        labels,
        classes,
        tags,
        node_classes,
        _features(graphs, nodes),
        tests,
        (*repairs, *notes_of(*counts)),
    )


def _graphs(path: Path, lines: Lines) -> list[_Graph]:
    number, text = _next_line(path, lines, "the number of graphs")
    n_graphs = _whole(path, number, text.strip(), "the number of graphs")
    found = [_graph(path, lines) for _ in range(n_graphs)]
    rest = next(lines, None)
    if rest is not None or not found:
        line = rest[0] if rest else number
        raise damaged(path, f"the first line says {n_graphs} graph(s), the file is another; correct the number", line)
    return found


def _graph(path: Path, lines: Lines) -> _Graph:
    number, text = _next_line(path, lines, "a graph 'n label'")
    fields = fields_of(text)
    if len(fields) != 2:
        raise damaged(path, f"'{text[:60]}'; expected 'n label', the size and the class of the next graph", number)
    size = _whole(path, number, fields[0], "the number of nodes")
    return _Graph(fields[1], [_node(path, lines, size) for _ in range(size)])


def _node(path: Path, lines: Lines, size: int) -> _Node:
    number, text = _next_line(path, lines, "a node 'tag m neighbours...'")
    tag, *fields = fields_of(text)
    degree = _whole(path, number, fields[0] if fields else "", "the number of neighbours")
    if len(fields) <= degree:
        raise damaged(path, f"{len(fields) - 1} neighbours; expected {degree}, as the line says; complete it", number)
    neighbours = [_whole(path, number, field, "a neighbour") for field in fields[1 : degree + 1]]
    for neighbour in neighbours:
        if neighbour >= size:
            raise damaged(path, f"neighbour {neighbour}; expected 0 to {size - 1}, the nodes of the graph", number)
    return _Node(tag, neighbours, [_real(path, number, field) for field in fields[degree + 1 :]])


def _next_line(path: Path, lines: Lines, expected: str) -> tuple[int, str]:
    line = next(lines, None)
    if line is None:
        raise damaged(path, f"ends where {expected} was expected; it is empty or cut off, fetch it again")
    return line


def _whole(path: Path, line: int, text: str, what: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise damaged(path, f"{what} is '{text[:60]}'; expected a whole number from 0; correct it", line)
    return int(text)


def _real(path: Path, line: int, text: str) -> float:
    try:
        value = float(text.replace("_", " "))
    except ValueError:
        raise damaged(path, f"feature '{text}' is not a number; correct it", line) from None
    if not abs(value) <= LARGEST:
        raise damaged(path, f"feature '{text}' is not finite in float32; correct it, or take another unit", line)
    return value


def _edges(graphs: Sequence[_Graph], node_offsets: IntArray) -> tuple[IntArray, IntArray, tuple[str, ...]]:
    """(m, 2) edges by indices within their graph, (n_graphs + 1,) offsets, and notes."""
    nodes = [node for graph in graphs for node in graph.nodes]
    degrees = np.array([len(node.neighbours) for node in nodes], dtype=np.int64)
    first = np.repeat(node_offsets[:-1], np.diff(node_offsets))
    flat = np.fromiter((end for node in nodes for end in node.neighbours), np.int64, int(degrees.sum()))
    both_ways = np.column_stack([np.repeat(np.arange(len(nodes)), degrees), flat + np.repeat(first, degrees)])
    edges, notes = symmetric_edges(both_ways, len(nodes))
    starts = np.searchsorted(edges[:, 0], node_offsets)
    return edges - first[edges[:, :1]], starts.astype(np.int64), notes


def _features(path: Path, nodes: Sequence[_Node]) -> FloatArray | None:
    widths = {len(node.features) for node in nodes}
    if len(widths) > 1:
        raise damaged(path, f"nodes with {' and '.join(map(str, sorted(widths)))} features; expected as many for each")
    return checked_features(path, np.array([node.features for node in nodes]), len(nodes)) if widths != {0} else None


def _folds(paths: Sequence[Path], n_graphs: int) -> BoolArray:
    tests = np.zeros((len(paths), n_graphs), dtype=bool)
    for fold, path in enumerate(paths):
        column = read_table(path, ("index",), whole=("index",))["index"]
        indices = column.to_numpy(dtype=np.int64)
        outside = (indices < 0) | (indices >= n_graphs)
        taken = ~outside & tests.any(axis=0)[np.where(outside, 0, indices)]
        bad = np.flatnonzero(outside | taken)
        if len(bad):
            problem = f"test graph {indices[bad[0]]}; expected 0 to {n_graphs - 1}, each in one fold"
            raise damaged(path, f"{problem}; correct the index", column.index[bad[0]])
        tests[fold, indices] = True
    return tests
