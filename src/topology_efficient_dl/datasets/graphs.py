"""Graphs and complexes in the catalog: where raw graphs lie, tasks, and complexes that Kedro-Viz can draw."""

from __future__ import annotations

import json
from typing import Any

from kedro_datasets._typing import PlotlyPreview, TablePreview

from topology_efficient_dl.data.graphs.archive import GraphArchive
from topology_efficient_dl.datasets.collection import CollectionDataset
from topology_efficient_dl.datasets.raw_archive import RawArchiveDataset


class GraphArchiveDataset(RawArchiveDataset[GraphArchive]):
    """Where raw graphs are looked for; ``graphs.root`` and ``GRAPH_ROOT`` come before the folder."""

    def load(self) -> GraphArchive:
        """The archive; nothing is read before a graph is asked for."""
        return GraphArchive(self._filepath)


class GraphTasksDataset(CollectionDataset):
    """Tasks on graphs by name. Parameters are those of `CollectionDataset`, without the codec."""

    def __init__(self, *, filepath: str, **options: Any) -> None:
        super().__init__(filepath=filepath, codec="graph_task", **options)

    def preview(self, nrows: int = 20) -> TablePreview:
        """Sizes of the first tasks."""
        from topology_efficient_dl.data.graphs.task import describe_task

        tasks = self.load()
        cards = [describe_task(tasks[key]) for key in list(tasks)[:nrows]]
        columns = [name for name in cards[0] if name not in ("notes", "skipped")] if cards else []
        rows = [[_rounded(card[name]) for name in columns] for card in cards]
        return TablePreview({"index": list(range(len(rows))), "columns": columns, "data": rows})


class SimplicialComplexesDataset(CollectionDataset):
    """Complexes by dataset: simplices with weights and times as npz, from which boundary matrices, Laplacians and
    adjacencies are made (`complexes.operators`).

    Parameters are those of `CollectionDataset`, without the codec.
    """

    def __init__(self, *, filepath: str, **options: Any) -> None:
        super().__init__(filepath=filepath, codec="complex", **options)

    def preview(self, nrows: int = 1, key: str | None = None) -> PlotlyPreview:
        """The heaviest simplices of one complex (the first unless named), and how many there are."""
        from topology_efficient_dl.reports.complex_figure import complex_figure

        complexes = self.load()
        chosen = key or next(iter(complexes))
        return PlotlyPreview(json.loads(complex_figure(complexes[chosen], chosen).to_json()))


def _rounded(value: Any) -> Any:
    return round(value, 3) if isinstance(value, float) else value
