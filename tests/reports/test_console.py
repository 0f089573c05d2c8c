"""The end of a run on a terminal."""

from __future__ import annotations

import pandas as pd

from topology_efficient_dl.reports.console import (
    RESULT_HEADER,
    VERDICT_HEADER,
    aligned,
    summary_text,
)

RESULTS = pd.DataFrame(
    {
        "dataset": ["Toy", "Toy"],
        "model": ["ph_mlp", "inception_time"],
        "f1_macro_mean": [0.75, 0.8125],
        "f1_macro_std": [0.01, None],
        "accuracy_mean": [0.7, 0.8],
        "accuracy_std": [0.02, None],
        "params": [1686, 420450],
        "latency_ms_b1": [1.07, 5.2],
        "latency_ms_b64": [0.5, None],
    }
)
TERMS = {"latency_batch": 1, "latency_of": "whole", "primary": True, "n_datasets": 1}
JUDGED = {
    **TERMS, "dataset": "Toy", "model": "ph_mlp", "baseline": "inception_time", "status": "refuted", "f1_drop_pp": 6.25,
    "f1_drop_interval": [4.0, 8.0], "latency_cut": 0.79, "latency_cut_interval": [0.7, 0.85], "explanation": "macro-F1 falls too far",
}  # fmt: skip
UNKNOWN = {
    **JUDGED, "dataset": "all", "status": "inconclusive", "f1_drop_pp": None, "f1_drop_interval": None,
    "latency_cut": None, "latency_cut_interval": None, "explanation": "Nothing can be said.",
}  # fmt: skip


def cells(line: str) -> list[str]:
    return [part for part in line.split("  ") if part.strip()]


def test_every_row_and_verdict_is_shown_in_order() -> None:
    text = summary_text(RESULTS, [JUDGED, UNKNOWN])
    lines = text.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("Toy")] == ["ph_mlp", "inception_time", "ph_mlp"]
    assert "420,450" in text
    verdict = next(line for line in lines if "REFUTED" in line)
    assert "−6.2 [−8.0, −4.0]" in verdict, "a fall is no gain"
    assert "preprocessing included" in verdict
    assert "+79" in verdict
    assert "INCONCLUSIVE" in text
    answer = "Preprocessing included: not shown with ph mlp. Against inception_time at batch 1, over 1 data set."
    assert text.rstrip().endswith(f"Nothing can be said.\n\n{answer}")
    assert JUDGED["explanation"] not in text  # only the verdict over all sets is explained


def test_what_was_not_measured_is_a_dash_not_a_zero() -> None:
    unknown = next(line for line in summary_text(RESULTS, [UNKNOWN]).splitlines() if line.startswith("all"))
    assert [part.strip() for part in cells(unknown)] == [
        "all", "ph_mlp", "inception_time", "1", "preprocessing included", "-", "-", "INCONCLUSIVE",
    ]  # fmt: skip
    inception = next(line for line in summary_text(RESULTS, []).splitlines() if "inception_time" in line)
    assert "nan" not in inception.lower()
    assert "None" not in inception


def test_no_verdict_is_said() -> None:
    assert "No verdict: no proposal was compared with the baseline" in summary_text(RESULTS, [])
    assert "verdict" not in summary_text(RESULTS, []).replace("No verdict", "")


def test_columns_are_aligned() -> None:
    for header in (RESULT_HEADER, VERDICT_HEADER):
        rows = [header, tuple("x" * n for n in range(len(header)))]
        lines = aligned(rows).splitlines()
        assert len(lines[1]) == max(len(line) for line in lines)
        for name in header:
            start = lines[0].index(name)
            assert start == 0 or lines[0][start - 2 : start] == "  "
