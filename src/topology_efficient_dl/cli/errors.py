"""What the command line says of errors: one message that a user can read, instead of a traceback."""

from __future__ import annotations

import re
import sys
import traceback
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from kedro import KedroDeprecationWarning
from kedro.config import MissingConfigException
from kedro.framework.cli.utils import KedroCliError
from kedro.framework.project import pipelines
from kedro.io import DatasetError
from kedro.validation.exceptions import ParameterValidationError
from omegaconf.errors import OmegaConfBaseException

from topology_efficient_dl.common.terminal import harmless
from topology_efficient_dl.errors import ParameterError, TopologyEfficientError, did_you_mean
from topology_efficient_dl.params.conf_files import STUDIES, read_conf, study_names

USER_ERRORS = (TopologyEfficientError, ParameterValidationError, DatasetError)


class ReadableErrors(click.Command):
    """A command that answers a user's mistake with one message instead of a traceback."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the command line, and the file of ``--config`` with it; exit as `invoke` does if it cannot be read.

        An error of Kedro's, whose message Kedro would not show, is a usage error.
        """
        with self._one_message("--traceback" in args):
            try:
                return super().parse_args(ctx, args)
            except KedroCliError as error:
                raise click.UsageError(error.message, ctx) from error

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; exit with status 1 and one message if the user can mend what went wrong."""
        show_traceback = ctx.params.pop("traceback", False)
        warnings.simplefilter("ignore", KedroDeprecationWarning)
        with self._one_message(show_traceback):
            return super().invoke(ctx)

    @contextmanager
    def _one_message(self, show_traceback: bool) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            message = readable(error)
            if show_traceback or message is None:
                raise
            click.secho(f"Error: {harmless(message)}", fg="red", err=True)
            if any(parameter.name == "traceback" for parameter in self.params):
                click.secho("(the traceback: add --traceback)", dim=True, err=True)
            sys.exit(1)


def check_config_file(ctx: click.Context, value: str | None, options: Iterable[str]) -> None:
    """Refuse a file of ``--config`` that Kedro could not read.

    Raises
    ------
    ParameterError : names file and line, or the section or option that is not there
    """
    if value is None:
        return
    names, section = sorted(options), str(ctx.info_name)
    content = read_conf(Path(value))
    if not isinstance(content.get(section), dict):
        raise ParameterError(f"{value}: no section '{section}' with options; expected {section}: and below it options")
    for name in content[section]:
        if name not in names:
            hint = did_you_mean(name, names) or "."
            raise ParameterError(f"{value}: unknown option '{name}'{hint} Allowed: {', '.join(names)}")


def readable(error: BaseException) -> str | None:
    """The message of the first user's error in a chain of causes; None when there is none.

    Examples
    --------
    >>> readable(TopologyEfficientError("no such set"))
    'no such set'
    >>> readable(ZeroDivisionError()) is None
    True
    """
    chain = list(_causes(error))
    for kind in USER_ERRORS:
        for cause in chain:
            if isinstance(cause, kind):
                return _without_machinery(str(cause))
    return _unresolved(chain[0]) or _wrong_option(chain[0]) or _refused(chain[0])


def _refused(error: BaseException) -> str | None:
    """What the file system says that refuses a file; None for any other error."""
    if not isinstance(error, OSError) or error.filename is None:
        return None
    return f"'{error.filename}': {error.strerror or error}; check the name, space and rights"


def _unresolved(error: BaseException) -> str | None:
    """What OmegaConf says of a value of conf that it cannot resolve or merge; None for any other error."""
    if not isinstance(error, OmegaConfBaseException):
        return None
    place = f"{error.full_key}: " if error.full_key else ""
    what = str(error).partition("\n")[0].rstrip(".")
    return f"{place}{what}; write the value out, or name a key of conf that is there"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _wrong_option(error: BaseException) -> str | None:
    """What Kedro says of an option that names something that is not there; None for any other error."""
    if isinstance(error, KedroCliError):
        return error.message
    if isinstance(error, MissingConfigException):
        return _unknown_environment(str(error))
    raised_in = [frame.f_globals["__name__"] for frame, _ in traceback.walk_tb(error.__traceback__)][-1:]
    if not isinstance(error, (ValueError, AttributeError)) or not "".join(raised_in).startswith("kedro."):
        return None
    name = re.search(r"find the pipeline named '(.*?)'", str(error))
    if name is None:
        return str(error)
    return f"no pipeline '{name[1]}'{did_you_mean(name[1], pipelines) or '.'} There are: {', '.join(sorted(pipelines))}"


def _unknown_environment(message: str) -> str:
    folder = re.search(r"valid directory: (.*)$", message)
    if folder is None:
        return message
    path = Path(folder[1])
    conf, name = (
        (path.parents[1], f"{STUDIES}/{path.name}") if path.parent.name == STUDIES else (path.parent, path.name)
    )
    studies = study_names(conf)
    names = sorted(each.name for each in conf.glob("*/") if each.name != STUDIES)
    names += [f"{STUDIES}/{study}" for study in studies]
    hint = did_you_mean(name, names) or did_you_mean(f"{STUDIES}/{name}", names) or "."
    return f"no conf environment '{name}'{hint} There are: {', '.join(names)}"


MACHINERY = (
    (r"^Parameter validation failed:\n", ""),
    (r"- Parameter '(.*?)': Failed to instantiate .*? for parameter '.*?': ", r"parameter '\1': "),
    (r"- Parameter '", "parameter '"),
    # kedro's: the whole description of a dataset
    (
        r"Did not find any versions for .*?filepath=[^'\n]*'?([^',)\n]+).*",
        r"nothing is saved in '\1' yet; run the pipeline that makes it",
    ),
)
"""Patterns of what a user need not read, and what stands for it."""


def _without_machinery(message: str) -> str:
    for pattern, replacement in MACHINERY:
        message = re.sub(pattern, replacement, message, flags=re.MULTILINE)
    return message
