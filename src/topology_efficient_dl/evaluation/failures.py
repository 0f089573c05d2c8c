"""What did not work in a run, in words: answers that are not finite, by data set and model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from topology_efficient_dl.evaluation.metrics import COUNTS

NOT_COMPARED = "onnx_not_finite"
"""Column of results: series on which logits of torch or onnxruntime are not finite, over all seeds."""

_ROW = ["dataset", "model"]


def with_counts(table: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """A table of data sets and models, with sums of `COUNTS` over seeds behind if an answer anywhere is not finite.

    Parameters
    ----------
    table : one row per ``dataset, model``
    scores : one row per cell; of runs from before these were counted without `COUNTS`
    """
    if not set(COUNTS) <= set(scores) or not scores["not_finite"].fillna(0).any():
        return table
    return table.merge(scores.groupby(_ROW, sort=False)[COUNTS].sum().reset_index(), on=_ROW, how="left")


def failures_of(results: Iterable[Mapping[str, Any]], noun: str = "test answers") -> list[dict[str, str]]:
    """Rows ``cell, reason`` of everything in a results table that is not finite; none where all is well.

    Parameters
    ----------
    results : rows of a results table, with `COUNTS` where something is not finite
    noun : what is counted; forecasts cannot be scored, other answers count as mistakes

    Examples
    --------
    >>> failures_of([{"dataset": "ECG200", "model": "resnet", "not_finite": 20, "n_answers": 40}])
    [{'cell': 'ECG200, resnet', 'reason': '20 of 40 test answers are not finite and count as mistakes'}]
    """
    what = "and count as mistakes" if noun == "test answers" else "and have no error; no verdict can be confirmed"
    found = []
    for row in results:
        cell = f"{row['dataset']}, {row['model']}"
        if row.get("not_finite"):
            count = f"{int(row['not_finite']):,} of {int(row['n_answers']):,}"
            found.append({"cell": cell, "reason": f"{count} {noun}{_over(row)} are not finite {what}"})
        if row.get(NOT_COMPARED):
            reason = f"logits on {int(row[NOT_COMPARED])} series are not finite, so torch and onnxruntime do not agree"
            found.append({"cell": f"{cell} in onnxruntime", "reason": reason})
    return found


def failure_lines(results: Iterable[Mapping[str, Any]], noun: str = "test answers") -> list[str]:
    """The same as one line each, for pages and terminals."""
    return [f"{each['cell']} failed: {each['reason']}" for each in failures_of(results, noun)]


def mistakes_note(scores: pd.DataFrame, models: Iterable[str], dataset: str | None = None) -> str:
    """Sentences on the models whose answers are not all finite, on one data set or on all; empty where they are.

    Examples
    --------
    >>> scores = pd.DataFrame({"dataset": ["d"], "model": ["m"], "not_finite": [3], "n_answers": [9]})
    >>> mistakes_note(scores, ["m", "n"], "d")
    ' 3 of 9 answers of m are not finite and count as mistakes.'
    """
    if not set(COUNTS) <= set(scores):
        return ""
    own = scores if dataset is None else scores[scores["dataset"] == dataset]
    sums = {model: own.loc[own["model"] == model, COUNTS].sum() for model in models}
    return "".join(
        f" {int(bad):,} of {int(of):,} answers of {model} are not finite and count as mistakes."
        for model, (bad, of) in sums.items()
        if bad
    )


def _over(row: Mapping[str, Any]) -> str:
    seeds = row.get("seeds")
    return f" of {len(seeds)} seeds" if isinstance(seeds, list | tuple) and len(seeds) > 1 else ""
