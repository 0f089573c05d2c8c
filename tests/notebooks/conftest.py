"""A copy of the project that tests may run in."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Configuration and notebooks in a folder of their own, without data; the code is that which is installed."""
    copy = tmp_path_factory.mktemp("project")
    for name in ("conf", "reference", "notebooks"):
        shutil.copytree(ROOT / name, copy / name)
    for name in ("pyproject.toml", ".telemetry"):
        shutil.copy(ROOT / name, copy / name)
    for name in ("data", "src"):
        (copy / name).mkdir()
    return copy
