"""Static figures: what is drawn, not how it looks."""

import numpy as np
import pandas as pd
import pytest

from topology_efficient_dl.evaluation.comparisons import judge_models
from topology_efficient_dl.evaluation.metrics import score_predictions
from topology_efficient_dl.evaluation.summary import results_table
from topology_efficient_dl.params.training import EvaluateParams
from topology_efficient_dl.reports.figures import draw_critical_difference, draw_f1_bars, draw_pareto, indistinguishable
from topology_efficient_dl.reports.forest import draw_verdicts
from topology_efficient_dl.reports.style import to_png, to_svg


def texts(figure):
    return " | ".join(item.get_text() for panel in figure.axes for item in panel.texts)


@pytest.fixture
def many(predictions, efficiency):
    names = [f"set{number:02d}" for number in range(14)]
    table = predictions({"large": 0.9, "small": 0.88, "tiny": 0.6}, names, n_samples=60)
    scores = score_predictions(table)
    fits = scores[["dataset", "model", "seed"]].assign(fit_seconds=1.0)
    return scores, results_table(scores, efficiency({"large": 4.0, "small": 1.0, "tiny": 0.1}, names), fits)


def test_pareto_has_a_panel_per_set_and_every_model_by_name(experiment):
    results = results_table(experiment["scores"], experiment["efficiency"], experiment["fits"])
    figure = draw_pareto(results)
    assert [panel.get_title(loc="left") for panel in figure.axes] == ["Alpha", "Beta"]
    assert all(panel.get_xscale() == "log" for panel in figure.axes)
    assert all(texts(figure).count(name) == 2 for name in ("inception time", "tda net", "ph mlp"))


def test_many_sets_become_one_panel_of_means(many):
    figure = draw_pareto(many[1])
    assert len(figure.axes) == 1
    assert "14 data sets" in figure.axes[0].get_title(loc="left")


def test_bars_show_means_and_each_seed(experiment):
    panel = draw_f1_bars(experiment["scores"]).axes[0]
    widths = {round(patch.get_width(), 9) for patch in panel.patches}
    means = experiment["scores"].groupby(["dataset", "model"])["f1_macro"].mean()
    assert {round(value, 9) for value in means} <= widths
    assert sum(len(points.get_offsets()) for points in panel.collections) == len(experiment["scores"])


def test_critical_difference_needs_enough_sets(experiment, many):
    assert draw_critical_difference(experiment["scores"]) is None
    drawn = texts(draw_critical_difference(many[0]))
    assert all(name in drawn for name in ("large", "small", "tiny"))


def test_runs_of_indistinguishable_models_are_maximal():
    names = ["a", "b", "c", "d"]
    tests = pd.DataFrame({
        "model_a": ["a", "a", "a", "b", "b", "c"], "model_b": ["b", "c", "d", "c", "d", "d"],
        "p_holm": [0.5, 0.01, 0.01, 0.5, 0.01, None],
    })  # fmt: skip
    assert indistinguishable(names, tests) == [(0, 1), (1, 2), (2, 3)]
    assert indistinguishable(names, tests.assign(p_holm=0.5)) == [(0, 3)]
    assert indistinguishable(names, tests.assign(p_holm=0.01)) == []


def test_verdict_figure_names_every_verdict(experiment):
    params = EvaluateParams(n_bootstrap=200)
    verdicts = judge_models(experiment["scores"], experiment["efficiency"], experiment["predictions"], params)
    figure = draw_verdicts([*verdicts, {**verdicts[0], "latency_cut": None, "latency_cut_interval": None}])
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert len(names) == len(verdicts) + 1
    assert "all · ph mlp" in names


def test_png_and_svg_are_whole_and_the_svg_repeats(experiment):
    assert to_png(draw_f1_bars(experiment["scores"]), dpi=40).startswith(b"\x89PNG")
    first, second = (to_svg(draw_f1_bars(experiment["scores"])) for _ in range(2))
    assert first == second
    assert first.startswith("<svg")
    assert first.rstrip().endswith("</svg>")
    assert "currentColor" in first


def test_figures_do_not_touch_global_settings(experiment):
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    draw_f1_bars(experiment["scores"])
    assert dict(mpl.rcParams) == before
    assert np.isfinite(before["font.size"])
