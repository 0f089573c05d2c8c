"""The question-and-answer store in the catalog."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError
from kedro_datasets.text import TextDataset

from topology_efficient_dl.datasets.kedro_internals import TablePreview, table_preview
from topology_efficient_dl.qa.dated_files import replace_file
from topology_efficient_dl.qa.merge import check_output
from topology_efficient_dl.qa.store import Contents, QuestionStore


class QuestionsDataset(AbstractDataset[None, Contents]):
    """All entries of a folder; read only, since ``kedro qa add`` writes them.

    Parameters
    ----------
    filepath : the folder
    metadata : as in every Kedro dataset
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = filepath
        self.metadata = metadata

    def load(self) -> Contents:
        """Sound entries, and what is wrong with the others."""
        return QuestionStore(Path(self._filepath)).read()

    def save(self, data: None) -> None:
        """Refused: an entry is written when it is asked."""
        raise DatasetError(f"'{self._filepath}' is read only here; add an entry with: kedro qa add")

    def preview(self, nrows: int = 40) -> TablePreview:
        """The first entries by date."""
        entries = self.load().entries[:nrows]
        rows = [[f"{entry.date:%Y-%m-%d}", entry.category, entry.lang, entry.question] for entry in entries]
        return table_preview(("date", "category", "lang", "question"), rows)

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}

    def _exists(self) -> bool:
        return Path(self._filepath).is_dir()


class MergedDocumentDataset(TextDataset):
    """The merged document; a file that was not merged so is never overwritten."""

    def save(self, data: str) -> None:
        """Write the document.

        Raises
        ------
        DatasetError : another document lies there, or the file system refuses; what was there stays
        """
        check_output(Path(str(self._filepath)))
        replace_file(Path(str(self._filepath)), data)
