"""Copies of the project in temporary folders, run in this process through the real command line or as processes."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from tests.places import chdir

SOURCE = Path(__file__).parents[2]
COPIED = ("conf", "reference", "pyproject.toml", "README.md", ".telemetry")
CELLS = re.compile(r"(?P<name>\w+): (?P<all>\d+) cells, (?P<done>\d+) already done, (?P<todo>\d+) to do")
TINY = """
datasets: [Toy]
models: [ph_mlp, tiny_cnn]
seeds: [1]
train: {max_epochs: 2, min_epochs: 1}
tda: {n_bins: 8, n_layers: 2}
zoo: {ph_mlp: {size: small}, tiny_cnn: {size: small}, inception_time: {size: small}}
efficiency: {rounds: 1, min_run_seconds: 0.001, memory: false}
evaluate: {baseline: tiny_cnn, n_bootstrap: 100}
parallel: {backend: sequential, jobs: 1}
ingest: {download: false}
"""


@dataclass(frozen=True)
class Run:
    """What one command gave: exit status, everything it printed, and cells by collection as (all, done, to do)."""

    code: int
    output: str
    cells: dict[str, tuple[int, int, int]] = field(default_factory=dict)

    @property
    def todo(self) -> dict[str, int]:
        """Cells computed, by collection."""
        return {name: todo for name, (_, _, todo) in self.cells.items()}


class _Messages(logging.Handler):
    """Keeps what the program logs."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


class Project:
    """A copy of the project without data and without sources, which are those that are installed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "src").mkdir(parents=True)
        for name in COPIED:
            copy = shutil.copytree if (SOURCE / name).is_dir() else shutil.copy
            copy(SOURCE / name, root / name)
        self.environment("tiny", TINY)
        (root / "data" / "01_raw" / "ucr").mkdir(parents=True)

    def environment(self, name: str, parameters: str) -> None:
        """Add a conf environment."""
        folder = self.root / "conf" / name
        folder.mkdir()
        (folder / "parameters.yml").write_text(parameters)

    def toy(self, name: str = "Toy", n_train: int = 10, n_test: int = 6, n_timepoints: int = 24, seed: int = 0) -> None:
        """Put a set of noisy sines of two frequencies into the raw folder."""
        rng = np.random.default_rng(seed)
        for part, n in (("TRAIN", n_train), ("TEST", n_test)):
            labels = 1 + np.arange(n) % 2
            waves = np.sin(labels[:, None] * np.linspace(0, 7, n_timepoints) + rng.uniform(0, 6, (n, 1)))
            self.raw(f"{name}_{part}.tsv", labels, waves + 0.1 * rng.normal(size=waves.shape))

    def raw(self, name: str, labels: Any, values: Any) -> Path:
        """Write a UCR file into the raw folder."""
        path = self.root / "data" / "01_raw" / "ucr" / name
        rows = ["\t".join([str(label), *map(repr, map(float, row))]) for label, row in zip(labels, values, strict=True)]
        path.write_text("\n".join(rows) + "\n")
        return path

    def run(self, *arguments: str, env: str = "tiny", params: str = "") -> Run:
        """``kedro run`` with these arguments, in this process."""
        from topology_efficient_dl.cli import cli

        messages = _Messages()
        log = logging.getLogger("topology_efficient_dl")
        log.addHandler(messages)
        try:
            with chdir(self.root), pytest.MonkeyPatch.context() as patch:
                if env == "smoke":  # reads what ships, on every machine
                    patch.delenv("UCR_ROOT", raising=False)
                command = ["run", "--env", env, *arguments, *(["--params", params] if params else [])]
                result = CliRunner().invoke(cli, command)
        finally:
            log.removeHandler(messages)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception  # the real command line would have shown a traceback
        found = [match for line in messages.lines if (match := CELLS.fullmatch(line))]
        cells = {each["name"]: (int(each["all"]), int(each["done"]), int(each["todo"])) for each in found}
        return Run(result.exit_code, result.output, cells)

    def start(self, *arguments: str, env: str = "tiny") -> subprocess.Popen[str]:
        """``python -m kedro run`` with these arguments, as a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "kedro", "run", "--env", env, *arguments],
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def load(self, name: str, env: str = "tiny") -> Any:
        """The latest version of a catalog entry."""
        return self.dataset(name, env).load()

    def dataset(self, name: str, env: str = "tiny") -> Any:
        """A catalog entry."""
        with chdir(self.root), KedroSession.create(project_path=self.root, env=env) as session:
            return session.load_context().catalog[name]

    def receipts(self, layer: str) -> dict[str, tuple[dict[str, Any], int]]:
        """Receipts of finished items of a layer by fingerprint, each with its item's time of change."""
        found = {}
        for path in (self.root / "data" / layer / "items").rglob("*.receipt"):
            receipt = json.loads(path.read_text())
            item = path.parent / f"{path.stem}-{receipt['sha256'][:12]}{receipt['suffix']}"
            found[path.stem] = (receipt, item.stat().st_mtime_ns)
        return found

    def digests(self, layer: str) -> dict[str, str]:
        """SHA-256 of the finished items of a layer, by fingerprint."""
        return {fingerprint: receipt["sha256"] for fingerprint, (receipt, _) in self.receipts(layer).items()}


def kill_when(
    process: subprocess.Popen[str], condition: Callable[[], bool], number: int = signal.SIGKILL, timeout: float = 300
) -> str:
    """Send a signal to a process, not to its children, as soon as a condition holds; what it had printed."""
    end = time.monotonic() + timeout
    while process.poll() is None and time.monotonic() < end and not condition():
        time.sleep(0.005)
    os.kill(process.pid, number)
    return process.communicate(timeout=60)[0]


@pytest.fixture(scope="session", autouse=True)
def _bootstrapped(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Kedro knows the project; logging is set up outside any captured command."""
    root = Project(tmp_path_factory.mktemp("bootstrap") / "project").root
    with chdir(root):
        bootstrap_project(root)


@pytest.fixture(scope="session")
def killed() -> Callable[..., str]:
    """How to kill a run."""
    return kill_when


@pytest.fixture(scope="session")
def make_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Project]:
    """A new copy of the project."""
    return lambda: Project(tmp_path_factory.mktemp("copy") / "project")


@pytest.fixture
def project(make_project: Callable[[], Project]) -> Project:
    """A copy with one toy set, for one test."""
    copy = make_project()
    copy.toy()
    return copy


@pytest.fixture(scope="session")
def smoke(make_project: Callable[[], Project]) -> Iterator[Project]:
    """A copy in which every part of the smoke run was run once, by its own name."""
    copy = make_project()
    for name in ("ingest", "tda_features", "train", "evaluate"):
        result = copy.run("--pipeline", name, env="smoke")
        assert result.code == 0, result.output
    return copy
