"""What has to hold for a proposal to count as a success: one or more routes, each a list of conditions on intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from topology_efficient_dl.evaluation.bootstrap import Estimate
from topology_efficient_dl.params.training import EvaluateParams

CONFIRMED, REFUTED, INCONCLUSIVE = "confirmed", "refuted", "inconclusive"

EQUAL_TIME_TOLERANCE = 0.05
"""Times within 5 % of one another count as equal; repeated timings of one model differ by about as much."""

METRICS = {"f1_macro": "macro-F1", "accuracy": "accuracy", "auroc": "AUROC", "rmse": "RMSE"}
"""Qualities that can be judged, in words; RMSE of forecasts only."""

LATENCY_OF = {"whole": "preprocessing included", "model": "network alone"}
"""What latency is of, by ``evaluate.latency_of``, in words."""

MEASURES = {
    "f1_drop_pp": "fall of quality, as a rule macro-F1, in percentage points",
    "latency_cut": "cut of latency, as `latency_of` has it",
    "params_cut": "cut of parameters",
    "memory_cut": "cut of peak memory",
}


@dataclass(frozen=True)
class Condition:
    """A bound on one measure.

    Attributes
    ----------
    measure : a key of `MEASURES`
    at_least : whether the bound is a floor (else a ceiling)
    bound : the value that is just good enough
    text : the condition in words
    """

    measure: str
    at_least: bool
    bound: float
    text: str

    def status(self, estimate: Estimate | None) -> str:
        """Confirmed if the whole interval satisfies the bound, refuted if none of it does, else inconclusive.

        Examples
        --------
        >>> fast = Condition("latency_cut", True, 0.3, "latency falls by at least 30 %")
        >>> [fast.status(Estimate(0.4, low, high)) for low, high in [(0.3, 0.5), (0.1, 0.29), (0.2, 0.5)]]
        ['confirmed', 'refuted', 'inconclusive']
        >>> fast.status(Estimate(0.4, reason="one round"))
        'inconclusive'
        """
        if estimate is None or estimate.low is None or estimate.high is None:
            return INCONCLUSIVE
        sign = 1.0 if self.at_least else -1.0
        worst, best = sorted((sign * estimate.low, sign * estimate.high))
        if worst >= sign * self.bound:
            return CONFIRMED
        return REFUTED if best < sign * self.bound else INCONCLUSIVE

    def judged(self, estimate: Estimate | None) -> dict[str, Any]:
        """Bound and estimate as fields: ``measure, text, at_least, bound, value, interval, reason, state``."""
        found = estimate or Estimate(None, reason="not measured")
        bound = {"measure": self.measure, "text": self.text, "at_least": self.at_least, "bound": self.bound}
        measured = {"value": found.value, "interval": found.interval, "reason": found.reason}
        return {**bound, **measured, "state": self.status(estimate)}


@dataclass(frozen=True)
class Route:
    """One way to succeed: all its conditions hold."""

    name: str
    conditions: tuple[Condition, ...]

    @property
    def text(self) -> str:
        """The route in words."""
        return " and ".join(condition.text for condition in self.conditions)

    def status(self, estimates: Mapping[str, Estimate]) -> str:
        """Confirmed if every condition is, refuted if any is, else inconclusive."""
        found = {condition.status(estimates.get(condition.measure)) for condition in self.conditions}
        if REFUTED in found:
            return REFUTED
        return INCONCLUSIVE if INCONCLUSIVE in found else CONFIRMED


@dataclass(frozen=True)
class Criterion:
    """Success by any one of several routes."""

    routes: tuple[Route, ...]

    @property
    def text(self) -> str:
        """The criterion in words."""
        return "; or ".join(route.text for route in self.routes)

    def status(self, estimates: Mapping[str, Estimate]) -> tuple[str, Route]:
        """The verdict, and the route that decides it: the first confirmed one, else the first still open."""
        judged = [(route.status(estimates), route) for route in self.routes]
        for wanted in (CONFIRMED, INCONCLUSIVE, REFUTED):
            for status, route in judged:
                if status == wanted:
                    return status, route
        raise ValueError("a criterion needs at least one route")

    def judged(self, estimates: Mapping[str, Estimate]) -> list[dict[str, Any]]:
        """Every condition of every route as fields: ``route``, then those of `Condition.judged`."""
        return [
            {"route": route.name, **condition.judged(estimates.get(condition.measure))}
            for route in self.routes
            for condition in route.conditions
        ]


def criterion_of_track(track: str, params: EvaluateParams) -> Criterion:
    """The success criterion of ``track_a``, ``track_b`` or ``track_c`` (any other name: that of track A).

    A: cheaper (macro-F1 kept, latency cut as far as the parameters ask) or better at equal time.
    B: macro-F1 kept at measurably less latency and memory, or better at equal time.
    C: macro-F1 kept with as many fewer parameters, and at as much less latency, as the parameters ask.

    Examples
    --------
    >>> print(criterion_of_track("track_a", EvaluateParams()).text)
    macro-F1 falls by at most 1 pp and latency falls by at least 30 %; or macro-F1 rises by at least 1 pp and latency
    rises by at most 5 %
    """
    kept = Condition(
        "f1_drop_pp",
        False,
        params.max_f1_drop_pp,
        f"{METRICS[params.metric]} falls by at most {params.max_f1_drop_pp:g} pp",
    )
    measurably_faster = _cut("latency_cut", "latency", EQUAL_TIME_TOLERANCE)
    better = Route("better at equal time", (_gain(params), _equal_time()))
    if track.endswith("b"):
        less_memory = _cut("memory_cut", "peak memory", EQUAL_TIME_TOLERANCE)
        return Criterion((Route("cheaper at equal quality", (kept, measurably_faster, less_memory)), better))
    if track.endswith("c"):
        smaller = _cut("params_cut", "parameters", params.min_params_cut)
        faster = _cut("latency_cut", "latency", params.min_latency_cut)
        return Criterion((Route("smaller and faster", (kept, smaller, faster)),))
    cheaper = (kept, _cut("latency_cut", "latency", params.min_latency_cut))
    return Criterion((Route("cheaper at equal quality", cheaper), better))


def no_worse(params: EvaluateParams) -> Criterion:
    """Quality that is no lower at no more time: the criterion between models of the same size.

    Examples
    --------
    >>> print(no_worse(EvaluateParams()).text)
    macro-F1 is no lower and latency rises by at most 5 %
    """
    kept = Condition("f1_drop_pp", False, 0.0, f"{METRICS[params.metric]} is no lower")
    return Criterion((Route("at least as good and as fast at equal size", (kept, _equal_time())),))


def _cut(measure: str, noun: str, bound: float) -> Condition:
    verb = "fall" if noun.endswith("s") else "falls"
    return Condition(measure, True, bound, f"{noun} {verb} by at least {bound:.0%}".replace("%", " %"))


def _gain(params: EvaluateParams) -> Condition:
    text = f"{METRICS[params.metric]} rises by at least {params.min_f1_gain_pp:g} pp"
    return Condition("f1_drop_pp", False, -params.min_f1_gain_pp, text)


def _equal_time() -> Condition:
    text = f"latency rises by at most {EQUAL_TIME_TOLERANCE:.0%}".replace("%", " %")
    return Condition("latency_cut", True, -EQUAL_TIME_TOLERANCE, text)
