"""Where tests run."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def chdir(folder: Path) -> Iterator[None]:
    """Work in a folder for a while (``contextlib.chdir`` needs Python 3.11)."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
