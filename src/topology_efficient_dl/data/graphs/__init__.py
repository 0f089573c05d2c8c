"""Graphs with and without times: contact logs, timed groups, hypergraphs, static graphs, sets of small graphs.

What is wrong with a file is either one error, a `DataError` that names file, line, value, what was expected and the way
out, or a repair that is counted in the ``notes`` of the graph:

========================================== ===========================================================================
found                                      done
========================================== ===========================================================================
node not in the metadata                   error; ``unknown_nodes="keep"`` keeps it without a class, counted
node in the metadata only                  left out, counted (in ``graph.json``: kept, counted)
contact of a node with itself, self-loop   left out, counted
duplicate contact or edge                  kept once, counted; of timed groups every one is kept, it is an event
time before the one above                  put in order, counted
time off the grid of the sensors           kept, counted
time that is not a whole number            error; negative ones are times like any other
repeated member of a group                 kept once, counted
empty group                                error
missing label: null; in text empty, ?, nan -1, counted; any other text is a class
first line of names of columns             read by the names; words above numbers that are no known names: error
comment that has the fields of a row       error
row numbers before ids; times at the end   error
class in the log other than in metadata    the metadata count; counted. Without metadata, two classes of a node: error
id twice in the metadata                   error
empty file; ragged line; empty id          error
files of one set that do not fit           error
damaged gzip, npz or mat file; no text     error
values not finite, or beyond float32       error
pickled objects                            error
edge in both directions                    kept once, counted where the source lists edges once
adjacency that is not symmetric            made symmetric, counted
node in two parts of an official split     error
graph in no fold                           in no test part, counted; in two folds: error
========================================== ===========================================================================
"""

from topology_efficient_dl.data.graphs.contact_log import ContactLog
from topology_efficient_dl.data.graphs.finder import (
    Graph,
    GraphSource,
    find_graph,
    graph_names,
    load_graph,
    read_graph,
)
from topology_efficient_dl.data.graphs.graph_set import GraphSet
from topology_efficient_dl.data.graphs.groups import Hypergraph, TimedGroups
from topology_efficient_dl.data.graphs.label_splits import few_labels, split_at, time_split
from topology_efficient_dl.data.graphs.planted import planted_contacts, planted_events
from topology_efficient_dl.data.graphs.southern_women import southern_women
from topology_efficient_dl.data.graphs.static_graph import StaticGraph
from topology_efficient_dl.data.graphs.storage import graph_from_arrays
from topology_efficient_dl.params.planted import PlantedContacts

__all__ = [
    "ContactLog",
    "Graph",
    "GraphSet",
    "GraphSource",
    "Hypergraph",
    "PlantedContacts",
    "StaticGraph",
    "TimedGroups",
    "few_labels",
    "find_graph",
    "graph_from_arrays",
    "graph_names",
    "load_graph",
    "planted_contacts",
    "planted_events",
    "read_graph",
    "southern_women",
    "split_at",
    "time_split",
]
