"""What the documentation types runs, and prints what it shows; ``WRITE_TRANSCRIPT=1`` writes docs/qa.md anew."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from kedro.framework.startup import bootstrap_project
from tests.places import chdir
from tests.qa.conftest import ROOT, Model
from tests.qa.transcript import PAGE, Terminal, asked_to_write, commands, replay, write_page

from topology_efficient_dl.cli.qa import qa
from topology_efficient_dl.qa.markdown import Anchors, headings_of

TABLES = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\|.*\| `(kedro qa .*)` \|$", TABLES, flags=re.MULTILINE)
SLASH = ROOT / ".claude" / "commands"


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Path]:
    """A copy of the project without entries, as working folder."""
    root = tmp_path / "copy"
    (root / "src").mkdir(parents=True)
    for name in ("conf", "reference"):
        shutil.copytree(ROOT / name, root / name)
    for name in ("pyproject.toml", ".telemetry"):
        shutil.copy(ROOT / name, root / name)
    with chdir(root):
        bootstrap_project(root)
        yield root


def test_the_page_shows_what_is_printed(copy: Path, model: Model) -> None:
    answer = "귀무가설이 맞을 때 이만큼 또는 더 극단적인 값을 볼 확률이다.\n\n### 쉽게 말하면\n\n우연만으로도 이만큼 벌어지는 일이 얼마나 잦은가."
    model.says(answer)
    model.only_first = True
    if asked_to_write():
        write_page(Terminal(model))
        pytest.skip("the page was written")
    page = PAGE.read_text(encoding="utf-8")
    assert replay(page, Terminal(model)) == page
    assert (copy / "docs" / "CONCEPTS.md").exists()


def test_the_page_types_every_command() -> None:
    typed = " ".join(commands(PAGE.read_text(encoding="utf-8")))
    for name in qa.commands:
        assert f"kedro qa {name}" in typed
    for option in ("--answer-file", "--draft", "--category", "--tag", "--lang", "--search", "--json", "--output"):
        assert option in typed
    assert "kedro run --pipelines qa_merge" in typed


def test_every_row_of_the_table_of_commands_runs(copy: Path) -> None:
    from topology_efficient_dl.cli import cli

    assert {row.split()[2] for row in ROWS} == set(qa.commands)
    (copy / "answer.md").write_text("It counts holes.\n", encoding="utf-8")
    seed = ["qa", "add", "Persistent Homology가 뭐야?", "--tag", "persistent-homology"]
    assert CliRunner().invoke(cli, seed, input="구멍을 센다.").exit_code == 0
    for row in ROWS:
        words = shlex.split(row)
        result = CliRunner().invoke(cli, words[1:], input="")
        assert result.exit_code == 0, f"{row}\n{result.output}"


def test_links_of_the_page_lead_to_its_headings_and_to_files() -> None:
    page = PAGE.read_text(encoding="utf-8")
    anchors = Anchors()
    there_are = {anchors.add(heading.text) for heading in headings_of(page.split("\n"))}
    for name in ("qa.md", "qa-list.md", "qa-merge.md"):
        text = (SLASH / name).read_text(encoding="utf-8")
        assert set(re.findall(r"docs/qa\.md#([\w-]+)", text)) <= there_are


@pytest.mark.parametrize("name", ["qa", "qa-list", "qa-merge"])
def test_slash_commands_go_through_the_command_line(name: str) -> None:
    text = (SLASH / f"{name}.md").read_text(encoding="utf-8")
    front, body = re.fullmatch(r"---\n(.*?)---\n(.*)", text, flags=re.DOTALL).groups()
    settings = yaml.safe_load(front)
    assert set(settings) == {"description", "argument-hint", "allowed-tools"}
    assert settings["allowed-tools"] == "Bash(kedro qa:*)"
    assert "$ARGUMENTS" in body
    typed = re.findall(r"`kedro qa ([\w-]+)", body)
    assert typed
    assert set(typed) <= set(qa.commands)
    options = {option for command in qa.commands.values() for each in command.params for option in each.opts}
    assert set(re.findall(r"(?<![\w-])--[\w-]+", body)) <= options
