"""What the command line says of errors: one message that a user can read, instead of a traceback."""

from __future__ import annotations

import re
import sys
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from kedro import KedroDeprecationWarning
from kedro.config import MissingConfigException
from kedro.framework.cli.utils import KedroCliError
from kedro.framework.project import pipelines
from kedro.io import DatasetError
from kedro.validation.exceptions import ParameterValidationError

from topology_efficient_dl.errors import TopologyEfficientError, did_you_mean

USER_ERRORS = (TopologyEfficientError, ParameterValidationError, DatasetError)


class ReadableErrors(click.Command):
    """A command that answers a user's mistake with one message instead of a traceback."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read options and arguments; an error of Kedro's, whose message Kedro would not show, is a usage error."""
        try:
            return super().parse_args(ctx, args)
        except KedroCliError as error:
            raise click.UsageError(error.message, ctx) from error

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; exit with status 1 and one message if the user can mend what went wrong."""
        show_traceback = ctx.params.pop("traceback", False)
        warnings.simplefilter("ignore", KedroDeprecationWarning)
        try:
            return super().invoke(ctx)
        except Exception as error:
            message = readable(error)
            if show_traceback or message is None:
                raise
            click.secho(f"Error: {message}", fg="red", err=True)
            if any(parameter.name == "traceback" for parameter in self.params):
                click.secho("(the traceback: add --traceback)", dim=True, err=True)
            sys.exit(1)


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
    return _wrong_option(chain[0])


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
    names = sorted(each.name for each in path.parent.glob("*/"))
    return f"no conf environment '{path.name}'{did_you_mean(path.name, names) or '.'} There are: {', '.join(names)}"


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
