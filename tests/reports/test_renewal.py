"""Published reports say what the numbers published with them come to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from topology_efficient_dl.errors import DataError
from topology_efficient_dl.evaluation.answers import headlines
from topology_efficient_dl.evaluation.comparisons import judge_proposals
from topology_efficient_dl.evaluation.summary import as_records, results_table
from topology_efficient_dl.params.training import EvaluateParams
from topology_efficient_dl.reports.renewal import (
    completed,
    criterion_of_text,
    renew,
    renewed,
)
from topology_efficient_dl.reports.report import ReportContext, ReportFigure, render_markdown
from topology_efficient_dl.reports.words import LATENCY_NOTE

RESULTS = Path(__file__).parents[2] / "docs" / "results"
DOCUMENTS = [path for path in sorted(RESULTS.rglob("*.json")) if (path.with_suffix("") / "report.md").is_file()]
NAMES = [path.relative_to(RESULTS).as_posix() for path in DOCUMENTS]


def read(name: str) -> dict:
    return json.loads((RESULTS / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", DOCUMENTS, ids=NAMES)
def test_renewing_a_published_report_changes_nothing(path) -> None:
    report = (path.with_suffix("") / "report.md").read_text(encoding="utf-8")
    assert renewed(report, json.loads(path.read_text(encoding="utf-8")), path.name) == report


@pytest.mark.parametrize("path", DOCUMENTS, ids=NAMES)
def test_every_published_verdict_follows_from_its_criterion_and_numbers(path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    found = completed(document, path.stem)
    for old, new in zip(document["verdicts"], found, strict=False):
        kept = old.keys() - {"explanation"}
        assert {key: new[key] for key in kept} == {key: old[key] for key in kept}
        assert criterion_of_text(old["criterion"], old["rule"]).text == old["criterion"]
    assert headlines(found), "some verdict is primary"


def test_headlines_of_track_c_are_about_the_dense_network() -> None:
    (line,) = headlines(completed(read("track_c/inception_time/track_c.json"), "track_c"))
    assert line.answer.startswith("Preprocessing included: not shown with inception time.bottleneck")
    assert line.terms == "Against inception_time at batch 1, over 11 data sets."


def test_with_preprocessing_no_verdict_of_label_diffusion_is_confirmed() -> None:
    """Of its 28 confirmations on single sets, with the network alone, none holds when preprocessing counts."""
    found = completed(read("track_b/contacts/track_b.json"), "track_b")
    own = [each for each in found if each["model"] == "simplicial_diffusion" and each["dataset"] != "all"]
    alone = [each for each in own if each["latency_of"] == "model"]
    assert sum(each["status"] == "confirmed" for each in alone) == 28
    assert not [each for each in own if each["latency_of"] == "whole" and each["status"] == "confirmed"]
    assert len(own) == 2 * len(alone)


@pytest.mark.parametrize("name", ["track_b/contacts/track_b.json", "compress_b.json"])
def test_documents_without_fields_judged_the_network_alone(name) -> None:
    """The published cuts are those of the network's medians, within a tenth, and not those of the whole way."""
    document = read(name)
    times = {(row["dataset"], row["model"]): row for row in document["results"]}
    near = {"model_latency_ms_b1": 0, "latency_ms_b1": 0}
    for verdict in (each for each in document["verdicts"] if each["dataset"] != "all"):
        ours, theirs = (times[verdict["dataset"], verdict[side]] for side in ("model", "baseline"))
        for key in near:
            ratio = ours[key] / theirs[key]
            near[key] += abs(1 - verdict["latency_cut"] - ratio) <= 0.1 * ratio
    assert near["model_latency_ms_b1"] > 0.9 * sum(each["dataset"] != "all" for each in document["verdicts"])
    assert near["latency_ms_b1"] < near["model_latency_ms_b1"] / 2


def test_a_median_may_refute_and_never_confirms() -> None:
    found = completed(read("track_b/tolokers/track_b.json"), "track_b")
    by_medians = [each for each in found if each["latency_of"] == "whole"]
    assert {each["status"] for each in by_medians} == {"inconclusive", "refuted"}
    against_gat = next(each for each in by_medians if each["baseline"] == "gat")
    assert against_gat["latency_cut"] > 0.4
    assert "(no interval: published medians)" in against_gat["explanation"]
    assert "from published medians, no interval of timing rounds" in against_gat["explanation"]


def test_a_status_that_the_numbers_do_not_come_to_stops_the_renewal(tmp_path) -> None:
    document = read("track_b/tolokers/track_b.json")
    document["verdicts"][0]["status"] = "refuted"
    (tmp_path / "track_b").mkdir()
    (tmp_path / "track_b.json").write_text(json.dumps(document))
    (tmp_path / "track_b" / "report.md").write_text("## Verdict\n\nYes.\n\n## Results\n")
    with pytest.raises(DataError, match=r"published as refuted .*, but its numbers come to confirmed"):
        renew(tmp_path)
    assert "Yes." in (tmp_path / "track_b" / "report.md").read_text()


def test_only_headline_and_verdicts_change_and_once(tmp_path) -> None:
    (tmp_path / "track_b").mkdir()
    (tmp_path / "track_b.json").write_text(json.dumps(read("track_b/tolokers/track_b.json")))
    report = tmp_path / "track_b" / "report.md"
    report.write_text(
        "# T\n\nQ?\n\n## Verdict\n\nYes.\n\n![f](f.png)\n\n*c*\n\n## Verdicts by data set\n\nold\n\n## Results\n\nkept\n"
    )
    assert renew(tmp_path) == [report]
    text = report.read_text()
    assert text.startswith("# T\n\nQ?\n\n## Verdict\n\n**Network alone: yes with simplicial mlp.**")
    assert text.endswith("\n\n## Results\n\nkept\n")
    assert "![f](f.png)\n\n*c*\n\n## Verdicts by data set\n" in text
    assert not {"Yes.", "old"} & set(text.split("\n"))
    assert renew(tmp_path) == []


def test_a_report_of_today_is_as_it_would_be_renewed(experiment) -> None:
    tables = (experiment["scores"], experiment["efficiency"], experiment["predictions"])
    params = EvaluateParams(n_bootstrap=100, latency_of="model", further_baselines=("tda_net",))
    results = as_records(results_table(experiment["scores"], experiment["efficiency"], experiment["fits"]))
    verdicts = judge_proposals(*tables, params, ["tda_net", "ph_mlp"], "track_b")
    figure = ReportFigure("F", "caption", file="f.png")
    context = ReportContext("T", "Q?", "inception_time", results, verdicts, figures=[figure], latency_note=LATENCY_NOTE)
    report = render_markdown(context)
    document = json.loads(json.dumps({"results": results, "verdicts": verdicts}))
    assert "Network alone: " in report
    assert renewed(report, document, "track_b.json") == report


def test_a_folder_without_reports_is_an_error(tmp_path) -> None:
    with pytest.raises(DataError, match="no published report in"):
        renew(tmp_path)
