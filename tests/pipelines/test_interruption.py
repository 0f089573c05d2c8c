"""Runs that are killed, and runs that share a project."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest

SETS = [f"Toy{number}" for number in range(4)]
SEEDS = (1, 2)
SETTINGS = f"""
datasets: [{", ".join(SETS)}]
models: [ph_mlp, tiny_cnn]
seeds: {list(SEEDS)}
train: {{max_epochs: 20, min_epochs: 20}}
tda: {{n_bins: 8, n_layers: 2}}
ingest: {{download: false}}
"""
COMMAND = ("--to-outputs", "track_a.predictions")
N_CELLS = len(SETS) * 2 * len(SEEDS)
LAYERS = {"persistence_diagrams": "03_primary", "models": "06_models"}

# A receipt tells that a cell is finished; only a mark made by whoever computes it tells that it was begun.
# Fits can be made to wait for one another, so that all workers are at one when the run is killed.
WATCHED = """
import os
import time
from functools import partial
from pathlib import Path
from uuid import uuid4

from kedro.framework.cli import main
from topology_efficient_dl.collections import collection

MARKS = Path.cwd() / "begun" / str(os.getpid())
AT_ONCE = {"models": int(os.environ["MODELS_AT_ONCE"])}


def marked(compute, key, item, store, codec, name):
    (MARKS / name).mkdir(parents=True, exist_ok=True)
    (MARKS / name / f"{item.fingerprint}.{uuid4().hex}").touch()
    while len(list((MARKS / name).iterdir())) % AT_ONCE.get(name, 1):
        time.sleep(0.01)
    return compute(key, item, store, codec, name)


def run_marked(compute, *arguments, **options):
    return run_all(partial(marked, compute), *arguments, **options)


run_all, collection.run_all = collection.run_all, run_marked
main()
"""


@dataclass(frozen=True)
class WatchedRun:
    """A run as a process group of its own, every worker of which marks the cells that it begins."""

    root: Path
    process: subprocess.Popen[str]

    def begun(self, entry: str) -> list[str]:
        """Fingerprints of the cells begun, once for every time that one was, in sorted order."""
        return sorted(mark.stem for mark in (self.root / "begun" / str(self.process.pid) / entry).glob("*"))


@pytest.fixture(scope="module")
def make_long(make_project: Callable):
    """A project whose diagrams and models take long enough to be killed in between."""

    def make(backend: str = "sequential", workers: int = 1):
        project = make_project()
        project.environment("long", f"{SETTINGS}parallel: {{backend: {backend}, jobs: {workers}}}\n")
        for seed, name in enumerate(SETS):
            project.toy(name, n_train=30, n_test=10, n_timepoints=100, seed=seed)
        return project

    return make


@pytest.fixture(scope="module")
def whole(make_long: Callable):
    """A project in which one process computed everything without a break."""
    project = make_long()
    assert project.run(*COMMAND, env="long").todo["models"] == N_CELLS
    return project


def start(project, models_at_once: int = 1) -> WatchedRun:
    """Start the long run, watched; fits begin so many at a time."""
    script = project.root / "watched.py"
    script.write_text(WATCHED)
    process = subprocess.Popen(
        [sys.executable, script.name, "run", "--env", "long", *COMMAND],
        cwd=project.root,
        env=os.environ | {"JOBLIB_TEMP_FOLDER": str(project.root), "MODELS_AT_ONCE": str(models_at_once)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    return WatchedRun(project.root, process)


def kill_amid(killed: Callable, project, run: WatchedRun, entry: str, in_flight: int, number: int) -> dict:
    """End a run when some cells of an entry are finished and so many others begun; the receipts there are then.

    The signal goes to the run alone. Its workers end with it, and what they shared is removed.
    """
    pids: list[int] = []

    def amid() -> bool:
        finished = project.receipts(LAYERS[entry])
        there = bool(finished) and len(set(run.begun(entry)) - set(finished)) >= in_flight
        pids.extend(working_in(project) if there else ())
        return there

    output = killed(run.process, amid, number)
    assert len(pids) >= in_flight, output
    assert run.process.returncode == (143 if number == signal.SIGTERM else -number), output
    assert ("Stopped by SIGTERM" in output) == (number == signal.SIGTERM)
    assert not left_behind(project), output
    assert not shared_by(project, pids), output
    return project.receipts(LAYERS[entry])


def working_in(project) -> list[int]:
    """Processes whose working folder is the project's, whatever group they belong to."""
    return [process.pid for process in psutil.process_iter(["cwd"]) if process.info["cwd"] == str(project.root)]


def left_behind(project, patience: float = 10) -> list[int]:
    """Processes that work in the project's folder even after a moment in which to end."""
    end = time.monotonic() + patience
    while (found := working_in(project)) and time.monotonic() < end:
        time.sleep(0.02)
    return found


def shared_by(project, pids: list[int]) -> list[Path]:
    """Semaphores and memory that processes shared through files and did not remove."""
    named = [path for pid in pids for path in Path("/dev/shm").glob(f"*[-_]{pid}[-_]*")]
    return named + list(project.root.glob("joblib_memmapping_folder_*"))


def check_resumed(project, entry: str, at_kill: dict, killed_run: WatchedRun, next_run: WatchedRun, in_flight: int):
    """The next run kept what was finished and computed the rest once; only cells in flight were begun twice."""
    after = project.receipts(LAYERS[entry])
    assert at_kill.items() <= after.items(), "a finished cell was written again"
    assert next_run.begun(entry) == sorted(after.keys() - at_kill.keys())
    begun = killed_run.begun(entry)
    assert len(begun) == len(set(begun))
    lost = set(begun) - set(at_kill)
    assert len(lost) == len(begun) - len(at_kill) <= in_flight


