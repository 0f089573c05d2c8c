"""Compressed models over all data sets: mean quality, and costs as shares of the dense model's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

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
