"""What a second run computes: only the cells that depend on what changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

PREDICTIONS = ("--to-outputs", "track_a.predictions")
NOTHING = {"splits": 0, "persistence_diagrams": 0, "topological_features": 0, "models": 0, "predictions": 0}


@pytest.fixture(scope="module")
def finished(make_project: Callable):
    """A project in which the tiny run is finished: one set, `ph_mlp` and `tiny_cnn`, one seed."""
    project = make_project()
    project.toy()
    project.toy("Other", seed=1)
    result = project.run(*PREDICTIONS)
    assert result.todo == {name: 2 if name in ("models", "predictions") else 1 for name in NOTHING}, result.output
    return project


@pytest.mark.parametrize(
    "params",
    ["", "parallel.jobs=2", "zoo.tiny_cnn.role=proposal", "ingest.retries=0", "transforms.betti.folds=3"],
)
def test_the_same_again_computes_nothing(finished, params: str) -> None:
    before = {layer: finished.receipts(layer) for layer in ("03_primary", "06_models", "07_model_output")}
    result = finished.run(*PREDICTIONS, params=params)
    assert result.code == 0, result.output
    assert result.todo == NOTHING
    assert {layer: finished.receipts(layer) for layer in before} == before


@pytest.mark.parametrize(
    ("params", "todo"),
    [
        ("tda.n_bins=9", {"topological_features": 1, "models": 1, "predictions": 1}),
        ("tda.delay=4", {"persistence_diagrams": 1, "topological_features": 1, "models": 1, "predictions": 1}),
        ("train.learning_rate=0.01", {"models": 2, "predictions": 2}),
        ("zoo.tiny_cnn.size=medium", {"models": 1, "predictions": 1}),
        ("seeds=1 2", {"models": 2, "predictions": 2}),
        ("models=ph_mlp tiny_cnn gru", {"models": 1, "predictions": 1}),
        (
            "datasets=Toy Other",
            {"splits": 1, "persistence_diagrams": 1, "topological_features": 1, "models": 2, "predictions": 2},
        ),
    ],
)
def test_a_change_recomputes_what_depends_on_it_alone(finished, params: str, todo: dict[str, int]) -> None:
    result = finished.run(*PREDICTIONS, params=params)
    assert result.code == 0, result.output
    assert result.todo == {**NOTHING, **todo}
    assert finished.run(*PREDICTIONS).todo == NOTHING


def test_a_changed_transform_recomputes_the_models_that_read_it(project) -> None:
    few = "models=tiny_cnn betti_tiny betti_ridge" + "".join(
        f",transforms.{name}.kind=level_sets,transforms.{name}.filters=random,transforms.{name}.n_filters=4"
        for name in ("betti", "betti_narrow")
    )
    assert project.run(*PREDICTIONS, params=few).todo["models"] == 3
    assert project.run(*PREDICTIONS, params=few).todo == NOTHING
    again = project.run(*PREDICTIONS, params=f"{few},transforms.betti.levels_per_filter=7")
    assert again.code == 0, again.output
    assert again.todo == {**NOTHING, "models": 1, "predictions": 1}


def test_a_changed_file_recomputes_its_own_set(project) -> None:
    project.toy("Other", seed=1)
    project.run("--pipelines", "ingest", params="datasets=Toy Other")
    project.toy(seed=7)
    assert project.run("--pipelines", "ingest", params="datasets=Toy Other").cells == {"splits": (2, 1, 1)}


@pytest.mark.parametrize(("names", "expected"), [("Toy", ["Toy"]), ("Other Toy", ["Other", "Toy"])])
def test_datasets_on_the_command_line(finished, names: str, expected: list[str]) -> None:
    assert finished.run("--pipelines", "ingest", params=f"datasets={names}").code == 0
    assert finished.load("track_a.data_card")["dataset"].tolist() == expected
    assert list(finished.load("track_a.splits")) == expected


def test_sets_that_cannot_be_had_are_listed(project) -> None:
    result = project.run(params="datasets=Toy Nowhere,ingest.skip_unavailable=true")
    assert result.code == 0, result.output
    card = project.load("track_a.data_card").set_index("dataset")
    assert card["skipped"].notna().to_dict() == {"Toy": False, "Nowhere": True}
    assert "dataset 'Nowhere' not found" in card["skipped"]["Nowhere"]
    assert "Nowhere was skipped" in project.load("track_a.report_markdown")
    assert "Nowhere" in project.load("track_a.report_html")


def test_without_a_baseline_that_is_there_nothing_is_computed(project) -> None:
    for params in ("models=ph_mlp,evaluate.baseline=inception_time", "evaluate.baseline=tiny_cn", "models=tiny_cnn"):
        result = project.run(params=params)
        assert (result.code, result.cells) == (1, {})
    table = project.run("--to-outputs", "track_a.results", params="models=ph_mlp,evaluate.baseline=inception_time")
    assert table.code == 0, table.output
    assert project.load("track_a.results")["model"].tolist() == ["ph_mlp"]
