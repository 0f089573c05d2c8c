"""What the report of track B says, put together from the tables of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from topology_efficient_dl.efficiency.environment import describe_environment
from topology_efficient_dl.evaluation.criteria import METRICS
from topology_efficient_dl.evaluation.failures import failures_of
from topology_efficient_dl.evaluation.summary import as_records
from topology_efficient_dl.params.complexes import SimplicialParams
from topology_efficient_dl.params.training import EfficiencyParams, EvaluateParams, TrainParams
from topology_efficient_dl.reports.conditions import (
    MACHINE,
    cost_conditions,
    fitting_conditions,
    interval_limit,
)
from topology_efficient_dl.reports.context import report_figures, run_command
from topology_efficient_dl.reports.pareto import pareto_figure
from topology_efficient_dl.reports.report import ReportContext

QUESTION = (
    "Do relations of higher order make attention unnecessary: the same quality on graphs, for less time and less "
    "memory?"
)
LATENCY_NOTE = (
    "Network alone: from inputs that were made once to labels. Preprocessing included: from the complex and the "
    "features of its nodes to labels, building the complex not counted. Peak memory is in both cases that of the "
    "network alone."
)
FLOPS = "FLOPs are those of the network; elementwise work, softmax over edges included, is not counted for any model."
MEMORY = "peak of one inference in a fresh process with weights and prepared input, over the libraries"
SPLITS = {
    "draws": "draws of labels",
    "given splits": "splits that came with the set",
    "given folds": "folds that came with the set",
    "made folds": "folds made here",
}


def graph_report_context(
    data_card: pd.DataFrame,
    scores: pd.DataFrame,
    results: pd.DataFrame,
    statistics: Mapping[str, Any],
    verdicts: Sequence[Mapping[str, Any]],
    train: TrainParams,
    efficiency: EfficiencyParams,
    evaluate: EvaluateParams,
    simplicial: SimplicialParams,
    fitting: Mapping[str, str] | None = None,
) -> ReportContext:
    """The context of the report's templates; tables are those of the catalog.

    ``fitting`` says how models were fitted, as of `fitting_conditions`.
    """
    used = as_records(data_card)
    return ReportContext(
        title="Track B: simplicial complexes against attention on graphs",
        question=QUESTION,
        baseline=evaluate.baseline,
        results=as_records(results),
        verdicts=verdicts,
        datasets=[{**row, "default_split": False} for row in used],
        failures=failures_of(as_records(results)),
        conditions=_conditions(scores, used, fitting or fitting_conditions(train, {}), efficiency, simplicial),
        environment=describe_environment(),
        command=run_command(),
        limits=[
            *_limits(used),
            interval_limit(evaluate, scores["seed"].nunique()),
            *(f"{row['dataset']}: {row['notes']}." for row in used if row.get("notes")),
        ],
        tests=statistics["wilcoxon"],
        figures=report_figures(scores, results, verdicts, evaluate),
        interactive=pareto_figure(results, evaluate.x_axis, evaluate.y_axis),
        metric_name=METRICS[evaluate.metric],
        results_caption=_caption(used),
        latency_note=LATENCY_NOTE,
        size_columns={"n_nodes": "nodes", "n_edges": "contacts, groups or edges", "n_graphs": "graphs"},
    )


def _conditions(
    scores: pd.DataFrame,
    datasets: Sequence[Mapping[str, Any]],
    fitting: Mapping[str, str],
    efficiency: EfficiencyParams,
    simplicial: SimplicialParams,
) -> dict[str, str]:
    kinds = _split_kinds(datasets)
    one_graph = "; on one graph every step sees all of it" if _targets(datasets) != ["graphs"] else ""
    return {
        kinds[0].upper() + kinds[1:]: ", ".join(str(seed) for seed in sorted(scores["seed"].unique())),
        "Complex": ", ".join(f"{name} {value}" for name, value in simplicial.model_dump().items()),
        **{key: words + (one_graph if key.startswith("Training") else "") for key, words in fitting.items()},
        **cost_conditions(efficiency, "network alone, and with all preprocessing from the complex on", MEMORY),
    }


def _split_kinds(datasets: Sequence[Mapping[str, Any]]) -> str:
    kinds = dict.fromkeys(SPLITS[row["split_kind"]] for row in datasets if row.get("split_kind"))
    return " or ".join(kinds) or "draws"


def _targets(datasets: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is classified: nodes, graphs, or some of both."""
    return [name for name in ("nodes", "graphs") if any(row["task"].endswith(name) for row in datasets)]


def _caption(datasets: Sequence[Mapping[str, Any]]) -> str:
    targets = _targets(datasets)
    answers = {"nodes": "for all nodes of one graph (batch 1)", "graphs": "per graph of a set"}
    return (
        f"Mean ± standard deviation over {_split_kinds(datasets)}. The model alone answers "
        f"{', or '.join(answers[name] for name in targets)}, on inputs that were made once; latency begins with the "
        "complex and the features of its nodes, and includes all preprocessing from there. Samples per second are "
        f"{' or '.join(targets)}, of the model alone."
    )


def _limits(datasets: Sequence[Mapping[str, Any]]) -> list[str]:
    drawn = [row["dataset"] for row in datasets if row.get("split_kind") == "draws"]
    held = [row["dataset"] for row in datasets if row.get("held_out")]
    said = {
        f"Draws of labels from one graph overlap ({', '.join(drawn)}): intervals and tests speak of draws from these "
        "graphs, not of others.": drawn,
        "Node tasks are transductive: contacts, features and complexes are of all nodes, and labels of test are "
        "seen by no model.": "nodes" in _targets(datasets),
        f"Validation stands in for test ({', '.join(held)}).": held,
        FLOPS: True,
    }
    return [MACHINE, *(words for words, holds in said.items() if holds)]
