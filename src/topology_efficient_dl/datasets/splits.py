"""Splits in the catalog: a versioned collection of which Kedro-Viz draws some series."""

from __future__ import annotations

import json
from typing import Any

from kedro_datasets._typing import PlotlyPreview

from topology_efficient_dl.datasets.collection import CollectionDataset


class SplitsDataset(CollectionDataset):
    """Splits by name of the set. Parameters are those of `CollectionDataset`, without the codec."""

    def __init__(self, *, filepath: str, **options: Any) -> None:
        super().__init__(filepath=filepath, codec="split", **options)

    def preview(self, per_class: int = 3, key: str | None = None) -> PlotlyPreview:
        """Some training series of every class of one set (the first one unless named)."""
        from topology_efficient_dl.data.preview import series_figure

        splits = self.load()
        figure = series_figure(splits[key or next(iter(splits))], per_class)
        return PlotlyPreview(json.loads(figure.to_json()))
