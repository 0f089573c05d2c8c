"""Timed simplices in Benson's layout and labelled hyperedges, one a line.

Sources: Benson et al., "Simplicial closure and higher-order link prediction", PNAS 115 (2018); Chodrow, Veldt and
Benson, "Generative hypergraph clustering", Science Advances 7 (2021).
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from topology_efficient_dl.data.formats import damaged
from topology_efficient_dl.data.graphs.groups import (
    Hypergraph,
    TimedGroups,
    flattened,
    ordered_groups,
)
from topology_efficient_dl.data.graphs.node_tables import (
    NodeTable,
    check_distinct,
    encode_labels,
    index_nodes,
    missing_note,
    places_in,
    read_label_lists,
    read_metadata_file,
)
from topology_efficient_dl.data.graphs.records import IntArray, StrArray
from topology_efficient_dl.data.graphs.text_tables import (
    data_lines,
    fields_of,
    open_text,
    read_table,
)

NODE_NUMBER = re.compile(r"[0-9]{1,18}")


def read_timed_simplices(
    nverts: Path,
    simplices: Path,
    times: Path,
    *,
    name: str,
    labels: Path | None = None,
    classes: Path | None = None,
    metadata: Path | None = None,
    original_ids: Path | None = None,
    time_unit: str = "s",
) -> TimedGroups:
    """Simplices of the three files ``-nverts``, ``-simplices`` and ``-times``.

    Parameters
    ----------
    nverts, times : size and time of every simplex, one a line
    simplices : the members of all simplices, one a line
    name : of the set
    labels, classes : class code of node i on line i, and name of code k on line k
    metadata : ``id,class`` after a line of column names, instead of labels and classes
    original_ids : ``id <tab> original id`` after a line of column names
    time_unit : of the times

    Raises
    ------
    DataError : a file is missing, damaged or empty, a line is no whole number, a size is below one, a node is unknown,
        or the lengths of the files do not fit
    """
    sizes, moments = _sizes(nverts), _column(times).to_numpy().astype(np.int64)
    members = read_table(simplices, ("node",))
    _check_length(simplices, len(members), int(sizes.sum()), f"the sum of {nverts.name}")
    _check_length(times, len(moments), len(sizes), f"the lines of {nverts.name}")
    known = _node_table(labels, classes, metadata)
    nodes = index_nodes(members["node"].to_numpy(), known, places_in(simplices, members))
    ordered, offsets, codes, repairs = ordered_groups(moments, sizes, nodes.codes)
    ids = nodes.nodes if original_ids is None else _original(original_ids, nodes.nodes)
    notes = (*repairs, *nodes.notes)
    return TimedGroups(
        name, ordered, offsets, codes, ids, nodes.labels, nodes.classes, time_unit=time_unit, notes=notes
    )


def read_hyperedges(hyperedges: Path, labels: Path, classes: Path, *, name: str) -> Hypergraph:
    """Hyperedges ``i,j,k`` one a line, over the nodes 1 to n that the label file lists.

    Raises
    ------
    DataError : a file is missing, damaged or empty, or a member is no whole number or not among the nodes
    """
    known = read_label_lists(labels, classes)
    n_nodes = len(known.ids)
    with open_text(hyperedges) as file:
        rows = [_hyperedge(hyperedges, number, text, n_nodes, labels) for number, text in data_lines(file)]
    if not rows:
        raise damaged(hyperedges, "is empty; expected one hyperedge a line, such as 1,5,9")
    sizes, members = flattened(rows)
    _, offsets, members, repairs = ordered_groups(np.zeros(len(rows), dtype=np.int64), sizes, members - 1)
    codes, names = encode_labels(known.labels)
    return Hypergraph(name, offsets, members, n_nodes, codes, names, (*repairs, *missing_note(codes)))


def _column(path: Path) -> pd.Series[int]:
    return read_table(path, ("value",), whole=("value",))["value"]


def _sizes(path: Path) -> IntArray:
    column = _column(path)
    sizes: IntArray = column.to_numpy().astype(np.int64)
    bad = np.flatnonzero(sizes < 1)
    if len(bad):
        problem = f"a simplex of {sizes[bad[0]]} nodes; expected one or more; take it out here and in the times"
        raise damaged(path, problem, column.index[bad[0]])
    return sizes


def _check_length(path: Path, found: int, expected: int, why: str) -> None:
    if found != expected:
        raise damaged(path, f"{found:,} lines; expected {expected:,}, {why}; are the files of one set and whole?")


def _node_table(labels: Path | None, classes: Path | None, metadata: Path | None) -> NodeTable | None:
    if metadata is not None:
        return read_metadata_file(metadata, header=True)
    return read_label_lists(labels, classes) if labels is not None and classes is not None else None


def _original(path: Path, nodes: StrArray) -> StrArray:
    """The ids that nodes had before they were numbered."""
    rows = read_table(path, ("id", "original"), header=True)
    for column in ("id", "original"):
        check_distinct(path, rows[column])
    table = rows.set_index("id")["original"]
    lacking = [node for node in nodes.tolist() if node not in table.index]
    if lacking:
        raise damaged(
            path, f"no original id of node '{lacking[0]}'; expected one for each of {len(nodes)} nodes; add it"
        )
    return table.loc[nodes].to_numpy(dtype=np.str_)


def _hyperedge(path: Path, line: int, text: str, n_nodes: int, labels: Path) -> list[int]:
    fields = fields_of(text.replace(",", " "))
    for field in fields:
        if not NODE_NUMBER.fullmatch(field) or not 1 <= int(field) <= n_nodes:
            problem = f"member '{field}'; expected a node from 1 to {n_nodes}, the lines of {labels.name}"
            raise damaged(path, f"{problem}; correct it or add the node's label", line)
    return list(map(int, fields))
