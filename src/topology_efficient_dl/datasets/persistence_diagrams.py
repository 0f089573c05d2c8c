"""Persistence diagrams in the catalog: a versioned collection that Kedro-Viz can draw."""

from __future__ import annotations

import json
from typing import Any

from kedro_datasets._typing import PlotlyPreview

from topology_efficient_dl.datasets.collection import CollectionDataset


class PersistenceDiagramsDataset(CollectionDataset):
    """Diagrams by ``<dataset>/<variant>``; the interchange format is `tda.diagrams.PersistenceDiagrams` as npz.

    Parameters are those of `CollectionDataset`, without the codec.
    """

    def __init__(self, *, filepath: str, **options: Any) -> None:
        super().__init__(filepath=filepath, codec="diagrams", **options)

    def preview(self, sample: int = 0, key: str | None = None) -> PlotlyPreview:
        """The diagram of one sample of one item (the first item unless named), birth against death."""
        from topology_efficient_dl.tda.preview import diagram_figure

        diagrams = self.load()
        chosen = key or next(iter(diagrams))
        figure = diagram_figure(diagrams[chosen], sample)
        figure.update_layout(title_text=f"{chosen}: {figure.layout.title.text}")
        return PlotlyPreview(json.loads(figure.to_json()))
