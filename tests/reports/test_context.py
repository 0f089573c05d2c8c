"""What the report says: published numbers, skipped sets, conditions."""

from __future__ import annotations

import sys

import pandas as pd
import pytest

from topology_efficient_dl.evaluation.comparisons import judge_proposals
from topology_efficient_dl.evaluation.metrics import score_predictions
from topology_efficient_dl.evaluation.statistics import describe_statistics
from topology_efficient_dl.evaluation.summary import as_records, results_table
from topology_efficient_dl.params.training import EfficiencyParams, EvaluateParams, TrainParams
from topology_efficient_dl.reports.console import summary_text
from topology_efficient_dl.reports.context import RunSettings, RunTables, report_context
from topology_efficient_dl.reports.pages import run_command
from topology_efficient_dl.reports.report import render_html, render_markdown

EVALUATE = EvaluateParams(n_bootstrap=100)
PUBLISHED = pd.DataFrame(
    {
        "dataset": ["Alpha", "Gamma"],
        "inception_network_mean": [0.987, 0.5],
        "inceptiontime_ensemble": [0.991, None],
        "rocket_10k": [0.95, 0.6],
    }
)
CARD = pd.DataFrame(
    {
        "dataset": ["Alpha", "Beta", "Gone"],
        "n_train": [50, 60, None], "n_validation": [10, 12, None], "n_test": [200, 200, None],
        "n_classes": [2, 2, None], "n_timepoints": [24, 30, None], "source": ["made up", "made up", None],
        "official": [True, None, None], "held_out": [False, False, None],
        "notes": [None, "3 missing values filled", ""],
        "skipped": [None, None, "dataset 'Gone' not found."],
    }
)  # fmt: skip


@pytest.fixture
def context(experiment):
    scores = experiment["scores"]
    results = results_table(scores, experiment["efficiency"], experiment["fits"])
    verdicts = judge_proposals(
        scores, experiment["efficiency"], experiment["predictions"], EVALUATE, ["tda_net", "ph_mlp"]
    )
    statistics = describe_statistics(scores, EVALUATE.baseline)
    settings = RunSettings(TrainParams(patience=7), EfficiencyParams(threads=3), EVALUATE)
    return report_context(RunTables(CARD, scores, results, statistics, verdicts, PUBLISHED), settings)


def test_published_numbers_stand_beside_whole_official_sets_and_the_same_method_only(context) -> None:
    assert context.published_accuracy("Alpha", "inception_time") == pytest.approx(0.987)
    assert context.published_accuracy("Alpha", "inception_time_ensemble") == pytest.approx(0.991)
    assert context.published_accuracy("Alpha", "ph_mlp") is None  # nobody published that method
    assert context.published_accuracy("Beta", "inception_time") is None  # not an official set
    assert context.published_accuracy("Gamma", "inception_time") is None  # official, but not in this run
    text = render_markdown(context)
    assert "0.987" in text
    assert "0.950" not in text


def test_without_an_official_set_there_is_no_column_of_published_numbers(context, experiment) -> None:
    assert context.has_published
    beta = CARD[CARD["dataset"] == "Beta"]
    scores = experiment["scores"][experiment["scores"]["dataset"] == "Beta"]
    results = results_table(scores, experiment["efficiency"], experiment["fits"])
    statistics = describe_statistics(scores, EVALUATE.baseline)
    tables = RunTables(beta, scores, results, statistics, [], PUBLISHED)
    alone = report_context(tables, RunSettings(TrainParams(), EfficiencyParams(), EVALUATE))
    assert not alone.has_published
    assert "published accuracy" not in render_markdown(alone)


def test_sets_in_use_and_sets_that_were_skipped(context) -> None:
    assert [row["dataset"] for row in context.datasets] == ["Alpha", "Beta"]
    assert [row["default_split"] for row in context.datasets] == [True, False]
    assert context.skipped == [{"dataset": "Gone", "reason": "dataset 'Gone' not found."}]
    assert "Beta: 3 missing values filled." in context.limits
    assert not any(limit.startswith("Alpha") for limit in context.limits)


