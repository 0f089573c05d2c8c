"""Files of conf environments, read strictly: what is wrong is one error with file and line, before all are merged."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.params.values import NAME_BYTES, leaves

KINDS = ("parameters", "catalog", "credentials", "globals", "published")
SUFFIXES = (".yml", ".yaml", ".json")
RUN = "run"
"""The key of ``globals.yml`` that names the folder that an environment writes to, where that is not its own name."""

STUDIES = "studies"
"""The folder of conf that holds the environments of studies."""

MISSING = "???"
"""OmegaConf's mark of a value that others must give; it lets the base's value through in silence."""

STANDARD = "tag:yaml.org,2002:"
_FAST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def check_conf(folders: Sequence[Path], given: Mapping[str, Any] | None = None) -> None:
    """Refuse files of conf that cannot be read, or that do not go together.

    Parameters
    ----------
    folders : environments, the base first; one that is not there is left to others
    given : parameters of the command line

    Raises
    ------
    ParameterError : names file and line, or the key, and what is expected
    """
    merged: dict[str, Any] = {}
    for folder in folders:
        for kind, path in _files(folder):
            values = read_conf(path)
            if kind == "parameters":
                _check_kinds(merged, values, str(path))
                merged = _over(merged, values)
            elif kind == "globals":
                _check_run(values, path)
    _check_kinds(merged, given or {}, "the command line")
    for place, value in leaves(_over(merged, given or {}), ""):
        if value == MISSING:
            raise ParameterError(f"{place}: {MISSING} stands for a value that is yet to be given; give one")


def check_environment(conf: Path, name: str) -> None:
    """Refuse a name that leads out of conf, or that is not the whole name of a study's environment.

    Parameters
    ----------
    conf : the folder of all environments
    name : what ``--env`` says

    Raises
    ------
    ParameterError : names the environment that is meant, or those there are
    """
    parts = Path(name).parts
    if Path(name).is_absolute() or ".." in parts:
        raise ParameterError(f"conf environment '{name}' leads out of {conf}; expected a folder in there")
    if parts == (STUDIES,):
        raise ParameterError(f"conf environment '{name}' holds studies; name one: {', '.join(study_names(conf))}")
    if len(parts) == 1 and name in study_names(conf):
        raise ParameterError(f"no conf environment '{name}'; did you mean '{STUDIES}/{name}'? Studies lie in there")


def study_names(conf: Path) -> list[str]:
    """The environments of studies, without the folder that they lie in."""
    return sorted(path.name for path in (conf / STUDIES).glob("*/"))


def run_name(conf: Path, environment: str) -> str:
    """The folder under every layer of ``data/`` that an environment writes to.

    It is the environment's name, a study's without the folder that studies lie in, unless its ``globals.yml`` names
    another one.
    """
    path = conf / environment / "globals.yml"
    own = read_conf(path).get(RUN) if os.path.isfile(path) else None
    return str(own) if own is not None else "/".join(Path(environment).parts).removeprefix(f"{STUDIES}/")


def read_conf(path: Path) -> dict[str, Any]:
    """The keys of one file; single values as they are written, or None.

    Raises
    ------
    ParameterError : it is a folder, not UTF-8, not YAML, has a key twice, or holds no keys
    """
    if path.is_dir():
        raise ParameterError(f"{path}: a folder; expected a file with keys. Rename it, or put a file in its place")
    if path.exists() and not path.is_file():
        raise ParameterError(f"{path}: a device or a pipe; expected a file with keys")
    text = ""
    try:
        text = path.read_bytes().decode("utf-8")
        node = _composed(text)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ParameterError(
            f"{path}:{line}: byte {error.object[error.start]:#x} is not UTF-8; save the file as UTF-8"
        ) from error
    except OSError as error:
        raise ParameterError(f"{path}: cannot be read ({error.strerror}); check what it is and its rights") from error
    except yaml.YAMLError as error:
        raise ParameterError(_not_yaml(path, text, error)) from error
    content = {} if node is None else _plain(node, path, ())
    if not isinstance(content, dict):
        raise ParameterError(f"{path}: holds {_kind(content)}; expected keys with values (key: value)")
    return content


def _composed(text: str) -> yaml.Node | None:
    """The file's tree, by the fast parser; what that refuses, by the one that Kedro has, whose word is the last."""
    try:
        return yaml.compose(text, Loader=_FAST)
    except yaml.YAMLError:
        return yaml.compose(text, Loader=yaml.SafeLoader)


