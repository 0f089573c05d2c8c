"""`qa_merge` through the catalog: the document of `kedro qa merge`, what was found, and nothing else run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from kedro.io import DatasetError
from tests.places import chdir
from tests.qa.many import make_many

from topology_efficient_dl.datasets.questions import QuestionsDataset
from topology_efficient_dl.pipeline_registry import register_pipelines
from topology_efficient_dl.qa.merge import DOCUMENT
from topology_efficient_dl.qa.store import ENTRIES


@pytest.fixture
def asked(make_project):
    """A project with ten entries, one of them asked twice, and a file that is none."""
    project = make_project()
    folder = make_many(project.root / ENTRIES, 10)
    first = sorted(folder.glob("*.md"))[0]
    text = first.read_text(encoding="utf-8").replace("2026-01-02T03:04:05", "2027-01-02T03:04:05")
    (folder / f"20270102-030405-{first.stem[16:]}.md").write_text(text, encoding="utf-8")
    (folder / "20260102-000000-broken.md").write_text("---\nbroken\n", encoding="utf-8")
    return project


def test_the_document_is_that_of_the_command(asked, caplog: pytest.LogCaptureFixture) -> None:
    from topology_efficient_dl.cli import cli

    with chdir(asked.root):
        result = CliRunner().invoke(cli, ["qa", "merge"])
    assert result.exit_code == 0, result.output
    by_command = (asked.root / DOCUMENT).read_bytes()
    (asked.root / DOCUMENT).unlink()
    assert asked.run("--pipelines", "qa_merge").code == 0
    assert (asked.root / DOCUMENT).read_bytes() == by_command
    assert asked.run("--pipeline", "qa_merge", env="smoke").code == 0
    assert (asked.root / DOCUMENT).read_bytes() == by_command
    assert b"\r" not in by_command
    for line in result.stderr.splitlines():
        assert line in caplog.text


def test_what_was_found_is_saved(asked) -> None:
    assert asked.run("--pipelines", "qa_merge").code == 0
    report = asked.load("qa_report")
    assert report["entries"] == 11
    (twice,) = report["duplicates"]
    assert [file[:8] for file in twice] == ["20260102", "20270102"]
    assert report["left_out"][0].startswith("docs/qa/20260102-000000-broken.md:1: ")
    assert report["by_lang"] == {"en": 6, "ko": 5}
    assert asked.load("concepts").encode() == (asked.root / DOCUMENT).read_bytes()


def test_without_entries(make_project) -> None:
    project = make_project()
    assert project.run("--pipelines", "qa_merge").code == 0
    assert "There are no entries yet." in (project.root / DOCUMENT).read_text()


def test_a_disk_error_is_one_message(asked) -> None:
    (asked.root / DOCUMENT).mkdir(parents=True)
    result = asked.run("--pipelines", "qa_merge")
    assert result.code == 1
    assert result.output.count("Error: ") == 1
    assert "Traceback" not in result.output


def test_another_document_is_never_overwritten(asked) -> None:
    (asked.root / DOCUMENT).parent.mkdir(parents=True, exist_ok=True)
    (asked.root / DOCUMENT).write_text("# My own concepts\n", encoding="utf-8")
    result = asked.run("--pipelines", "qa_merge")
    assert result.code == 1
    assert "no merged document and is left as it is" in result.output.replace("\n", " ")
    assert (asked.root / DOCUMENT).read_text(encoding="utf-8") == "# My own concepts\n"


def test_it_is_no_part_of_the_tracks() -> None:
    pipelines = register_pipelines()
    names = {node.name for node in pipelines["qa_merge"].nodes}
    assert names == {"merge_entries", "report_entries"}
    for name, pipeline in pipelines.items():
        assert name == "qa_merge" or not names & {node.name for node in pipeline.nodes}


def test_the_catalog_reads_and_writes_where_the_command_does(asked) -> None:
    described = {name: asked.dataset(name)._describe()["filepath"] for name in ("qa_entries", "concepts")}
    assert {name: Path(path).relative_to(asked.root).as_posix() for name, path in described.items()} == {
        "qa_entries": ENTRIES, "concepts": DOCUMENT
    }  # fmt: skip


def test_the_dataset_is_read_only_and_can_be_previewed(asked, tmp_path: Path) -> None:
    dataset = asked.dataset("qa_entries")
    assert dataset.exists()
    assert not QuestionsDataset(filepath=str(tmp_path / "nowhere")).exists()
    with pytest.raises(DatasetError, match="read only here; add an entry with: kedro qa add"):
        dataset.save("anything")
    preview = dataset.preview(nrows=3)
    assert preview["columns"] == ["date", "category", "lang", "question"]
    assert preview["data"][0] == ["2026-01-02", "topology", "en", "What is topic word0?"]
    assert len(preview["data"]) == 3
    json.dumps(preview)
