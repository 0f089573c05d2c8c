"""What has to hold for a proposal to count as a success: one or more routes, each a list of conditions on intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from topology_efficient_dl.evaluation import metrics
from topology_efficient_dl.evaluation.bootstrap import Estimate
from topology_efficient_dl.evaluation.metrics import Direction
from topology_efficient_dl.params.forecasting import ForecastCriterion
from topology_efficient_dl.params.training import EvaluateParams

CONFIRMED, REFUTED, INCONCLUSIVE = "confirmed", "refuted", "inconclusive"

EQUAL_TIME_TOLERANCE = 0.05
"""Times within 5 % of one another count as equal; repeated timings of one model differ by about as much."""

METRICS = {name: metric.words for name, metric in metrics.METRICS.items()}
"""Qualities and errors in words."""

LATENCY_OF = {"whole": "preprocessing included", "model": "network alone"}
"""What latency is of, by ``evaluate.latency_of``, in words."""

SMALLER = "smaller and faster"
"""The route of smaller networks."""

QUALITY_DROP, LATENCY_CUT, PARAMS_CUT, MEMORY_CUT = "f1_drop_pp", "latency_cut", "params_cut", "memory_cut"
RMSE_RISE = "rmse_rise"

MEASURES: dict[str, tuple[Direction, str]] = {
    QUALITY_DROP: ("drop", METRICS["f1_macro"]),
    LATENCY_CUT: ("cut", "latency"),
    PARAMS_CUT: ("cut", "parameters"),
    MEMORY_CUT: ("cut", "peak memory"),
    RMSE_RISE: ("rise", METRICS["rmse"]),
}
"""What can be bounded: its direction, and of what. A quality is macro-F1 unless a verdict names another metric."""


def latency_cut_at(batch: int) -> str:
    """The measure of latency at one of several batch sizes."""
    return f"{LATENCY_CUT}_b{batch}"


def direction_of(measure: str) -> Direction:
    """Of a measure."""
    return _declared(measure)[0]


def noun_of(measure: str, metric: str) -> str:
    """A measure in words; latency with its batch size where it has one.

    Parameters
    ----------
    measure : a key of `MEASURES`, or of `latency_cut_at`
    metric : the quality in words
    """
    direction, noun = _declared(measure)
    if direction == "drop":
        return metric
    return noun if measure in MEASURES else f"{noun} at batch {measure.removeprefix(f'{LATENCY_CUT}_b')}"


def _declared(measure: str) -> tuple[Direction, str]:
    return MEASURES[LATENCY_CUT if measure.startswith(f"{LATENCY_CUT}_b") else measure]


@dataclass(frozen=True)
class Condition:
    """A bound on one measure.

    Attributes
    ----------
    measure : a key of `MEASURES`, or of `latency_cut_at`
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


def bound_on(measure: str, bound: float, metric: str = METRICS["f1_macro"]) -> Condition:
    """A ceiling of a drop or rise, a floor of a cut; a negative bound is one of the opposite change.

    Parameters
    ----------
    measure : a key of `MEASURES`, or of `latency_cut_at`
    bound : the value that is just good enough
    metric : the quality in words

    Examples
    --------
    >>> [bound_on(*each).text for each in (("latency_cut", 0.3), ("params_cut", 0.7), ("latency_cut_b64", -0.05))]
    ['latency falls by at least 30 %', 'parameters fall by at least 70 %', 'latency at batch 64 rises by at most 5 %']
    >>> bound_on("f1_drop_pp", -1.0, "accuracy").text
    'accuracy rises by at least 1 pp'
    """
    direction, noun = direction_of(measure), noun_of(measure, metric)
    is_floor, is_along = direction == "cut", math.copysign(1.0, bound) > 0
    verb = ("fall" if (direction != "rise") == is_along else "rise") + ("" if noun.endswith("s") else "s")
    size = f"{abs(bound):g} pp" if direction == "drop" else f"{100 * abs(bound):g} %"
    return Condition(
        measure, is_floor, bound, f"{noun} {verb} by at {'least' if is_floor == is_along else 'most'} {size}"
    )


def smaller_and_faster(
    kept: Condition, params: EvaluateParams | ForecastCriterion, latencies: Sequence[str] = (LATENCY_CUT,)
) -> Criterion:
    """What is asked of a smaller network against a larger one.

    Parameters
    ----------
    kept : what is asked of its quality
    params : ``min_params_cut, min_latency_cut``
    latencies : measures of latency
    """
    faster = [bound_on(measure, params.min_latency_cut) for measure in latencies]
    return Criterion((Route(SMALLER, (kept, bound_on(PARAMS_CUT, params.min_params_cut), *faster)),))


def no_worse(name: str, metric: str = "f1_macro", latencies: Sequence[str] = (LATENCY_CUT,)) -> Criterion:
    """Quality that is no lower, or an error that is no higher, at no more time: what is asked at equal size.

    Parameters
    ----------
    name : of the route
    metric : a key of `METRICS`
    latencies : measures of latency; none where time does not matter

    Examples
    --------
    >>> print(no_worse("as good and as fast").text)
    macro-F1 is no lower and latency rises by at most 5 %
    """
    lower_is_worse = metrics.METRICS[metric].direction == "drop"
    measure, end = (QUALITY_DROP, "lower") if lower_is_worse else (RMSE_RISE, "higher")
    kept = Condition(measure, False, 0.0, f"{METRICS[metric]} is no {end}")
    return Criterion((Route(name, (kept, *(bound_on(each, -EQUAL_TIME_TOLERANCE) for each in latencies))),))


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
    metric = METRICS[params.metric]
    kept = bound_on(QUALITY_DROP, params.max_f1_drop_pp, metric)
    if track == "track_c":
        return smaller_and_faster(kept, params)
    gain = bound_on(QUALITY_DROP, -params.min_f1_gain_pp, metric)
    better = Route("better at equal time", (gain, bound_on(LATENCY_CUT, -EQUAL_TIME_TOLERANCE)))
    cuts = {LATENCY_CUT: params.min_latency_cut}
    if track == "track_b":
        cuts = dict.fromkeys((LATENCY_CUT, MEMORY_CUT), EQUAL_TIME_TOLERANCE)
    return Criterion((Route("cheaper at equal quality", (kept, *(bound_on(*cut) for cut in cuts.items()))), better))
