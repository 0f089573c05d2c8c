"""Tables in the catalog, with a preview that a person can read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from kedro_datasets.pandas import CSVDataset

from topology_efficient_dl.datasets.kedro_internals import TablePreview, table_preview


class TableDataset(CSVDataset):
    """A CSV file. Saved and loaded in full precision, previewed in four significant digits."""

    def preview(self, nrows: int = 20, columns: Sequence[str] | None = None) -> TablePreview:
        """The first rows, of all columns or of those named that the table has."""
        table = self.load().head(nrows)
        shown = [name for name in columns or table.columns if name in table.columns]
        rows = [[_readable(value) for value in row] for row in table[shown].itertuples(index=False)]
        return table_preview(shown, rows)


def _readable(value: Any) -> Any:
    if pd.isna(value):
        return None
    if isinstance(value, float):
        return int(value) if value.is_integer() else float(f"{value:.4g}")
    return value.item() if hasattr(value, "item") else value
