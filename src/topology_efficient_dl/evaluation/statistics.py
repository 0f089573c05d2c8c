"""Paired tests between models. Where a test says nothing, the answer is None with a reason, never 0 or 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from topology_efficient_dl.errors import DataError
from topology_efficient_dl.evaluation.summary import as_records

MIN_DATASETS = 6
"""Below this many pairs that differ, the two-sided Wilcoxon test cannot reach 5 % whatever the data."""


@dataclass(frozen=True)
class TestResult:
    """One test.

    Attributes
    ----------
    statistic, p_value : None where the test says nothing
    n : pairs that went in
    reason : why there is no p-value, else None
    """

    __test__ = False  # not a test class for pytest

    statistic: float | None
    p_value: float | None
    n: int
    reason: str | None = None


@dataclass(frozen=True)
class Ranking:
    """Average ranks of models over data sets, 1 the best, with the Friedman test of their equality."""

    test: TestResult
    average_ranks: Mapping[str, float] = field(default_factory=dict)
    n_datasets: int = 0


def paired_t_test(first: ArrayLike, second: ArrayLike) -> TestResult:
    """Two-sided paired t-test, as a rule over seeds.

    Parameters
    ----------
    first, second : (n,) float scores, paired

    Raises
    ------
    DataError : lengths differ

    Examples
    --------
    >>> round(paired_t_test([0.9, 0.8, 0.95], [0.7, 0.75, 0.8]).p_value, 3)
    0.094
    >>> paired_t_test([0.9, 0.8], [0.9, 0.8]).reason
    'all differences are equal, so they have no spread to compare with'
    """
    differences = _differences(first, second)
    if differences.size < 2:
        return TestResult(None, None, differences.size, "fewer than two pairs")
    if np.allclose(differences, differences[0], rtol=0, atol=1e-12):
        reason = "all differences are equal, so they have no spread to compare with"
        return TestResult(None, None, differences.size, reason)
    found = stats.ttest_1samp(differences, 0.0)
    return TestResult(float(found.statistic), float(found.pvalue), differences.size)


def wilcoxon_test(first: ArrayLike, second: ArrayLike) -> TestResult:
    """Two-sided Wilcoxon signed-rank test, as a rule over data sets; ties are dropped.

    Parameters
    ----------
    first, second : (n,) float scores, paired

    Returns
    -------
    No p-value below `MIN_DATASETS` pairs that differ.

    References
    ----------
    Wilcoxon, *Individual comparisons by ranking methods*, Biometrics Bulletin 1 (1945).
    Demsar, *Statistical comparisons of classifiers over multiple data sets*, JMLR 7 (2006), section 3.1.3.

    Examples
    --------
    >>> wilcoxon_test([1, 2, 3, 4, 5, 6], [0, 0, 0, 0, 0, 0]).p_value
    0.03125
    >>> wilcoxon_test([1, 2, 3], [0, 0, 0]).reason
    '3 pairs that differ; at least 6 are needed'
    """
    differences = _differences(first, second)
    differing = differences[np.abs(differences) > 1e-12]
    if differing.size < MIN_DATASETS:
        reason = f"{differing.size} pairs that differ; at least {MIN_DATASETS} are needed"
        return TestResult(None, None, differences.size, reason)
    found = stats.wilcoxon(differing)
    return TestResult(float(found.statistic), float(found.pvalue), differences.size)


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's step-down correction; a missing p-value stays missing and does not count as a test.

    References
    ----------
    Holm, *A simple sequentially rejective multiple test procedure*, Scandinavian Journal of Statistics 6 (1979).

    Examples
    --------
    >>> holm([0.01, None, 0.04, 0.03])
    [0.03, None, 0.06, 0.06]
    """
    from statsmodels.stats.multitest import multipletests  # imported where tests are corrected, since it takes 0.4 s

    known = [value for value in p_values if value is not None]
    adjusted = iter(multipletests(known, method="holm")[1].tolist() if known else ())
    return [None if value is None else next(adjusted) for value in p_values]


def pairwise_wilcoxon(scores: pd.DataFrame, metric: str = "f1_macro") -> pd.DataFrame:
    """Wilcoxon tests over data sets between all pairs of models, Holm-corrected.

    Parameters
    ----------
    scores : one row per cell: ``dataset, model, seed`` and the metric; seeds are averaged first
    metric : a column of the scores

    Returns
    -------
    ``model_a, model_b, mean_difference, n_datasets, statistic, p_value, p_holm, reason``; differences are a - b
    over the data sets that both models have.
    """
    wide = score_matrix(scores, metric)
    rows = []
    for first, second in combinations(wide.columns, 2):
        both = wide[[first, second]].dropna()
        test = wilcoxon_test(both[first], both[second])
        gap = float((both[first] - both[second]).mean()) if len(both) else None
        rows.append((first, second, gap, test.n, test.statistic, test.p_value, test.reason))
    names = ["model_a", "model_b", "mean_difference", "n_datasets", "statistic", "p_value", "reason"]
    table = pd.DataFrame(rows, columns=names).astype({"p_value": object, "statistic": object})
    table.insert(6, "p_holm", pd.Series(holm([row[5] for row in rows]), dtype=object))
    return table


