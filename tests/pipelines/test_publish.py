"""``kedro publish`` through the command line: the entries of one run, together."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.places import chdir

FILES = ("results_document.json", "report.md", "pareto.png", "level_sets.png")


@pytest.fixture
def saved(project):
    """A project in which the oldest run saved everything, the next one too, and the newest two files only."""
    folder = dict.fromkeys(FILES, "08_reporting") | {"level_sets.png": "04_feature"}
    for run, names in (("2026-01", FILES), ("2026-02", FILES), ("2026-03", FILES[:2])):
        for name in names:
            path = project.root / "data" / folder[name] / "tiny" / "track_a" / name / run / name
            path.parent.mkdir(parents=True)
            path.write_text(f"{name} of {run}")
    return project


def publish(project, *arguments: str):
    from topology_efficient_dl.cli import cli

    with chdir(project.root):
        return CliRunner().invoke(cli, ["publish", "--env", "tiny", "--to", "docs", *arguments])


def published(project) -> dict[str, str]:
    docs = project.root / "docs"
    return {str(path.relative_to(docs)): path.read_text() for path in sorted(docs.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(("arguments", "run"), [((), "2026-02"), (("--run", "2026-01"), "2026-01")])
def test_the_newest_complete_run_or_the_one_that_is_named_is_published(saved, arguments, run: str) -> None:
    result = publish(saved, *arguments)
    assert result.exit_code == 0, result.output
    assert published(saved) == {
        "track_a.json": f"results_document.json of {run}",
        "track_a/level_sets.png": f"level_sets.png of {run}",
        "track_a/pareto.png": f"pareto.png of {run}",
        "track_a/report.md": f"report.md of {run}",
    }
    note = "run '2026-03' is newer and has not saved pareto_image, level_sets_image"
    assert (note in result.output) == (not arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--run", "2026-03"), "run '2026-03' has not saved pareto_image, level_sets_image"),
        (("--run", "2026-09"), "no run '2026-09'. The newest: 2026-03"),
        (("--track", "track_b"), "nothing of 'track_b' was saved yet"),
        (("--only", "archive"), "nothing of 'track_a' was saved yet"),
    ],
)
def test_what_cannot_be_published_is_said_and_nothing_is_written(saved, arguments, message: str) -> None:
    result = publish(saved, *arguments)
    assert result.exit_code == 1, result.output
    assert message in result.output
    assert published(saved) == {}


def test_a_notebook_reads_the_newest(saved) -> None:
    assert Path(saved.dataset("track_a.report_markdown")._get_load_path()).parent.name == "2026-03"
