"""The notebooks: without outputs in the repository, and run from top to bottom on a smoke run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
NAMES = [path.name for path in NOTEBOOKS]


def smoke_variables() -> dict[str, str]:
    """Environment variables that choose the smoke environment and bundled series."""
    hidden = ("UCR_ROOT", "GRAPH_ROOT", "KEDRO_ENV")
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    return {**kept, "KEDRO_ENV": "smoke", "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def smoke_run(project: Path) -> Path:
    """The copy of the project after one smoke run of each track."""
    quick = "parallel.backend=sequential,efficiency.memory=false"
    few = {
        "track_a": "train.max_epochs=1",
        "track_b": "track_b.train.max_epochs=1,track_b.models=gat simplicial_mlp simplicial_diffusion",
        "track_c": "track_c.train.max_epochs=1,track_c.seeds=42,compression.fine_tune.epochs=1",
    }
    for track, params in few.items():
        command = [sys.executable, "-m", "kedro", "run", "--pipelines", track, "--params", f"{quick},{params}"]
        done = subprocess.run(
            command, cwd=project, env=smoke_variables(), capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
    return project


def test_the_five_notebooks_are_there() -> None:
    assert NAMES == [
        "01_results.ipynb", "02_diagrams.ipynb", "03_use_the_model.ipynb", "04_complexes.ipynb",
        "05_compressed_networks.ipynb",
    ]  # fmt: skip


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_outputs_are_stripped(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert all(not cell.outputs and cell.execution_count is None for cell in code)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_it_runs_from_top_to_bottom(name: str, smoke_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in smoke_variables().items():
        monkeypatch.setenv(variable, value)
    for variable in ("UCR_ROOT", "GRAPH_ROOT"):
        monkeypatch.delenv(variable, raising=False)
    notebook = nbformat.read(smoke_run / "notebooks" / name, as_version=4)
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(smoke_run / "notebooks")}}
    )
    client.execute()
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    printed = "".join(output.get("text", "") for output in first.outputs)
    assert "environment: smoke" in printed
