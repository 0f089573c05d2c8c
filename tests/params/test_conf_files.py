"""Files of conf that cannot be read or do not go together: one error with file and line, for every kind of mistake."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.params.conf_files import (
    STUDIES,
    check_conf,
    check_environment,
    read_conf,
    run_name,
    study_names,
)

CONF = Path(__file__).parents[2] / "conf"
BASE = "train: {max_epochs: 3}\nmodels: [a]\nzoo:\n  a: {size: small}\n  b: null\n"


@pytest.fixture
def conf(tmp_path):
    """Write files of an environment over a base, and check both."""

    def write_and_check(given=None, **files):
        for folder in ("base", "own"):
            (tmp_path / folder).mkdir()
        (tmp_path / "base" / "parameters.yml").write_text(BASE)
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode()
            (tmp_path / "own" / f"{name}.yml").write_bytes(data)
        check_conf([tmp_path / "base", tmp_path / "own"], given)

    return write_and_check


UNREADABLE = {
    "a tab": ("train:\n\tmax_epochs: 3\n", r"parameters\.yml:2: the line begins with a tab; indent with blanks"),
    "a key twice": ("a: 1\nb: 2\na: 3\n", r"parameters\.yml:3: the key 'a' is there twice"),
    "a key twice, deep": ("a:\n  b: {c: 1,\n    c: 2}\n", r"parameters\.yml:3: the key 'c' is there twice"),
    "an open quote": ('a: 1\nb: "x\nc: 2\n', r"parameters\.yml:2: not YAML: .*quoted scalar.*end of stream"),
    "an open bracket": ("a: [1, 2\nb: 3\n", r"parameters\.yml:2: not YAML: expected"),
    "two colons": ("a: b: c\n", r"parameters\.yml:1: not YAML: mapping values are not allowed"),
    "an unknown alias": ("a: 1\nb: *x\n", r"parameters\.yml:2: not YAML: found undefined alias"),
    "an alias of itself": ("a: &x {b: *x}\n", r"parameters\.yml:1: an alias \(\*name\) holds itself"),
    "a tag": ("a: !!python/object:os.system x\n", r"parameters\.yml:1: unknown tag"),
    "two documents": ("a: 1\n---\nb: 2\n", r"parameters\.yml:2: not YAML: but found another document"),
    "not UTF-8": (b"a: 1\nb: caf\xe9\n", r"parameters\.yml:2: byte 0xe9 is not UTF-8; save the file as UTF-8"),
    "a control character": ("a: 1\nb: \0\n", r"parameters\.yml:2: not YAML: unacceptable character #x0000"),
    "a list of keys": ("? [a, b]\n: 1\n", r"parameters\.yml:1: a key is a map or a list; expected a name"),
    "a list": ("- a\n- b\n", r"parameters\.yml: holds a list, \['a', 'b'\]; expected keys with values"),
    "a word": ("hello\n", r"parameters\.yml: holds 'hello'; expected keys with values"),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_file_that_cannot_be_read_is_named_with_its_line(conf, kind):
    content, message = UNREADABLE[kind]
    with pytest.raises(ParameterError, match=message):
        conf(parameters=content)


@pytest.mark.parametrize("name", ["catalog", "credentials", "globals", "parameters_more", "published"])
def test_every_kind_of_file_is_looked_at(conf, name):
    with pytest.raises(ParameterError, match=rf"{name}\.yml:1: not YAML"):
        conf(**{name: "a: b: c\n"})


MISFITS = {
    "a list for a map": ("train: [1, 2]\n", r"^train: expected a map \(key: value\), found a list, .* in .*own/param"),
    "a value for a map": ("train: 3\n", r"^train: expected a map \(key: value\), found '3'"),
    "a map for a list": ("models: {a: b}\n", r"^models: expected a list, found a map"),
    "a value for a map, deep": ("zoo: {a: small}\n", r"^zoo\.a: expected a map \(key: value\), found 'small'"),
    "a value that is to be given": ("train:\n  max_epochs: ???\n", r"^train\.max_epochs: \?\?\? stands for a value"),
}


@pytest.mark.parametrize("kind", MISFITS)
def test_what_does_not_go_over_the_base_is_named_with_the_key(conf, kind):
    content, message = MISFITS[kind]
    with pytest.raises(ParameterError, match=message):
        conf(parameters=content)


def test_the_command_line_is_checked_like_a_file_and_may_give_what_is_missing(conf):
    with pytest.raises(ParameterError, match=r"^train: expected a map .*, found a list, \[1\] in the command line"):
        conf({"train": [1]})


def test_what_is_open_in_a_file_may_be_given_or_left_out(conf):
    conf({"train": {"max_epochs": 4}}, parameters="train:\n  max_epochs: ???\nzoo: {a: null, b: {size: large}}\n")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (f"run: {'x' * 101}\n", r"run is 'x.*'; expected the name of a folder, of at most 100 bytes"),
        ("run: [a]\n", r"run is \"\['a'\]\"; expected the name of a folder"),
    ],
)
def test_an_environment_may_name_the_folder_that_it_writes_to(conf, content, message):
    with pytest.raises(ParameterError, match=message):
        conf(globals=content)


def test_a_folder_or_a_pipe_in_the_place_of_a_file_is_named(tmp_path):
    (tmp_path / "parameters.yml").mkdir()
    with pytest.raises(ParameterError, match=r"parameters\.yml: a folder; expected a file with keys"):
        check_conf([tmp_path])
    (tmp_path / "parameters.yml").rmdir()
    os.mkfifo(tmp_path / "parameters.yml")
    with pytest.raises(ParameterError, match=r"parameters\.yml: a device or a pipe; expected a file"):
        check_conf([tmp_path])


@pytest.mark.parametrize("folder", ["base", "smoke", "gpu", *(f"{STUDIES}/{name}" for name in study_names(CONF))])
def test_every_environment_of_the_project_is_accepted(folder):
    check_conf([CONF / "base", CONF / folder])


def test_what_is_read_is_as_it_is_written():
    assert read_conf(CONF / STUDIES / "multivariate_a" / "parameters.yml")["ingest"] == {"normalise": "false"}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("results_a", "no conf environment 'results_a'; did you mean 'studies/results_a'"),
        ("studies", "conf environment 'studies' holds studies; name one: ablation_a, "),
        ("../conf/base", "leads out of"),
    ],
)
def test_the_name_of_an_environment_leads_to_one(name, message):
    with pytest.raises(ParameterError, match=message):
        check_environment(CONF, name)


def test_a_run_is_named_by_its_environment_unless_that_says_otherwise(tmp_path):
    assert [run_name(tmp_path, name) for name in ("mine", "studies/mine", "a/b/")] == ["mine", "mine", "a/b"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "globals.yml").write_text("run: other\n")
    assert run_name(tmp_path, "mine") == "other"
