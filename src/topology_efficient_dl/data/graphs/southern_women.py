"""The Southern Women event data, which ship with networkx: who of 18 women came to which of 14 social events."""

from __future__ import annotations

import networkx as nx
import numpy as np

from topology_efficient_dl.data.graphs.groups import TimedGroups, flattened, ordered_groups
from topology_efficient_dl.data.graphs.node_tables import missing_labels


def southern_women() -> TimedGroups:
    """The events as groups; their times are their numbers, 1 to 14, which are not in order of the calendar.

    There are no labels: the two cliques of the book are its authors' judgement, and are not in networkx.

    References
    ----------
    Davis, Gardner and Gardner, *Deep South* (1941), chapter VII.

    Examples
    --------
    >>> groups = southern_women()
    >>> groups.n_nodes, groups.n_groups, len(groups.members)
    (18, 14, 89)
    """
    graph = nx.davis_southern_women_graph()
    women, events = graph.graph["top"], graph.graph["bottom"]
    index = {woman: code for code, woman in enumerate(women)}
    sizes, members = flattened([[index[woman] for woman in graph[event]] for event in events])
    numbers = np.array([int(event.removeprefix("E")) for event in events], dtype=np.int64)
    times, offsets, members, _ = ordered_groups(numbers, sizes, members)
    nodes, labels = np.array(women, dtype=np.str_), missing_labels(len(women))
    notes = ("times are the numbers of the events, not dates", "no published labels")
    return TimedGroups("southern_women", times, offsets, members, nodes, labels, (), time_unit="rank", notes=notes)
