"""Nodes of ``evaluate``."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from matplotlib.figure import Figure

from topology_efficient_dl.collections.collection import Collection
from topology_efficient_dl.collections.keys import dataset_of
from topology_efficient_dl.complexes.groups import Groups
from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex
from topology_efficient_dl.data.graphs.task import GraphTask
from topology_efficient_dl.data.split import Split
from topology_efficient_dl.efficiency.environment import environment_fingerprint
from topology_efficient_dl.evaluation.comparisons import judge_compression, judge_proposals
from topology_efficient_dl.evaluation.costs import measure_costs, measure_deployed_costs, measure_graph_costs
from topology_efficient_dl.evaluation.metrics import score_predictions
from topology_efficient_dl.evaluation.onnx_costs import (
    OnnxFile,
    export_cell,
    measure_onnx_costs,
    with_onnx,
)
from topology_efficient_dl.evaluation.statistics import describe_statistics
from topology_efficient_dl.evaluation.summary import efficiency_table, results_table
from topology_efficient_dl.models.onnx_export import onnx_versions
from topology_efficient_dl.models.simplicial.propagation import PropagatedFeatures
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.base import Names
from topology_efficient_dl.params.complexes import SimplicialParams
from topology_efficient_dl.params.compression import CompressionParams
from topology_efficient_dl.params.graphs import Propagation
from topology_efficient_dl.params.models import Transforms, Zoo
from topology_efficient_dl.params.training import (
    EfficiencyParams,
    EvaluateParams,
    ParallelParams,
    TrainParams,
)
from topology_efficient_dl.reports.context import RunSettings, RunTables, report_context
from topology_efficient_dl.reports.document import results_document
from topology_efficient_dl.reports.figures import draw_pareto
from topology_efficient_dl.reports.pareto import pareto_figure
from topology_efficient_dl.reports.report import render_html, render_markdown
from topology_efficient_dl.studies.ranks import draw_rank_curve, rank_curve, rank_page
from topology_efficient_dl.tasks.cells import fits_table

Rows = list[dict[str, Any]]

_NOT_OF_KIND: Any = None
"""For what a kind of run has not; with ``| None`` Kedro would see two types for one parameter."""


def score(predictions: Collection[pd.DataFrame]) -> pd.DataFrame:
    """Accuracy, macro-F1 and AUROC of every cell."""
    return pd.concat([score_predictions(cell) for cell in predictions.values()], ignore_index=True)


def measure_efficiency(
    models: Collection[TrainedModel], splits: Collection[Split], efficiency: EfficiencyParams
) -> Collection[Rows]:
    """What every model costs, by dataset; one after the other, with nothing else running."""
    by_dataset = models.group(dataset_of).cross().join(splits, dataset_of)
    return by_dataset.map(measure_costs, efficiency, environment_fingerprint())


def tabulate(scores: pd.DataFrame, efficiency: Collection[Rows], models: Collection[TrainedModel]) -> pd.DataFrame:
    """Quality beside cost, one row per dataset and model."""
    return results_table(scores, efficiency_table(efficiency.values()), fits_table(models.values()))


def compare(scores: pd.DataFrame, evaluate: EvaluateParams) -> dict[str, Any]:
    """Paired tests over seeds and over datasets, and average ranks."""
    return describe_statistics(scores, evaluate.baseline, evaluate.metric)


def judge(
    scores: pd.DataFrame,
    efficiency: Collection[Rows],
    predictions: Collection[pd.DataFrame],
    models: Names,
    zoo: Zoo,
    evaluate: EvaluateParams,
    track: str = "track_a",
) -> Rows:
    """Confirmed, refuted or inconclusive: every proposal against the baseline."""
    proposals = [name for name, spec in zoo.pick(models).items() if spec.role == "proposal"]
    table = pd.concat(predictions.values(), ignore_index=True)
    return judge_proposals(scores, efficiency_table(efficiency.values()), table, evaluate, proposals, track)


def draw(results: pd.DataFrame, evaluate: EvaluateParams) -> tuple[go.Figure, Figure]:
    """Quality against cost with the Pareto front: interactive, and as an image."""
    axes = (evaluate.x_axis, evaluate.y_axis)
    return pareto_figure(results, *axes), draw_pareto(results, *axes)


def document(
    results: pd.DataFrame, verdicts: Rows, statistics: dict[str, Any], data_card: pd.DataFrame
) -> dict[str, Any]:
    """All numbers of the run in one JSON document, with the command and the environment."""
    return results_document(results, verdicts, statistics, data_card)


def report(
    data_card: pd.DataFrame,
    scores: pd.DataFrame,
    results: pd.DataFrame,
    statistics: dict[str, Any],
    verdicts: Rows,
    train: TrainParams,
    efficiency: EfficiencyParams,
    evaluate: EvaluateParams,
    models: Names,
    zoo: Zoo,
    transforms: Transforms = _NOT_OF_KIND,
    simplicial: SimplicialParams = _NOT_OF_KIND,
    compression: CompressionParams = _NOT_OF_KIND,
    published: pd.DataFrame = _NOT_OF_KIND,
    layers: pd.DataFrame = _NOT_OF_KIND,
) -> tuple[str, str]:
    """The report as Markdown and as one self-contained page."""
    tables = RunTables(data_card, scores, results, statistics, verdicts, published, layers)
    settings = RunSettings(train, efficiency, evaluate, zoo.pick(models), transforms, simplicial, compression)
    context = report_context(tables, settings)
    return render_markdown(context), render_html(context)


def report_of(*names: str) -> Callable[..., tuple[str, str]]:
    """`report` of the arguments named, in their order: Kedro finds the types of parameters by position alone."""

    @wraps(report)
    def in_order(*given: Any) -> tuple[str, str]:
        return report(**dict(zip(names, given, strict=True)))

    known = inspect.signature(report).parameters
    own = [known[name].replace(default=inspect.Parameter.empty) for name in names]
    in_order.__signature__ = inspect.Signature(own)  # type: ignore[attr-defined]  # functions have it without a stub
    return in_order


def measure_graph_efficiency(
    models: Collection[TrainedModel],
    tasks: Collection[GraphTask],
    complexes: Collection[SimplicialComplex],
    features: Collection[PropagatedFeatures],
    groups: Collection[Groups],
    propagation: Propagation,
    simplicial: SimplicialParams,
    efficiency: EfficiencyParams,
) -> Collection[Rows]:
    """What every model costs, by graph; one after the other, with nothing else running."""
    material = models.group(dataset_of).cross().join(tasks, str).join(complexes, str)
    with_features = material.join(features.group(dataset_of), str)
    with_groups = with_features.join(groups, lambda key: key if key in groups else None)
    return with_groups.map(measure_graph_costs, propagation.root, simplicial, efficiency, environment_fingerprint())


def judge_on_graphs(
    scores: pd.DataFrame,
    efficiency: Collection[Rows],
    predictions: Collection[pd.DataFrame],
    models: Names,
    zoo: Zoo,
    evaluate: EvaluateParams,
) -> Rows:
    """Confirmed, refuted or inconclusive by the criterion of track B: every proposal against every baseline named."""
    return judge(scores, efficiency, predictions, models, zoo, evaluate, track="track_b")


def measure_merged_efficiency(
    models: Collection[TrainedModel], splits: Collection[Split], efficiency: EfficiencyParams
) -> Collection[Rows]:
    """The same with every network as it would be deployed: normalisations folded, consecutive maps multiplied out."""
    by_dataset = models.group(dataset_of).cross().join(splits, dataset_of)
    return by_dataset.map(measure_deployed_costs, efficiency, environment_fingerprint())


def export_onnx(
    models: Collection[TrainedModel], efficiency: EfficiencyParams, parallel: ParallelParams
) -> Collection[OnnxFile]:
    """Every model as an ONNX file, or why it cannot be one; none where ``efficiency.onnx`` is off."""
    if not efficiency.onnx:
        return Collection.of({})
    return models.map(export_cell, onnx_versions()).run_on(parallel)


def measure_onnx(
    models: Collection[TrainedModel],
    files: Collection[OnnxFile],
    splits: Collection[Split],
    efficiency: EfficiencyParams,
) -> Collection[Rows]:
    """What onnxruntime makes of every model, by dataset; one after the other, with nothing else running."""
    if not efficiency.onnx:
        return Collection.of({})
    by_dataset = models.group(dataset_of).cross().join(files.group(dataset_of), str).join(splits, dataset_of)
    return by_dataset.map(measure_onnx_costs, efficiency, environment_fingerprint())


def tabulate_compressed(
    scores: pd.DataFrame, efficiency: Collection[Rows], models: Collection[TrainedModel], onnx: Collection[Rows]
) -> pd.DataFrame:
    """Quality beside cost, also in onnxruntime, one row per dataset and model."""
    return with_onnx(tabulate(scores, efficiency, models), [row for rows in onnx.values() for row in rows])


def judge_compressed(
    scores: pd.DataFrame,
    efficiency: Collection[Rows],
    predictions: Collection[pd.DataFrame],
    models: Names,
    compression: CompressionParams,
    measured: EfficiencyParams,
    evaluate: EvaluateParams,
) -> Rows:
    """Confirmed, refuted or inconclusive by the criterion of track C: decompositions against dense models and peers."""
    table, costs = pd.concat(predictions.values(), ignore_index=True), efficiency_table(efficiency.values())
    timed = [size for size in measured.batch_sizes if f"latency_ms_b{size}" in costs]  # one graph is one batch
    return judge_compression(scores, costs, table, evaluate, models.root, compression.recipes(), timed)


def tabulate_ranks(results: pd.DataFrame, models: Names, compression: CompressionParams) -> pd.DataFrame:
    """Quality, size, arithmetic and time by rank, of recipes that have one."""
    return rank_curve(results, compression.recipes(), models.root)


def draw_ranks(table: pd.DataFrame) -> Figure:
    """The same as a figure."""
    return draw_rank_curve(table)


def report_ranks(table: pd.DataFrame) -> str:
    """The rank at which time stops following arithmetic, and every number, as one page."""
    return rank_page(table)
