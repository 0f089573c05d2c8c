"""The terminal sessions of docs/qa.md, run anew."""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from click.testing import CliRunner
from tests.qa.conftest import Model

from topology_efficient_dl.qa import dated_files

PAGE = Path(__file__).parents[2] / "docs" / "qa.md"
SESSION = re.compile(r"(?<=^```console\n).*?(?=^```$)", flags=re.MULTILINE | re.DOTALL)
BEGIN = datetime(2026, 11, 26, 9, 0)
ADDRESS = "127.0.0.1:8000"


@dataclass
class Terminal:
    """Runs what the page types; every ``kedro`` command is a minute after the one before.

    What the page shows of a file is what the file has in it. The stand-in of the language model answers one question.
    """

    model: Model
    environment: dict[str, str] = field(default_factory=dict)
    count: int = 0

    def run(self, command: str, shown: str) -> str:
        """What a command prints."""
        first, _, rest = command.partition(" ")
        if first == "cat":
            Path(rest).write_text(shown, encoding="utf-8")
            return shown
        if first == "export":
            self.environment.update(dict(word.split("=", 1) for word in shlex.split(rest)))
            return ""
        if first == "unset":
            del self.environment[rest]
            return ""
        if first == "echo":
            text, _, command = command.partition(" | ")
            return self.kedro(command, shlex.split(text)[1] + "\n")
        return self.kedro(command)

    def kedro(self, command: str, given: str = "") -> str:
        """What ``kedro`` prints; of a run, nothing."""
        from topology_efficient_dl.cli import cli

        words = shlex.split(command)
        assert words[0] == "kedro", command
        address = self.model.url.removeprefix("http://").removesuffix("/v1")
        settings = {name: value.replace(ADDRESS, address) for name, value in self.environment.items()}
        moment = BEGIN + timedelta(minutes=self.count)
        self.count += 1
        before, dated_files.now = dated_files.now, lambda: moment
        try:
            result = CliRunner().invoke(cli, words[1:], input=given, env=settings)
        finally:
            dated_files.now = before
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return "" if words[1] == "run" else result.output.replace(address, ADDRESS)


def replay(page: str, terminal: Terminal) -> str:
    """The page with what its commands print now; the working folder is the project's."""

    def session(match: re.Match[str]) -> str:
        steps = re.split(r"^\$ ", match[0], flags=re.MULTILINE)[1:]
        parts = (step.partition("\n") for step in steps)
        return "".join(f"$ {command}\n{terminal.run(command, shown)}" for command, _, shown in parts)

    return SESSION.sub(session, page)


def commands(page: str) -> list[str]:
    """Everything that the page types."""
    return [line[2:] for session in SESSION.findall(page) for line in session.splitlines() if line.startswith("$ ")]


def write_page(terminal: Terminal) -> None:
    """Put what the commands print now into the page."""
    PAGE.write_text(replay(PAGE.read_text(encoding="utf-8"), terminal), encoding="utf-8")


def asked_to_write() -> bool:
    """Whether the page is to be written rather than tested."""
    return os.environ.get("WRITE_TRANSCRIPT") == "1"
