"""A user's own graph in one JSON file, ``graph.json``.

An object with ``nodes`` and exactly one of ``contacts``, ``groups`` and ``edges``::

    {"name": "office",
     "nodes": [{"id": "ann", "label": "sales", "features": [0.5, 1]}, {"id": "bob", "label": null}],
     "contacts": [[20, "ann", "bob"], [40, "bob", "ann"]],
     "groups":   [{"time": 20, "members": ["ann", "bob"]}],
     "edges":    [["ann", "bob"]]}

Ids are texts or whole numbers; times whole numbers of seconds; ``label`` and ``features`` may be left out, features
by all nodes or by none. Nodes are kept in the order of the file, also those that meet nobody.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictInt,
    StrictStr,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from topology_efficient_dl.common.columns import LARGEST as LARGEST_FLOAT32
from topology_efficient_dl.common.columns import LARGEST_EXACT
from topology_efficient_dl.data.formats import damaged
from topology_efficient_dl.data.graphs.contact_log import ContactLog, ordered_contacts
from topology_efficient_dl.data.graphs.groups import TimedGroups, ordered_groups
from topology_efficient_dl.data.graphs.node_tables import encode_labels, missing_note
from topology_efficient_dl.data.graphs.records import (
    FloatArray,
    IntArray,
    StrArray,
    notes_of,
)
from topology_efficient_dl.data.graphs.static_graph import StaticGraph, undirected_edges
from topology_efficient_dl.data.graphs.static_readers import checked_features
from topology_efficient_dl.data.graphs.text_tables import LARGEST, open_text


def _plain(text: int | str) -> int | str:
    if isinstance(text, str) and (not text or "\0" in text):
        raise ValueError("expected a text that is not empty and has no NUL, a whole number, or null for no label")
    return _characters(text) if isinstance(text, str) else text


def _characters(text: str) -> str:
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("half of a surrogate pair is no character; expected text that UTF-8 can write")
    return text


def _kept_exact(value: Any, to_float: ValidatorFunctionWrapHandler) -> float | int:
    large = type(value) is int and LARGEST_EXACT < abs(value) < LARGEST_FLOAT32
    return value if large else float(to_float(value))


Id = Annotated[StrictInt | StrictStr, AfterValidator(_plain)]
Time = Annotated[int, Field(strict=True, ge=-LARGEST, le=LARGEST)]
Finite = Annotated[float, Field(strict=True, allow_inf_nan=False), WrapValidator(_kept_exact)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NodeEntry(_Part):
    """A node: its id, its class or none, its features or none."""

    id: Id
    label: Id | None = None
    features: tuple[Finite, ...] | None = None


class GroupEntry(_Part):
    """A group: when, and who."""

    time: Time
    members: tuple[Id, ...] = Field(min_length=1)


class GraphDocument(_Part):
    """What ``graph.json`` holds."""

    name: Annotated[str, AfterValidator(_characters)] | None = None
    nodes: tuple[NodeEntry, ...] = Field(min_length=1)
    contacts: tuple[tuple[Time, Id, Id], ...] | None = Field(None, min_length=1)
    groups: tuple[GroupEntry, ...] | None = Field(None, min_length=1)
    edges: tuple[tuple[Id, Id], ...] | None = Field(None, min_length=1)

    @model_validator(mode="after")
    def _one_kind(self) -> GraphDocument:
        given = [kind for kind in ("contacts", "groups", "edges") if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(f"found {' and '.join(given) or 'none'} of contacts, groups, edges; expected exactly one")
        return self


def read_graph_json(graph: Path, *, name: str | None = None) -> ContactLog | TimedGroups | StaticGraph:
    """The graph of a ``graph.json``: a log, timed groups or a static graph, by what it holds.

    Parameters
    ----------
    graph : the file
    name : of the set; else the file's, else its folder's

    Raises
    ------
    DataError : the file is missing or no JSON, does not have the form above, an id stands twice, a node is not among
        the nodes, or features are not of one length
    """
    document = _document(graph)
    nodes = _Nodes(graph, document)
    title = name or document.name or graph.parent.name
    if document.contacts is not None:
        return _contact_log(title, document.contacts, nodes)
    if document.groups is not None:
        return _timed_groups(title, document.groups, nodes)
    edges, notes = undirected_edges(nodes.pairs("edges", document.edges or ()), nodes.count)
    notes = (*notes, *nodes.notes(edges.ravel()))
    return StaticGraph(title, edges, nodes.count, nodes.labels, nodes.classes, nodes.features, notes=notes)


class _Nodes:
    """The nodes of a document, and ids as indices into them."""

    def __init__(self, path: Path, document: GraphDocument) -> None:
        self.path = path
        self.index = {str(node.id): index for index, node in enumerate(document.nodes)}
        self.ids: StrArray = np.array([str(node.id) for node in document.nodes], dtype=np.str_)
        if len(self.index) < self.count:
            second = next(node for index, node in enumerate(self.ids.tolist()) if self.index[node] != index)
            raise damaged(path, f"nodes: id '{second}' stands twice; expected every id once; take one out")
        self.labels, self.classes = encode_labels(
            ["" if node.label is None else str(node.label) for node in document.nodes]
        )
        self.features = _features(path, document.nodes)

    @property
    def count(self) -> int:
        return len(self.ids)

    def pairs(self, where: str, pairs: Sequence[tuple[Any, Any]]) -> IntArray:
        """(k, 2) int64 indices."""
        return self.codes(where, pairs).reshape(-1, 2)

    def codes(self, where: str, groups: Iterable[Iterable[Any]]) -> IntArray:
        """Indices of all members of all groups, one after another."""
        return np.array(
            [self._code(where, k, node) for k, group in enumerate(groups) for node in group], dtype=np.int64
        )

    def _code(self, where: str, entry: int, node: Any) -> int:
        try:
            return self.index[str(node)]
        except KeyError:
            problem = f"{where}[{entry}]: node '{node}' is not among the {self.count} nodes; add it there or correct it"
            raise damaged(self.path, problem) from None

    def notes(self, met: IntArray) -> tuple[str, ...]:
        alone = self.count - len(np.unique(met))
        return (*notes_of((alone, "node(s) that meet nobody kept")), *missing_note(self.labels))


def _document(path: Path) -> GraphDocument:
    try:
        with open_text(path) as file:
            return GraphDocument.model_validate(json.load(file, object_pairs_hook=partial(_object, path)))
    except json.JSONDecodeError as error:
        problem = f"is no JSON ({error.msg} at column {error.colno}); expected an object with nodes; correct it"
        raise damaged(path, problem, error.lineno) from error
    except ValidationError as error:
        raise damaged(path, _first_problem(error)) from error
    except RecursionError as error:
        raise damaged(path, "lists within lists without end; expected an object with nodes; correct it") from error
    except ValueError as error:
        problem = f"has a number that cannot be read ({error}); expected times and features within 3.4e38"
        raise damaged(path, f"{problem}, and longer ids in quotes; correct it") from error


def _object(path: Path, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        again = next(name for name in names if names.count(name) > 1)
        raise damaged(path, f"'{again}' stands twice in {str(pairs)[:60]}; expected it once; take one out")
    return found


def _first_problem(error: ValidationError) -> str:
    """The first thing that is wrong, where, and what was found."""
    first = error.errors(include_url=False)[0]
    where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in first["loc"]).lstrip(".")
    found = ascii(first["input"])[:60] if "surrogate" in first["msg"] else str(first["input"])[:60]
    fields = "nodes and one of contacts, groups, edges"
    return f"{where or 'the document'}: {first['msg']} (found {found}); expected {fields} as documented; correct it"


def _features(path: Path, nodes: Sequence[NodeEntry]) -> FloatArray | None:
    lengths = [None if node.features is None else len(node.features) for node in nodes]
    other = next((index for index, length in enumerate(lengths) if length != lengths[0]), None)
    if other is not None:
        found = f"nodes[{other}]: {lengths[other] or 'no'} features, but {lengths[0] or 'none'} of nodes[0]"
        raise damaged(path, f"{found}; expected as many for every node, or none for all; fill them up")
    if not lengths[0]:
        return None
    columns = map(_from_the_least, zip(*(node.features or () for node in nodes), strict=True))
    return checked_features(path, np.array(list(columns), np.float64).T, len(nodes))


def _from_the_least(column: tuple[float, ...]) -> tuple[float, ...]:
    """Whole numbers beyond 2**53 are counted from the least, so that float64 tells them apart."""
    if not any(isinstance(value, int) for value in column) or not all(float(value).is_integer() for value in column):
        return column
    whole = [int(value) for value in column]
    return tuple(float(value - min(whole)) for value in whole)


def _contact_log(name: str, contacts: Sequence[tuple[int, Any, Any]], nodes: _Nodes) -> ContactLog:
    times = np.array([time for time, _, _ in contacts], dtype=np.int64)
    pairs = nodes.pairs("contacts", [(i, j) for _, i, j in contacts])
    times, pairs, repairs = ordered_contacts(times, pairs)
    notes = (*repairs, *nodes.notes(pairs.ravel()))
    return ContactLog(name, times, pairs, nodes.ids, nodes.labels, nodes.classes, {}, nodes.features, notes)


def _timed_groups(name: str, groups: Sequence[GroupEntry], nodes: _Nodes) -> TimedGroups:
    members = nodes.codes("groups", [group.members for group in groups])
    sizes = np.array([len(group.members) for group in groups], dtype=np.int64)
    times = np.array([group.time for group in groups], dtype=np.int64)
    times, offsets, members, repairs = ordered_groups(times, sizes, members)
    notes = (*repairs, *nodes.notes(members))
    return TimedGroups(
        name, times, offsets, members, nodes.ids, nodes.labels, nodes.classes, nodes.features, notes=notes
    )
