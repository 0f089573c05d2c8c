"""What a user reads who has made a mistake: one message, the way out, exit code 1, and finished cells kept."""

from __future__ import annotations

import errno
import gzip
import subprocess
from collections.abc import Callable

import numpy as np
import pytest
from fsspec.implementations.local import LocalFileSystem

PREDICTIONS = ("--to-outputs", "track_a.predictions")


def assert_message(result, *parts: str) -> None:
    """Exactly one message, with all of these parts."""
    assert result.code == 1, result.output
    assert result.output.count("Error: ") == 1, result.output
    assert "Traceback" not in result.output
    assert "(the traceback: add --traceback)" in result.output
    for part in parts:
        assert part in result.output


@pytest.fixture(scope="module")
def toy(make_project: Callable):
    """A project with one sound set, for mistakes that leave no trace."""
    project = make_project()
    project.toy()
    return project


MISTAKES = {
    "datasets=GunPont": (
        "dataset 'GunPont' not found; did you mean 'GunPoint'?",
        "GunPont_TRAIN.tsv",
        "ingest.download",
    ),
    "ingest.root=nowhere": ("ingest.root: no folder 'nowhere'", "expected a folder", "correct ingest.root"),
    "tda.dealy=3": ("tda: unknown parameter 'dealy'; did you mean 'delay'? Allowed: ",),
    "tdaa.delay=3": ("unknown parameter 'tdaa'; did you mean 'tda'? Allowed: datasets, ingest, tda",),
    "tda.delay=x": ("tda.delay", "integer", "found 'x'"),
    "tda.delay=0": ("tda.delay", "greater than or equal to 1", "found 0"),
    "tda.vectorization=imag": ("tda.vectorization", "'landscape', 'image'", "found 'imag'"),
    "train.max_epochs=0": ("train.max_epochs", "greater than or equal to 1", "found 0"),
    "seeds=a": ("seeds", "integer", "found 'a'"),
    "models=fnc": ("models: unknown model 'fnc'; did you mean 'fcn'? Allowed: ph_mlp, ph_hybrid",),
    "zoo.ph_mlp.sise=small": ("zoo.ph_mlp: unknown parameter 'sise'; did you mean 'size'?",),
    "zoo.ph_mlp.features=defualt": (
        "zoo.ph_mlp.features: no variant 'defualt'; did you mean 'default'?",
        "tda.variants",
    ),
    "zoo.ph_mlp.architecture=ph_mpl": ("zoo.ph_mlp", "unknown architecture 'ph_mpl'; did you mean 'ph_mlp'?"),
    "tda.delay=20": ("Toy/default", "delay 20 and dimension 3 need 42 time points", "has 24", "Lower tda.delay"),
    "tda.dimension=30": ("Toy/default", "delay 5 and dimension 30 need", "has 24", "Lower tda.delay or tda.dimension"),
    "tda.filtration=cubical": ("embedding 'takens' does not go with filtration 'cubical'", "Pairs that work"),
    "models=betti_ridge,zoo.betti_ridge.features=bety": (
        "zoo.betti_ridge.features: no variant 'bety'; did you mean 'betti'?",
        "transforms",
    ),
    "transforms.betti_beta0.levls_per_filter=3": (
        "transforms.betti_beta0",
        "unknown parameter 'levls_per_filter'; did you mean 'levels_per_filter'?",
    ),
    "transforms.betti.kind=rocket": ("transforms.betti", "'level_sets'", "'minirocket'", "rocket"),
    "models=betti_tiny,zoo.betti_tiny.options.max_parameters=9": ("max_parameters is 9", "Raise max_parameters"),
    "tda.field=4": ("field 4 is not a prime; expected one",),
    "train.max_epochs=${nothing}": ("train.max_epochs", "Interpolation key 'nothing' not found", "write the value out"),
    "train.max_epochs=${nothing": ("train.max_epochs", "write the value out"),
    "train=3": ("train: expected a map (key: value)",),
    "seeds=1 1": ("seeds: 1 is there twice",),
    f"datasets={'D' * 300}": ("datasets: the name 'DDD", "has 300 bytes; expected at most 100"),
}


@pytest.mark.parametrize("params", MISTAKES)
def test_wrong_parameters(toy, params: str) -> None:
    assert_message(toy.run(*PREDICTIONS, params=params), *MISTAKES[params])


@pytest.mark.parametrize("params", ["tda.dealy=3", "tdaa.delay=3", "models=fnc", "zoo.ph_mlp.features=nope"])
def test_wrong_names_are_seen_before_anything_runs(project, params: str) -> None:
    result = project.run(*PREDICTIONS, params=params)
    assert (result.code, result.cells) == (1, {})