def _plain(node: yaml.Node, path: Path, within: tuple[yaml.Node, ...]) -> Any:
    """The node as dicts, lists and text; None where nothing is written."""
    place = f"{path}:{node.start_mark.line + 1}"
    if any(node is other for other in within):
        raise ParameterError(f"{place}: an alias (*name) holds itself; write the values out")
    if not node.tag.startswith(STANDARD) or node.tag.startswith(f"{STANDARD}python"):
        raise ParameterError(f"{place}: unknown tag {node.tag}; write a plain value")
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, path, (*within, node)) for item in node.value]
    if not isinstance(node, yaml.MappingNode):
        return None if node.tag == f"{STANDARD}null" else node.value
    found: dict[str, Any] = {}
    for key, value in node.value:
        place = f"{path}:{key.start_mark.line + 1}"
        if not isinstance(key, yaml.ScalarNode):
            raise ParameterError(f"{place}: a key is a map or a list; expected a name")
        if key.value in found and key.value != "<<":
            raise ParameterError(f"{place}: the key '{key.value}' is there twice; keep one of the two")
        found[key.value] = _plain(value, path, (*within, node))
    return found


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """What Kedro looks for in an environment, and whatever else stands in such a file's place, by kind."""
    for path in sorted(folder.rglob("*")) if os.path.isdir(folder) else ():  # which says no to a name that is too long
        parts = path.relative_to(folder).parts
        kind = next((kind for part in parts for kind in KINDS if part.startswith(kind)), None)
        if kind and path.suffix in SUFFIXES and not any(part.startswith(".") for part in parts):
            yield kind, path


def _not_yaml(path: Path, text: str, error: Any) -> str:
    mark, problem = (
        getattr(error, "problem_mark", None),
        getattr(error, "problem", None) or str(error).partition("\n")[0],
    )
    if getattr(error, "context_mark", None) and "end of stream" in problem:  # the end is far from what is not closed
        mark, problem = error.context_mark, f"{error.context}, {problem}"
    lines = text.split("\n")
    number = mark.line if mark else text[: getattr(error, "position", 0)].count("\n")
    tab = next((place for place in range(number, min(number + 2, len(lines))) if lines[place].startswith("\t")), None)
    if tab is not None:
        return f"{path}:{tab + 1}: the line begins with a tab; indent with blanks"
    return f"{path}:{number + 1}: not YAML: {problem}; correct the line or the one before it"


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "a map (key: value)"
    return f"a list, {value}" if isinstance(value, list) else repr(value)


def _check_kinds(under: Mapping[str, Any], over: Mapping[str, Any], place: str, path: str = "") -> None:
    """Refuse a list or a single value where others have keys, and keys where others have a list."""
    for key, value in over.items():
        other, name = under.get(key), f"{path}{key}"
        if isinstance(other, dict) and isinstance(value, Mapping):
            _check_kinds(other, value, place, f"{name}.")
        is_open = value is None or (isinstance(value, str) and "${" in value)
        expects_keys = isinstance(other, dict) and not isinstance(value, Mapping)
        if not is_open and (expects_keys or (isinstance(other, list) and isinstance(value, Mapping))):
            expected = "a map (key: value)" if expects_keys else "a list"
            raise ParameterError(f"{name}: expected {expected}, found {_kind(value)} in {place}")


def _over(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    both = {
        key: _over(under[key], value)
        for key, value in over.items()
        if isinstance(value, dict) and isinstance(under.get(key), dict)
    }
    return {**under, **over, **both}


def _check_run(values: Mapping[str, Any], path: Path) -> None:
    name = values.get(RUN, RUN)
    if not isinstance(name, str) or not 0 < len(name.encode()) <= NAME_BYTES:
        raise ParameterError(
            f"{path}: {RUN} is {str(name)[:40]!r}; expected the name of a folder, of at most {NAME_BYTES} bytes"
        )
