"""The report of a run: Markdown to read in a repository, and one self-contained HTML page to read anywhere."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
import plotly.graph_objects as go

from topology_efficient_dl.evaluation.criteria import CONFIRMED, INCONCLUSIVE, METRICS, REFUTED
from topology_efficient_dl.evaluation.style import display_name
from topology_efficient_dl.evaluation.verdicts import ALL
from topology_efficient_dl.evaluation.wording import along, change, lost

NOTHING = "–"
SERIES_CAPTION = (
    "Mean ± standard deviation over seeds. Latency runs from raw sample to label, features included, per sample."
)
_TEMPLATES = Path(__file__).parent / "templates"


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
    datasets : ``dataset, n_train, n_validation, n_test, n_classes, n_timepoints, source`` and ``default_split``, true
        if train and test are the whole official files: only then are published numbers shown
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
    results_caption: str = SERIES_CAPTION
    over_sets: Sequence[Mapping[str, Any]] = ()
    size_columns: Mapping[str, str] = field(default_factory=lambda: {"n_timepoints": "length"})

    @property
    def onnx(self) -> list[Mapping[str, Any]]:
        """Rows of models that were exported to ONNX, or refused."""
        return [row for row in self.results if row.get("onnx_bytes") or row.get("onnx_reason")]

    @property
    def overall(self) -> list[Mapping[str, Any]]:
        """Verdicts over all data sets, one per proposal."""
        return [verdict for verdict in self.verdicts if verdict["dataset"] == ALL]

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

    def tally(self, model: str) -> list[tuple[str, int]]:
        """Verdicts by data set of one proposal: status and count, all three statuses."""
        found = Counter(verdict["status"] for verdict in self.per_dataset if verdict["model"] == model)
        return [(status, found[status]) for status in (CONFIRMED, REFUTED, INCONCLUSIVE)]


def render_markdown(context: ReportContext) -> str:
    """The report as GitHub-flavoured Markdown; figures are linked by their ``file``.

    Examples
    --------
    >>> text = render_markdown(ReportContext("Track A", "Is it cheaper?", "large", results=[], verdicts=[]))
    >>> text.splitlines()[0]
    '# Track A'
    """
    text = _environment().get_template("report.md.j2").render(c=context)
    return text.strip() + "\n"


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
    return _environment().get_template("report.html.j2").render(c=context, interactive=interactive)


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=lambda name: bool(name and "html" in name),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=number,
        score=score,
        percent=percent,
        points=points,
        span=span,
        change=change,
        lost=lost,
        along=along,
        shares=shares,
        p_value=p_value,
        name=display_name,
        cell=cell,
    )
    return environment


def number(value: Any, digits: int = 3) -> str:
    """A number with three significant digits and thousands separators; a dash for nothing.

    Examples
    --------
    >>> [number(value) for value in (1234567, 0.012345, 420450.0, None)]
    ['1,234,567', '0.0123', '420,450', '–']
    """
    if value is None:
        return NOTHING
    text = f"{value:,.0f}" if abs(value) >= 1000 or isinstance(value, int) else f"{value:.{digits}g}"
    return text.replace("-", "−")


def score(mean: Any, std: Any = None) -> str:
    """A score in [0, 1] with its standard deviation.

    Examples
    --------
    >>> score(0.8391, 0.1), score(0.5), score(None)
    ('0.839 ± 0.100', '0.500', '–')
    """
    if mean is None:
        return NOTHING
    return f"{mean:.3f}" if std is None else f"{mean:.3f} ± {std:.3f}"


def points(value: Any) -> str:
    """Percentage points with sign.

    Examples
    --------
    >>> points(-1.25), points(None)
    ('−1.2', '–')
    """
    return NOTHING if value is None else f"{value:+.1f}".replace("-", "−")


def percent(value: Any) -> str:
    """A fraction as a percentage with sign.

    Examples
    --------
    >>> percent(0.312), percent(-4.0)
    ('+31 %', '−400 %')
    """
    return NOTHING if value is None else f"{100 * value:+.0f} %".replace("-", "−")


def span(interval: Any, scale: float = 1.0, digits: int = 1) -> str:
    """An interval in brackets.

    Examples
    --------
    >>> span([0.28, 0.31], 100, 0), span(None)
    ('[28, 31]', 'no interval')
    """
    if interval is None:
        return "no interval"
    return f"[{', '.join(f'{scale * end:.{digits}f}' for end in interval)}]".replace("-", "−")


def shares(pair: Any) -> str:
    """The least and the most of a share.

    Examples
    --------
    >>> shares((0.371, 0.428)), shares((1.0, 1.0)), shares(None)
    ('.37 to .43', '1.00', '–')
    """
    if pair is None:
        return NOTHING
    least, most = (f"{end:.2f}".removeprefix("0") for end in pair)
    return least if least == most else f"{least} to {most}"


def p_value(value: Any) -> str:
    """A p-value with two digits.

    Examples
    --------
    >>> p_value(0.0312), p_value(0.00001), p_value(None)
    ('0.031', '< 0.001', '–')
    """
    if value is None:
        return NOTHING
    return "< 0.001" if value < 0.001 else f"{value:.2g}"


def cell(value: Any) -> str:
    """Text that may stand in a cell of a Markdown table.

    Examples
    --------
    >>> cell("a|b"), cell(None), cell([42, 123])
    ('a\\\\|b', '–', '42, 123')
    """
    if isinstance(value, Sequence) and not isinstance(value, str):
        value = ", ".join(map(str, value))
    return NOTHING if value is None else str(value).replace("|", "\\|").replace("\n", " ")