def values_of(project, entry: str) -> dict[str, dict[str, bytes]]:
    """The exact numbers of every item; how long they took is left out."""
    items = project.load(f"track_a.{entry}", "long")
    arrays = {key: item.weights if entry == "models" else item.to_arrays() for key, item in items.items()}
    return {
        key: {name: np.asarray(array).tobytes() for name, array in item.items() if name != "seconds"}
        for key, item in arrays.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize(("backend", "workers"), [("sequential", 1), ("loky", 2)])
def test_a_killed_run_goes_on_where_it_was_and_ends_with_the_same_bits(
    make_long: Callable, killed: Callable, whole, backend: str, workers: int
) -> None:
    interrupted = make_long(backend, workers)

    # All workers share the series of one dataset, so one cell of diagrams is in flight however many they are.
    first = start(interrupted)
    diagrams = kill_amid(killed, interrupted, first, "persistence_diagrams", 1, signal.SIGKILL)
    assert 0 < len(diagrams) < len(SETS)
    assert not interrupted.receipts("06_models")

    second = start(interrupted, models_at_once=workers)
    models = kill_amid(killed, interrupted, second, "models", workers, signal.SIGTERM)
    assert 0 < len(models) < N_CELLS

    last = start(interrupted)
    output, _ = last.process.communicate(timeout=180)
    assert last.process.returncode == 0, output
    assert not left_behind(interrupted)

    check_resumed(interrupted, "persistence_diagrams", diagrams, first, second, 1)
    check_resumed(interrupted, "models", models, second, last, workers)
    assert not last.begun("persistence_diagrams")

    for layer in ("02_intermediate", "04_feature", "07_model_output"):
        assert interrupted.digests(layer) == whole.digests(layer), layer
    for entry, layer in LAYERS.items():
        assert interrupted.receipts(layer).keys() == whole.receipts(layer).keys()
        assert values_of(interrupted, entry) == values_of(whole, entry)


# Waits with a table in hand, so that another run can begin, save its own and end.
OVERTAKEN = """
import time
from pathlib import Path

from kedro.framework.cli import main
from kedro.framework.hooks import hook_impl
from topology_efficient_dl.datasets.run_versions import OwnVersions

pin = OwnVersions.before_dataset_saved


@hook_impl
def wait_with(self, dataset_name):
    if dataset_name == "track_a.scores":
        Path("reached").touch()
        while not Path("go").exists():
            time.sleep(0.01)
    pin(self, dataset_name)


OwnVersions.before_dataset_saved = wait_with
main()
"""


@pytest.mark.slow
def test_a_run_that_is_overtaken_reports_its_own_numbers(make_project: Callable) -> None:
    project = make_project()
    project.toy()
    (project.root / "overtaken.py").write_text(OVERTAKEN)
    command = [sys.executable, "overtaken.py", "run", "--env", "tiny", "--params", "seeds=1 2"]
    process = subprocess.Popen(command, cwd=project.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        wait_for(process, (project.root / "reached").exists)
        overtaking = project.run(params="seeds=3 4 5")
        assert overtaking.code == 0, overtaking.output
    finally:
        (project.root / "go").touch()
        output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    for run, seeds in enumerate(([1, 2], [3, 4, 5])):
        names = ("scores.csv", "results.csv", "results_document.json")
        scores, results, document = (saved(project, name)[run] for name in names)
        assert sorted(pd.read_csv(scores)["seed"].unique()) == seeds
        assert set(pd.read_csv(results)["seeds"]) == {str(seeds)}
        assert {str(row["seeds"]) for row in json.loads(document.read_text())["results"]} == {str(seeds)}
    assert str(saved(project, "report.md")[0]) in output


def saved(project, name: str) -> list[Path]:
    """Every version of a file of track A's reports, the oldest first."""
    return sorted((project.root / "data" / "08_reporting" / "tiny" / "track_a" / name).glob(f"*/{name}"))


def wait_for(process: subprocess.Popen[str], condition: Callable[[], bool], timeout: float = 120) -> None:
    end = time.monotonic() + timeout
    while not condition():
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.slow
def test_two_runs_at_once_in_one_project(make_long: Callable) -> None:
    project = make_long()
    short = ("--params", "datasets=Toy0 Toy1,seeds=1,train.max_epochs=3,train.min_epochs=1")
    runs = [project.start(*COMMAND, *short, env="long") for _ in range(2)]
    outputs = [run.communicate(timeout=180)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], outputs
    for name, layer in (
        ("persistence_diagrams", "03_primary"),
        ("models", "06_models"),
        ("predictions", "07_model_output"),
    ):
        manifests = sorted((project.root / "data" / layer / "long" / "track_a" / f"{name}.json").glob(f"*/{name}.json"))
        first, second = (json.loads(path.read_text())["items"] for path in manifests)
        assert {key: item["fingerprint"] for key, item in first.items()} == {
            key: item["fingerprint"] for key, item in second.items()
        }
    predictions = project.load("track_a.predictions", "long")
    assert {key: len(table) for key, table in predictions.items()} == {
        f"Toy{n}/{model}/1": 10 for n in range(2) for model in ("ph_mlp", "tiny_cnn")
    }
    assert not list((project.root / "data").rglob("*.tmp"))
