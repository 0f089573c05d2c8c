"""``kedro study``: the steps of a study, one after the other, or a list of all studies."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import click

from topology_efficient_dl.cli.errors import ReadableErrors
from topology_efficient_dl.cli.stopping import stoppable
from topology_efficient_dl.common.terminal import harmless
from topology_efficient_dl.errors import DataError
from topology_efficient_dl.params.study import commands, read_studies, read_study, table

CONF = Path("conf")
BEGIN, END = "<!-- studies: begin -->\n", "<!-- studies: end -->\n"
"""Between these lines a page has the table of studies."""


@click.command(cls=ReadableErrors)
@click.argument("name", required=False)
@click.option("--list", "is_listed", is_flag=True, help="Show all studies and what they need.")
@click.option("--dry-run", is_flag=True, help="Show the commands of the study, and run none.")
@click.option("--table-in", type=click.Path(path_type=Path), help="Write the table of all studies into this page.")
def study(name: str | None, is_listed: bool, dry_run: bool, table_in: Path | None) -> None:
    """Run the steps of a study and publish its results; give the command again to resume.

    The first step that fails ends it. What was computed is kept.
    """
    if table_in is not None:
        write_table(table_in, table(read_studies(CONF)))
    elif is_listed:
        for each, found in read_studies(CONF).items():
            needs = f"  [needs {', '.join(found.needs)}]" if found.needs else ""
            click.echo(harmless(f"{each:<17}{found.title}{needs}"))
    elif name is None:
        raise click.UsageError("name a study, or give --list to see them all")
    else:
        _run(name, dry_run)


@stoppable()
def _run(name: str, dry_run: bool) -> None:
    steps = list(commands(CONF, name))
    for needed in read_study(CONF, name).needs:
        if needed != "CUDA" and needed not in os.environ:
            click.echo(f"this study needs {needed}, which is not set", err=True)
    for number, step in enumerate(steps, 1):
        click.echo(harmless(shlex.join(["kedro", *step])) if dry_run else _heading(number, len(steps), step))
        if not dry_run:
            code = call(step)
            if code:  # it has said why
                sys.exit(code if code > 0 else 128 - code)


def call(arguments: list[str]) -> int:
    """Exit status of ``kedro`` with these arguments, in a process of its own, which ends with this one."""
    with subprocess.Popen([sys.executable, "-m", "kedro", *arguments]) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.terminate()  # one that has seen Ctrl-C itself is ending already
            process.wait()
            raise


def _heading(number: int, count: int, step: list[str]) -> str:
    return harmless(f"step {number} of {count}: {shlex.join(['kedro', *step])}")


def write_table(page: Path, rows: str) -> None:
    """Put the table of studies into a page, between its two marks.

    Raises
    ------
    DataError : the page has no marks
    """
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise DataError(f"{page}: no lines '{BEGIN.strip()}' and '{END.strip()}'; put them where the table is to stand")
    page.write_text(f"{before}{begin}\n{rows}\n{end}{after}", encoding="utf-8")
