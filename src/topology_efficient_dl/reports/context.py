"""What the report of a track says, put together from the tables and parameters of a run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from topology_efficient_dl.efficiency.environment import describe_environment
from topology_efficient_dl.evaluation.criteria import METRICS
from topology_efficient_dl.evaluation.failures import failures_of
from topology_efficient_dl.evaluation.summary import as_records, over_sets
from topology_efficient_dl.params.complexes import SimplicialParams
from topology_efficient_dl.params.compression import CompressionParams, CompressionRecipe
from topology_efficient_dl.params.models import ModelSpec, Transforms
from topology_efficient_dl.params.training import EfficiencyParams, EvaluateParams, TrainParams
from topology_efficient_dl.reports.conditions import (
    MACHINE,
    cost_conditions,
    data_words,
    fitting_conditions,
    graph_caption,
    graph_limits,
    interval_limit,
    split_kinds,
    split_words,
    targets,
)
from topology_efficient_dl.reports.figures import report_figures
from topology_efficient_dl.reports.pages import run_command
from topology_efficient_dl.reports.pareto import pareto_figure
from topology_efficient_dl.reports.recipes import left_dense_limits, peer_words, recipe_limits, recipe_words
from topology_efficient_dl.reports.report import ReportContext
from topology_efficient_dl.reports.words import WORDS, Words

PUBLISHED_COLUMNS = {
    "inception_time": "inception_network_mean",
    "inception_time_ensemble": "inceptiontime_ensemble",
}
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class RunTables:
    """The tables of a run, as the catalog has them.

    Attributes
    ----------
    data_card : one row a data set
    scores, results, statistics, verdicts : quality of every cell, quality beside cost, tests, and what was judged
    published : accuracies of other authors, of series
    layers : what became of every layer, of compressed networks
    """

    data_card: pd.DataFrame
    scores: pd.DataFrame
    results: pd.DataFrame
    statistics: Mapping[str, Any]
    verdicts: Rows
    published: pd.DataFrame | None = None
    layers: pd.DataFrame | None = None


@dataclass(frozen=True)
class RunSettings:
    """The parameters of a run that its report tells; those of graphs and of compression where it has them.

    Attributes
    ----------
    train, efficiency, evaluate : how models were trained, measured and judged
    models : the models of the run
    transforms : that models of series name in ``features``
    simplicial : how complexes were built: the run is about graphs
    compression : the recipes: the run is about networks that were made smaller
    """

    train: TrainParams
    efficiency: EfficiencyParams
    evaluate: EvaluateParams
    models: Mapping[str, ModelSpec] = field(default_factory=dict)
    transforms: Transforms | None = None
    simplicial: SimplicialParams | None = None
    compression: CompressionParams | None = None

    @property
    def words(self) -> Words:
        """What a report of such a run is called and asks."""
        return WORDS["series" if self.simplicial is None else "graphs", self.compression is not None]

    @property
    def recipes(self) -> dict[str, CompressionRecipe]:
        """By variant, how networks were made smaller."""
        return {} if self.compression is None else self.compression.recipes()


def report_context(tables: RunTables, settings: RunSettings) -> ReportContext:
    """The context of the report's templates.

    Parameters
    ----------
    tables : of the run
    settings : of the run, which also say what it is about
    """
    evaluate, words, recipes = settings.evaluate, settings.words, settings.recipes
    known = {} if tables.published is None else {row["dataset"]: _numbers(row) for row in as_records(tables.published)}
    used, skipped = _datasets(tables.data_card, known)
    results = as_records(tables.results)
    peers = peer_words(recipes)
    return ReportContext(
        title=words.title,
        question=f"{words.question}{f', and is it better than {peers}' if peers else ''}?",
        baseline=evaluate.baseline,
        results=results,
        verdicts=tables.verdicts,
        datasets=used,
        skipped=skipped,
        failures=failures_of(results),
        conditions=_conditions(tables.scores, used, settings),
        environment=describe_environment(),
        command=run_command(),
        limits=_limits(tables, used, settings),
        published=known,
        published_method=PUBLISHED_COLUMNS,
        tests=tables.statistics["wilcoxon"],
        figures=report_figures(tables.scores, tables.results, tables.verdicts, evaluate),
        interactive=pareto_figure(tables.results, evaluate.x_axis, evaluate.y_axis),
        metric_name=METRICS[evaluate.metric],
        results_caption=_caption(used, settings),
        latency_note=words.latency_note,
        over_sets=over_sets([{**row, **words.latency_over_sets(row)} for row in results])
        if settings.compression is not None
        else (),
        size_columns=words.size_columns,
    )


def _numbers(row: Mapping[str, Any]) -> dict[str, float]:
    return {key: value for key, value in row.items() if isinstance(value, float) and math.isfinite(value)}


def _datasets(
    data_card: pd.DataFrame, published: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    rows = as_records(data_card)
    used = [
        {
            **row,
            "default_split": bool(row.get("official")) and row["dataset"] in published,
            "split": row.get("split") or split_words(row),
        }
        for row in rows
        if not row["skipped"]
    ]
    return used, [{"dataset": row["dataset"], "reason": row["skipped"]} for row in rows if row["skipped"]]


def _conditions(scores: pd.DataFrame, datasets: Rows, settings: RunSettings) -> dict[str, str]:
    seeds, words = ", ".join(str(seed) for seed in sorted(scores["seed"].unique())), settings.words
    one_graph = ""
    if settings.simplicial is None:
        of_data = {"Seeds": seeds, "Data": data_words(datasets)}
    else:
        kinds = split_kinds(datasets)
        complexes = ", ".join(f"{name} {value}" for name, value in settings.simplicial.model_dump().items())
        of_data = {kinds[0].upper() + kinds[1:]: seeds, "Complex": complexes}
        one_graph = "; on one graph every step sees all of it" if targets(datasets) != ["graphs"] else ""
    return {
        **of_data,
        **fitting_conditions(settings.train, settings.models, settings.transforms, one_graph),
        **cost_conditions(settings.efficiency, words.latency, words.memory),
        **{f"`{name}`": recipe_words(recipe) for name, recipe in settings.recipes.items()},
    }


def _limits(tables: RunTables, datasets: Rows, settings: RunSettings) -> list[str]:
    return [
        MACHINE,
        *(graph_limits(datasets) if settings.simplicial is not None else ()),
        interval_limit(settings.evaluate, tables.scores["seed"].nunique()),
        *(f"{row['dataset']}: {row['notes']}." for row in datasets if row.get("notes")),
        *settings.words.limits,
        *recipe_limits(settings.recipes),
        *left_dense_limits(tables.layers),
    ]


def _caption(datasets: Rows, settings: RunSettings) -> str:
    if settings.simplicial is not None:
        return graph_caption(datasets)
    pruned = any(recipe.method == "prune_weights" for recipe in settings.recipes.values())
    return settings.words.caption + ("; of pruned weights those that are not zero." if pruned else ".")
