"""Runs that are killed, and runs that share a project."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

SETS = [f"Toy{number}" for number in range(4)]
SEEDS = (1, 2)
SETTINGS = f"""
datasets: [{", ".join(SETS)}]
models: [ph_mlp, tiny_cnn]
seeds: {list(SEEDS)}
train: {{max_epochs: 20, min_epochs: 20}}
tda: {{n_bins: 8, n_layers: 2}}
parallel: {{backend: sequential, jobs: 1}}
ingest: {{download: false}}
"""
COMMAND = ("--to-outputs", "track_a.predictions")
N_CELLS = len(SETS) * 2 * len(SEEDS)


@pytest.fixture
def make_long(make_project: Callable):
    """A project whose diagrams and models take long enough to be killed in between."""

    def make():
        project = make_project()
        project.environment("long", SETTINGS)
        for seed, name in enumerate(SETS):
            project.toy(name, n_train=30, n_test=10, n_timepoints=100, seed=seed)
        return project

    return make


def values_of(project, entry: str) -> dict[str, dict[str, bytes]]:
    """The exact numbers of every item; how long they took is left out."""
    items = project.load(f"track_a.{entry}", "long")
    arrays = {key: item.weights if entry == "models" else item.to_arrays() for key, item in items.items()}
    return {
        key: {name: np.asarray(array).tobytes() for name, array in item.items() if name != "seconds"}
        for key, item in arrays.items()
    }


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_was_and_ends_with_the_same_bits(make_long: Callable, killed: Callable) -> None:
    interrupted, whole = make_long(), make_long()

    killed(interrupted.start(*COMMAND, env="long"), lambda: bool(interrupted.receipts("03_primary")))
    diagrams = interrupted.receipts("03_primary")
    assert 0 < len(diagrams) < len(SETS)
    assert not interrupted.receipts("06_models")

    killed(interrupted.start(*COMMAND, env="long"), lambda: len(interrupted.receipts("06_models")) > 1)
    models = interrupted.receipts("06_models")
    assert 1 < len(models) < N_CELLS
    assert diagrams.items() <= interrupted.receipts("03_primary").items()  # not one was written again

    last = interrupted.run(*COMMAND, env="long")
    assert last.code == 0, last.output
    assert last.cells["persistence_diagrams"] == (len(SETS), len(SETS), 0)
    assert last.cells["models"] == (N_CELLS, len(models), N_CELLS - len(models))
    assert models.items() <= interrupted.receipts("06_models").items()

    assert whole.run(*COMMAND, env="long").todo["models"] == N_CELLS
    for layer in ("02_intermediate", "04_feature", "07_model_output"):
        assert interrupted.digests(layer) == whole.digests(layer), layer
    assert values_of(interrupted, "persistence_diagrams") == values_of(whole, "persistence_diagrams")
    assert values_of(interrupted, "models") == values_of(whole, "models")


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
