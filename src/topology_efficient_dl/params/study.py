"""What a study says of itself in ``conf/studies/<name>/study.yml``: title, needs and steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from topology_efficient_dl.errors import ParameterError, did_you_mean
from topology_efficient_dl.params.base import Parameters
from topology_efficient_dl.params.conf_files import STUDIES, read_conf, study_names

DOCS = "docs/results"


class Publication(Parameters):
    """Which results of a step are copied to the docs, and where."""

    track: str | None = Field(None, description="whose results; unless given, those of the step's pipeline")
    only: str = Field("track", description="kind of results, as conf/base/published.yml names it")
    to: str = Field(DOCS, description="folder to write to")

    def command(self, pipeline: str, environment: str) -> list[str]:
        """Arguments of ``kedro`` that publish the results."""
        only = [] if self.only == "track" else ["--only", self.only]
        to = [] if self.to == DOCS else ["--to", self.to]
        return ["publish", "--track", self.track or pipeline, "--env", environment, *only, *to]


class Step(Parameters):
    """A pipeline that runs and is published, another study, or the parts of a track that are put together."""

    pipeline: str | None = None
    env: str | None = Field(None, description="conf environment; unless given, that of the study")
    params: dict[str, bool | int | float | str] = Field(default_factory=dict, description="as --params gives them")
    publish: tuple[Publication, ...] = ()
    study: str | None = Field(None, description="another study, all of whose steps are taken")
    collect: str | None = Field(None, description="a track whose published parts are put together")

    @model_validator(mode="after")
    def _is_one_thing(self) -> Step:
        kinds = [name for name in ("pipeline", "study", "collect") if getattr(self, name)]
        if len(kinds) != 1:
            raise ValueError(f"a step has one of pipeline, study, collect; found {' and '.join(kinds) or 'none'}")
        if self.pipeline is None and (self.env or self.params or self.publish):
            raise ValueError("env, params and publish go with a pipeline")
        return self


class Study(Parameters):
    """A study: what it is about, what it needs, and its steps in their order."""

    title: str = Field(min_length=1)
    needs: tuple[Literal["UCR_ROOT", "GRAPH_ROOT", "CUDA"], ...] = ()
    steps: tuple[Step, ...] = Field(min_length=1)


def read_study(conf: Path, name: str) -> Study:
    """The study of that name.

    Parameters
    ----------
    conf : the folder of all conf environments
    name : the folder's name in ``conf/studies``, with or without ``studies/`` before it

    Raises
    ------
    ParameterError : there is no such study, or its file is wrong; names file and key
    """
    names, name = study_names(conf), name.removeprefix(f"{STUDIES}/")
    if name not in names:
        raise ParameterError(f"no study '{name}'{did_you_mean(name, names) or '.'} There are: {', '.join(names)}")
    path = conf / STUDIES / name / "study.yml"
    if not path.exists():
        raise ParameterError(f"{path}: not there; a study says its title and steps in it")
    read_conf(path)
    try:
        return Study.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except ValidationError as error:
        raise ParameterError("\n".join(_sentence(path, detail) for detail in error.errors())) from error


def read_studies(conf: Path) -> dict[str, Study]:
    """Every study of the project by its name."""
    return {name: read_study(conf, name) for name in study_names(conf)}


def commands(conf: Path, name: str, within: tuple[str, ...] = ()) -> Iterator[list[str]]:
    """Arguments of ``kedro`` that do a study, step by step.

    Raises
    ------
    ParameterError : a study takes its own steps
    """
    if name in within:
        raise ParameterError(f"study '{name}' takes its own steps: {' > '.join((*within, name))}")
    for step in read_study(conf, name).steps:
        if step.study:
            yield from commands(conf, step.study, (*within, name))
        elif step.collect:
            yield ["collect", "--track", step.collect]
        elif step.pipeline:
            environment = step.env or f"{STUDIES}/{name}"
            given = ",".join(f"{key}={_text(value)}" for key, value in step.params.items())
            yield ["run", "--pipelines", step.pipeline, "--env", environment, *(["--params", given] if given else [])]
            for publication in step.publish:
                yield publication.command(step.pipeline, environment)


def table(studies: Mapping[str, Study]) -> str:
    """All studies as a table in Markdown."""
    rows = [f"| `{name}` | {study.title} | {', '.join(study.needs)} |" for name, study in studies.items()]
    return "\n".join(["| study | what it is | needs |", "|---|---|---|", *rows]) + "\n"


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _sentence(path: Path, detail: Any) -> str:
    key = ".".join(str(part) for part in detail["loc"])
    return (
        f"{path}: {f'{key}: ' if key else ''}{detail['msg'].removeprefix('Value error, ')}; found {detail['input']!r}"
    )
