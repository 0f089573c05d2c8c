"""What the report of track B says, put together from the tables of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from topology_efficient_dl.complexes.params import SimplicialParams
from topology_efficient_dl.efficiency.environment import describe_environment
from topology_efficient_dl.evaluation.context import report_figures, run_command, training_words
from topology_efficient_dl.evaluation.criteria import METRICS
from topology_efficient_dl.evaluation.pareto import pareto_figure
from topology_efficient_dl.evaluation.report import ReportContext
from topology_efficient_dl.evaluation.summary import as_records
from topology_efficient_dl.params import EfficiencyParams, EvaluateParams, TrainParams

QUESTION = (
    "Do relations of higher order make attention unnecessary: the same quality on dense graphs, for less time and less "
    "memory?"
)
CAPTION = (
    "Mean ± standard deviation over draws of labels, official splits or folds. The model alone answers for all nodes "
    "of one graph (batch 1), or per graph of a set, on inputs that were made once; latency begins with the complex and "
    "the features of its nodes, and includes all preprocessing from there. Samples per second are nodes or graphs, of "
    "the model alone."
)
LATENCY_NOTE = (
    "Network alone: from inputs that were made once to labels. Preprocessing included: from the complex and the "
    "features of its nodes to labels, building the complex not counted. Peak memory is in both cases that of the network alone."
)
LIMITS = (
    "Latency and memory hold for the machine named below; the ratio of two models carries over better.",
    "Draws of labels from one graph overlap: intervals and tests speak of draws from these graphs, not of others.",
    "Node tasks are transductive: contacts, features and complexes are of all nodes, labels of validation choose the "
    "number of epochs, labels of test are touched once.",
    "FLOPs are those of the network; elementwise work, softmax over edges included, is not counted for any model.",
)


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
    own_training: Mapping[str, Mapping[str, Any]] | None = None,
) -> ReportContext:
    """The context of the report's templates; tables are those of the catalog.

    ``own_training`` are the fields of ``train`` that models have otherwise, by model.
    """
    used = as_records(data_card)
    return ReportContext(
        title="Track B: simplicial complexes against attention on graphs",
        question=QUESTION,
        baseline=evaluate.baseline,
        results=as_records(results),
        verdicts=verdicts,
        datasets=[{**row, "default_split": "official" in row["notes"]} for row in used],
        conditions=_conditions(scores, train, efficiency, simplicial) | _own_training(own_training or {}),
        environment=describe_environment(),
        command=run_command(),
        limits=[*LIMITS, *(f"{row['dataset']}: {row['notes']}." for row in used if row.get("notes"))],
        tests=statistics["wilcoxon"],
        figures=report_figures(scores, results, verdicts, evaluate),
        interactive=pareto_figure(results, evaluate.x_axis, evaluate.y_axis),
        metric_name=METRICS[evaluate.metric],
        results_caption=CAPTION,
        latency_note=LATENCY_NOTE,
        size_columns={"n_nodes": "nodes", "n_edges": "contacts, groups or edges", "n_graphs": "graphs"},
    )


def _conditions(
    scores: pd.DataFrame, train: TrainParams, efficiency: EfficiencyParams, simplicial: SimplicialParams
) -> dict[str, str]:
    draws = ", ".join(str(seed) for seed in sorted(scores["seed"].unique()))
    complex_ = ", ".join(f"{name} {value}" for name, value in simplicial.model_dump().items())
    return {
        "Draws, splits or folds": draws,
        "Complex": complex_,
        "Training": training_words(train) + "; on one graph every step sees all of it",
        "Tuning": "as many trials of every model, never on test: conf/design_b, conf/design_tolokers",
        "Latency": (
            f"{efficiency.threads} thread(s), {efficiency.device}; models in alternation, {efficiency.rounds} rounds; "
            "median over rounds"
        ),
        "Memory": "peak of one inference in a fresh process with weights and prepared input, over the libraries",
    }


def _own_training(own: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    words = [
        f"{model}: {', '.join(f'{key} {value}' for key, value in fields.items())}" for model, fields in own.items()
    ]
    return {"Training of its own": "; ".join(words)} if words else {}
