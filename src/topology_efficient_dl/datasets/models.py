"""Trained models in the catalog: safetensors with a JSON card, versioned, previewed as a table."""

from __future__ import annotations

from typing import Any

from kedro_datasets._typing import TablePreview

from topology_efficient_dl.datasets.collection import CollectionDataset

COLUMNS = ("dataset", "model", "seed", "n_params", "epochs", "best_epoch", "fit_seconds")


class ModelsDataset(CollectionDataset):
    """Models by ``<dataset>/<model>/<seed>``. Parameters are those of `CollectionDataset`, without the codec."""

    def __init__(self, *, filepath: str, **options: Any) -> None:
        super().__init__(filepath=filepath, codec="model", **options)

    def preview(self, nrows: int = 20) -> TablePreview:
        """The cards of the first models: size, epochs, seconds."""
        models = self.load()
        cards = [models[key].card for key in list(models)[:nrows]]
        rows = [[_rounded(card[name]) for name in COLUMNS] for card in cards]
        return TablePreview({"index": list(range(len(rows))), "columns": list(COLUMNS), "data": rows})


def _rounded(value: Any) -> Any:
    return round(value, 2) if isinstance(value, float) else value
