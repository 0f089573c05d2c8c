"""Questions that wait for an answer: each is written down before anything that can fail is tried."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from topology_efficient_dl.errors import (
    QuestionError,
    StorageError,
    TopologyEfficientError,
    did_you_mean,
)
from topology_efficient_dl.qa.categories import CATEGORIES, propose_category, propose_tags
from topology_efficient_dl.qa.dated_files import create_dated
from topology_efficient_dl.qa.entry import Entry, format_entry, parse_body
from topology_efficient_dl.qa.front_matter import LineError, read_front_matter
from topology_efficient_dl.qa.request import Request
from topology_efficient_dl.qa.store import shown
from topology_efficient_dl.qa.wording import question_key, slug_of

DRAFTS = "drafts"
"""The folder of drafts, in that of entries; nothing in it is listed or merged."""

HINTS = {
    "en": "<!-- Write the answer after '## A:', in one sentence; below it, as needed: In plain words, Definition, "
    "A worked example, What this project uses it for, Related. Save and close. This comment is dropped. -->",
    "ko": "<!-- '## A:' 뒤에 한 문장으로 답을 쓰고, 그 아래에 필요한 만큼 덧붙이세요: 쉽게 말하면, 정의, "
    "직접 확인하는 예, 이 프로젝트에서의 쓰임, 관련 항목. 저장하고 닫으면 됩니다. 이 주석은 지워집니다. -->",
}


@dataclass(frozen=True)
class Drafts:
    """Drafts as Markdown files in one folder: entries whose answer may be empty."""

    folder: Path

    def keep(self, request: Request) -> Path:
        """Write a question down.

        Raises
        ------
        StorageError : the file system refuses; the message holds the question
        """
        try:
            return create_dated(self.folder, slug_of(request.question), lambda date: _template(request, date))
        except StorageError as error:
            raise StorageError(f"{error}. The question was: {request.question}") from error

    def read(self, path: Path) -> tuple[Request, str]:
        """Question and answer of a draft, which may be empty.

        Raises
        ------
        QuestionError : it is not sound, with file and line
        """
        try:
            front, lines = read_front_matter(path.read_bytes().decode("utf-8"))
            question, answer = parse_body(front, lines)
        except LineError as error:
            raise QuestionError(f"{shown(path)}:{error.line}: {error}") from None
        except (OSError, UnicodeDecodeError) as error:
            raise QuestionError(f"{shown(path)} cannot be read: {error}") from None
        for hint in HINTS.values():
            answer = answer.replace(hint, "")
        return Request.of(question, front.category, front.lang, front.tags), answer.strip()

    def names(self) -> list[str]:
        """Drafts that there are, the oldest first."""
        return sorted(path.stem for path in self.folder.glob("[0-9]*.md") if path.is_file())

    def find(self, name: str) -> Path:
        """A draft by the name of its file.

        Raises
        ------
        QuestionError : there is none
        """
        wanted = Path(name).name.removesuffix(".md")
        names = self.names()
        if wanted in names:
            return self.folder / f"{wanted}.md"
        there_are = f"There are: {', '.join(names)}" if names else "There are none"
        raise QuestionError(
            f"no draft '{name}' in {shown(self.folder)}{did_you_mean(wanted, names) or '.'} {there_are}"
        )

    def forget(self, request: Request) -> None:
        """Remove drafts of the same question that nobody has written an answer to: it has one now."""
        for path in filter(Path.is_file, self.folder.glob(f"*-{slug_of(request.question)}.md")):
            try:
                kept, answer = self.read(path)
            except QuestionError:
                continue
            if not answer and question_key(kept.question) == question_key(request.question):
                path.unlink(missing_ok=True)


@contextmanager
def kept(drafts: Drafts, request: Request | None, path: Path | None = None) -> Iterator[Path]:
    """Hold a question in a draft while its answer is made; if that fails, the error says where it is and how to go on.

    Parameters
    ----------
    drafts : where it is kept
    request, path : the question, or the draft that it has already
    """
    draft = path if path is not None or request is None else drafts.keep(request)
    assert draft is not None
    try:
        yield draft
    except (TopologyEfficientError, KeyboardInterrupt) as error:
        if request is not None and not draft.exists():  # another process has answered the same question meanwhile
            draft = drafts.keep(request)
        reason = "interrupted" if isinstance(error, KeyboardInterrupt) else str(error).rstrip(".")
        raise QuestionError(
            f"{reason}. The question is kept in {shown(draft)}; go on with: kedro qa add --draft {draft.stem}"
        ) from error
    draft.unlink(missing_ok=True)
    if request is not None:
        drafts.forget(request)


def _template(request: Request, date: datetime) -> str:
    tags = request.tags or propose_tags(request.question)
    known = request.category if request.category in CATEGORIES else None
    category = known or propose_category(request.question, tags=tags)
    return format_entry(
        Entry(f"{date}", date, tags, category, request.language, request.question, HINTS[request.language])
    )
