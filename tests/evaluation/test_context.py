"""What the report says: published numbers, skipped sets, conditions."""

from __future__ import annotations

import sys

import pandas as pd
import pytest

from topology_efficient_dl.evaluation.context import report_context, run_command
from topology_efficient_dl.evaluation.report import render_markdown
from topology_efficient_dl.evaluation.statistics import describe_statistics
from topology_efficient_dl.evaluation.summary import results_table
from topology_efficient_dl.evaluation.verdicts import judge_proposals
from topology_efficient_dl.params import EfficiencyParams, EvaluateParams, TrainParams

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
    train, efficiency = TrainParams(patience=7), EfficiencyParams(threads=3)
    return report_context(CARD, scores, results, statistics, verdicts, PUBLISHED, train, efficiency, EVALUATE)


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
    given = (beta, scores, results, statistics, [], PUBLISHED, TrainParams(), EfficiencyParams(), EVALUATE)
    alone = report_context(*given)
    assert not alone.has_published
    assert "published accuracy" not in render_markdown(alone)


def test_sets_in_use_and_sets_that_were_skipped(context) -> None:
    assert [row["dataset"] for row in context.datasets] == ["Alpha", "Beta"]
    assert [row["default_split"] for row in context.datasets] == [True, False]
    assert context.skipped == [{"dataset": "Gone", "reason": "dataset 'Gone' not found."}]
    assert "Beta: 3 missing values filled." in context.limits
    assert not any(limit.startswith("Alpha") for limit in context.limits)


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
