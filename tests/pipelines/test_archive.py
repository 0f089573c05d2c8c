"""`archive_a` and `kedro publish --only archive` through the command line, on level sets alone: not one diagram is computed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from kedro.framework.session import KedroSession
from tests.places import chdir

from topology_efficient_dl.params.conf_files import read_conf
from topology_efficient_dl.params.names import display_name
from topology_efficient_dl.pipeline_registry import register_pipelines
from topology_efficient_dl.studies.archive import CELL_KEYS, PUBLISHED_NAMES

SETS = """
datasets: [GunPoint, Toy, Nowhere]
models: [betti_ridge, betti_tiny]
seeds: [1, 2]
transforms:
  betti:
    kind: cross_validated
    folds: 2
    candidates:
      - {kind: level_sets, levels_per_filter: 2}
      - {kind: level_sets, levels_per_filter: 2, representations: [raw]}
  betti_narrow: {kind: level_sets, levels_per_filter: 1, max_dilations: 2}
efficiency: {batch_sizes: [1], rounds: 2, min_run_seconds: 0.001, memory: false}
evaluate: {baseline: betti_ridge, n_bootstrap: 100}
parallel: {backend: sequential, jobs: 1}
ingest: {root: data/01_raw/ucr, download: false, skip_unavailable: true}
"""
MODELS = ["betti_ridge", "betti_tiny"]
COLLECTIONS = ("splits", "persistence_diagrams", "topological_features", "models", "predictions", "efficiency")
FIGURES = {"track_a.level_sets_image", "track_a.pareto_image", "track_a.critical_difference"}


def publish(project, *arguments: str) -> Result:
    """``kedro publish`` in the project's folder."""
    from topology_efficient_dl.cli import cli

    with chdir(project.root):
        return CliRunner().invoke(cli, ["publish", *arguments])


def catalog_of(project, env: str) -> Any:
    """The catalog as it is now; a version that was loaded once stays."""
    with chdir(project.root), KedroSession.create(project_path=project.root, env=env) as session:
        return session.load_context().catalog


@pytest.fixture(scope="module")
def finished(make_project: Callable):
    """A project in which `archive_a` was run, on a set that has the name of a published one and on one that has not.

    With it comes what the run printed.
    """
    project = make_project()
    project.toy("GunPoint", n_train=12)
    project.toy("Toy", seed=1)
    project.environment("sets", SETS)
    result = project.run("--pipelines", "archive_a", env="sets")
    assert result.code == 0, result.output
    return project, result


@pytest.fixture(scope="module")
def catalog(finished):
    """The catalog after that run."""
    return catalog_of(finished[0], "sets")


def test_all_cells_are_computed_and_no_diagrams(finished, catalog) -> None:
    project, result = finished
    assert result.cells == {
        "splits": (2, 0, 2), "persistence_diagrams": (0, 0, 0), "topological_features": (0, 0, 0),
        "models": (8, 0, 8), "predictions": (8, 0, 8), "efficiency": (2, 0, 2),
    }  # fmt: skip
    assert list(catalog.load("track_a.persistence_diagrams")) == []
    assert list(catalog.load("track_a.topological_features")) == []
    assert not list((project.root / "data/03_primary").rglob("*.receipt"))


def test_every_output_of_the_archive_is_there(catalog) -> None:
    for name in register_pipelines()["archive_a"].all_outputs() - {"track_a.skipped_sets"}:
        dataset = catalog[name]
        assert dataset.exists(), name
        if name in FIGURES:
            assert Path(dataset._get_load_path()).read_bytes().startswith(b"\x89PNG"), name


def test_the_table_has_a_row_a_cell_with_quality_and_cost(catalog) -> None:
    cells = catalog.load("track_a.archive_cells")
    assert list(cells.columns) == CELL_KEYS
    assert sorted(cells[["dataset", "model", "seed"]].itertuples(index=False, name=None)) == [
        (dataset, model, seed) for dataset in ("GunPoint", "Toy") for model in MODELS for seed in (1, 2)
    ]
    scores = catalog.load("track_a.scores").set_index(["dataset", "model", "seed"])
    indexed = cells.set_index(["dataset", "model", "seed"])
    assert indexed["accuracy"].to_dict() == scores["accuracy"].to_dict()
    results = catalog.load("track_a.results").set_index(["dataset", "model"])
    for (dataset, model, _), row in indexed.iterrows():
        assert row["latency_ms"] == results.loc[(dataset, model), "latency_ms_b1"] > 0
        assert row["params"] == results.loc[(dataset, model), "params"] > 0
    assert (cells["fit_seconds"] > 0).all()


