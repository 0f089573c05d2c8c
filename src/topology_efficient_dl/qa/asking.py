"""Asking: from the store if it is answered there, else from a language model if there is one, else by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from topology_efficient_dl.errors import QuestionError
from topology_efficient_dl.qa.drafts import DRAFTS, Drafts, kept
from topology_efficient_dl.qa.editor import edit
from topology_efficient_dl.qa.entry import MAX_ANSWER_BYTES, Entry
from topology_efficient_dl.qa.language_model import LanguageModel
from topology_efficient_dl.qa.request import Request
from topology_efficient_dl.qa.search import find_answer
from topology_efficient_dl.qa.store import ENTRIES, QuestionStore


@dataclass(frozen=True)
class Answered:
    """An answered question, and whether the answer was there before."""

    entry: Entry
    stored: bool


@dataclass(frozen=True)
class Desk:
    """Where questions are asked: the store and its drafts, in a project's folder."""

    store: QuestionStore
    drafts: Drafts

    @classmethod
    def of(cls, project: Path) -> Desk:
        """That of a project."""
        folder = project / ENTRIES
        return cls(QuestionStore(folder), Drafts(folder / DRAFTS))

    def ask(self, request: Request, *, anew: bool = False, editor: Callable[[Path], None] = edit) -> Answered:
        """The stored answer, or a new one that is stored.

        Parameters
        ----------
        request : the question
        anew : do not look in the store
        editor : what opens a draft where no language model is set up

        Raises
        ------
        QuestionError : no answer could be got; the question is kept in a draft that the message names
        """
        with kept(self.drafts, request) as draft:
            stored = None if anew else self.stored(request)
            if stored is not None:
                return Answered(stored, stored=True)
            request.check()
            model = LanguageModel.from_environment()
            if model is None:
                return Answered(self._write(draft, editor), stored=False)
            answer = model.answer(request.question, request.language)
            return Answered(self.store.add(request, answer, source=model.name), stored=False)

    def stored(self, request: Request) -> Entry | None:
        """The entry that answers a question already, if there is one."""
        return find_answer(self.store.read().entries, request.question, request.language)

    def add(
        self, request: Request, answer: Callable[[], str] | None, *, editor: Callable[[Path], None] = edit
    ) -> Entry:
        """Store a question with an answer of one's own, given or written in the editor.

        Raises
        ------
        QuestionError : the answer or the category is unsuitable; the question is kept in a draft that the message names
        """
        with kept(self.drafts, request) as draft:
            request.check()
            return self.store.add(request, answer()) if answer else self._write(draft, editor)

    def finish(self, name: str, answer: Callable[[], str] | None, *, editor: Callable[[Path], None] = edit) -> Entry:
        """Answer the question of a draft; the draft is removed.

        Raises
        ------
        QuestionError : there is no such draft, or its answer is unsuitable; the draft stays
        """
        with kept(self.drafts, None, self.drafts.find(name)) as draft:
            if answer is None:
                return self._write(draft, editor)
            return self.store.add(self.drafts.read(draft)[0], answer())

    def _write(self, draft: Path, editor: Callable[[Path], None]) -> Entry:
        editor(draft)
        request, written = self.drafts.read(draft)
        if not written:
            raise QuestionError("no answer was written")
        return self.store.add(request, written)


def read_answer(data: bytes, place: str) -> str:
    """An answer from a file or from standard input, of which at most one byte too many was read.

    Raises
    ------
    QuestionError : it is too large, or not UTF-8
    """
    if len(data) > MAX_ANSWER_BYTES:
        raise QuestionError(
            f"the answer in {place} has more than {MAX_ANSWER_BYTES:,} bytes. Shorten it, or link to a document"
        )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise QuestionError(f"{place}:{line}: byte {data[error.start]:#x} is not UTF-8; save it as UTF-8") from None
