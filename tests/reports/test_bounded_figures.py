"""Pictures of very many sets, series and intervals have no more in them than those of many, and say what they leave out."""

import numpy as np
import pandas as pd
import pytest

from topology_efficient_dl.data.preview import MAX_POINTS, series_figure
from topology_efficient_dl.data.split import Split
from topology_efficient_dl.reports.figures import MOST_SETS, draw_f1_bars, draw_pareto
from topology_efficient_dl.reports.forest import MOST_ROWS, draw_verdicts
from topology_efficient_dl.reports.pareto import MOST_VIEWS, pareto_figure
from topology_efficient_dl.tda.diagrams import PersistenceDiagrams, canonical_diagram
from topology_efficient_dl.tda.preview import MOST_POINTS, diagram_figure

MODELS = ("large", "small")


def scores_of(n_sets: int) -> pd.DataFrame:
    rows = [(f"set{number}", model, seed) for number in range(n_sets) for model in MODELS for seed in (1, 2)]
    table = pd.DataFrame(rows, columns=["dataset", "model", "seed"])
    return table.assign(f1_macro=np.linspace(0.5, 0.9, len(table)))


def results_of(n_sets: int) -> pd.DataFrame:
    rows = [(f"set{number}", model) for number in range(n_sets) for model in MODELS]
    table = pd.DataFrame(rows, columns=["dataset", "model"])
    return table.assign(latency_ms_b1=np.linspace(1, 2, len(table)), f1_macro_mean=0.5, f1_macro_std=0.1)


def verdicts_of(n: int) -> list[dict]:
    numbers = {"f1_drop_pp": 0.1, "f1_drop_interval": [0, 1], "latency_cut": 0.5, "latency_cut_interval": [0.4, 0.6]}
    sets = ["all" if number % 100 == 99 else f"set{number}" for number in range(n)]
    return [{"dataset": name, "model": "small", "status": "confirmed", **numbers} for name in sets]


@pytest.mark.parametrize(
    ("draw", "most", "words"),
    [
        (lambda n: draw_f1_bars(scores_of(n)), MOST_SETS, "100 further data sets are not drawn"),
        (lambda n: draw_verdicts(verdicts_of(n)), MOST_ROWS, "100 further verdicts are not drawn"),
    ],
)
def test_artists_of_many_rows_are_bounded_and_the_rest_is_told(draw, most, words):
    full, more, much_more = (len(draw(n).findobj()) for n in (most, most + 100, most + 300))
    assert abs(more - full) <= 0.02 * full
    assert much_more == more
    assert any(words in getattr(item, "get_text", str)() for item in draw(most + 100).findobj())


def test_the_cloud_of_many_sets_has_an_artist_a_model():
    some, many = (len(draw_pareto(results_of(n)).axes[0].collections) for n in (20, 2_000))
    assert some == many


def test_the_menu_of_sets_is_bounded_and_the_means_are_of_all():
    figure = pareto_figure(results_of(MOST_VIEWS + 30))
    assert len(figure.layout.updatemenus[0].buttons) == MOST_VIEWS + 1
    assert figure.layout.title.text == "30 further data sets are not in the menu"
    few = pareto_figure(results_of(3))
    assert few.layout.title.text is None
    mean = np.exp(np.log(results_of(MOST_VIEWS + 30).groupby("model")["latency_ms_b1"].apply(list)["small"]).mean())
    assert figure.data[2].x[0] == pytest.approx(mean)


def test_a_preview_of_long_series_keeps_their_extremes():
    series = np.zeros((4, 1, 100_000), np.float32)
    series[:, 0, 4_321], series[:, 0, 7_777] = 9, -9
    parts = dict.fromkeys(("train", "validation", "test"), series)
    labels = {part: np.array([0, 0, 1, 1]) for part in parts}
    figure = series_figure(Split("Long", parts, labels, ("a", "b"), "made here"))
    assert all(len(trace.y) <= MAX_POINTS for trace in figure.data)
    assert all({(4_321, 9.0), (7_777, -9.0)} <= set(zip(trace.x, trace.y, strict=True)) for trace in figure.data)


def test_a_preview_of_many_intervals_keeps_the_longest():
    n = MOST_POINTS + 500
    lengths = np.arange(1, n + 1) / n
    diagram = canonical_diagram(np.zeros(n), lengths, np.zeros(n, int))
    (points,) = (
        trace for trace in diagram_figure(PersistenceDiagrams.from_samples([diagram])).data if trace.mode == "markers"
    )
    assert points.name == "H0, without the 500 shortest"
    assert (len(points.x), min(points.y), max(points.y)) == (MOST_POINTS, lengths[500], lengths[-1])
