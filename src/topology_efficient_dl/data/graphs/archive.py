"""Where graphs are looked for, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from topology_efficient_dl.data.graphs.finder import GraphSource, find_graph
from topology_efficient_dl.errors import DataError
from topology_efficient_dl.params.graphs import GraphParams


@dataclass(frozen=True)
class GraphArchive:
    """Finds graphs by name: in ``graphs.root`` if given, else in ``GRAPH_ROOT``, what ships, the project's folder.

    Attributes
    ----------
    folder : the project's own folder
    """

    folder: Path | str = "data/01_raw/graphs"

    def locate(self, name: str, params: GraphParams) -> GraphSource:
        """Where a graph is, with the options of its reader.

        Raises
        ------
        DataError : it is nowhere, or not whole
        """
        try:
            found = find_graph(name, params.root)
        except DataError:
            if params.root is not None or not Path(self.folder).is_dir():
                raise
            found = find_graph(name, self.folder)
        options = {**found.options, **params.options.get(name, {})}
        return GraphSource(found.name, found.reader, found.files, options, found.source)
