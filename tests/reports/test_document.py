"""Results that are published: one JSON document, and files copied to the docs."""

import json

import pandas as pd
import pytest

from topology_efficient_dl.errors import DataError
from topology_efficient_dl.reports.document import publish, results_document
from topology_efficient_dl.studies.diagram_cost import render_scaling


def test_the_document_is_json_with_command_and_environment():
    results = pd.DataFrame({"dataset": ["d"], "model": ["m"], "flops": [float("nan")]})
    card = pd.DataFrame({"dataset": ["d"], "n_train": [3]})
    document = json.loads(
        json.dumps(results_document(results, [{"status": "refuted"}], {"t_tests": []}, card), allow_nan=False)
    )
    assert document["results"] == [{"dataset": "d", "model": "m", "flops": None}]
    assert document["verdicts"] == [{"status": "refuted"}]
    assert document["command"].startswith("kedro run")
    assert {"cpu", "date", "torch"} <= set(document["environment"])


def test_publishing_copies_what_there_is(tmp_path):
    report = tmp_path / "deep" / "report.md"
    report.parent.mkdir()
    report.write_text("# Track")
    written = publish(
        tmp_path / "docs", "track_x", {"report_markdown": report}, {"report_markdown": "{track}/report.md"}
    )
    assert written == [tmp_path / "docs" / "track_x" / "report.md"]
    assert written[0].read_text() == "# Track"


def test_publishing_nothing_says_what_to_run(tmp_path):
    with pytest.raises(DataError, match="nothing of 'track_x' was saved yet"):
        publish(tmp_path, "track_x", {}, {})


def test_the_page_about_cost_has_a_row_per_way_and_the_whole_set():
    table = pd.DataFrame(
        {
            "way": ["rips", "rips", "alpha", "alpha"],
            "n_timepoints": [100, 200] * 2,
            "n_series": [8] * 4,
            "ms_median": [1.0, 8.0, 0.5, 1.0],
            "growth": [float("nan"), 3.0, float("nan"), 1.0],
        }
    )
    whole = {"n_series": 896, "n_timepoints": 200, "jobs": 2, "seconds": 61.2, "seconds_of_all_workers": 120.0}
    page = render_scaling(table, whole, "Toy")
    assert "| rips | 1 | 8 | 3 |" in page
    assert "| alpha | 0.5 | 1 | 1 |" in page
    assert "All 896 series of length 200" in page
    assert "**61 s** wall clock" in page
