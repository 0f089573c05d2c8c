"""Verdicts in plain sentences, and the headline of a report, all from the fields of verdicts.

The headline is the verdict against the primary baseline at the primary batch size, over all data sets. Further
baselines, batch sizes and ways of timing are said below it and never decide it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from topology_efficient_dl.evaluation.criteria import (
    CONFIRMED,
    INCONCLUSIVE,
    LATENCY_OF,
    METRICS,
    REFUTED,
    direction_of,
    noun_of,
)
from topology_efficient_dl.params.names import display_name

Verdict = Mapping[str, Any]

ALL = "all"
"""The ``dataset`` of a verdict over all data sets."""

ANSWERS = {CONFIRMED: "Yes", INCONCLUSIVE: "Not shown", REFUTED: "No"}
STATES = {REFUTED: "failed", INCONCLUSIVE: "open", CONFIRMED: "met"}

_MORE_DIGITS = 5
_ROUNDING = 1e-9
"""Differences of rounding size are none."""


@dataclass(frozen=True)
class Headline:
    """What is answered, and on which terms.

    Attributes
    ----------
    answer : what latency is of, and with which proposals the claim holds, is open, or fails
    terms : baseline, batch size, data sets
    status : ``confirmed`` if any proposal is, ``refuted`` if all are, else ``inconclusive``
    """

    answer: str
    terms: str
    status: str


def headlines(verdicts: Sequence[Verdict]) -> list[Headline]:
    """The answer on the primary terms; then, where networks were judged alone, the one with preprocessing included.

    A verdict over all data sets speaks for its proposal; where there is none, every data set is answered by itself.
    """
    found = []
    for group in (primary_of(verdicts), beside_primary(verdicts)):
        pooled = [each for each in group if each["dataset"] == ALL]
        names = [ALL] if pooled else dict.fromkeys(each["dataset"] for each in group)
        found += [_headline(name, [each for each in group if each["dataset"] == name]) for name in names]
    return found


def primary_of(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Those against the primary baseline at the primary batch size."""
    return [each for each in verdicts if each["primary"]]


