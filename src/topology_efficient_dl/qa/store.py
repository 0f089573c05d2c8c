"""The folder of entries: read as a whole with what is wrong in it, added to, looked up by name."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from topology_efficient_dl.errors import QuestionError, did_you_mean
from topology_efficient_dl.qa.dated_files import create_dated
from topology_efficient_dl.qa.entry import (
    MAX_ANSWER_BYTES,
    Entry,
    format_entry,
    parse_entry,
)
from topology_efficient_dl.qa.front_matter import LineError
from topology_efficient_dl.qa.request import Request
from topology_efficient_dl.qa.wording import slug_of

ENTRIES = "docs/qa"
"""Where entries lie, from the project's folder."""

MAX_FILE_BYTES = MAX_ANSWER_BYTES + 10_000


@dataclass(frozen=True)
class Problem:
    """A file that could not be read as an entry."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


@dataclass(frozen=True)
class Contents:
    """What the folder holds: sound entries and what is wrong with the others, both by file name.

    Examples
    --------
    >>> len(Contents(Path("docs/qa"), (), ()))
    0
    """

    folder: Path
    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]

    def __len__(self) -> int:
        return len(self.entries)

    @cached_property
    def by_name(self) -> Mapping[str, Entry]:
        """Entries by name."""
        return {entry.name: entry for entry in self.entries}


@dataclass(frozen=True)
class QuestionStore:
    """Entries as Markdown files in one folder."""

    folder: Path

    def read(self) -> Contents:
        """All entries; files that are not sound are told as problems, and a folder that is missing is empty."""
        entries: list[Entry] = []
        problems: list[Problem] = []
        for file in sorted(self._files(), key=lambda name: unicodedata.normalize("NFC", name)):
            try:
                entries.append(self._read_entry(file))
            except LineError as error:
                problems.append(Problem(shown(self.folder / file), error.line, str(error)))
        return Contents(self.folder, tuple(entries), tuple(problems))

    def add(self, request: Request, answer: str, *, source: str | None = None, begin: datetime | None = None) -> Entry:
        """Write a new entry; never in place of another one, whoever else writes at the same time.

        Raises
        ------
        QuestionError : the answer or the category is unsuitable
        StorageError : the file system refuses
        """
        made: list[Entry] = []

        def text_at(date: datetime) -> str:
            made.append(request.entry(date, answer, source))
            return format_entry(made[-1])

        request.entry(datetime(2000, 1, 1), answer, source)  # what is wrong is wrong at any time
        create_dated(self.folder, slug_of(request.question), text_at, begin)
        return made[-1]

    def find(self, name: str) -> Entry:
        """The entry of that file, name, slug, or beginning of a name that no other entry has.

        Raises
        ------
        QuestionError : there is none, or the name leads out of the folder; names the nearest
        LineError : its file is not sound
        """
        wanted = self._inside(name)
        contents = self.read()
        same = [entry for entry in contents.entries if wanted in (entry.name, entry.slug)]
        chosen = same or [entry for entry in contents.entries if entry.name.startswith(wanted)]
        if len(chosen) == 1:
            return chosen[0]
        for problem in contents.problems:
            if wanted in (Path(problem.file).stem, Path(problem.file).stem[16:]):
                raise QuestionError(str(problem))
        if chosen:
            raise QuestionError(f"'{name}' names {len(chosen)} entries: {', '.join(entry.name for entry in chosen)}")
        names = {entry.slug: entry.name for entry in contents.entries}
        raise QuestionError(
            f"no entry '{name}' in {shown(self.folder)}{did_you_mean(wanted, [*names, *names.values()]) or '.'} "
            "See: kedro qa list"
        )

    def _files(self) -> list[str]:
        if not self.folder.is_dir():
            return []
        return [name for name in os.listdir(self.folder) if name.endswith(".md") and not name.startswith(".")]

    def _read_entry(self, file: str) -> Entry:
        path = self.folder / file
        if path.is_symlink() and self.folder.resolve() not in path.resolve().parents:
            raise LineError(1, f"the file is a link that leads out of {shown(self.folder)}")
        if path.exists() and not path.is_file():
            raise LineError(1, "the file cannot be read: it is a folder, a device or a pipe")
        try:
            with open(path, "rb") as opened:
                data = opened.read(MAX_FILE_BYTES + 1)
            text = data.decode("utf-8")
        except OSError as error:
            raise LineError(1, f"the file cannot be read: {error.strerror}") from None
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            raise LineError(line, f"byte {data[error.start]:#x} is not UTF-8; save the file as UTF-8") from None
        if len(data) > MAX_FILE_BYTES:
            raise LineError(1, f"the file has more than {MAX_FILE_BYTES:,} bytes")
        return parse_entry(file[:-3], text)

    def _inside(self, name: str) -> str:
        """The name alone; it may be given with the folder, and must not lead out of it."""
        wanted = unicodedata.normalize("NFC", name.strip()).removesuffix(".md")
        if not wanted:
            raise QuestionError("no entry is named; see: kedro qa list")
        if not re.search(r"[/\\]|^\.+$", wanted):
            return wanted
        parent = Path(os.path.abspath(wanted)).parent
        if parent != Path(os.path.abspath(self.folder)):
            raise QuestionError(f"'{name}' leads out of {shown(self.folder)}; expected the name of an entry there")
        return Path(wanted).name


def shown(path: Path) -> str:
    """A path as a user reads it: from the working folder, if it lies in there."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else Path(relative).as_posix()
