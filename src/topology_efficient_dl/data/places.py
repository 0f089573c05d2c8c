"""Folders that a user names for raw data, and the files in them as a digest."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from topology_efficient_dl.errors import DataError


def named_folders(root: str | Path | None, setting: str, variable: str, expected: str) -> list[Path]:
    """The folder of a parameter alone, or else those of an environment variable, joined as in ``PATH``.

    Parameters
    ----------
    root : the parameter's value
    setting, variable : names of the parameter and of the variable
    expected : what such a folder is, for the error

    Raises
    ------
    DataError : one is not there
    """
    if root is not None:
        return [_existing(str(root), setting, expected)]
    named = [folder for folder in os.environ.get(variable, "").split(os.pathsep) if folder]
    return [_existing(folder, variable, expected) for folder in named]


def _existing(folder: str, setting: str, expected: str) -> Path:
    path = Path(folder).expanduser()
    if not path.is_dir():
        raise DataError(f"{setting}: no folder '{folder}'; expected {expected}; correct {setting} or unset it")
    return path


def digest_of_files(paths: Iterable[Path]) -> str:
    """SHA-256 (hexadecimal) of the bytes of files, wherever they are.

    Raises
    ------
    DataError : a file cannot be read
    """
    digest = hashlib.sha256()
    for path in paths:
        try:
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    return digest.hexdigest()
