"""A copy of the project, without data, that tests may run in."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's code, configuration, documents and notebooks in a folder of their own."""
    copy = tmp_path_factory.mktemp("project")
    for name in ("conf", "src", "reference", "docs", "notebooks"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("pyproject.toml", ".telemetry"):
        shutil.copy(ROOT / name, copy / name)
    (copy / "data").mkdir()
    return copy
