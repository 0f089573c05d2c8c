"""Small made-up files, and the folder of real ones."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a text file, gzipped if its name says so."""

    def write_text(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".gz":
            path.write_bytes(gzip.compress(text.encode()))
        else:
            path.write_bytes(text.encode())
        return path

    return write_text


@pytest.fixture
def no_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """No folder of graphs in the environment."""
    monkeypatch.delenv("GRAPH_ROOT", raising=False)


@pytest.fixture(scope="session")
def real_root() -> str:
    """The folders of ``GRAPH_ROOT``; tests that want them are skipped without."""
    if not os.environ.get("GRAPH_ROOT"):
        pytest.skip("GRAPH_ROOT is not set")
    return os.environ["GRAPH_ROOT"]
