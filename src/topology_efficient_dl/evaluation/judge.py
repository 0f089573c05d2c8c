"""One rule for every verdict: pairs of models, the measures that they are compared by, and what they have to reach.

``confirmed`` only if every interval of one route clears its bound; ``refuted`` only if every route has an interval
that fails its bound; ``inconclusive`` otherwise, which includes anything that was not measured often enough to
have an interval: one seed, one timing round, no timing at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pandas as pd

from topology_efficient_dl.evaluation.answers import ALL, explain
from topology_efficient_dl.evaluation.bootstrap import Estimate
from topology_efficient_dl.evaluation.criteria import Criterion
from topology_efficient_dl.evaluation.measures import Measure, Pair, paired_scores, why_undefined
from topology_efficient_dl.evaluation.statistics import holm, paired_t_test, score_matrix, wilcoxon_test

Verdict = dict[str, Any]


@dataclass(frozen=True)
class Terms:
    """What verdicts are about, as fields of each.

    Attributes
    ----------
    metric : whose change is judged
    latency_batch : the batch size that latency is of, or all of several
    latency_of : "whole", with preprocessing, or "model" alone
    confidence : of the intervals
    primary : whether the headline is about it
    """

    metric: str
    latency_batch: int | list[int]
    latency_of: Literal["whole", "model"]
    confidence: float
    primary: bool


@dataclass(frozen=True)
class PairedTests:
    """Tests of scores beside the intervals: over seeds on one data set, and over data sets."""

    scores: pd.DataFrame
    metric: str

    def over_seeds(self, pair: Pair) -> float | None:
        """p of the paired t-test; None where the metric is undefined on a seed."""
        if why_undefined(self.scores, pair, self.metric):
            return None
        both = paired_scores(self.scores, pair, self.metric)
        return paired_t_test(both[:, 0], both[:, 1]).p_value

    def over_datasets(self, pairs: Sequence[tuple[str, str]]) -> list[float | None]:
        """p of Wilcoxon's test for every model and baseline, with Holm's correction for their number."""
        matrix = score_matrix(self.scores, self.metric)
        both = [matrix.reindex(columns=list(pair)).dropna() for pair in pairs]
        return holm([
            wilcoxon_test(each[pair[0]], each[pair[1]]).p_value for each, pair in zip(both, pairs, strict=True)
        ])  # fmt: skip


def judge(
    pairs: Iterable[Pair],
    measures: Sequence[Measure],
    criterion: Criterion,
    terms: Terms,
    tests: PairedTests | None = None,
) -> list[Verdict]:
    """Judge every pair; with tests also every model and baseline over all data sets that they share.

    Parameters
    ----------
    pairs : a model and its baseline on a data set
    measures : what they are compared by
    criterion : what success means
    terms : what the verdicts are about
    tests : of scores, for ``p_value``; without them nothing is said over all data sets

    Returns
    -------
    One object a pair, then with tests one a model and baseline with ``dataset`` "all": ``dataset, model, baseline,
    criterion``, every measure with its interval ([low, high] or None), ``p_value`` with tests, ``status``, ``rule``
    (the route that decided), the fields of `Terms`, ``conditions`` (those of `Criterion.judged`), ``explanation`` and
    over all data sets ``n_datasets``. ``p_value`` is the paired t-test over seeds; over all data sets, Wilcoxon's
    with Holm's correction for the number of pairs.
    """
    estimated = {pair: {each.name: each.sample(pair) for each in measures} for pair in pairs}
    verdicts = []
    for pair, estimates in estimated.items():
        p_value = {} if tests is None else {"p_value": tests.over_seeds(pair)}
        verdicts.append(_verdict(pair, estimates, measures, criterion, terms, p_value))
    return verdicts if tests is None else verdicts + _over_all(estimated, verdicts, measures, criterion, terms, tests)


def _over_all(
    estimated: Mapping[Pair, Mapping[str, Estimate]],
    verdicts: Sequence[Verdict],
    measures: Sequence[Measure],
    criterion: Criterion,
    terms: Terms,
    tests: PairedTests,
) -> list[Verdict]:
    models = list(dict.fromkeys((pair.model, pair.baseline) for pair in estimated))
    found = []
    for (model, baseline), p_value in zip(models, tests.over_datasets(models), strict=True):
        own = {pair.dataset: of for pair, of in estimated.items() if (pair.model, pair.baseline) == (model, baseline)}
        estimates = {
            each.name: each.over_datasets({name: of[each.name] for name, of in own.items()}) for each in measures
        }
        pair = Pair(ALL, model, baseline)
        verdict = _verdict(pair, estimates, measures, criterion, terms, {"p_value": p_value})
        mine = [each["status"] for each in verdicts if (each["model"], each["baseline"]) == (model, baseline)]
        counts = ", ".join(f"{mine.count(status)} {status}" for status in sorted(set(mine)))
        verdict["n_datasets"] = len(mine)
        verdict["explanation"] += f" By data set ({len(mine)}): {counts}."
        found.append(verdict)
    return found


def _verdict(
    pair: Pair,
    estimates: Mapping[str, Estimate],
    measures: Sequence[Measure],
    criterion: Criterion,
    terms: Terms,
    p_value: Mapping[str, float | None],
) -> Verdict:
    status, route = criterion.status(estimates)
    verdict: Verdict = {**asdict(pair), "criterion": criterion.text}
    for measure in measures:
        verdict[measure.name] = estimates[measure.name].value
        if measure.interval_key is not None:
            verdict[measure.interval_key] = estimates[measure.name].interval
    verdict |= {**p_value, "status": status, "rule": route.name, **asdict(terms)}
    verdict["conditions"] = criterion.judged(estimates)
    return {**verdict, "explanation": explain(verdict)}