def test_what_train_chose_has_a_row_a_cell(catalog) -> None:
    choices = catalog.load("track_a.recipe_choices")
    assert choices[["dataset", "model", "seed"]].values.tolist() == [
        [dataset, "betti_ridge", seed] for dataset in ("GunPoint", "Toy") for seed in (1, 2)
    ]
    assert set(choices["chosen"]) <= {"raw + difference", "raw"}
    assert "## What train chose" in catalog.load("track_a.archive_report")


def test_the_page_of_the_archive_tells_the_sets_apart(finished, catalog) -> None:
    page = catalog.load("track_a.archive_report")
    assert "1 sets with names of the UCR archive that have published accuracies" in page
    ranked = page.split("## Every set\n", 1)[1].split("##", 1)[0]
    assert "| GunPoint | " in ranked
    assert "| Toy | " not in ranked
    assert "| Toy | " in page.split("## Sets without published numbers", 1)[1]
    assert all(name in page for name in (*MODELS, *PUBLISHED_NAMES.values()))
    assert "- **Nowhere was skipped**: dataset 'Nowhere' not found" in page
    assert "GunPoint was skipped" not in page
    assert str(finished[0].root) not in "".join(line for line in page.splitlines() if "was skipped" not in line)


def test_the_report_of_level_sets_alone_is_whole(finished, catalog) -> None:
    verdicts = catalog.load("track_a.verdicts")
    assert {(each["dataset"], each["model"]) for each in verdicts} == {
        (name, "betti_tiny") for name in ("GunPoint", "Toy", "all")
    }  # the baseline is a proposal too, and is not judged
    for entry in ("track_a.report_markdown", "track_a.report_html"):
        text = catalog.load(entry)
        assert all(each["status"] in text.lower() for each in verdicts)
        assert all(name in text or display_name(name) in text for name in ("GunPoint", "Toy", "Nowhere", *MODELS))
    assert "betti_tiny" in finished[1].output


def test_the_older_option_finds_all_of_it_done(finished, catalog) -> None:
    project, _ = finished
    before = catalog.load("track_a.archive_cells")
    result = project.run("--pipeline", "archive_a", env="sets")
    assert result.code == 0, result.output
    assert result.todo == dict.fromkeys(COLLECTIONS, 0)
    assert project.load("track_a.archive_cells", "sets").equals(before)


@pytest.mark.parametrize("study", ["track", "archive"])
def test_one_study_is_published_and_the_other_is_not(finished, tmp_path: Path, study: str) -> None:
    project, _ = finished
    result = publish(project, "--env", "sets", "--only", study, "--to", str(tmp_path))
    assert result.exit_code == 0, result.output
    kinds = read_conf(project.root / "conf" / "base" / "published.yml")
    places = {entry: tmp_path / place.format(track="track_a") for entry, place in kinds[study].items()}
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == set(places.values())
    assert set(result.stdout.split()) == set(map(str, places.values()))
    latest = catalog_of(project, "sets")
    for entry, place in places.items():
        assert place.read_bytes() == Path(latest[f"track_a.{entry}"]._get_load_path()).read_bytes(), entry
    if study == "archive":
        page = tmp_path / "track_a_archive" / "report.md"
        assert "](critical_difference.png)" in page.read_text()
        assert (page.parent / "critical_difference.png").is_file()


def test_publishing_what_was_not_run_says_so(project) -> None:
    result = publish(project, "--env", "tiny", "--only", "archive")
    assert result.exit_code == 1
    assert "Error: nothing of 'track_a' was saved yet; run its pipeline in this environment first" in result.output
    assert not (project.root / "docs").exists()


def test_publishing_an_unknown_study_names_those_there_are(project) -> None:
    result = publish(project, "--only", "archives")
    assert result.exit_code == 2
    assert "is not one of 'archive', " in result.output


def test_designs_compared_on_held_out_train_never_meet_published_numbers(finished) -> None:
    project, _ = finished
    project.environment("held", SETS.replace("root:", "held_out: 0.33, root:").replace("[1, 2]", "[1]"))
    result = project.run("--pipelines", "archive_a", "--to-outputs", "track_a.archive_report", env="held")
    assert result.code == 0, result.output
    held = catalog_of(project, "held")
    cells = held.load("track_a.archive_cells")
    assert set(cells["dataset"]) == {"GunPoint-train", "Toy-train"}
    assert cells[["latency_ms", "params", "fit_seconds"]].notna().all(axis=None)
    page = held.load("track_a.archive_report")
    assert "2 sets, none with published numbers for this protocol" in page
    assert "(published)" not in page
    splits = held.load("track_a.splits")
    assert {name: sum(map(len, split.labels.values())) for name, split in splits.items()} == {"GunPoint": 12, "Toy": 10}
    assert all("0.33 of train stands in for test" in split.notes for split in splits.values())
