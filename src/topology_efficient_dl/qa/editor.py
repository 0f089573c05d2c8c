"""The user's editor."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from topology_efficient_dl.errors import QuestionError

USUAL = ("nano", "vi", "notepad")


def edit(path: Path, environ: Mapping[str, str] = os.environ) -> None:
    """Open a file in the editor and wait until it is closed.

    ``VISUAL`` or ``EDITOR`` names it, with arguments if need be; without them one that is usual, at a terminal only.

    Raises
    ------
    QuestionError : there is no editor, or it failed
    """
    command = _command(environ)
    try:
        status = subprocess.run([*command, str(path)], check=False).returncode
    except OSError as error:
        raise QuestionError(f"the editor '{command[0]}' cannot be started: {error.strerror}; set EDITOR") from error
    if status:
        raise QuestionError(f"the editor '{command[0]}' failed with status {status}")


def _command(environ: Mapping[str, str]) -> list[str]:
    named = environ.get("VISUAL") or environ.get("EDITOR")
    try:
        words = shlex.split(named or "")
    except ValueError as error:
        raise QuestionError(f"EDITOR cannot be read: {error}; it is {named!r}") from error
    if words:
        return words
    usual = next((name for name in USUAL if shutil.which(name)), None)
    if usual is None or not sys.stdin.isatty():
        raise QuestionError(
            "there is no answer yet and no editor to write it in; set EDITOR, or give a file: --answer-file answer.md"
        )
    return [usual]
