"""The results table: one row per data set and model, quality beside cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from topology_efficient_dl.evaluation.failures import with_counts
from topology_efficient_dl.evaluation.metrics import require_columns

RESULT_KEYS = (
    "dataset", "model", "seeds", "accuracy_mean", "accuracy_std", "f1_macro_mean", "f1_macro_std", "auroc_mean",
    "params", "flops", "latency_ms_b1", "latency_ms_b64", "model_latency_ms_b1", "throughput", "peak_memory_mb",
    "fit_seconds",
)  # fmt: skip
"""The contract of a results row."""

EXTRA_KEYS = (
    "f1_per_ms", "f1_per_mflop", "flops_reason", "latency_iqr_ms_b1", "model_latency_ms_b64", "auroc_std",
    "preprocessing_ms", "fused_latency_ms_b1", "fused_peak_memory_mb",
)  # fmt: skip

_COST_KEYS = (
    "params", "flops", "latency_ms_b1", "latency_ms_b64", "model_latency_ms_b1", "throughput", "peak_memory_mb",
    "flops_reason", "latency_iqr_ms_b1", "model_latency_ms_b64", "preprocessing_ms",
    "fused_latency_ms_b1", "fused_peak_memory_mb",
)  # fmt: skip
_ROW = ["dataset", "model"]


def results_table(scores: pd.DataFrame, efficiency: pd.DataFrame, fits: pd.DataFrame) -> pd.DataFrame:
    """Quality over seeds joined with cost.

    Parameters
    ----------
    scores : one row per cell: ``dataset, model, seed, accuracy, f1_macro, auroc``
    efficiency : one row per data set and model, any of the cost columns; unknown costs are null
    fits : one row per cell: ``dataset, model, seed, fit_seconds``

    Returns
    -------
    The columns `RESULT_KEYS`, then `EXTRA_KEYS`, in the order in which data sets and models come in ``scores``.
    ``seeds`` is a list; standard deviations have n - 1 in the denominator and are null for one seed;
    ``fit_seconds`` is the mean over seeds; ``f1_per_ms`` is macro-F1 over ``latency_ms_b1`` and ``f1_per_mflop``
    is macro-F1 over millions of FLOPs. Where answers are not finite, two more: ``not_finite, n_answers``.

    Raises
    ------
    DataError : a table lacks a column
    """
    require_columns(scores, [*_ROW, "seed", "accuracy", "f1_macro", "auroc"], "scores")
    require_columns(efficiency, _ROW, "efficiency")
    require_columns(fits, [*_ROW, "seed", "fit_seconds"], "fits")
    seconds = fits.groupby(_ROW, sort=False)["fit_seconds"].mean().reset_index()
    costs = efficiency.reindex(columns=[*_ROW, *_COST_KEYS])
    table = _over_seeds(scores).merge(costs, on=_ROW, how="left").merge(seconds, on=_ROW, how="left")
    table["f1_per_ms"] = table["f1_macro_mean"] / _cost(table["latency_ms_b1"])
    table["f1_per_mflop"] = table["f1_macro_mean"] / (_cost(table["flops"]) / 1e6)
    return with_counts(table[[*RESULT_KEYS, *EXTRA_KEYS]], scores)


def _over_seeds(scores: pd.DataFrame) -> pd.DataFrame:
    rows = [
        {
            **dict(zip(_ROW, key, strict=True)),
            "seeds": sorted(cells["seed"].tolist()),
            "accuracy_mean": cells["accuracy"].mean(),
            "accuracy_std": cells["accuracy"].std(ddof=1),
            "f1_macro_mean": cells["f1_macro"].mean(),
            "f1_macro_std": cells["f1_macro"].std(ddof=1),
            **_auroc(cells),
        }
        for key, cells in scores.groupby(_ROW, sort=False)
    ]
    return pd.DataFrame(rows)


def _auroc(cells: pd.DataFrame) -> dict[str, float]:
    """Mean and deviation over the seeds where it is defined; nothing if answers of any seed are not finite."""
    values = _number(cells["auroc"])
    if "not_finite" in cells and cells["not_finite"].fillna(0).any():
        values = values.iloc[:0]
    return {"auroc_mean": values.mean(), "auroc_std": values.std(ddof=1)}


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
