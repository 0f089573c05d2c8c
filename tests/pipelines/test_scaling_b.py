"""`scaling_b` through the command line: a cell a point, tables, a figure and a page; what was measured is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from topology_efficient_dl.studies import graph_scaling
from topology_efficient_dl.studies.graph_scaling import Ended

SIZES = "n_features: 4, width: 8, repeats: 1, densities: [0.1, 0.2], nodes: [20, 40]"
FEW = f"scaling_b: {{{SIZES}, models: [gat, simplicial_mlp]}}\n"
MORE = f"scaling_b: {{{SIZES}, models: [gat, gcn, simplicial_mlp]}}\n"


@pytest.fixture(scope="module")
def measuring(make_project: Callable):
    """A project with environments for tiny graphs."""
    project = make_project()
    project.environment("few", FEW)
    project.environment("more", MORE)
    return project


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict]:
    """What was asked of the probe, which here runs in this process; the smoke run has real ones."""
    from topology_efficient_dl.studies.graph_scaling_probe import Request, measured

    requests = []

    def run(text: str, conditions: object) -> Ended:
        request = json.loads(text)
        requests.append(request)
        if (request["model"], request["n_nodes"], request["density"]) == ("gat", 40, 0.2):
            return Ended(b'{"stage": "inference"}\n', b"MemoryError", 1)
        found = measured(Request.model_validate_json(text))
        return Ended(b"".join(json.dumps(each).encode() + b"\n" for each in found), b"", 0)

    monkeypatch.setattr(graph_scaling, "run_probe", run)
    return requests


def test_every_point_is_measured_once_and_only_new_ones_later(measuring, asked: list[dict]) -> None:
    result = measuring.run("--pipelines", "scaling_b", env="few")
    assert (result.code, result.cells) == (0, {"graph_scaling": (8, 0, 8)}), result.output
    assert len(asked) == 8
    again = measuring.run("--pipeline", "scaling_b", env="few")
    assert (again.code, again.cells) == (0, {"graph_scaling": (8, 8, 0)})
    more = measuring.run("--pipelines", "scaling_b", env="more")
    assert more.cells == {"graph_scaling": (12, 8, 4)}
    assert {request["model"] for request in asked[8:]} == {"gcn"}
    points = measuring.load("scaling_b.graph_points", "few")
    assert len(points) == 8
    assert points["status"].value_counts().to_dict() == {"ok": 7, "out_of_memory": 1}
    exponents = measuring.load("scaling_b.graph_exponents", "few")
    latency = exponents[exponents["measure"] == "latency_s"].set_index("model")
    assert latency["points"].to_dict() == {"gat": 3, "simplicial_mlp": 4}
    assert latency["both_r2"].notna().all()
    page = measuring.load("scaling_b.report_markdown", "few")
    assert "**No answer:** `gat` (out of memory in inference)" in page
    image = measuring.dataset("scaling_b.graph_scaling_image", "few")
    assert Path(image._get_load_path()).read_bytes().startswith(b"\x89PNG")


def test_results_are_published_together(measuring, asked: list[dict], tmp_path) -> None:
    from click.testing import CliRunner
    from tests.places import chdir

    from topology_efficient_dl.cli import cli

    assert measuring.run("--pipelines", "scaling_b", env="few").code == 0
    with chdir(measuring.root):
        options = ["--track", "scaling_b", "--env", "few", "--only", "graph_scaling", "--to", str(tmp_path)]
        result = CliRunner().invoke(cli, ["publish", *options])
    assert result.exit_code == 0, result.output
    written = {path.name for path in (tmp_path / "scaling_b").iterdir()}
    assert written == {"report.md", "points.csv", "exponents.csv", "scaling.png"}


def test_a_model_that_is_not_there_is_refused_before_anything_runs(measuring, asked: list[dict]) -> None:
    measuring.environment("wrong", "scaling_b: {models: [gpt]}\n")
    result = measuring.run("--pipelines", "scaling_b", env="wrong")
    assert result.code == 1
    assert "scaling_b.models" in result.output
    assert asked == []
