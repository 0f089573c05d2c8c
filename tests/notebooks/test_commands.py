"""Every command in the tables of docs/commands.md runs; with the smoke environment and few epochs, on bundled series."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result
from kedro.framework.startup import bootstrap_project

PAGE = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\|.*\| `((?:\w+=\S+ )?kedro run .*)` \|$", PAGE, flags=re.MULTILINE)
RUN_FILE = re.search(r"```yaml\n# run.yml\n(.*?)```", PAGE, flags=re.DOTALL)
QUICK = {
    "seeds": "42",
    "datasets": "GunPoint",
    "train.max_epochs": "1",
    "train.min_epochs": "1",
    "efficiency.rounds": "1",
    "efficiency.min_run_seconds": "0.001",
    "efficiency.memory": "false",
    "evaluate.n_bootstrap": "100",
    "parallel.backend": "sequential",
    "tda.max_points": "20",
}
OWN_NAMES = {
    "track_b": ("track_b", "simplicial_build", "compress_b"),
    "track_c": ("track_c", "tensor_compress"),
    "forecast": ("forecast_c",),
}
"""Pipelines whose seeds, training and evaluation have names of their own; their data are those of the environment."""


def quick(command: str) -> tuple[dict[str, str], list[str]]:
    """Its environment variables and arguments, with the smoke environment and quick parameters where it names none."""
    words = shlex.split(command)
    first = words.index("kedro")
    variables = dict(word.split("=", 1) for word in words[:first])
    arguments = words[first + 1 :]
    if "--env" not in arguments:
        arguments += ["--env", "smoke"]
    if "--config" in arguments:
        return variables, arguments
    given = arguments.index("--params") + 1 if "--params" in arguments else None
    own = dict(pair.split("=", 1) for pair in arguments[given].split(",")) if given else {}
    if own.get("datasets") == "all":
        own["ingest.root"] = "my_series"
    text = ",".join(f"{name}={value}" for name, value in {**_quick_of(arguments), **own}.items())
    if given:
        arguments[given] = text
    else:
        arguments += ["--params", text]
    return variables, arguments


def _quick_of(arguments: list[str]) -> dict[str, str]:
    track = next((track for track, names in OWN_NAMES.items() if set(names) & set(arguments)), None)
    if track is None:
        return QUICK
    own = ("seeds", "train", "evaluate")
    named = {f"{track}.{key}" if key.split(".")[0] in own else key: value for key, value in QUICK.items()}
    return {key: value for key, value in named.items() if key != "datasets"}


def invoke(arguments: list[str]) -> Result:
    from topology_efficient_dl.cli import cli

    return CliRunner().invoke(cli, arguments)


@pytest.fixture(scope="module")
def workplace(project: Path) -> Iterator[Path]:
    """The copy of the project as working folder, with a small set of the user's own and the file of the page."""
    own = project / "my_series"
    own.mkdir()
    rng = np.random.default_rng(0)
    for part in ("TRAIN", "TEST"):
        rows = [f"{1 + i % 2}\t" + "\t".join(map(str, rng.normal(size=30).round(3))) for i in range(8)]
        (own / f"MySet_{part}.tsv").write_text("\n".join(rows) + "\n")
    before = Path.cwd()
    os.chdir(project)
    (project / "run.yml").write_text(_quick_run_file())
    bootstrap_project(project)
    yield project
    os.chdir(before)


def _quick_run_file() -> str:
    assert RUN_FILE is not None
    content = yaml.safe_load(RUN_FILE[1])
    nested: dict[str, dict[str, object]] = {}
    for name, value in QUICK.items():
        group, _, key = name.partition(".")
        if key:
            nested.setdefault(group, {})[key] = yaml.safe_load(value)
    params = content["run"]["params"]
    for group, values in nested.items():
        params[group] = {**values, **params.get(group, {})}
    return yaml.safe_dump(content)


def test_the_page_has_commands() -> None:
    assert len(COMMANDS) >= 20
    assert RUN_FILE is not None


@pytest.mark.slow
def test_every_command_runs_in_the_order_of_the_page(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UCR_ROOT", raising=False)
    for command in COMMANDS:
        variables, arguments = quick(command)
        with monkeypatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            result = invoke(arguments)
        assert result.exit_code == 0, f"{command}\n{result.output}\n{result.exception}"
        assert not os.path.exists("data/08_reporting/base"), command
    written = {path.name for path in (workplace / "data/08_reporting/smoke/track_a").iterdir()}
    assert {"results.csv", "verdicts.json", "pareto.png", "report.html"} <= written
