"""Headlines are about the primary baseline and batch size, and name what failed with its number."""

from __future__ import annotations

import pytest

from topology_efficient_dl.evaluation.answers import (
    asked,
    explain,
    headlines,
    measured,
)
from topology_efficient_dl.evaluation.bootstrap import Estimate
from topology_efficient_dl.evaluation.criteria import criterion_of_track
from topology_efficient_dl.params.training import EvaluateParams
from topology_efficient_dl.reports.report import ReportContext, render_html, render_markdown

TRACK_C = criterion_of_track("track_c", EvaluateParams(min_params_cut=0.7))
GOOD = {
    "f1_drop_pp": Estimate(0.1, -0.5, 0.9),
    "latency_cut": Estimate(0.5, 0.4, 0.6),
    "params_cut": Estimate(0.8, 0.8, 0.8),
}
LARGE = {**GOOD, "params_cut": Estimate(0.61, 0.61, 0.61)}
OPEN = {**GOOD, "f1_drop_pp": Estimate(0.4, -0.2, 1.4)}


def verdict(estimates, baseline="net", batch=1, primary=False, latency_of="whole", model="net.tucker"):
    """What `judge` says of the estimates, over all of two data sets."""
    status, route = TRACK_C.status(estimates)
    found = {
        "dataset": "all", "model": model, "baseline": baseline, "criterion": TRACK_C.text, "metric": "f1_macro",
        **{measure: estimate.value for measure, estimate in estimates.items()}, "memory_cut": None, "p_value": None,
        "f1_drop_interval": estimates["f1_drop_pp"].interval, "latency_cut_interval": estimates["latency_cut"].interval,
        "status": status, "rule": route.name, "latency_batch": batch, "latency_of": latency_of, "primary": primary,
        "confidence": 0.95, "n_datasets": 2, "conditions": TRACK_C.judged(estimates),
    }  # fmt: skip
    return {**found, "explanation": explain(found)}


PEERS = [verdict(GOOD, "net.small"), verdict(GOOD, "net", batch=64), verdict(GOOD, "net.int8", batch=64)]


@pytest.mark.parametrize(
    ("estimates", "answer"),
    [
        (LARGE, "Preprocessing included: no with net.tucker."),
        (OPEN, "Preprocessing included: not shown with net.tucker."),
        (GOOD, "Preprocessing included: yes with net.tucker."),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_no_peer_and_no_other_batch_decides_the_headline(estimates, answer, first) -> None:
    primary = [verdict(estimates, primary=True)]
    verdicts = primary + PEERS if first else PEERS + primary
    found = headlines(verdicts)
    assert [(line.answer, line.terms) for line in found] == [(answer, "Against net at batch 1, over 2 data sets.")]
    context = ReportContext("T", "Q?", "net", results=[], verdicts=verdicts)
    assert f"**{answer}** Against net at batch 1" in render_markdown(context)
    page = render_html(context)
    assert f"{answer}</span> <small>Against net at batch 1, over 2 data sets.</small>" in page
    assert page.count('<article class="card') == 1
    assert page.index("Further baselines") < page.index("net.small at batch 1")


def test_the_failed_condition_is_named_with_its_number_and_its_bound() -> None:
    assert "Failed: parameters fell by 61 %, asked: to fall by at least 70 %." in verdict(LARGE)["explanation"]
    assert (
        "Open: macro-F1 fell by 0.4 pp (−0.2 to 1.4), asked: to fall by at most 1 pp." in verdict(OPEN)["explanation"]
    )
    assert "net.tucker against net at batch 1, preprocessing included." in verdict(OPEN)["explanation"]


def test_conditions_are_fields() -> None:
    failed = [each for each in verdict(LARGE)["conditions"] if each["state"] == "refuted"]
    assert failed == [
        {"route": "smaller and faster", "measure": "params_cut", "text": "parameters fall by at least 70 %", "at_least": True,
         "bound": 0.7, "value": 0.61, "interval": [0.61, 0.61], "reason": None, "state": "refuted"}
    ]  # fmt: skip


def test_latency_with_preprocessing_stands_beside_that_of_the_network_alone() -> None:
    slow = {**GOOD, "latency_cut": Estimate(-9.0, -9.5, -8.5)}
    verdicts = [verdict(GOOD, primary=True, latency_of="model"), verdict(slow), verdict(GOOD, "net.small")]
    assert [line.answer for line in headlines(verdicts)] == [
        "Network alone: yes with net.tucker.",
        "Preprocessing included: no with net.tucker.",
    ]
    context = ReportContext("T", "Q?", "net", results=[], verdicts=verdicts, latency_note="What they are of.")
    for text in (render_markdown(context), render_html(context)):
        assert "What they are of." in text
        assert "latency rose by 900 % (850 to 950 %), asked: to fall by at least 30 %" in text


def test_several_dense_networks_have_each_its_own_baseline() -> None:
    verdicts = [verdict(GOOD, primary=True), verdict(LARGE, "fcn", primary=True, model="fcn.tucker")]
    (line,) = headlines(verdicts)
    assert line.answer == "Preprocessing included: yes with net.tucker; no with fcn.tucker."
    assert line.terms == "Each against its own dense network at batch 1, over 2 data sets."


@pytest.mark.parametrize(
    ("value", "interval", "words"),
    [
        (0.6999, [0.6999, 0.6999], "parameters fell by 69.99 %"),
        (0.7, [0.7, 0.7], "parameters fell by 70 %"),
        (0.71, [0.6996, 0.7204], "parameters fell by 71.00 % (69.96 to 72.04 %)"),
        (-0.2, [-0.3, -0.1], "parameters rose by 20 % (10 to 30 %)"),
        (0.0, [0.0, 0.0], "parameters did not change"),
        (0.5, None, "parameters fell by 50 % (no interval: one round)"),
    ],
)
def test_a_rounded_number_stays_on_its_side_of_the_bound(value, interval, words) -> None:
    condition = {"measure": "params_cut", "at_least": True, "bound": 0.7, "value": value, "interval": interval}
    assert measured({**condition, "reason": "one round"}, "macro-F1") == words


@pytest.mark.parametrize(
    ("measure", "at_least", "bound", "words"),
    [
        ("f1_drop_pp", False, 1.0, "to fall by at most 1 pp"),
        ("f1_drop_pp", False, -1.0, "to rise by at least 1 pp"),
        ("f1_drop_pp", False, 0.0, "not to fall"),
        ("latency_cut", True, 0.0, "not to rise"),
        ("latency_cut", True, 0.3, "to fall by at least 30 %"),
        ("rmse_rise", False, 0.01, "to rise by at most 1 %"),
        ("rmse_rise", False, 0.0, "not to rise"),
    ],
)
def test_what_is_asked(measure, at_least, bound, words) -> None:
    assert asked({"measure": measure, "at_least": at_least, "bound": bound}) == words


def test_a_gain_is_called_a_rise_and_its_interval_follows_the_word() -> None:
    drop = {"measure": "f1_drop_pp", "at_least": False, "bound": 1.0, "value": -62.2, "interval": [-75.0, 1.5]}
    assert measured(drop | {"reason": None}, "accuracy") == "accuracy rose by 62.2 pp (−1.5 to 75.0)"
    cut = {"measure": "latency_cut", "at_least": True, "bound": 0.3, "value": -4.0, "interval": [-4.2, -3.9]}
    assert measured(cut | {"reason": None}, "accuracy") == "latency rose by 400 % (390 to 420 %)"
