"""What the report of track B says: its question, sizes of graphs, conditions and limits."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.graph_tasks import contacts, official

from topology_efficient_dl.data.graphs.task import describe_task
from topology_efficient_dl.evaluation.comparisons import judge_proposals
from topology_efficient_dl.evaluation.statistics import describe_statistics
from topology_efficient_dl.evaluation.summary import results_table
from topology_efficient_dl.params.complexes import SimplicialParams
from topology_efficient_dl.params.training import EfficiencyParams, EvaluateParams, TrainParams
from topology_efficient_dl.reports.conditions import FLOPS
from topology_efficient_dl.reports.context import RunSettings, RunTables, report_context
from topology_efficient_dl.reports.report import render_html, render_markdown
from topology_efficient_dl.reports.words import WORDS

EVALUATE = EvaluateParams(
    n_bootstrap=100, baseline="gat", further_baselines=("gatv2",), resample="draws", latency_of="model",
    metric="accuracy", x_axis="model_latency_ms_b1",
)  # fmt: skip


@pytest.fixture
def context(experiment):
    """The made-up experiment, its models and sets under names of track B."""
    names = {
        "inception_time": "gat",
        "tda_net": "simplicial_mlp",
        "ph_mlp": "gatv2",
        "Alpha": "school",
        "Beta": "blocks",
    }
    scores, costs, predictions, fits = (
        experiment[key].replace(names) for key in ("scores", "efficiency", "predictions", "fits")
    )
    costs["model_rounds_b1"] = costs["rounds_b1"]
    results = results_table(scores, costs, fits)
    verdicts = judge_proposals(scores, costs, predictions, EVALUATE, ["simplicial_mlp"], "track_b")
    statistics = describe_statistics(scores, EVALUATE.baseline, EVALUATE.metric)
    card = pd.DataFrame([describe_task(task) for task in (contacts(), official())])
    settings = RunSettings(
        TrainParams(patience=7), EfficiencyParams(threads=3), EVALUATE, simplicial=SimplicialParams(time_window=90)
    )
    return report_context(RunTables(card, scores, results, statistics, verdicts), settings)


@pytest.mark.parametrize("render", [render_markdown, render_html])
def test_both_reports_say_what_track_b_is_about(context, render) -> None:
    text = render(context)
    for words in ("track b", "contacts, groups or edges", "school", "blocks", "time_window 90", "accuracy"):
        assert words in text.lower()
    for status in {verdict["status"] for verdict in context.verdicts}:
        assert status in text


def test_question_caption_and_limits(context) -> None:
    assert context.question == WORDS["graphs", False].question + "?"
    assert context.results_caption.startswith(
        "Mean ± standard deviation over draws of labels or splits that came with the set. The model alone answers for all "
        "nodes of one graph (batch 1), on inputs"
    )
    assert "graphs of a set" not in context.results_caption
    assert FLOPS in context.limits
    (overlap,) = (limit for limit in context.limits if limit.startswith("Draws of labels from one graph overlap"))
    assert "(school)" in overlap, "the other has splits of its own"


def test_where_splits_come_from_is_a_field(context) -> None:
    assert [row["split_kind"] for row in context.datasets] == ["draws", "given splits"]
    assert "draws of 40% of the labels" in context.datasets[0]["split"]
    assert context.datasets[1]["split"] == "2 splits that came with the set"
    assert not context.has_published


def test_conditions_are_those_of_the_run(context) -> None:
    assert context.conditions["Draws of labels or splits that came with the set"] == "42, 123, 456"
    assert "method auto, time_window 90, min_count 2" in context.conditions["Complex"]
    assert "patience 7" in context.conditions["Training"]
    assert "3 thread(s), cpu" in context.conditions["Latency"]


def test_every_baseline_has_verdicts(context) -> None:
    assert {verdict["baseline"] for verdict in context.verdicts} == {"gat", "gatv2"}
    assert {verdict["metric"] for verdict in context.verdicts} == {"accuracy"}