@pytest.mark.parametrize(
    ("arguments", "env", "message"),
    [
        ((), "smoek", "no conf environment 'smoek'; did you mean 'smoke'? There are: base, "),
        ((), "results_a", "no conf environment 'results_a'; did you mean 'studies/results_a'?"),
        (
            (),
            "studies/result_a",
            "no conf environment 'studies/result_a'; did you mean 'studies/results_a'? There are: ",
        ),
        ((), "result_a", "no conf environment 'result_a'; did you mean 'studies/results_a'? There are: "),
        ((), "x" * 300, "no conf environment 'xxx"),
        ((), "../conf/base", "conf environment '../conf/base' leads out of"),
        (("--pipelines", "trian"), "tiny", "no pipeline 'trian'; did you mean 'train'? There are: "),
        (("--nodes", "nope"), "tiny", "nodes named ['nope']"),
        (("--to-outputs", "nope"), "tiny", "datasets named ['nope']"),
        (("--tags", "nope"), "tiny", "contains no nodes"),
        (("--load-versions", "nope:2020-01-01T00.00.00.000Z"), "tiny", "[nope] are not found in the catalog"),
        (("--load-versions", "track_a.splits:2020"), "tiny", "no version '2020' of 'track_a.splits'"),
        (
            ("--pipelines", "ingest", "--load-versions", "track_a.models:2020"),
            "tiny",
            "'track_a.models' is not an entry with versions that this run reads; did you mean",
        ),
        (("--pipelines", "evaluate"), "tiny", "nothing is saved in '"),
    ],
)
def test_wrong_options(toy, arguments: tuple[str, ...], env: str, message: str) -> None:
    assert_message(toy.run(*arguments, env=env), message)


@pytest.mark.parametrize("params", ["tda", "=3", "tda.delay"])
def test_parameters_without_a_value_are_refused(toy, params: str) -> None:
    result = toy.run(*PREDICTIONS, params=params)
    assert result.code == 2
    assert result.output.count("Error: ") == 1
    assert "Invalid format of `params` option" in result.output


CONF_MISTAKES = {
    "a tab": ("train:\n\tmax_epochs: 3\n", "parameters.yml:2: the line begins with a tab; indent with blanks"),
    "a list": ("- a\n", "parameters.yml: holds a list, ['a']; expected keys with values"),
    "a list for a map": ("train: [1]\n", "train: expected a map (key: value), found a list, ['1'] in"),
    "a key that is not there": ("train:\n  max_epochs: ${no}\n", "train.max_epochs: Interpolation key 'no' not found"),
    "a global that is not there": ("train:\n  max_epochs: ${globals:no}\n", "train.max_epochs: Globals key 'no' not f"),
    "a value to be given": (
        "train:\n  max_epochs: ???\n",
        "train.max_epochs: ??? stands for a value that is yet to be",
    ),
    "an unknown group": ("trian: {}\n", "unknown parameter 'trian'; did you mean 'train'? Allowed: datasets"),
    "a baseline": ("evaluate: {baseline: resnt}\n", "evaluate.baseline: unknown model 'resnt'; did you mean 'resnet'?"),
    "no number": ("efficiency: {min_run_seconds: .inf}\n", "efficiency.min_run_seconds: inf is not finite"),
}


@pytest.mark.parametrize("kind", CONF_MISTAKES)
def test_mistakes_in_conf_are_one_message_before_anything_runs(project, kind: str) -> None:
    content, message = CONF_MISTAKES[kind]
    project.environment("wrong", content)
    result = project.run(env="wrong")
    assert_message(result, message)
    assert result.cells == {}


CONFIG_MISTAKES = {
    "a tab": ("run:\n\tparams: {}\n", "run.yml:2: the line begins with a tab"),
    "a list": ("- a\n", "run.yml: holds a list"),
    "another section": ("rum: {params: {}}\n", "run.yml: no section 'run' with options"),
    "an unknown option": ("run: {parms: {}}\n", "run.yml: unknown option 'parms'; did you mean 'params'? Allowed: "),
    "a list for a map": (
        "run: {params: {train: [1]}}\n",
        "train: expected a map (key: value), found a list, [1] in the c",
    ),
    "no number": ("run: {params: {train: {learning_rate: .nan}}}\n", "train.learning_rate: nan is not finite"),
}


@pytest.mark.parametrize("kind", CONFIG_MISTAKES)
def test_mistakes_in_a_file_of_config_are_one_message(toy, kind: str) -> None:
    content, message = CONFIG_MISTAKES[kind]
    (toy.root / "run.yml").write_text(content)
    assert_message(toy.run(*PREDICTIONS, "--config", str(toy.root / "run.yml")), message)


def test_what_has_no_effect_is_said_and_does_not_stop_a_run(toy, caplog: pytest.LogCaptureFixture) -> None:
    assert toy.run("--to-outputs", "track_a.splits", params="track_b.seeds=3").code == 0
    assert "track_b: has no effect, since this pipeline does not read it" in caplog.text


@pytest.mark.parametrize("text", ["x", "track_a.splits", "track_a.splits:", "track_a.splits:../../x"])
def test_load_versions_that_cannot_be_read_are_a_usage_error(toy, text: str) -> None:
    result = toy.run("--load-versions", text)
    assert result.code == 2
    assert result.output.count("Error: ") == 1, result.output
    assert "Traceback" not in result.output


