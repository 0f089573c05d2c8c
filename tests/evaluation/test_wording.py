"""A negative loss is called a gain, everywhere that a change is shown."""

from __future__ import annotations

import pytest
from matplotlib.figure import Figure
from tests.evaluation.test_console import JUDGED, RESULTS

from topology_efficient_dl.evaluation.bootstrap import Estimate
from topology_efficient_dl.evaluation.console import summary_text
from topology_efficient_dl.evaluation.forest import draw_verdicts
from topology_efficient_dl.evaluation.report import ReportContext, render_html, render_markdown
from topology_efficient_dl.evaluation.verdicts import explain
from topology_efficient_dl.evaluation.wording import along, change, directed, lost

GAIN = {
    **JUDGED, "f1_drop_pp": -62.2, "f1_drop_interval": [-75.0, -49.1], "latency_cut": -4.0, "latency_cut_interval": [-4.2, -3.9],
    "params_cut": -0.5, "memory_cut": 0.25, "p_value": None, "rule": "better", "criterion": "better",
}  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"), [(3.04, "3.0 pp lost"), (-62.2, "62.2 pp gained"), (0.0, "0.0 pp lost"), (None, "–")]
)
def test_a_fall_or_a_gain(value: float | None, text: str) -> None:
    assert lost(value) == text


def test_an_interval_follows_the_word() -> None:
    """A gain of 2 that may be a loss of 1: the interval reaches below zero on the gain's own scale."""
    assert directed(-2.0, [-5.0, 1.0], "lost", "gained") == ("gained", 2.0, (-1.0, 5.0))
    assert along([-5.0, 1.0], -2.0, 1, 1) == "[−1.0, 5.0]"
    assert along(None, 2.0) == "no interval"
    assert change(-0.031, "higher", "lower", digits=1) == "3.1 % lower"


def test_no_page_calls_a_gain_a_loss() -> None:
    context = ReportContext("t", "q", "large", results=[], verdicts=[GAIN])
    for text in (render_markdown(context), render_html(context), summary_text(RESULTS, [GAIN])):
        assert "62.2 pp gained" in text
        assert "[49.1, 75.0]" in text
        assert "400 % added" in text
        assert "-62.2" not in text.replace("−", "-")
    assert "50 % added" in render_markdown(context)
    assert "25 % cut" in render_markdown(context)


def test_the_sentence_has_the_same_direction() -> None:
    found = explain(
        "small", "large", "confirmed", Estimate(-62.2, -75.0, -49.1), Estimate(-4.0, -4.2, -3.9), "accuracy"
    )
    assert "small gains 62.2 pp of accuracy (49.1 to 75.0) and raises latency by 400 % (390.0 to 420.0 %)" in found


def test_the_figure_names_the_metric_and_both_directions() -> None:
    figure: Figure = draw_verdicts([GAIN], metric="accuracy")
    assert [axes.get_title("left") for axes in figure.axes] == [
        "Accuracy: gained | lost (pp)",
        "Latency: added | cut (%)",
    ]
