"""What the report of track A says, put together from the tables of a run."""

from __future__ import annotations

import math
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from topology_efficient_dl.efficiency.environment import describe_environment
from topology_efficient_dl.evaluation.answers import ALL, primary_of
from topology_efficient_dl.evaluation.criteria import METRICS
from topology_efficient_dl.evaluation.failures import failures_of
from topology_efficient_dl.evaluation.summary import as_records
from topology_efficient_dl.params.training import EfficiencyParams, EvaluateParams, TrainParams
from topology_efficient_dl.reports.conditions import (
    MACHINE,
    cost_conditions,
    data_words,
    fitting_conditions,
    interval_limit,
    split_words,
)
from topology_efficient_dl.reports.figures import draw_critical_difference, draw_f1_bars, draw_pareto
from topology_efficient_dl.reports.forest import draw_verdicts
from topology_efficient_dl.reports.pareto import pareto_figure
from topology_efficient_dl.reports.report import ReportContext, ReportFigure
from topology_efficient_dl.reports.style import to_svg

QUESTION = (
    "Can a small model that reads topological features of a time series replace a large network: the same quality "
    "at a fraction of the inference time, feature extraction included?"
)
PUBLISHED_COLUMNS = {
    "inception_time": "inception_network_mean",
    "inception_time_ensemble": "inceptiontime_ensemble",
}
MOST_DRAWN = 40
"""Verdicts in the figure; of more those over all data sets are drawn."""

MEMORY = "peak of one inference in a fresh process, over the imported libraries"


def report_context(
    data_card: pd.DataFrame,
    scores: pd.DataFrame,
    results: pd.DataFrame,
    statistics: Mapping[str, Any],
    verdicts: Sequence[Mapping[str, Any]],
    published: pd.DataFrame,
    train: TrainParams,
    efficiency: EfficiencyParams,
    evaluate: EvaluateParams,
    fitting: Mapping[str, str] | None = None,
) -> ReportContext:
    """The context of the report's templates; tables are those of the catalog.

    ``fitting`` says how models were fitted, as of `fitting_conditions`.
    """
    known = {row["dataset"]: _numbers(row) for row in as_records(published)}
    used, skipped = _datasets(data_card, known)
    return ReportContext(
        title="Track A: persistent homology against deep networks on time series",
        question=QUESTION,
        baseline=evaluate.baseline,
        results=as_records(results),
        verdicts=verdicts,
        datasets=used,
        skipped=skipped,
        failures=failures_of(as_records(results)),
        conditions=_conditions(scores, used, fitting or fitting_conditions(train, {}), efficiency),
        environment=describe_environment(),
        command=run_command(),
        limits=[
            MACHINE,
            interval_limit(evaluate, scores["seed"].nunique()),
            *(f"{row['dataset']}: {row['notes']}." for row in used if row.get("notes")),
        ],
        published=known,
        published_method=PUBLISHED_COLUMNS,
        tests=statistics["wilcoxon"],
        figures=report_figures(scores, results, verdicts, evaluate),
        interactive=pareto_figure(results, evaluate.x_axis, evaluate.y_axis),
        metric_name=METRICS[evaluate.metric],
    )


def provenance_lines() -> list[str]:
    """The foot of a Markdown page: the command of this run, and what it was measured on."""
    environment = ", ".join(f"{key} {value}" for key, value in describe_environment().items() if value)
    return ["", f"Command: `{run_command()}`", "", f"Measured on: {environment}", ""]


def run_command() -> str:
    """The command line of this run, ready for a shell; absolute paths are replaced by ``PATH``."""
    started_by = sys.argv[0].replace("\\", "/").removesuffix("/__main__.py")
    if not started_by.endswith("kedro"):
        return "kedro run --pipelines track_a"
    return shlex.join(["kedro", *(re.sub(r"(?<![^=,])(/|[A-Za-z]:[\\/])[^,]*", "PATH", part) for part in sys.argv[1:])])


def _numbers(row: Mapping[str, Any]) -> dict[str, float]:
    return {key: value for key, value in row.items() if isinstance(value, float) and math.isfinite(value)}


def _datasets(
    data_card: pd.DataFrame, published: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    rows = as_records(data_card)
    used = [
        {**row, "default_split": bool(row.get("official")) and row["dataset"] in published, "split": split_words(row)}
        for row in rows
        if not row["skipped"]
    ]
    return used, [{"dataset": row["dataset"], "reason": row["skipped"]} for row in rows if row["skipped"]]


def _conditions(
    scores: pd.DataFrame,
    datasets: Sequence[Mapping[str, Any]],
    fitting: Mapping[str, str],
    efficiency: EfficiencyParams,
) -> dict[str, str]:
    return {
        "Seeds": ", ".join(str(seed) for seed in sorted(scores["seed"].unique())),
        "Data": data_words(datasets),
        **fitting,
        **cost_conditions(efficiency, "raw sample in, label out, per sample", MEMORY),
    }


def report_figures(
    scores: pd.DataFrame, results: pd.DataFrame, verdicts: Sequence[Mapping[str, Any]], evaluate: EvaluateParams
) -> list[ReportFigure]:
    """Pareto front, quality by dataset, verdicts, ranks."""
    drawn = [
        ("Quality against cost", "Up and to the left is better; the dotted line is the Pareto front.", "pareto.png",
         draw_pareto(results, evaluate.x_axis, evaluate.y_axis)),
        ("Macro-F1 by dataset", "Bars are means, points are seeds.", None, draw_f1_bars(scores)),
    ]  # fmt: skip
    primary = primary_of(verdicts)
    if primary:
        bounds = {each["measure"]: each["bound"] for each in reversed(primary[0]["conditions"])}
        pooled = [each for each in primary if each["dataset"] == ALL]
        shown = pooled if pooled and len(primary) > MOST_DRAWN else primary
        forest = draw_verdicts(shown, bounds["f1_drop_pp"], bounds["latency_cut"], METRICS[evaluate.metric])
        drawn.append(("Verdicts against the primary baseline", "The wanted side is shaded.", None, forest))
    ranks = draw_critical_difference(scores, evaluate.metric)
    if ranks is not None:
        caption = f"Of {METRICS[evaluate.metric]}; models that are joined do not differ (Wilcoxon-Holm)."
        drawn.append(("Average ranks", caption, None, ranks))
    return [ReportFigure(title, caption, svg=to_svg(figure), file=file) for title, caption, file, figure in drawn]
