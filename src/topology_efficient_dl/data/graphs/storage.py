"""Any stored graph back from its arrays, whatever its type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from topology_efficient_dl.data.graphs.contact_log import ContactLog
from topology_efficient_dl.data.graphs.finder import Graph
from topology_efficient_dl.data.graphs.graph_set import GraphSet
from topology_efficient_dl.data.graphs.groups import Hypergraph, TimedGroups
from topology_efficient_dl.data.graphs.records import read_metadata
from topology_efficient_dl.data.graphs.static_graph import StaticGraph
from topology_efficient_dl.errors import StorageError

TYPES: dict[str, type[Graph]] = {
    kind.__name__: kind for kind in (ContactLog, TimedGroups, StaticGraph, Hypergraph, GraphSet)
}


def graph_from_arrays(arrays: Mapping[str, Any]) -> Graph:
    """The graph that ``to_arrays`` took apart, of the type that the metadata name.

    Raises
    ------
    StorageError : the arrays are no stored graph
    """
    kind, _ = read_metadata(arrays)
    if kind not in TYPES:
        raise StorageError(
            f"not a stored graph: its kind is '{kind}'; expected one of {', '.join(TYPES)}; compute it again"
        )
    return TYPES[kind].from_arrays(arrays)
