"""Kills runs of all tracks at random moments, and lets runs share a folder, to see that results are none the worse.

    python tests/robustness/kills_and_pairs.py --kills 20 --pairs 5

A run is killed by SIGKILL or SIGTERM, in turn, with two worker processes; ten seconds later no process may be left and
nothing in shared memory; the same command then ends what was begun, and its numbers must be, byte for byte, those of a
run that nothing interrupted. Runs of a pair have different seeds and start together in one folder; the report of each
must hold its own. Prints a line a check as it ends, and exits with 1 if one failed. On two idle cores a kill takes about
a minute and a half and a pair two minutes, so that everything takes some forty minutes.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
from kedro.framework.startup import bootstrap_project

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.pipelines.conftest import Project

SETS = ["Toy0", "Toy1"]
SETTINGS = """
datasets: [Toy0, Toy1]
models: [ph_mlp, tiny_cnn, betti_tiny]
seeds: [1, 2]
train: {max_epochs: 15, min_epochs: 15}
tda: {n_bins: 8, n_layers: 2}
zoo: {inception_time: {architecture: inception_time, size: small}}
efficiency: {rounds: 1, min_run_seconds: 0.001}
evaluate: {baseline: tiny_cnn, n_bootstrap: 100}
ingest: {download: false}
graphs: {label_share: 0.4, planted: {n_classes: 4, class_size: 8, days: 1, periods: 4}}
track_b:
  models: [gat, simplicial_diffusion, simplicial_mlp]
  seeds: [1, 2]
  train: {max_epochs: 15, min_epochs: 15}
  evaluate: {baseline: gat, n_bootstrap: 100}
track_c:
  datasets: [Toy0, Toy1]
  models: [inception_time]
  seeds: [1, 2]
  train: {max_epochs: 5, min_epochs: 5}
  evaluate: {n_bootstrap: 100}
compression: {keep: 0.6, multiple: 1, fine_tune: {epochs: 2}}
parallel: {backend: loky, jobs: 2}
"""
TRACKS = ("track_a", "track_b", "track_c")
SEEDS = {"track_a": "seeds", "track_b": "track_b.seeds", "track_c": "track_c.seeds"}
WITHOUT_TIMES = ("splits", "topological_features", "simplicial_complexes", "simplicial_features", "predictions")
MODELS = ("models", "compressed_models", "tuned_models")


def new_project(folder: Path) -> Project:
    """A project of its own with two toy sets and the settings above."""
    project = Project(Path(tempfile.mkdtemp(dir=folder)) / "project")
    project.environment("robust", SETTINGS)
    for seed, name in enumerate(SETS):
        project.toy(name, n_train=30, n_test=10, n_timepoints=100, seed=seed)
    return project


def start(project: Project, track: str, *arguments: str) -> subprocess.Popen[str]:
    """The track's run as a process; what it prints goes to a file beside the project."""
    output = (project.root.parent / f"output-{time.monotonic_ns()}").open("w")
    command = [sys.executable, "-m", "kedro", "run", "--env", "robust", "--pipelines", track, *arguments]
    process = subprocess.Popen(command, cwd=project.root, stdout=output, stderr=subprocess.STDOUT, text=True)
    process.output = Path(output.name)  # type: ignore[attr-defined]
    return process


def numbers(project: Project, track: str) -> dict[str, Any]:
    """Everything that a run computed and that is no time: items as digests, weights and scores as bytes."""
    bootstrap_project(project.root)
    found: dict[str, Any] = {}
    for name in (*WITHOUT_TIMES, *MODELS):
        dataset = project.dataset(f"{track}.{name}", "robust")
        if not dataset.exists():
            continue
        for key, item in dataset.load().items_by_key.items():
            if name in MODELS:
                for part, array in item.load().weights.items():
                    found[f"{name}/{key}/{part}"] = np.asarray(array).tobytes()
            else:
                found[f"{name}/{key}"] = item.receipt.sha256
    scores = sorted((project.root / "data/08_reporting/robust" / track / "scores.csv").glob("*/scores.csv"))
    return found | {"scores": scores[-1].read_bytes()}


def family(project: Project) -> list[psutil.Process]:
    """Processes that work in the project's folder."""
    return [each for each in psutil.process_iter(["cwd"]) if each.info["cwd"] == str(project.root)]


def left_in_shared_memory(pids: set[int]) -> list[str]:
    """Files of processes in shared memory and in the folder for temporary files, by the numbers in their names."""
    names = [path.name for folder in {"/dev/shm", tempfile.gettempdir()} for path in Path(folder).glob("*")]
    mine = re.compile(rf"(loky-|joblib_memmapping_folder_|mp-)({'|'.join(map(str, pids))})[-_]")
    return [name for name in names if mine.search(name)]


