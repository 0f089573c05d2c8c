"""The project's command line: Kedro's own commands, with errors that a user can read, and the project's own."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import click
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.io import DataCatalog, Version

from topology_efficient_dl.cli.errors import ReadableErrors, check_config_file
from topology_efficient_dl.cli.qa import qa
from topology_efficient_dl.cli.stopping import stoppable
from topology_efficient_dl.cli.studies import study
from topology_efficient_dl.common.terminal import harmless
from topology_efficient_dl.datasets.kedro_internals import saved_path
from topology_efficient_dl.datasets.run_versions import run_with_all
from topology_efficient_dl.reports.document import collect as collect_results
from topology_efficient_dl.reports.document import publish as write_results
from topology_efficient_dl.reports.renewal import renew as renew_reports


@click.group(name="topology_efficient_dl")
def cli() -> None:
    """Topology-Efficient Deep Learning."""


def _run_options() -> list[click.Parameter]:
    """Kedro's options of ``run``, a look at the file of ``--config`` before Kedro reads it, and ``--traceback``."""
    names = [str(option.name) for option in kedro_run.params if option.name != "config"]

    def checked(option: click.Parameter) -> click.Parameter:
        read = option.callback

        def check_and_read(ctx: click.Context, parameter: click.Parameter, value: Any) -> Any:
            check_config_file(ctx, value, names)
            return read(ctx, parameter, value) if read else value

        changed = copy.copy(option)
        changed.callback = check_and_read
        return changed

    own = click.Option(["--traceback"], is_flag=True, help="Show the traceback of an error.")
    return [*(checked(option) if option.name == "config" else option for option in kedro_run.params), own]


_run = stoppable()(cast("Callable[..., Any]", kedro_run.callback))
cli.add_command(ReadableErrors("run", params=_run_options(), callback=_run, help=kedro_run.help))
cli.add_command(qa)
cli.add_command(study)


@cli.command(cls=ReadableErrors)
@click.option("--track", default="track_a", show_default=True, help="Whose results.")
@click.option("--env", default=None, help="The conf environment of the run.")
@click.option("--to", default="docs/results", show_default=True, help="Folder to write to.")
@click.option("--only", default="track", show_default=True, help="Which kind of results, of conf/base/published.yml.")
@click.option("--run", "version", default=None, help="Whose version; unless given, the newest run that is complete.")
def publish(track: str, env: str | None, to: str, only: str, version: str | None) -> None:
    """Copy the results, report and figures that one run of a track saved into the docs."""
    made = {name for pipeline in pipelines.values() for name in pipeline.all_outputs()}
    with KedroSession.create(env=env) as session:
        context = session.load_context()  # type: ignore[attr-defined]  # of KedroSession, which the annotation leaves open
        catalog = context.catalog
        kinds: dict[str, dict[str, str]] = context.config_loader["published"]
        if only not in kinds:
            named = ", ".join(map(repr, sorted(kinds)))
            raise click.BadParameter(f"{only!r} is not one of {named}.", param_hint="'--only'")
        names = {name: f"{track}.{name}" for name in kinds[only] if f"{track}.{name}" in made}
        versions = {name: catalog[entry].list_versions(full_path=False) for name, entry in names.items()}
        saved: dict[str, Path] = {}
        if any(versions.values()):
            run, note = run_with_all(versions, version)
            saved = {name: _path(catalog, entry, run) for name, entry in names.items()}
            click.echo(f"run {run}{f' ({note})' if note else ''}", err=True)
    for path in write_results(Path(to), track, saved, kinds[only]):
        click.echo(harmless(str(path)))


def _path(catalog: DataCatalog, entry: str, run: str) -> Path:
    return Path(saved_path(catalog.get(entry, version=Version(run, None))))


@cli.command(cls=ReadableErrors)
@click.option("--track", default="track_b", show_default=True, help="Whose results.")
@click.option("--to", default="docs/results", show_default=True, help="Folder that holds the parts.")
def collect(track: str, to: str) -> None:
    """Put the published parts of a track together in one JSON document."""
    click.echo(harmless(str(collect_results(Path(to), track))))


@cli.command(cls=ReadableErrors)
@click.option("--to", default="docs/results", show_default=True, help="Folder that holds published reports.")
def renew(to: str) -> None:
    """Write headlines and verdicts of published reports again, from the published numbers beside them."""
    for path in renew_reports(Path(to)):
        click.echo(harmless(str(path)))
