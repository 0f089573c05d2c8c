"""Raw data as a catalog entry: where they are looked for, never written."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Generic, TypeVar

from kedro.io import AbstractDataset, DatasetError

Archive = TypeVar("Archive")


class RawArchiveDataset(AbstractDataset[None, Archive], Generic[Archive]):
    """Where raw data are looked for; read only.

    Parameters
    ----------
    filepath : the project's folder of raw data; other places come before it, see the archive
    metadata : as in every Kedro dataset
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = filepath
        self.metadata = metadata

    @abstractmethod
    def load(self) -> Archive:
        """The archive; nothing is read before a set is asked for."""

    def save(self, data: None) -> None:
        """Refused: raw data are never written by a run."""
        raise DatasetError(f"'{self._filepath}' holds raw data and is read only; put files there by hand")

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}

    def _exists(self) -> bool:
        return True