def kill_once(folder: Path, track: str, number: int, moment: float, whole: dict[str, Any]) -> str:
    """Kill a run after so many seconds and resume it; what went wrong, or the empty string."""
    project = new_project(folder)
    process = start(project, track)
    pids: set[int] = set()
    end = time.monotonic() + moment
    while time.monotonic() < end and process.poll() is None:
        pids |= {each.pid for each in family(project)}
        time.sleep(0.05)
    process.send_signal(number)
    expected = 143 if number == signal.SIGTERM else -signal.SIGKILL
    wrong = []
    try:
        # before the command line is ready to say anything, SIGTERM is the system's; at its end the run is over
        if process.wait(timeout=10) not in (expected, -number, 0):
            wrong.append(f"status {process.returncode}")
    except subprocess.TimeoutExpired:
        wrong.append("not ended after 10 s")
    after = time.monotonic() + 10
    while family(project) and time.monotonic() < after:
        time.sleep(0.05)
    wrong += [f"left: {each.pid}" for each in family(project)]
    wrong += [f"left: {name}" for name in left_in_shared_memory(pids)]
    resumed = start(project, track)
    if resumed.wait(timeout=600):
        wrong.append(f"resumed: status {resumed.returncode}, see {resumed.output}")  # type: ignore[attr-defined]
    else:
        found = numbers(project, track)
        wrong += [
            f"differs: {name}" for name in sorted(whole.keys() | found.keys()) if whole.get(name) != found.get(name)
        ]
    return "; ".join(wrong[:5])


def pair(folder: Path, track: str, first: str, second: str) -> str:
    """Two runs with different seeds at once; what went wrong, or the empty string."""
    project = new_project(folder)
    runs = {seeds: start(project, track, "--params", f"{SEEDS[track]}={seeds}") for seeds in (first, second)}
    wrong = []
    for seeds, run in runs.items():
        if run.wait(timeout=900):
            wrong.append(f"seeds {seeds}: status {run.returncode}")
            continue
        printed = re.search(r"report_markdown\s+(\S+)", run.output.read_text())  # type: ignore[attr-defined]
        assert printed, run.output  # type: ignore[attr-defined]
        report = Path(printed[1])
        version, reporting = report.parent.name, report.parents[2]
        scores = pd.read_csv(reporting / "scores.csv" / version / "scores.csv")
        results = pd.read_csv(reporting / "results.csv" / version / "results.csv")
        document = json.loads((reporting / "results_document.json" / version / "results_document.json").read_text())
        own = sorted(map(int, seeds.split()))
        found = {
            "scores": sorted(set(scores["seed"])) == own,
            "results": set(results["seeds"]) == {str(own)},
            "document": {str(row["seeds"]) for row in document["results"]} == {str(own)},
        }
        wrong += [f"{version}: {name} of another run" for name, is_own in found.items() if not is_own]
    return "; ".join(wrong)


def uninterrupted(folder: Path, track: str) -> tuple[dict[str, Any], float]:
    """What a run gives that nothing interrupts, and the seconds that it takes."""
    project, started = new_project(folder), time.monotonic()
    process = start(project, track)
    if process.wait(timeout=900):
        sys.exit(f"{track} fails without being killed, see {process.output}")  # type: ignore[attr-defined]
    return numbers(project, track), time.monotonic() - started


def checks(folder: Path, kills: int, pairs: int, seed: int) -> Iterator[tuple[str, Callable[[], str]]]:
    """What is checked, in words, and how."""
    rng, whole = random.Random(seed), {}
    signals = itertools.cycle((signal.SIGKILL, signal.SIGTERM))
    for number, track in zip(range(kills), itertools.cycle(TRACKS)):
        if track not in whole:
            whole[track] = uninterrupted(folder, track)
        values, seconds = whole[track]
        moment, how = seconds * rng.uniform(0.15, 0.95), next(signals)
        name = f"kill {number + 1:2}  {track}  {how.name}  after {moment:5.1f} of {seconds:5.1f} s"
        yield name, lambda args=(folder, track, how, moment, values): kill_once(*args)  # type: ignore[misc]
    for number, track in zip(range(pairs), itertools.cycle(TRACKS)):
        yield f"pair {number + 1:2}  {track}", lambda args=(folder, track, "1", "2 3"): pair(*args)  # type: ignore[misc]


def main() -> None:
    """Check, print, and say by the exit status whether all went well."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, check in checks(Path(folder), options.kills, options.pairs, options.seed):
            started = time.monotonic()
            wrong = check()
            failed += bool(wrong)
            print(f"{name:64} {time.monotonic() - started:6.1f} s  {wrong or 'identical, nothing left'}", flush=True)
        print(f"{failed} of {options.kills + options.pairs} failed")
        if failed:
            os._exit(1)


if __name__ == "__main__":
    main()