def paired_t_tests(scores: pd.DataFrame, baseline: str, metric: str = "f1_macro") -> pd.DataFrame:
    """Paired t-tests over seeds of every model against the baseline, data set by data set.

    Parameters
    ----------
    scores : one row per cell: ``dataset, model, seed`` and the metric
    baseline : a model of the scores
    metric : a column of the scores

    Returns
    -------
    ``dataset, model, baseline, n_seeds, statistic, p_value, reason``
    """
    rows = []
    for dataset, cells in scores.groupby("dataset", sort=False):
        wide = cells.pivot_table(index="seed", columns="model", values=metric, sort=False)
        for model in wide.columns.drop(baseline) if baseline in wide else []:
            both = wide[[baseline, model]].dropna()
            test = paired_t_test(both[baseline], both[model])
            rows.append((dataset, model, baseline, test.n, test.statistic, test.p_value, test.reason))
    names = ["dataset", "model", "baseline", "n_seeds", "statistic", "p_value", "reason"]
    return pd.DataFrame(rows, columns=names).astype({"p_value": object, "statistic": object})


def score_matrix(scores: pd.DataFrame, metric: str = "f1_macro") -> pd.DataFrame:
    """Mean over seeds as a data set x model table, in order of first appearance."""
    wide = scores.pivot_table(index="dataset", columns="model", values=metric, aggfunc="mean", sort=False)
    # Means of the same numbers in another order differ in their last bits, and would not tie.
    return wide[[name for name in scores["model"].unique() if name in wide]].round(9)


def rank_models(scores: pd.DataFrame, metric: str = "f1_macro") -> Ranking:
    """Average rank of every model over the data sets that all models have, and the Friedman test.

    Parameters
    ----------
    scores : one row per cell: ``dataset, model, seed`` and the metric, higher is better
    metric : a column of the scores

    References
    ----------
    Friedman, *The use of ranks to avoid the assumption of normality*, JASA 32 (1937). Demsar (2006), section 3.2.2.
    """
    wide = score_matrix(scores, metric).dropna()
    ranks = wide.rank(axis=1, ascending=False).mean()
    averages = {str(model): float(rank) for model, rank in ranks.sort_values().items()} if len(wide) else {}
    return Ranking(_friedman(wide), averages, len(wide))


def _friedman(wide: pd.DataFrame) -> TestResult:
    n_datasets, n_models = wide.shape
    if n_models < 3:
        return TestResult(None, None, n_datasets, f"{n_models} models; at least 3 are needed")
    if n_datasets < MIN_DATASETS:
        reason = f"{n_datasets} data sets that all models have; at least {MIN_DATASETS} are needed"
        return TestResult(None, None, n_datasets, reason)
    if (wide.nunique(axis=1) == 1).all():
        return TestResult(None, None, n_datasets, "all models score the same on every data set")
    found = stats.friedmanchisquare(*(wide[name] for name in wide))
    return TestResult(float(found.statistic), float(found.pvalue), n_datasets)


def _differences(first: ArrayLike, second: ArrayLike) -> np.ndarray:
    left, right = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if left.shape != right.shape:
        raise DataError(f"paired scores must have one length: {left.shape} and {right.shape}")
    return left - right


def describe_statistics(scores: pd.DataFrame, baseline: str, metric: str = "f1_macro") -> dict[str, Any]:
    """All tests of a run as JSON-ready objects.

    Returns
    -------
    ``t_tests`` (over seeds, by dataset, against the baseline), ``wilcoxon`` (over datasets, Holm-corrected, all pairs
    of models), ``friedman`` (with ``average_ranks``), ``metric`` and ``baseline``.
    """
    ranking = rank_models(scores, metric)
    return {
        "metric": metric,
        "baseline": baseline,
        "t_tests": as_records(paired_t_tests(scores, baseline, metric)),
        "wilcoxon": as_records(pairwise_wilcoxon(scores, metric)),
        "friedman": {**asdict(ranking.test), "average_ranks": dict(ranking.average_ranks)},
    }
