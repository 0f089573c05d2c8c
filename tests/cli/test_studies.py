"""Studies: what their files say, what they run, and that the docs have what they publish."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.places import chdir

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.params.conf_files import read_conf
from topology_efficient_dl.params.study import commands, read_studies, read_study, table
from topology_efficient_dl.pipeline_registry import register_pipelines

ROOT = Path(__file__).parents[2]
CONF, RESULTS = ROOT / "conf", ROOT / "docs" / "results"
STUDIES = read_studies(CONF)
KINDS = read_conf(CONF / "base" / "published.yml")
PIPELINES = register_pipelines()
MODULE = "topology_efficient_dl.cli.studies"
OF_PARTS = {"gpu_c", "design_c"}
"""Published by hand, as far as they went: a run that was cut off, and scores of train alone."""
OTHERS = ("benchmarks/", "independent_a/", *(f"{name}/" for name in OF_PARTS))


def options(command: list[str]) -> dict[str, str]:
    return dict(zip(command[1::2], command[2::2], strict=True))


def places(command: list[str]) -> set[str]:
    """Files that a command publishes, relative to docs/results."""
    given = options(command)
    if command[0] == "collect":
        return {f"{given['--track']}.json"}
    track = given["--track"]
    made = {name for pipeline in PIPELINES.values() for name in pipeline.all_outputs()}
    folder = Path(given.get("--to", "docs/results")).relative_to("docs/results")
    kind = KINDS[given.get("--only", "track")]
    return {str(folder / place.format(track=track)) for entry, place in kind.items() if f"{track}.{entry}" in made}


PUBLISHED = {
    name: {place for command in commands(CONF, name) if command[0] != "run" for place in places(command)}
    for name in STUDIES
}


def study(*arguments: str) -> Result:
    from topology_efficient_dl.cli import cli

    with chdir(ROOT):
        return CliRunner().invoke(cli, ["study", *arguments])


@pytest.mark.parametrize("name", sorted(STUDIES.keys() - OF_PARTS))
def test_the_docs_have_what_a_study_publishes(name: str) -> None:
    missing = {place for place in PUBLISHED[name] if not (RESULTS / place).is_file()}
    assert missing == set()


def test_what_the_docs_have_is_published_by_a_study() -> None:
    there = {str(path.relative_to(RESULTS)) for path in RESULTS.rglob("*") if path.is_file()}
    assert {place for place in there if not place.startswith(OTHERS)} <= set().union(*PUBLISHED.values())


@pytest.mark.parametrize("name", STUDIES)
def test_steps_name_pipelines_environments_kinds_and_parameters_that_are_there(name: str) -> None:
    for command in commands(CONF, name):
        given = options(command)
        assert command[0] in ("run", "publish", "collect")
        if command[0] == "run":
            assert given["--pipelines"] in PIPELINES
        if "--env" in given:
            assert (CONF / given["--env"]).is_dir()


def test_steps_are_those_of_the_recipes_that_were() -> None:
    """`make design-a` and `make ablation-c` of before, with the folder of studies in the names of environments."""
    env = "--env studies/"
    design = [
        f"run --pipelines archive_a {env}design_a",
        f"publish --track track_a {env}design_a --only archive --to docs/results/design_a",
        f"run --pipelines archive_a {env}design_a --params 'ingest.normalise=true,models=betti_fixed betti_ridge'",
        f"publish --track track_a {env}design_a --only archive --to docs/results/design_a/normalised",
    ]
    assert [shlex.join(command) for command in commands(CONF, "design_a")] == design
    ranks = []
    for model, params in (
        ("inception_time", "'track_c.models=inception_time,track_c.seeds=42 123 456'"),
        ("transformer_wide", "track_c.models=transformer_wide,track_c.seeds=42"),
    ):
        ranks += [
            f"run --pipelines ranks_c {env}ablation_c --params {params}",
            f"publish --track track_c {env}ablation_c --to docs/results/ablation_c/{model}",
            f"publish --track track_c {env}ablation_c --only ranks --to docs/results/ablation_c/{model}",
        ]
    assert [shlex.join(command) for command in commands(CONF, "ablation_c")] == ranks


def test_a_study_of_studies_takes_their_steps_and_puts_the_parts_together() -> None:
    parts = [command for name in ("tolokers_b", "graph_sets_b") for command in commands(CONF, name)]
    assert list(commands(CONF, "results_b"))[2:] == [*parts, ["collect", "--track", "track_b"]]


def test_the_page_of_commands_has_the_table() -> None:
    assert table(STUDIES) in (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")


def test_the_table_is_written_into_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Page\n")
    assert "page.md: no lines" in study("--table-in", str(page)).output
    page.write_text("# Page\n<!-- studies: begin -->\nold\n<!-- studies: end -->\nrest\n")
    for _ in range(2):
        assert study("--table-in", str(page)).exit_code == 0
        assert page.read_text() == f"# Page\n<!-- studies: begin -->\n\n{table(STUDIES)}\n<!-- studies: end -->\nrest\n"


def test_all_studies_are_listed_with_what_they_need() -> None:
    lines = {line.split()[0]: line for line in study("--list").stdout.splitlines()}
    assert set(lines) == set(STUDIES)
    assert "[needs CUDA, UCR_ROOT]" in lines["gpu_c"]
    assert "needs" not in lines["multivariate_a"]


def test_a_dry_run_shows_the_commands_and_runs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UCR_ROOT", raising=False)
    monkeypatch.setattr(f"{MODULE}.call", lambda _: pytest.fail("ran"))
    result = study("scaling_a", "--dry-run")
    assert result.stdout.splitlines()[0] == "kedro run --pipelines scaling_a --env studies/results_a"
    assert "this study needs UCR_ROOT, which is not set" in result.stderr


@pytest.mark.parametrize(("codes", "ran", "exit_code"), [([0, 0], 2, 0), ([3], 1, 3), ([0, -15], 2, 143)])
def test_the_first_step_that_fails_ends_a_study(monkeypatch, codes: list[int], ran: int, exit_code: int) -> None:
    seen: list[list[str]] = []

    def call(arguments: list[str]) -> int:
        seen.append(arguments)
        return codes[len(seen) - 1]

    monkeypatch.setattr(f"{MODULE}.call", call)
    result = study("results_a")
    assert (len(seen), result.exit_code) == (ran, exit_code)
    assert seen[0] == ["run", "--pipelines", "track_a", "--env", "studies/results_a"]
    assert "step 1 of 2: kedro run --pipelines track_a" in result.output


def test_a_step_is_a_process_of_its_own_with_its_exit_status() -> None:
    from topology_efficient_dl.cli.studies import call

    assert call(["no-such-command"]) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("result_a",), 1, "no study 'result_a'; did you mean 'results_a'? There are: ablation_a, "),
        ((), 2, "name a study, or give --list"),
    ],
)
def test_what_is_not_there_is_said(arguments: tuple[str, ...], code: int, message: str) -> None:
    result = study(*arguments)
    assert result.exit_code == code
    assert message in result.output


STEP = "steps: [{pipeline: track_a}]\n"
WRONG = {
    "no steps": ("title: x\n", r"study\.yml: steps: Field required"),
    "an unknown key": (f"titel: x\n{STEP}", r"study\.yml: unknown parameter 'titel'; did you mean 'title'\?"),
    "an unknown key of a step": (
        "title: x\nsteps: [{pipelin: a}]\n",
        r"study\.yml: steps\.0: unknown parameter 'pipelin'; did you mean 'pipeline'\?",
    ),
    "an unknown need": (f"title: x\nneeds: [GPU]\n{STEP}", r"study\.yml: needs\.0: .*'CUDA'; found 'GPU'"),
    "two things": (
        "title: x\nsteps: [{pipeline: a, study: b}]\n",
        r"steps\.0: a step has one of .* pipeline and study",
    ),
    "nothing": ("title: x\nsteps: [{params: {a: 1}}]\n", r"steps\.0: a step has one of .* found none"),
    "a list of parameters": ("title: x\nsteps: [{pipeline: a, params: {b: [1]}}]\n", r"steps\.0\.params\.b"),
    "publishing nothing": ("title: x\nsteps: [{collect: a, publish: [{}]}]\n", r"steps\.0: env, params and publish go"),
    "a tab": ("title:\n\tx\n", r"study\.yml:2: the line begins with a tab"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_file_that_is_wrong_is_one_error_with_file_and_key(tmp_path: Path, kind: str) -> None:
    content, message = WRONG[kind]
    (tmp_path / "studies" / "mine").mkdir(parents=True)
    (tmp_path / "studies" / "mine" / "study.yml").write_text(content)
    with pytest.raises(ParameterError, match=message):
        read_study(tmp_path, "mine")


def test_a_study_without_a_file_or_of_itself_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "studies" / "mine"
    folder.mkdir(parents=True)
    with pytest.raises(ParameterError, match=r"mine/study\.yml: not there"):
        read_study(tmp_path, "studies/mine")
    (folder / "study.yml").write_text("title: x\nsteps: [{study: mine}]\n")
    with pytest.raises(ParameterError, match="study 'mine' takes its own steps: mine > mine"):
        list(commands(tmp_path, "mine"))
