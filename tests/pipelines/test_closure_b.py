"""`closure_b` through the command line: each step is stored, a new set or seed leaves the others as they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

COMMON = "horizon_shares: [0.4, 0.6], attention: {checkpoints: [2, 4], batch_size: 64, embedding: 8}, n_bootstrap: 100"
SCHOOL = "graphs: {planted: {n_classes: 4, class_size: 10, days: 2, periods: 6}}\n"


@pytest.fixture(scope="module")
def closing(make_project: Callable):
    """A project with environments for a small school."""
    project = make_project()
    project.environment("few", f"closure: {{{COMMON}, seeds: [0]}}\n{SCHOOL}")
    project.environment("more", f"closure: {{{COMMON}, seeds: [0, 1]}}\n{SCHOOL}")
    result = project.run("--pipelines", "closure_b", env="few")
    assert result.code == 0, result.output
    assert result.cells == {
        "closure_horizons": (4, 0, 4),
        "closure_tuning": (6, 0, 6),
        "closure_models": (6, 0, 6),
        "closure_scores": (1, 0, 1),
        "closure_results": (1, 0, 1),
    }
    return project


def test_a_second_seed_of_attention_is_all_that_is_fitted(closing) -> None:
    more = closing.run("--pipelines", "closure_b", env="more")
    assert more.todo == {
        "closure_horizons": 0, "closure_tuning": 0, "closure_models": 3, "closure_scores": 1, "closure_results": 1
    }  # fmt: skip
    table = closing.load("closure_b.closure_table", "more")
    assert table["model"].value_counts()["gat"] == 2
    page = closing.load("closure_b.report_markdown", "more")
    assert "| `gat` | attention | 2 |" in page
    assert " ± " in page


def test_table_page_and_figure_say_what_was_found(closing) -> None:
    table = closing.load("closure_b.closure_table", "few")
    assert len(table) == 14
    assert set(table["kind"]) == {"classic", "attention", "proposal", "ablation"}
    page = closing.load("closure_b.report_markdown", "few")
    results = closing.load("closure_b.closure_results", "few")["planted_contacts"]
    for row in results["comparisons"]:
        assert f"`{row['opponent']}`: **{row['status']}**" in page
    assert f"{len_of(table):,} open triangles" in page
    assert "Command: `kedro run --pipelines" in page
    image = closing.dataset("closure_b.closure_image", "few")
    assert Path(image._get_load_path()).read_bytes().startswith(b"\x89PNG")


def len_of(table) -> int:
    return int(table["n_candidates"].iloc[0])


def test_results_are_published_together(closing, tmp_path) -> None:
    from click.testing import CliRunner
    from tests.places import chdir

    from topology_efficient_dl.cli import cli

    with chdir(closing.root):
        options = ["--track", "closure_b", "--env", "few", "--only", "closure", "--to", str(tmp_path)]
        result = CliRunner().invoke(cli, ["publish", *options])
    assert result.exit_code == 0, result.output
    assert {path.name for path in (tmp_path / "closure_b").iterdir()} == {"report.md", "closure.csv", "closure.png"}


def test_trials_that_are_not_as_many_are_refused_before_anything_runs(closing) -> None:
    closing.environment("wrong", "closure: {logistic: {penalties: [1, 2]}}\n")
    result = closing.run("--pipelines", "closure_b", env="wrong")
    assert result.code == 1
    assert "closure: logistic has 4 trials" in result.output
    assert result.cells == {}
