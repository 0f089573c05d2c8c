"""Kedro hooks: check parameters before a run, show the verdicts after it."""

from __future__ import annotations

import logging
from typing import Any

import click
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from topology_efficient_dl.checks.machine import check_machine
from topology_efficient_dl.checks.parameters import check_parameters, check_that_they_are_read
from topology_efficient_dl.checks.run import check_run
from topology_efficient_dl.common.terminal import harmless
from topology_efficient_dl.datasets.kedro_internals import saved_path
from topology_efficient_dl.params.effects import without_effect
from topology_efficient_dl.reports.console import forecast_summary, summary_text

log = logging.getLogger(__name__)

SUMMARIES = {
    "verdicts": ("results", summary_text),
    "forecast_verdicts": ("forecast_results", forecast_summary),
}
"""By the entry of a run's verdicts, the entry of its results and what shows both on a terminal."""


class ParameterCheck:
    """Refuses a run whose parameters are wrong, before anything runs."""

    def __init__(self) -> None:
        self._groups: dict[str, Any] = {}

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Check the parameters of conf and command line together.

        Raises
        ------
        ParameterError : a group, key or value is wrong
        """
        self._groups = dict(check_parameters(context.config_loader["parameters"]))

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline) -> None:
        """Check that what the command line gives is read, and that verdicts can be made; say what has no effect.

        Raises
        ------
        ParameterError : the track has a parameter of its own by that name, or a baseline, batch size, axis, device or
            folder is not there
        """
        given, read = run_params.get("runtime_params") or {}, pipeline.inputs()
        check_that_they_are_read(given, read)
        check_machine(self._groups, read, pipeline.all_outputs())
        remarks = check_run(self._groups, given, pipeline.all_outputs())
        for remark in remarks + without_effect(self._groups, given, read):
            log.warning("%s", remark)


class Summary:
    """Ends a run that made verdicts by showing them, and where the report lies."""

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Print results, verdicts and the path of the report of every track that was evaluated."""
        made = pipeline.all_outputs()
        for name in sorted(made):
            track, _, verdicts = name.rpartition(".")
            if verdicts not in SUMMARIES:
                continue
            results, summary = SUMMARIES[verdicts]
            click.echo(summary(catalog.load(f"{track}.{results}"), catalog.load(name)))
            for report in ("report_html", "report_markdown", "pareto_image"):
                if f"{track}.{report}" in made:
                    click.echo(harmless(f"{report:>16}  {saved_path(catalog.get(f'{track}.{report}'))}"))
