"""The report of a run: Markdown to read in a repository, and one self-contained HTML page to read anywhere."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import plotly.graph_objects as go

from topology_efficient_dl.evaluation.answers import (
    ALL,
    Headline,
    beside_primary,
    headlines,
    primary_of,
)
from topology_efficient_dl.evaluation.criteria import (
    CONFIRMED,
    INCONCLUSIVE,
    METRICS,
    REFUTED,
)
from topology_efficient_dl.reports.formatting import (
    number,
)
from topology_efficient_dl.reports.pages import render_page


@dataclass(frozen=True)
class ReportFigure:
    """One static figure.

    Attributes
    ----------
    title, caption : words above and below it
    svg : an SVG element, from `to_svg`; preferred in HTML
    png : PNG bytes, from `to_png`; used where there is no SVG
    file : how Markdown links to it, relative to the Markdown file; not linked when None
    """

    title: str
    caption: str
    svg: str | None = None
    png: bytes | None = None
    file: str | None = None

    @property
    def data_uri(self) -> str | None:
        """The PNG as a data URI."""
        return None if self.png is None else f"data:image/png;base64,{base64.b64encode(self.png).decode()}"


@dataclass(frozen=True)
class ReportContext:
    """Everything that a report says. Only what is given is shown; rows are JSON-ready objects.

    Attributes
    ----------
    title : of the page
    question : what is asked, in a sentence or two
    baseline : name of the model that the proposals are judged against
    results : rows of the results table (``as_records(results_table(...))``)
    verdicts : what ``judge`` returned
    datasets : ``dataset, n_train, n_validation, n_test, n_classes, n_timepoints, split`` (in words), ``source`` and
        ``default_split``, true if train and test are the whole official files: only then are published numbers shown
    skipped : ``dataset, reason`` of the sets that were asked for and not used
    failures : ``cell, reason`` of the cells that did not finish, or whose answers are not finite
    conditions : by name, what was held equal: seeds, optimiser, budget, validation, threads
    environment : what `describe_environment` returned
    command : the line that makes this report again
    limits : what the numbers do not show, a sentence each
    published : by data set and method, accuracies under the protocol ``published_protocol``
    published_method : by model, the column of ``published`` that it may be compared with
    published_protocol : name of that protocol
    tests : rows of ``pairwise_wilcoxon``
    figures : static figures, in order
    interactive : the Pareto figure, drawn by plotly in HTML
    metric_name : the quality that verdicts are about, in words
    results_caption : how the numbers of the results table are to be read
    latency_note : what the ways of timing are of, where verdicts have two
    over_sets : of a track that makes networks smaller, rows of `over_sets`
    size_columns : of the data table, by key of ``datasets``, sizes and how they are called
    """

    title: str
    question: str
    baseline: str
    results: Sequence[Mapping[str, Any]]
    verdicts: Sequence[Mapping[str, Any]]
    datasets: Sequence[Mapping[str, Any]] = ()
    skipped: Sequence[Mapping[str, Any]] = ()
    failures: Sequence[Mapping[str, Any]] = ()
    conditions: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    command: str = ""
    limits: Sequence[str] = ()
    published: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    published_method: Mapping[str, str] = field(default_factory=dict)
    published_protocol: str = "default_split"
    tests: Sequence[Mapping[str, Any]] = ()
    figures: Sequence[ReportFigure] = ()
    interactive: go.Figure | None = None
    metric_name: str = METRICS["f1_macro"]
    results_caption: str = ""
    latency_note: str = ""
    over_sets: Sequence[Mapping[str, Any]] = ()
    size_columns: Mapping[str, str] = field(default_factory=lambda: {"n_timepoints": "length"})

    @property
    def onnx(self) -> list[Mapping[str, Any]]:
        """Rows of models that were exported to ONNX, or refused."""
        return [row for row in self.results if row.get("onnx_bytes") or row.get("onnx_reason")]

    @property
    def headlines(self) -> list[Headline]:
        """The answer on the primary terms, and beside it the one with preprocessing where that is another."""
        return headlines(self.verdicts)

    @property
    def primary(self) -> list[Mapping[str, Any]]:
        """The verdicts of the headlines: over all data sets, or of every set where none is over all."""
        return _over_all([*primary_of(self.verdicts), *beside_primary(self.verdicts)])

    @property
    def further(self) -> list[Mapping[str, Any]]:
        """Verdicts over all data sets that no headline is about."""
        said = self.primary
        return [each for each in _over_all(self.verdicts) if each not in said]

    @property
    def criteria(self) -> list[str]:
        """What is asked, in words: of the headline first."""
        return list(dict.fromkeys(each["criterion"] for each in [*self.primary, *self.verdicts]))

    @property
    def kernel_lines(self) -> list[str]:
        """What the primary baseline costs with fused kernels, which verdicts are not against."""
        baselines = {each["baseline"] for each in self.primary}
        rows = [row for row in self.results if row["model"] in baselines and row.get("fused_latency_ms_b1")]
        return [
            f"Verdicts are against {row['model']} with torch-geometric's kernels, on {row['dataset']} "
            f"{number(row['model_latency_ms_b1'])} ms and {number(row['peak_memory_mb'])} MB for the network alone at "
            f"batch 1; with its fused kernels it takes {number(row['fused_latency_ms_b1'])} ms and "
            f"{number(row.get('fused_peak_memory_mb'))} MB."
            for row in rows
        ]

    @property
    def interval_words(self) -> str:
        """What the numbers in brackets are."""
        levels = {each["confidence"] for each in self.verdicts if each.get("confidence")}
        shown = f" ({100 * levels.pop():g} %)" if len(levels) == 1 else ""
        return f"Numbers in brackets are intervals{shown}; without one the number is exact, or the text says why."

    @property
    def per_dataset(self) -> list[Mapping[str, Any]]:
        """The other verdicts."""
        return [verdict for verdict in self.verdicts if verdict["dataset"] != ALL]

    @property
    def by_dataset(self) -> list[list[Mapping[str, Any]]]:
        """Rows of the results table, a list per data set, in order of first appearance."""
        names = dict.fromkeys(row["dataset"] for row in self.results)
        return [[row for row in self.results if row["dataset"] == name] for name in names]

    @property
    def has_published(self) -> bool:
        """Whether any row has a published number beside it."""
        return any(self.published_accuracy(row["dataset"], row["model"]) is not None for row in self.results)

    def published_accuracy(self, dataset: str, model: str) -> float | None:
        """The published accuracy that a row may be compared with: same method, whole official split; else None."""
        whole = any(row["dataset"] == dataset and row.get("default_split") for row in self.datasets)
        method = self.published_method.get(model)
        return self.published.get(dataset, {}).get(method) if whole and method else None

    def tally(self, verdict: Mapping[str, Any]) -> list[tuple[str, int]]:
        """By data set, verdicts of the same proposal on the same terms: status and count, all three statuses."""
        terms = ("model", "baseline", "latency_batch", "latency_of")
        own = [each for each in self.per_dataset if all(each[key] == verdict[key] for key in terms)]
        found = Counter(each["status"] for each in own)
        return [(status, found[status]) for status in (CONFIRMED, REFUTED, INCONCLUSIVE)]


def _over_all(verdicts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [each for each in verdicts if each["dataset"] == ALL] or list(verdicts)


def render_markdown(context: ReportContext) -> str:
    """The report as GitHub-flavoured Markdown; figures are linked by their ``file``.

    Examples
    --------
    >>> text = render_markdown(ReportContext("Track A", "Is it cheaper?", "large", results=[], verdicts=[]))
    >>> text.splitlines()[0]
    '# Track A'
    """
    return render_page("report.md.j2", c=context).strip() + "\n"


def render_verdicts(context: ReportContext) -> tuple[str, str]:
    """Two sections of the Markdown report: the headline with what it rests on, and the table of all verdicts."""
    headline, table = (render_page(name, c=context).strip() for name in ("verdict.md.j2", "verdicts.md.j2"))
    return headline, table


def render_html(context: ReportContext) -> str:
    """The report as one HTML file that loads nothing from anywhere: styles, figures and plotly's script are inside."""
    interactive = None
    if context.interactive is not None:
        interactive = context.interactive.to_html(
            full_html=False,
            include_plotlyjs=True,
            div_id="pareto",
            config={"displayModeBar": False, "responsive": True},
        )
    return render_page("report.html.j2", c=context, interactive=interactive).removesuffix("\n")
