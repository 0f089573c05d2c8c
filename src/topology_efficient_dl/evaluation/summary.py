"""The results table: one row per data set and model, quality beside cost; of classifications or of forecasts."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from topology_efficient_dl.evaluation.failures import with_counts
from topology_efficient_dl.evaluation.metrics import CLASS_METRICS, ERROR_METRICS, METRICS, Metric, require_columns

RESULT_KEYS = (
    "dataset", "model", "seeds", "accuracy_mean", "accuracy_std", "f1_macro_mean", "f1_macro_std", "auroc_mean",
    "params", "flops", "latency_ms_b1", "latency_ms_b64", "model_latency_ms_b1", "throughput", "peak_memory_mb",
    "fit_seconds",
)  # fmt: skip
"""The contract of a results row."""

_MORE_KEYS = (
    "f1_per_ms", "f1_per_mflop", "flops_reason", "latency_iqr_ms_b1", "model_latency_ms_b64", "auroc_std",
    "preprocessing_ms", "fused_latency_ms_b1", "fused_peak_memory_mb",
)  # fmt: skip


def _columns_of(metrics: Iterable[Metric]) -> tuple[str, ...]:
    return tuple(f"{metric.name}_{what}" for metric in metrics for what in ("mean", "std"))


EXTRA_KEYS = (
    *_MORE_KEYS, *(name for name in _columns_of(CLASS_METRICS) if name not in {*RESULT_KEYS, *_MORE_KEYS})
)  # fmt: skip
"""Columns behind these."""

FORECAST_KEYS = (
    "dataset", "model", "seeds", *_columns_of(ERROR_METRICS), "params", "flops", "latency_ms_b1", "latency_ms_b64",
    "peak_memory_mb", "fit_seconds",
)  # fmt: skip
"""The contract of a results row of forecasts; costs are null where a forecast has no weights."""

_COST_KEYS = (
    "params", "flops", "latency_ms_b1", "latency_ms_b64", "model_latency_ms_b1", "throughput", "peak_memory_mb",
    "flops_reason", "latency_iqr_ms_b1", "model_latency_ms_b64", "preprocessing_ms",
    "fused_latency_ms_b1", "fused_peak_memory_mb",
)  # fmt: skip
_ROW = ["dataset", "model"]


def results_table(
    scores: pd.DataFrame,
    efficiency: pd.DataFrame,
    fits: pd.DataFrame,
    keys: Sequence[str] = (*RESULT_KEYS, *EXTRA_KEYS),
) -> pd.DataFrame:
    """Quality over seeds joined with cost.

    Parameters
    ----------
    scores : one row per cell: ``dataset, model, seed`` and the metrics
    efficiency : one row per data set and model, any of the cost columns; unknown costs are null
    fits : one row per cell: ``dataset, model, seed, fit_seconds``
    keys : columns of the table; of forecasts `FORECAST_KEYS`

    Returns
    -------
    The columns ``keys``, in the order in which data sets and models come in ``scores``.
    ``seeds`` is a list, empty where nothing was fitted; standard deviations have n - 1 in the denominator and are null
    for one seed; ``fit_seconds`` is the mean over seeds, for a compressed network of making it and of training on;
    ``f1_per_ms`` is macro-F1 over ``latency_ms_b1`` and ``f1_per_mflop`` is macro-F1 over millions of FLOPs. Where
    answers are not finite, two more: ``not_finite, n_answers``.

    Raises
    ------
    DataError : a table lacks a column
    """
    metrics = [metric for metric in METRICS.values() if f"{metric.name}_mean" in keys]
    require_columns(scores, [*_ROW, "seed", *(metric.name for metric in metrics)], "scores")
    require_columns(efficiency, _ROW, "efficiency")
    require_columns(fits, [*_ROW, "seed", "fit_seconds"], "fits")
    seconds = fits.groupby(_ROW, sort=False)["fit_seconds"].mean().reset_index()
    costs = efficiency.reindex(columns=[*_ROW, *_COST_KEYS])
    table = _over_seeds(scores, metrics).merge(costs, on=_ROW, how="left").merge(seconds, on=_ROW, how="left")
    fitted = zip(table["seeds"], table["fit_seconds"].notna(), strict=True)
    table["seeds"] = pd.Series([seeds if known else [] for seeds, known in fitted], dtype=object)
    if "f1_macro_mean" in table:
        table["f1_per_ms"] = table["f1_macro_mean"] / _cost(table["latency_ms_b1"])
        table["f1_per_mflop"] = table["f1_macro_mean"] / (_cost(table["flops"]) / 1e6)
    return with_counts(table[list(keys)], scores)


def _over_seeds(scores: pd.DataFrame, metrics: Sequence[Metric]) -> pd.DataFrame:
    rows = []
    for key, cells in scores.groupby(_ROW, sort=False):
        row = {**dict(zip(_ROW, key, strict=True)), "seeds": sorted(cells["seed"].tolist())}
        for metric in metrics:
            values = _defined(cells, metric)
            row |= {f"{metric.name}_mean": values.mean(), f"{metric.name}_std": values.std(ddof=1)}
        rows.append(row)
    return pd.DataFrame(rows)


def _defined(cells: pd.DataFrame, metric: Metric) -> pd.Series:
    """Values where the metric is defined; none if it needs answers that are finite and those of any seed are not."""
    values = _number(cells[metric.name])
    failed = metric.finite_only and "not_finite" in cells and cells["not_finite"].fillna(0).any()
    return values.iloc[:0] if failed else values


def efficiency_table(rows_of_datasets: Iterable[Sequence[Mapping[str, Any]]]) -> pd.DataFrame:
    """Rows of costs of all data sets in one table."""
    return pd.DataFrame([row for rows in rows_of_datasets for row in rows])


def read_seeds(results: pd.DataFrame) -> pd.DataFrame:
    """Results with ``seeds`` as lists, also where the table was a CSV file in between, which has text there.

    Examples
    --------
    >>> read_seeds(pd.DataFrame({"seeds": ["[42, 123]", [7]]}))["seeds"].tolist()
    [[42, 123], [7]]
    """
    lists = [json.loads(seeds) if isinstance(seeds, str) else seeds for seeds in results["seeds"]]
    return results.assign(seeds=pd.Series(lists, results.index, dtype=object))


def _number(column: pd.Series) -> pd.Series:
    return pd.to_numeric(column, errors="coerce")


def _cost(column: pd.Series) -> pd.Series:
    """Costs as numbers; a cost of 0 is no measurement, and nothing is divided by it."""
    return _number(column).replace(0, np.nan)


def as_records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as JSON-ready objects: null for every missing value, plain Python numbers.

    Examples
    --------
    >>> as_records(pd.DataFrame({"model": ["a"], "flops": [np.nan], "params": [np.int64(3)]}))
    [{'model': 'a', 'flops': None, 'params': 3}]
    """
    rows = table.astype(object).to_dict("records")
    return [{str(key): _plain(value, str(key)) for key, value in row.items()} for row in rows]


