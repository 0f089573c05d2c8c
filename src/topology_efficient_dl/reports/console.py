"""The end of a run, for a terminal: results and verdicts as plain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from topology_efficient_dl.common.terminal import harmless
from topology_efficient_dl.evaluation.answers import ALL, beside_primary, headlines, primary_of
from topology_efficient_dl.evaluation.criteria import LATENCY_OF
from topology_efficient_dl.evaluation.failures import failure_lines
from topology_efficient_dl.evaluation.summary import as_records
from topology_efficient_dl.reports.formatting import change, negated, number, points, score, span, spread

RESULT_HEADER = ("dataset", "model", "macro-F1", "accuracy", "params", "ms (b1)", "ms (b64)")
VERDICT_HEADER = (
    "dataset",
    "model",
    "against",
    "batch",
    "latency of",
    "quality gained (pp)",
    "latency cut (%)",
    "verdict",
)


def summary_text(results: pd.DataFrame, verdicts: Sequence[Mapping[str, Any]]) -> str:
    """Results, then verdicts, as two aligned tables.

    Examples
    --------
    >>> print(aligned([("a", "b"), ("1", "22")]))
    a  b
    -  --
    1  22
    """
    rows = [_result_row(row) for row in as_records(results)]
    judged = [_verdict_row(verdict) for verdict in verdicts]
    tables = [aligned([RESULT_HEADER, *rows])]
    if judged:
        answers = [harmless(f"{each.answer} {each.terms}") for each in headlines(verdicts)]
        tables += [
            aligned([VERDICT_HEADER, *judged]),
            *(harmless(str(each["explanation"])) for each in _primary(verdicts)),
            *answers,
        ]
    else:
        tables += ["No verdict: no proposal was compared with the baseline in this run."]
    return "\n\n".join(["", *tables, *failure_lines(as_records(results)), ""])


def _primary(verdicts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    judged = [*primary_of(verdicts), *beside_primary(verdicts)]
    return [verdict for verdict in judged if verdict["dataset"] == ALL] or judged


def _result_row(row: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        row["dataset"],
        row["model"],
        score(row["f1_macro_mean"], row["f1_macro_std"]),
        score(row["accuracy_mean"], row["accuracy_std"]),
        number(row["params"]),
        number(row["latency_ms_b1"]),
        number(row["latency_ms_b64"]),
    )


def _verdict_row(verdict: Mapping[str, Any]) -> tuple[str, ...]:
    drop, cut = verdict["f1_drop_pp"], verdict["latency_cut"]
    return (
        verdict["dataset"],
        verdict["model"],
        verdict["baseline"],
        str(verdict["latency_batch"]),
        LATENCY_OF[verdict["latency_of"]],
        "-" if drop is None else f"{points(negated(drop))} {span(negated(verdict['f1_drop_interval']))}",
        "-" if cut is None else f"{100 * cut:+.0f} {span(verdict['latency_cut_interval'], 100, 0)}",
        verdict["status"].upper(),
    )


def forecast_summary(results: pd.DataFrame, verdicts: Sequence[Mapping[str, Any]]) -> str:
    """Errors and costs, then verdicts against the dense networks, as two aligned tables for a terminal."""
    head = ("dataset", "model", "RMSE", "MAE", "params", "ms (b1)", "ms (b64)")
    costs = ("params", "latency_ms_b1", "latency_ms_b64")
    rows = [
        (row["dataset"], row["model"], spread(row, "rmse"), spread(row, "mae"), *(number(row[name]) for name in costs))
        for row in as_records(results)
    ]
    judged_head = ("dataset", "model", "against", "batch", "RMSE rise (%)", "params cut (%)", "verdict")
    judged = [
        (row["dataset"], row["model"], row["baseline"], ", ".join(map(str, row["latency_batch"])),
         change(row, "rmse_rise"), change(row, "params_cut"), row["status"].upper())
        for row in primary_of(verdicts)
    ]  # fmt: skip
    answers = [f"{line.answer} {line.terms}" for line in headlines(verdicts)]
    failed = failure_lines(as_records(results), "forecasts")
    return "\n\n".join(["", aligned([head, *rows]), aligned([judged_head, *judged]), *answers, *failed, ""])


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows of text as columns, a line under the first."""
    rows = [[harmless(text) for text in row] for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])