def test_the_traceback_is_there_for_those_who_ask(toy) -> None:
    from topology_efficient_dl.errors import ParameterError

    with pytest.raises(ParameterError, match="unknown model 'fnc'"):  # reaches the interpreter, which prints it
        toy.run("--traceback", params="models=fnc")


SERIES = np.random.default_rng(0).normal(size=(6, 24))
LABELS = [1, 2, 1, 2, 1, 2]


def truncated_gzip(project) -> None:
    path = project.raw("Bad_TRAIN.tsv", LABELS, SERIES)
    project.raw("Bad_TEST.tsv", LABELS, SERIES)
    path.with_name("Bad_TRAIN.tsv.gz").write_bytes(gzip.compress(path.read_bytes())[:-200])
    path.unlink()


def missing_series(project) -> None:
    train = SERIES.copy()
    train[3] = np.nan
    project.raw("Bad_TRAIN.tsv", LABELS, train)
    project.raw("Bad_TEST.tsv", LABELS, SERIES)


def one_class(project) -> None:
    project.raw("Bad_TRAIN.tsv", [1] * 6, SERIES)
    project.raw("Bad_TEST.tsv", LABELS, SERIES)


def unseen_label(project) -> None:
    project.raw("Bad_TRAIN.tsv", LABELS, SERIES)
    project.raw("Bad_TEST.tsv", [1, 2, 3, 2, 1, 2], SERIES)


def not_a_number(project) -> None:
    project.raw("Bad_TRAIN.tsv", LABELS, SERIES)
    project.raw("Bad_TEST.tsv", LABELS, SERIES).write_text("1\t0.5\tabc\n")


@pytest.mark.parametrize(
    ("spoil", "parts"),
    [
        (truncated_gzip, ("Bad_TRAIN.tsv.gz", "truncated or damaged gzip file", "fetch it again")),
        (missing_series, ("Bad_TRAIN.tsv", "line 4", "every value", "missing (NaN)", "remove the series")),
        (one_class, ("dataset 'Bad'", "only class '1' in train", "expected two classes or more")),
        (unseen_label, ("dataset 'Bad'", "Bad_TEST.tsv", "classes 3", "(1, 2)", "expected no others")),
        (not_a_number, ("Bad_TEST.tsv", "line 1", "'abc' is not a number", "expected numbers")),
    ],
)
def test_bad_files_are_named_and_sound_sets_are_kept(project, spoil: Callable, parts: tuple[str, ...]) -> None:
    spoil(project)
    assert_message(project.run(*PREDICTIONS, params="datasets=Toy Bad"), "splits, cell 'Bad'", *parts)
    kept = project.receipts("02_intermediate")
    assert len(kept) == 1
    result = project.run(*PREDICTIONS)  # the sound set alone
    assert (result.code, result.todo["splits"]) == (0, 0)
    assert kept == project.receipts("02_intermediate")


def test_a_disk_that_fills_up_in_training_keeps_what_was_finished(project, monkeypatch: pytest.MonkeyPatch) -> None:
    write, models = LocalFileSystem.pipe_file, []

    def full_after_one_model(fs, path, value, **options):
        if ".safetensors" in path:
            models.append(path)
            if len(models) > 1:
                raise OSError(errno.ENOSPC, "No space left on device")
        return write(fs, path, value, **options)

    monkeypatch.setattr(LocalFileSystem, "pipe_file", full_after_one_model)
    result = project.run(*PREDICTIONS)
    assert_message(result, "cannot write", "06_models/items", "No space left on device", "free space", "is kept")
    monkeypatch.undo()
    assert not list(project.root.rglob("*.tmp"))
    result = project.run(*PREDICTIONS)
    assert (result.code, result.cells["models"]) == (0, (2, 1, 1))


@pytest.fixture
def small_disk(project):
    """The folder of models on a file system of its own, of 64 KiB."""
    folder = project.root / "data" / "06_models"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("file systems cannot be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_real_disk_that_is_full(project, small_disk) -> None:
    many = "seeds=1 2 3 4 5 6 7 8 9 10,train.max_epochs=1,models=tiny_cnn"
    assert_message(project.run(*PREDICTIONS, params=many), "06_models/items", "No space left on device", "free space")
    kept = project.receipts("06_models")
    assert 0 < len(kept) < 10
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    result = project.run(*PREDICTIONS, params=many)
    assert (result.code, result.cells["models"]) == (0, (10, len(kept), 10 - len(kept)))
    assert kept.items() <= project.receipts("06_models").items()


@pytest.mark.slow
def test_the_real_command_line(toy) -> None:
    process = toy.start("--params", "tda.dealy=3")
    output = process.communicate(timeout=120)[0]
    assert process.returncode == 1
    assert output.count("Error: ") == 1
    assert "tda: unknown parameter 'dealy'; did you mean 'delay'?" in output
    assert "Traceback" not in output
