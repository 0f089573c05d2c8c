"""From predictions and costs to verdicts, figures and a report."""

from topology_efficient_dl.evaluation.criteria import Criterion, criterion_of_track
from topology_efficient_dl.evaluation.figures import draw_critical_difference, draw_f1_bars, draw_pareto
from topology_efficient_dl.evaluation.forest import draw_verdicts
from topology_efficient_dl.evaluation.metrics import score_cell, score_forecast, score_predictions
from topology_efficient_dl.evaluation.pareto import pareto_figure, pareto_front, pareto_mask
from topology_efficient_dl.evaluation.reference import published
from topology_efficient_dl.evaluation.report import ReportContext, ReportFigure, render_html, render_markdown
from topology_efficient_dl.evaluation.statistics import (
    holm,
    paired_t_test,
    paired_t_tests,
    pairwise_wilcoxon,
    rank_models,
    wilcoxon_test,
)
from topology_efficient_dl.evaluation.style import to_png, to_svg
from topology_efficient_dl.evaluation.summary import RESULT_KEYS, as_records, results_table
from topology_efficient_dl.evaluation.verdicts import VERDICT_KEYS, judge

__all__ = [
    "RESULT_KEYS",
    "VERDICT_KEYS",
    "Criterion",
    "ReportContext",
    "ReportFigure",
    "as_records",
    "criterion_of_track",
    "draw_critical_difference",
    "draw_f1_bars",
    "draw_pareto",
    "draw_verdicts",
    "holm",
    "judge",
    "paired_t_test",
    "paired_t_tests",
    "pairwise_wilcoxon",
    "pareto_figure",
    "pareto_front",
    "pareto_mask",
    "published",
    "rank_models",
    "render_html",
    "render_markdown",
    "results_table",
    "score_cell",
    "score_forecast",
    "score_predictions",
    "to_png",
    "to_svg",
    "wilcoxon_test",
]