def beside_primary(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The same data sets, models, baselines and batch sizes as primary verdicts, with latency of something else."""
    keys = ("dataset", "model", "baseline", "latency_batch")
    places = [[each[key] for key in keys] for each in primary_of(verdicts)]
    return [each for each in verdicts if not each["primary"] and [each[key] for key in keys] in places]


def _headline(dataset: str, group: Sequence[Verdict]) -> Headline:
    statuses = [each["status"] for each in group]
    parts = []
    for status, answer in ANSWERS.items():
        names = [display_name(each["model"]) for each in group if each["status"] == status]
        parts += [f"{answer.lower()} with {_list(names)}"] if names else []
    status = CONFIRMED if CONFIRMED in statuses else REFUTED if set(statuses) == {REFUTED} else INCONCLUSIVE
    where = f"{dataset}, " if dataset != ALL else ""
    note = f", {group[0]['latency_note']}" if group[0].get("latency_note") else ""
    of = LATENCY_OF[group[0]["latency_of"]]
    return Headline(f"{where}{of if where else _capital(of)}{note}: {'; '.join(parts)}.", _terms(group), status)


def _terms(group: Sequence[Verdict]) -> str:
    baselines = dict.fromkeys(each["baseline"] for each in group)
    against = f"Against {next(iter(baselines))}" if len(baselines) == 1 else "Each against its own dense network"
    counts = sorted({each["n_datasets"] for each in group if each["dataset"] == ALL})
    over = f", over {' to '.join(map(str, counts))} data set{'' if counts == [1] else 's'}" if counts else ""
    return f"{against} at {_batches(group[0])}{over}."


def _batches(verdict: Verdict) -> str:
    sizes = verdict["latency_batch"]
    return f"batch {sizes}" if isinstance(sizes, int) else f"batches {_list(map(str, sizes))}"


def latency_terms(verdict: Verdict) -> str:
    """Batch size and what latency is of, and how it was had if not from timing rounds.

    Examples
    --------
    >>> latency_terms({"latency_batch": 1, "latency_of": "model"})
    'at batch 1, network alone'
    """
    note = f", {verdict['latency_note']}" if verdict.get("latency_note") else ""
    return f"at {_batches(verdict)}, {LATENCY_OF[verdict['latency_of']]}{note}"


def explain(verdict: Verdict) -> str:
    """A verdict in plain words: on which terms, and every condition that counts with its number and its bound.

    Of a confirmed verdict these are the conditions of the route that confirms; else those of all routes.
    """
    routes = dict.fromkeys(each["route"] for each in verdict["conditions"])
    if verdict["status"] == CONFIRMED:
        routes = dict.fromkeys([verdict["rule"]])
    parts = []
    for route in routes:
        own = [each for each in verdict["conditions"] if each["route"] == route]
        words = conditions_in_words(own, METRICS[verdict["metric"]])
        parts.append(f"{route[0].upper()}{route[1:]}: {words}." if len(routes) > 1 else f"{_capital(words)}.")
    terms = f"{verdict['model']} against {verdict['baseline']} {latency_terms(verdict)}"
    return f"{verdict['status'].capitalize()}: {terms}. {' '.join(parts)}"


def conditions_in_words(conditions: Sequence[Mapping[str, Any]], metric: str) -> str:
    """Conditions by state, those that failed first.

    Examples
    --------
    >>> cut = {"measure": "params_cut", "at_least": True, "bound": 0.7, "value": 0.61, "interval": [0.61, 0.61]}
    >>> conditions_in_words([{**cut, "reason": None, "state": "refuted"}], "macro-F1")
    'failed: parameters fell by 61 %, asked: to fall by at least 70 %'
    """
    said = []
    for state, word in STATES.items():
        own = [f"{measured(each, metric)}, asked: {asked(each)}" for each in conditions if each["state"] == state]
        said += [f"{word}: {'; '.join(own)}"] if own else []
    return ". ".join(said[:1] + [_capital(words) for words in said[1:]])


def measured(condition: Mapping[str, Any], metric: str) -> str:
    """What became of a measure, with its interval.

    Digits are as many as it takes to stand on the side of the bound where the number itself is.

    Examples
    --------
    >>> drop = {"measure": "f1_drop_pp", "at_least": False, "bound": 1.0, "value": -0.2, "interval": [-1.6, 1.3]}
    >>> measured(drop | {"reason": None}, "macro-F1")
    'macro-F1 rose by 0.2 pp (−1.3 to 1.6)'
    >>> measured({"measure": "latency_cut", "at_least": True, "bound": 0.3, "value": None, "reason": "no rounds"}, "")
    'latency is unknown (no rounds)'
    """
    measure, value, interval = condition["measure"], condition["value"], condition.get("interval")
    noun, reason = noun_of(measure, metric), condition.get("reason")
    if value is None:
        return f"{noun} is unknown ({reason or 'not measured'})"
    digits = _digits(condition, [value, *(interval or ())])
    verb = "fell" if (direction_of(measure) != "rise") == (value > 0) else "rose"
    change = f"{noun} {verb} by {_number(measure, abs(value), digits)}" if value else f"{noun} did not change"
    if interval is None:
        return f"{change} (no interval{f': {reason}' if reason else ''})"
    if _same(*interval):
        return change
    low, high = sorted((-end if value < 0 else end) * _scale(measure) for end in interval)
    unit = _unit(measure).replace(" pp", "")
    return f"{change} ({f'{low:.{digits}f} to {high:.{digits}f}'.replace('-', '−')}{unit})"


def asked(condition: Mapping[str, Any]) -> str:
    """What a condition asks for.

    Examples
    --------
    >>> asked({"measure": "latency_cut", "at_least": True, "bound": -0.05})
    'to rise by at most 5 %'
    >>> asked({"measure": "f1_drop_pp", "at_least": False, "bound": 0.0})
    'not to fall'
    """
    measure, bound, at_least = condition["measure"], condition["bound"], condition["at_least"]
    falls = direction_of(measure) != "rise"  # whether the measure is positive where the quantity falls
    if bound == 0:
        return "not to rise" if falls == at_least else "not to fall"
    verb = "fall" if falls == (bound > 0) else "rise"
    return f"to {verb} by at {'least' if at_least == (bound > 0) else 'most'} {_number(measure, abs(bound))}"


def _scale(measure: str) -> float:
    return 1.0 if direction_of(measure) == "drop" else 100.0


def _unit(measure: str) -> str:
    return " pp" if direction_of(measure) == "drop" else " %"


def _number(measure: str, value: float, digits: int | None = None) -> str:
    shown = _scale(measure) * value
    return (f"{shown:g}" if digits is None else f"{shown:.{digits}f}") + _unit(measure)


def _digits(condition: Mapping[str, Any], values: Sequence[float]) -> int:
    """As few as show every value on its own side of the bound, and ends that differ as different."""
    scale, bound = _scale(condition["measure"]), condition["bound"]
    start = 1 if scale == 1 else 0

    def faithful(digits: int) -> bool:
        shown = [round(scale * value, digits) for value in values]
        sides = (_side(each, scale * bound) == _side(value, bound) for each, value in zip(shown, values, strict=True))
        return all(sides) and (_same(*shown[1:]) == _same(*values[1:]))

    return next((digits for digits in range(start, start + _MORE_DIGITS) if faithful(digits)), start + _MORE_DIGITS)


def _same(*ends: float) -> bool:
    return not ends or max(ends) - min(ends) < _ROUNDING


def _side(value: float, bound: float) -> int:
    return 0 if _same(value, bound) else 1 if value > bound else -1


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]


def _list(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
