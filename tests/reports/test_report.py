"""The report says everything, and the page needs nothing from outside."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from topology_efficient_dl.evaluation.comparisons import judge_models
from topology_efficient_dl.evaluation.statistics import pairwise_wilcoxon
from topology_efficient_dl.evaluation.summary import as_records, results_table
from topology_efficient_dl.params.training import EvaluateParams
from topology_efficient_dl.reports.figures import draw_pareto
from topology_efficient_dl.reports.forest import draw_verdicts
from topology_efficient_dl.reports.pareto import pareto_figure
from topology_efficient_dl.reports.report import ReportContext, ReportFigure, render_html, render_markdown
from topology_efficient_dl.reports.style import to_png, to_svg


class Assets(HTMLParser):
    """Everything that a browser would fetch, and the text that it would show."""

    def __init__(self):
        super().__init__()
        self.fetched, self.text, self.open, self.tags = [], [], [], []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.open.append(tag)
        self.tags.append(tag)
        self.fetched += [given[key] for key in ("src", "data", "srcset") if given.get(key)]
        if tag == "link":
            self.fetched.append(given.get("href"))
        self.fetched += re.findall(r"url\(([^)#]+)\)", given.get("style") or "")

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("script", "style"):
            self.text.append(data)
        elif self.open[-1] == "style":
            self.fetched += re.findall(r"url\(([^)#]+)\)|@import ([^;]+)", data)

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass


@pytest.fixture
def context(experiment):
    results = results_table(experiment["scores"], experiment["efficiency"], experiment["fits"])
    records = as_records(results)
    records[2] |= {"flops": None, "flops_reason": "the engine is compiled code"}
    params = EvaluateParams(n_bootstrap=200)
    verdicts = judge_models(experiment["scores"], experiment["efficiency"], experiment["predictions"], params)
    pictures = [draw_pareto(results), draw_verdicts(verdicts)]
    return ReportContext(
        title="Track A: persistent homology for series",
        question="Can topological features replace a large network?",
        baseline="inception_time",
        results=records,
        verdicts=verdicts,
        datasets=[
            {"dataset": name, "n_train": 80, "n_validation": 20, "n_test": 200, "n_classes": 2, "n_timepoints": 96,
             "source": "bundled | shipped", "default_split": name == "Alpha"} for name in ("Alpha", "Beta")
        ],
        skipped=[{"dataset": "Gamma", "reason": "no file & no network"}],
        failures=[{"cell": "Beta/ph_mlp/42", "reason": "ran out of memory"}],
        conditions={"seeds": [42, 123, 456], "optimiser": "AdamW, cosine"},
        environment={"cpu": "Test CPU", "gpu": None, "date": "2024-01-01T00:00:00+00:00"},
        command="kedro run --pipelines track_a",
        limits=["Two data sets are few."],
        published={"Alpha": {"inceptiontime_ensemble": 0.777}, "Beta": {"inceptiontime_ensemble": 0.888}},
        published_method={"inception_time": "inceptiontime_ensemble"},
        tests=as_records(pairwise_wilcoxon(experiment["scores"])),
        figures=[
            ReportFigure("Pareto", "Left is cheaper.", svg=to_svg(pictures[0]), file="figures/pareto.png"),
            ReportFigure("Verdicts", "Intervals.", png=to_png(pictures[1], dpi=40)),
        ],
        interactive=pareto_figure(results),
    )  # fmt: skip


@pytest.fixture
def page(context):
    return render_html(context)


@pytest.fixture
def parsed(page):
    reader = Assets()
    reader.feed(page)
    return reader


def test_the_page_fetches_nothing(parsed):
    assert parsed.fetched
    assert all(address.startswith("data:image/png;base64,") for address in parsed.fetched)
    assert "link" not in parsed.tags
    assert parsed.tags.count("svg") == 1


def test_both_reports_say_everything(context, parsed):
    shown = re.sub(r"\s+", " ", " ".join(parsed.text))
    markdown = render_markdown(context)
    for text in (shown, markdown):
        for dataset in ("Alpha", "Beta", "Gamma"):
            assert dataset in text
        for verdict in context.verdicts:
            assert verdict["explanation"] in text
        wanted = [context.question, context.command, "no file & no network", "ran out of memory", "Two data sets are few.",
                  "the engine is compiled code", "Test CPU", "AdamW, cosine", "42, 123, 456", "default_split"]  # fmt: skip
        assert all(piece in text for piece in wanted)
    for model in ("inception_time", "tda_net", "ph_mlp"):
        assert f"| {model} |" in markdown
        assert model.replace("_", " ") in shown


def test_every_verdict_has_its_row_and_status(context):
    rows = [
        line
        for line in render_markdown(context).splitlines()
        if re.match(r"\| (Alpha|Beta|all) \| \w+ \| inception_time \| 1 \| preprocessing included \| \*\*", line)
    ]
    assert [re.search(r"\*\*(\w+)\*\*", row)[1] for row in rows] == [verdict["status"] for verdict in context.verdicts]


def test_markdown_tables_have_one_width_each(context):
    widths = set()
    for block in render_markdown(context).split("\n\n"):
        lines = [line for line in block.splitlines() if line.startswith("|")]
        counts = {len(re.split(r"(?<!\\)\|", line)) for line in lines}
        assert len(counts) <= 1, block
        widths |= counts
    assert len(widths) > 2


def test_published_numbers_stand_only_beside_whole_official_splits(context, page):
    assert ">0.777</td>" in page
    assert ">0.888</td>" not in page
    assert context.published_accuracy("Alpha", "tda_net") is None
    assert "default_split" not in render_markdown(replace(context, published_method={}))


def test_words_from_outside_cannot_become_markup(context):
    page = render_html(replace(context, question="<script>alert(1)</script>", interactive=None))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_a_report_of_nothing_is_still_a_report():
    empty = ReportContext("T", "Q?", "b", results=[], verdicts=[])
    assert "Every cell of the sets in use finished." in render_markdown(empty)
    assert "<h1>T</h1>" in render_html(empty)
    for text in (render_markdown(empty), render_html(empty)):
        assert "No verdict: no proposal was compared with the primary baseline." in text


def test_both_statuses_get_a_card_of_their_own(page):
    for status in ("refuted", "inconclusive"):
        assert f'class="badge {status}"' in page
    assert page.count('<article class="card') == 2


def test_reports_repeat(context):
    assert render_markdown(context) == render_markdown(context)
    assert render_html(context) == render_html(context)
