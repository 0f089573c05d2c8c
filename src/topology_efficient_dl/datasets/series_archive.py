"""The raw series archive as a catalog entry."""

from __future__ import annotations

from typing import Any

from kedro.io import AbstractDataset, DatasetError

from topology_efficient_dl.data.archive import SeriesArchive


class SeriesArchiveDataset(AbstractDataset[None, SeriesArchive]):
    """Where raw series are looked for, and downloaded to; read only.

    Parameters
    ----------
    filepath : the project's folder of raw series; ``UCR_ROOT`` and ``ingest.root`` come before it
    metadata : as in every Kedro dataset
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = filepath
        self.metadata = metadata

    def load(self) -> SeriesArchive:
        """The archive; nothing is read before a dataset is asked for."""
        return SeriesArchive(self._filepath)

    def save(self, data: None) -> None:
        """Refused: raw data are never written by a run."""
        raise DatasetError(f"'{self._filepath}' holds raw data and is read only; put files there by hand")

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}

    def _exists(self) -> bool:
        return True
