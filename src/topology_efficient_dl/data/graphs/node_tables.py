"""What is known of nodes - class and attributes - joined with the ids that a log or an edge list names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from topology_efficient_dl.data.formats import damaged
from topology_efficient_dl.data.graphs.records import IntArray, StrArray, notes_of
from topology_efficient_dl.data.graphs.text_tables import open_text, read_table
from topology_efficient_dl.data.splits import class_order

MISSING = -1
MISSING_SPELLINGS = ("", "?", "nan")
"""In any case, a class that is missing in a table of nodes, as in files of series; any other text is a class."""
Place = Callable[[int], tuple[Path, int | None]]
"""File and line where the id of this index stands."""


@dataclass(frozen=True, eq=False)
class NodeTable:
    """What a metadata file says of every node.

    Attributes
    ----------
    path : the file
    ids : (k,) unicode, none twice
    labels : (k,) unicode, the class as written, empty where it is missing
    attributes : by name, (k,) unicode
    """

    path: Path
    ids: StrArray
    labels: StrArray
    attributes: dict[str, StrArray] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class IndexedNodes:
    """Nodes that occur, in order, and the occurrences as indices into them.

    Attributes
    ----------
    codes : (k,) int64, for every occurrence the index of its node
    nodes : (n,) unicode, by number if all ids are numbers, else by spelling
    labels : (n,) int64, -1 where missing
    classes : in code order
    attributes : by name, (n,) unicode
    notes : what was left out or is missing, with its count
    """

    codes: IntArray
    nodes: StrArray
    labels: IntArray
    classes: tuple[str, ...]
    attributes: dict[str, StrArray]
    notes: tuple[str, ...]


def read_metadata_file(path: Path, header: bool | None = None) -> NodeTable:
    """The lines ``id class`` or ``id class gender`` of a metadata file.

    A class that is empty, ``?`` or ``nan`` is missing.

    Raises
    ------
    DataError : the file is missing, damaged or empty, a line has another number of fields, an id stands twice, or the
        first of three columns counts the rows
    """
    table = read_table(path, ("id", "class"), ("id", "class", "gender"), optional=("class", "gender"), header=header)
    if "gender" in table and not table.attrs["named"]:
        _refuse_row_numbers(path, table)
    check_distinct(path, table["id"])
    columns = {str(name): table[name].to_numpy(dtype=np.str_) for name in table}
    labels = np.where(is_missing(table["class"]), "", columns["class"])
    return NodeTable(path, columns["id"], labels, {k: v for k, v in columns.items() if k not in ("id", "class")})


def is_missing(classes: pd.Series[Any]) -> NDArray[np.bool_]:
    """(k,) bool, where a class as written in a table of nodes is missing."""
    return classes.str.lower().isin(MISSING_SPELLINGS).to_numpy()


def _refuse_row_numbers(path: Path, table: pd.DataFrame) -> None:
    numbers = table["id"].tolist()
    counts = any(numbers == [str(row + start) for row in range(len(numbers))] for start in (0, 1))
    if len(table) > 2 and counts and table["class"].is_unique:
        problem = (
            "the first of three columns counts the rows, and the second differs in each; expected id class gender; "
        )
        raise damaged(path, f"{problem}take row numbers out, or name the columns in the first line", table.index[0])


def read_label_lists(labels: Path, classes: Path) -> NodeTable:
    """The class of node i on line i, as a code from 1, and the name of every code on the line of its number.

    Raises
    ------
    DataError : a file is missing, damaged or empty, or a code has no name
    """
    column = read_table(labels, ("code",), whole=("code",))["code"]
    codes, names = column.to_numpy(dtype=np.int64), read_names(classes)
    bad = np.flatnonzero((codes < 1) | (codes > len(names)))
    if len(bad):
        problem = f"class code {codes[bad[0]]}; expected 1 to {len(names)}, the lines of {classes.name}"
        raise damaged(labels, f"{problem}; correct the code or add the name", column.index[bad[0]])
    ids = np.arange(1, len(codes) + 1).astype(np.str_)
    return NodeTable(labels, ids, np.array(names, dtype=np.str_)[codes - 1])


def read_names(path: Path) -> list[str]:
    """One name a line; its own number before it, as in ``1 democrat``, is left out where every line has one.

    Raises
    ------
    DataError : the file is missing or damaged, a line before the last one is blank, or a name stands twice
    """
    with open_text(path) as file:
        lines = file.read().strip().split("\n")
    names = [line.strip() for line in lines]
    parts = [name.split(maxsplit=1) for name in names]
    if all(len(part) > 1 and part[0] == str(number) for number, part in enumerate(parts, start=1)):
        names = [part[1] for part in parts]
    for number, name in enumerate(names, start=1):
        if not name or name in names[: number - 1]:
            found = f"name '{name}' stands twice" if name else "a blank line"
            raise damaged(path, f"{found}; expected another name on every line, the one of its number; give it", number)
    return names


def check_distinct(path: Path, ids: pd.Series[Any]) -> None:
    """Refuse a file in which an id stands twice; ids are indexed by their lines.

    Raises
    ------
    DataError : with the line of the second
    """
    again = np.flatnonzero(ids.duplicated())
    if len(again):
        problem = f"node '{ids.iloc[again[0]]}' stands twice; expected every id once; take one out"
        raise damaged(path, problem, ids.index[again[0]])


def index_nodes(
    ids: NDArray[np.object_] | StrArray, table: NodeTable | None, place: Place, keep_unknown: bool = False
) -> IndexedNodes:
    """Nodes in order, their classes and attributes, and every occurrence as an index.

    Nodes of the table that do not occur are left out and counted.

    Parameters
    ----------
    ids : (k,) the id of every occurrence
    table : what is known of the nodes, if anything
    place : where an occurrence stands, for errors
    keep_unknown : keep nodes that the table lacks, without a class; otherwise they are an error

    Raises
    ------
    DataError : a node is not in the table
    """
    first_seen, found = pd.factorize(ids)
    nodes = np.array(class_order(found.tolist()), dtype=np.str_)
    codes = pd.Index(nodes).get_indexer(pd.Index(found))[first_seen].astype(np.int64)
    if table is None:
        return IndexedNodes(codes, nodes, missing_labels(len(nodes)), (), {}, ())
    rows = pd.Index(table.ids).get_indexer(pd.Index(nodes))
    if (rows < 0).any() and not keep_unknown:
        _refuse_unknown(ids, np.flatnonzero((rows < 0)[codes])[0], table, place)
    labels, classes = encode_labels(_taken(table.labels, rows))
    attributes = {name: _taken(values, rows) for name, values in table.attributes.items()}
    notes = notes_of(
        (int((rows < 0).sum()), f"node(s) that {table.path.name} lacks kept without a class"),
        (len(table.ids) - int((rows >= 0).sum()), f"node(s) of {table.path.name} that do not occur left out"),
    )
    return IndexedNodes(codes, nodes, labels, classes, attributes, notes + missing_note(labels))


def places_in(path: Path, table: pd.DataFrame, per_line: int = 1) -> Place:
    """Where ids stand of which every row of a table has so many."""
    return lambda index: (path, int(table.index[index // per_line]))


def encode_labels(labels: Sequence[str] | StrArray) -> tuple[IntArray, tuple[str, ...]]:
    """Labels as (n,) int64 codes, -1 where they are empty, and the classes in code order; labels are text as it is.

    Examples
    --------
    >>> encode_labels(["10", "", "2", "010", "none"])
    (array([ 1, -1,  2,  0,  3]), ('010', '10', '2', 'none'))
    """
    known = [str(label) or None for label in labels]
    classes = class_order([label for label in known if label is not None])
    code = {label: index for index, label in enumerate(classes)}
    return np.array([MISSING if label is None else code[label] for label in known], dtype=np.int64), classes


def labels_of_array(path: Path, values: NDArray[Any]) -> StrArray:
    """(n,) unicode labels of an array of texts or numbers; those that are NaN are empty.

    Raises
    ------
    DataError : the array is of other things, or of bytes that are no UTF-8
    """
    flat = values.ravel()
    if flat.dtype.kind == "O" and all(np.size(value) == 1 for value in flat):
        flat = np.array([np.asarray(value).item() for value in flat])  # cells of a MATLAB file
    if flat.dtype.kind not in "iufbUS":
        raise damaged(path, f"labels are {flat.dtype}; expected texts or numbers; write one for each node")
    try:
        text: StrArray = np.char.decode(flat, "utf-8") if flat.dtype.kind == "S" else flat.astype(np.str_)
    except UnicodeDecodeError as error:
        raise damaged(path, f"labels are no text in UTF-8 ({error}); write them anew") from error
    return np.where(np.isnan(flat), "", text) if flat.dtype.kind == "f" else text


def missing_labels(n_nodes: int) -> IntArray:
    """(n_nodes,) int64, all missing."""
    return np.full(n_nodes, MISSING, dtype=np.int64)


def missing_note(labels: IntArray) -> tuple[str, ...]:
    """The note that counts nodes without a class."""
    return notes_of((int((labels == MISSING).sum()), "node(s) without a class"))


def _taken(values: StrArray, rows: NDArray[np.intp]) -> StrArray:
    """(n,) unicode values at the rows, empty at negative ones."""
    return np.where(rows >= 0, values[np.maximum(rows, 0)], "")


def _refuse_unknown(ids: NDArray[Any], where: int, table: NodeTable, place: Place) -> None:
    path, line = place(int(where))
    raise damaged(
        path,
        f"node '{ids[where]}' is not in {table.path.name}; expected one of its {len(table.ids)} ids; "
        "add it there, or keep such nodes without a class (unknown_nodes='keep')",
        line,
    )
