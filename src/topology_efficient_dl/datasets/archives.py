"""Raw data as catalog entries: where they are looked for, never written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from kedro.io import AbstractDataset, DatasetError

from topology_efficient_dl.data.archive import SeriesArchive
from topology_efficient_dl.data.graphs.finder import GraphArchive


class RawArchiveDataset(AbstractDataset[None, Any]):
    """Where raw data are looked for; read only.

    Parameters
    ----------
    filepath : the project's folder of raw data; other places come before it, see the archive
    metadata : as in every Kedro dataset
    """

    archive: ClassVar[Callable[[str], Any]]

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = filepath
        self.metadata = metadata

    def load(self) -> Any:
        """The archive; nothing is read before a set is asked for."""
        return type(self).archive(self._filepath)

    def save(self, data: None) -> None:
        """Refused: raw data are never written by a run."""
        raise DatasetError(f"'{self._filepath}' holds raw data and is read only; put files there by hand")

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}

    def _exists(self) -> bool:
        return True


class SeriesArchiveDataset(RawArchiveDataset):
    """Where raw series are looked for, and downloaded to; ``ingest.root`` and ``UCR_ROOT`` come before the folder."""

    archive = SeriesArchive


class GraphArchiveDataset(RawArchiveDataset):
    """Where raw graphs are looked for; ``graphs.root`` and ``GRAPH_ROOT`` come before the folder."""

    archive = GraphArchive
