"""Kedro hooks: refuse unknown parameter groups before a run, show the verdicts after it."""

from __future__ import annotations

from typing import Any

import click
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from topology_efficient_dl.errors import ParameterError, did_you_mean
from topology_efficient_dl.evaluation.console import summary_text
from topology_efficient_dl.params import GROUPS


class ParameterNames:
    """Refuses a run whose parameters name a group that nothing reads."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Compare the groups given in conf and on the command line with those that exist.

        Raises
        ------
        ParameterError : a group does not exist
        """
        for name in context.config_loader["parameters"]:
            if name not in GROUPS:
                hint = did_you_mean(name, GROUPS)
                raise ParameterError(f"unknown parameter '{name}'{hint} Allowed: {', '.join(GROUPS)}")


class Summary:
    """Ends a run that made verdicts by showing them, and where the report lies."""

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Print results, verdicts and the path of the report of every track that was evaluated."""
        for name in sorted(pipeline.all_outputs()):
            if name.endswith(".verdicts"):
                track = name.removesuffix(".verdicts")
                click.echo(summary_text(catalog.load(f"{track}.results"), catalog.load(name)))
                for report in ("report_html", "report_markdown", "pareto_image"):
                    click.echo(f"{report:>16}  {saved_path(catalog.get(f'{track}.{report}'))}")


def saved_path(dataset: Any) -> str:
    """Where the latest version of a versioned file dataset lies."""
    return str(dataset._get_load_path())