def _plain(value: Any, key: str) -> Any:
    if isinstance(value, Sequence | np.ndarray) and not isinstance(value, str):
        return [_plain(item, key) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return int(value) if key in {"params", "flops"} else value


SHARES = (
    "params", "flops", "latency_ms_b1", "latency_ms_b64", "onnx_latency_ms_b1", "onnx_latency_ms_b64"
)  # fmt: skip
"""Costs that are shown as shares."""


def over_sets(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row a model, of rows of the results table.

    Parameters
    ----------
    rows : ``dataset, model, f1_macro_mean`` and costs; a compressed model is called ``<dense>.<variant>``

    Returns
    -------
    ``model, datasets`` (their number), ``f1_macro_mean`` (mean over data sets), and for each of `SHARES` the least and
    the most over data sets of its share of the dense model's, or None where it is unknown on every one.

    Examples
    --------
    >>> rows = [{"dataset": "a", "model": m, "f1_macro_mean": 0.5, "params": n} for m, n in (("x", 4), ("x.y", 1))]
    >>> over_sets(rows)[1]["params"]
    (0.25, 0.25)
    """
    by_cell = {(row["dataset"], row["model"]): row for row in rows}
    found = []
    for model in dict.fromkeys(row["model"] for row in rows):
        own = [row for row in rows if row["model"] == model]
        pairs = [(row, by_cell.get((row["dataset"], model.partition(".")[0]), {})) for row in own]
        shares = {
            cost: [row[cost] / dense[cost] for row, dense in pairs if row.get(cost) and dense.get(cost)]
            for cost in SHARES
        }
        found.append(
            {
                "model": model,
                "datasets": len(own),
                "f1_macro_mean": sum(row["f1_macro_mean"] for row in own) / len(own),
                **{cost: (min(values), max(values)) if values else None for cost, values in shares.items()},
            }
        )
    return found