def broken_run(experiment):
    """The experiment with half of one model's answers on one set, in one seed, not finite, but a class predicted."""
    table = experiment["predictions"].copy()
    rows = table[(table["dataset"] == "Beta") & (table["model"] == "ph_mlp") & (table["seed"] == 42)].index[:100]
    table.loc[rows, ["p_0", "p_1"]] = float("nan")
    scores = score_predictions(table)
    return table, scores, results_table(scores, experiment["efficiency"], experiment["fits"])


def test_answers_that_are_not_finite_are_failures_by_model_set_and_count(context, experiment) -> None:
    assert "Every cell of the sets in use finished." in render_markdown(context)
    table, scores, results = broken_run(experiment)
    tables = (scores, experiment["efficiency"], table)
    verdicts = judge_proposals(*tables, EVALUATE, ["tda_net", "ph_mlp"])
    statistics = describe_statistics(scores, EVALUATE.baseline)
    settings = RunSettings(TrainParams(), EfficiencyParams(), EVALUATE)
    broken = report_context(RunTables(CARD, scores, results, statistics, verdicts, PUBLISHED), settings)
    reason = "100 of 600 test answers of 3 seeds are not finite and count as mistakes"
    assert broken.failures == [{"cell": "Beta, ph_mlp", "reason": reason}]
    for text in (render_markdown(broken), render_html(broken), summary_text(results, verdicts)):
        assert reason in text
        assert "Every cell of the sets in use finished" not in text
    row = as_records(results[(results["dataset"] == "Beta") & (results["model"] == "ph_mlp")])[0]
    assert (row["auroc_mean"], row["not_finite"], row["n_answers"]) == (None, 100, 600)


def test_mistakes_count_in_the_verdict_whatever_class_was_predicted(experiment) -> None:
    table, scores, _ = broken_run(experiment)
    tables = (experiment["efficiency"], table)
    before = judge_proposals(
        experiment["scores"], experiment["efficiency"], experiment["predictions"], EVALUATE, ["ph_mlp"]
    )
    after = judge_proposals(scores, *tables, EVALUATE, ["ph_mlp"])
    cells = scores.query("dataset == 'Beta'").pivot(index="seed", columns="model", values="f1_macro")
    beta = next(verdict for verdict in after if verdict["dataset"] == "Beta")
    assert beta["f1_drop_pp"] == pytest.approx(100 * (cells["inception_time"] - cells["ph_mlp"]).mean())
    assert beta["f1_drop_pp"] > before[1]["f1_drop_pp"] + 5
    assert beta["explanation"].endswith(" 100 of 600 answers of ph_mlp are not finite and count as mistakes.")
    assert after[-1]["explanation"].endswith(" 100 of 1,200 answers of ph_mlp are not finite and count as mistakes.")
    assert "not finite" not in after[0]["explanation"]


def test_conditions_are_those_of_the_run(context) -> None:
    assert context.conditions["Seeds"] == "42, 123, 456"
    assert "patience 7" in context.conditions["Training"]
    assert "3 thread(s), cpu" in context.conditions["Latency"]


def test_the_command_holds_no_machine_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/bin/kedro", "run", "--pipelines", "track_a", "--env", "smoke"])
    assert run_command() == "kedro run --pipelines track_a --env smoke"
    monkeypatch.setattr(sys, "argv", ["/somewhere/notebook.py"])
    assert run_command() == "kedro run --pipelines track_a"
    monkeypatch.setattr(sys, "argv", ["/somewhere/kedro/__main__.py", "run", "--env", "smoke"])
    assert run_command() == "kedro run --env smoke"


def test_the_command_can_be_given_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parameters with spaces are quoted, as the shell wants them."""
    monkeypatch.setattr(sys, "argv", ["/bin/kedro", "run", "--params", "datasets=GunPoint ArrowHead"])
    assert run_command() == "kedro run --params 'datasets=GunPoint ArrowHead'"


@pytest.mark.parametrize("path", ["/home/someone/ucr", "C:\\Users\\someone"])
def test_folders_of_one_machine_are_left_out(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(sys, "argv", ["/bin/kedro", "run", "--params", f"ingest.root={path},tda.delay=3"])
    assert run_command() == "kedro run --params ingest.root=PATH,tda.delay=3"
