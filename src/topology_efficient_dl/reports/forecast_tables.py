"""Quality of forecasts in the series' own unit, beside what they cost."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pandas as pd

from topology_efficient_dl.evaluation.failures import with_counts
from topology_efficient_dl.evaluation.metrics import (
    CELL,
    COUNTS,
    count_not_finite,
    require_columns,
    score_forecast,
)

ERRORS = ("mae", "mse", "rmse")

FORECAST_KEYS = (
    "dataset", "model", "seeds", *(f"{error}_{what}" for error in ERRORS for what in ("mean", "std")), "params",
    "flops", "latency_ms_b1", "latency_ms_b64", "peak_memory_mb", "fit_seconds",
)  # fmt: skip
"""The contract of a row of results; costs are null where a forecast has no weights."""

_ROW = ["dataset", "model"]
_COSTS = ["params", "flops", "latency_ms_b1", "latency_ms_b64", "peak_memory_mb"]


def score_forecasts(cells: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """One row of errors a cell, over all its windows and steps; a cell has none if one of its forecasts is not finite.

    Parameters
    ----------
    cells : tables as of `tasks.forecasts.forecasts_table`

    Returns
    -------
    ``dataset, model, seed, mae, mse, rmse, not_finite, n_answers``

    Raises
    ------
    DataError : a column is missing

    Examples
    --------
    >>> cell = pd.DataFrame({"dataset": "d", "model": "m", "seed": 1, "target": [1.0, 2.0], "forecast": [1.0, 4.0]})
    >>> score_forecasts([cell])[["mae", "mse"]].values.tolist()
    [[1.0, 2.0]]
    """
    rows = []
    for cell in cells:
        require_columns(cell, [*CELL, "target", "forecast"], "forecasts")
        first, pair = cell.iloc[0], (cell["target"], cell["forecast"])
        bad = count_not_finite(*pair)
        errors = dict.fromkeys(ERRORS, float("nan")) if bad else score_forecast(*pair)
        rows.append({name: first[name] for name in CELL} | errors | {"not_finite": bad, "n_answers": len(cell)})
    return pd.DataFrame(rows, columns=[*CELL, *ERRORS, *COUNTS])


def forecast_results(scores: pd.DataFrame, efficiency: pd.DataFrame, fits: pd.DataFrame) -> pd.DataFrame:
    """Errors over seeds joined with cost.

    Parameters
    ----------
    scores : of `score_forecasts`
    efficiency : one row a series and network, any of the cost columns
    fits : one row a cell: ``dataset, model, seed, fit_seconds``

    Returns
    -------
    The columns `FORECAST_KEYS`, rows in the order of ``scores``. ``seeds`` is a list, empty for forecasts that nothing
    was fitted for; standard deviations have n - 1 in the denominator and are null for one seed; ``fit_seconds`` is the
    mean over seeds, for a compressed network of making it and of training on, without the fit of the dense one. Where
    a forecast of any seed is not finite there are no errors, and `COUNTS` stand behind.

    Raises
    ------
    DataError : a table lacks a column
    """
    require_columns(scores, [*CELL, *ERRORS], "scores")
    require_columns(efficiency, _ROW, "efficiency")
    require_columns(fits, [*_ROW, "fit_seconds"], "fits")
    groups = scores.groupby(_ROW, sort=False)
    table = groups["seed"].agg(lambda seeds: sorted(seeds.tolist())).rename("seeds").to_frame()
    for error in ERRORS:
        whole = groups[error].count() == groups[error].size()  # a mean over the other seeds would hide the failure
        table[f"{error}_mean"], table[f"{error}_std"] = (
            each.where(whole) for each in (groups[error].mean(), groups[error].std(ddof=1))
        )
    seconds = fits.groupby(_ROW, sort=False)["fit_seconds"].mean()
    costs = efficiency.set_index(_ROW).reindex(columns=_COSTS)
    table = table.join(costs).join(seconds)
    table["seeds"] = table["seeds"].where(table["fit_seconds"].notna(), other=pd.Series([[]] * len(table), table.index))
    return with_counts(table.reset_index()[list(FORECAST_KEYS)], scores)


def read_seeds(results: pd.DataFrame) -> pd.DataFrame:
    """Results with ``seeds`` as lists, also where the table was a CSV file in between, which has text there.

    Examples
    --------
    >>> read_seeds(pd.DataFrame({"seeds": ["[42, 123]", [7]]}))["seeds"].tolist()
    [[42, 123], [7]]
    """
    lists = [json.loads(seeds) if isinstance(seeds, str) else seeds for seeds in results["seeds"]]
    return results.assign(seeds=pd.Series(lists, results.index, dtype=object))
