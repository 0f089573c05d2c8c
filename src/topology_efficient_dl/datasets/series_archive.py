"""The raw series archive as a catalog entry."""

from __future__ import annotations

from topology_efficient_dl.data.archive import SeriesArchive
from topology_efficient_dl.datasets.raw_archive import RawArchiveDataset


class SeriesArchiveDataset(RawArchiveDataset[SeriesArchive]):
    """Where raw series are looked for, and downloaded to; ``ingest.root`` and ``UCR_ROOT`` come before the folder."""

    def load(self) -> SeriesArchive:
        """The archive; nothing is read before a dataset is asked for."""
        return SeriesArchive(self._filepath)
