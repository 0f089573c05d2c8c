"""What Kedro keeps behind an underscore and has no public way to; no other module reaches for it.

Kedro-Viz knows previews by types that lie in a private module of kedro-datasets. A version can be pinned through
``catalog.get(name, version=...)`` too, but to put such an entry into the catalog warns, and forgets its validators.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from kedro.io import AbstractVersionedDataset, Version
from kedro_datasets._typing import PlotlyPreview, TablePreview

Versioned = AbstractVersionedDataset[Any, Any]


def table_preview(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> TablePreview:
    """Rows as the table that Kedro-Viz shows."""
    return TablePreview({"index": list(range(len(rows))), "columns": list(columns), "data": list(rows)})


def figure_preview(figure: Any) -> PlotlyPreview:
    """A figure of plotly as Kedro-Viz shows it."""
    return PlotlyPreview(json.loads(figure.to_json()))


def has_versions(entry: Any) -> bool:
    """Whether an entry of the catalog is versioned."""
    return isinstance(entry, AbstractVersionedDataset) and bool(entry._version)


def place_of(entry: Versioned) -> str:
    """The file or folder that an entry names."""
    return str(entry._filepath)


def pin(entry: Versioned, version: str | None = None) -> None:
    """Let an entry be read in one version, its own if none is given."""
    own = entry.resolve_save_version()
    entry._version = Version(version or own, own)


def saved_path(entry: Any) -> str:
    """Where the version of an entry lies that is read: the latest, unless it is pinned."""
    return str(entry._get_load_path())
