"""The Pareto front and its figures."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.evaluation.summary import results_table
from topology_efficient_dl.reports.figures import draw_pareto
from topology_efficient_dl.reports.pareto import ALL_DATASETS, mean_over_sets, pareto_figure, pareto_front, pareto_mask

VALUES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=12)


@pytest.fixture
def results(experiment):
    return results_table(experiment["scores"], experiment["efficiency"], experiment["fits"])


@given(VALUES)
def test_no_front_point_is_beaten_and_every_other_is(points):
    cost, quality = np.array(points, dtype=float).T
    mask = pareto_mask(cost, quality)
    assert mask.any()
    for i in range(len(cost)):
        beaten = any(
            cost[j] <= cost[i] and quality[j] >= quality[i] and (cost[j], quality[j]) != (cost[i], quality[i])
            for j in range(len(cost))
        )
        assert mask[i] == (not beaten)


@given(VALUES)
def test_the_front_rises_with_cost(points):
    cost, quality = np.array(points, dtype=float).T
    mask = pareto_mask(cost, quality)
    on_front = np.unique(np.stack([cost[mask], quality[mask]]), axis=1)
    assert (np.diff(on_front[0]) > 0).all()
    assert (np.diff(on_front[1]) > 0).all()


def test_missing_values_are_never_on_the_front_and_beat_nothing():
    assert pareto_mask([np.nan, 2, 3], [0.9, 0.5, np.nan]).tolist() == [False, True, False]


def test_front_per_data_set(results):
    front = pareto_front(results, "latency_ms_b1", "f1_macro_mean")
    assert "tda_net" in front["model"].to_numpy()
    assert "ph_mlp" not in front["model"].to_numpy()  # slower and worse than tda_net everywhere
    assert set(front["dataset"]) == {"Alpha", "Beta"}


@pytest.mark.parametrize("draw", [pareto_front, pareto_figure, draw_pareto])
def test_an_unknown_column_is_named_with_the_nearest(results, draw):
    with pytest.raises(ParameterError, match="did you mean 'latency_ms_b1'"):
        draw(results, "latency_ms_1b", "f1_macro_mean")
    with pytest.raises(ParameterError, match="no numeric column 'model'"):
        draw(results, "latency_ms_b1", "model")


def test_one_trace_per_model_and_view_with_a_menu(results):
    figure = pareto_figure(results)
    labels = [button["label"] for button in figure.layout.updatemenus[0].buttons]
    assert labels == [ALL_DATASETS, "Alpha", "Beta"]
    assert len(figure.data) == 3 * (1 + 3)
    for button in figure.layout.updatemenus[0].buttons:
        assert sum(button["args"][0]["visible"]) == 4
    assert [bool(trace.visible) for trace in figure.data] == figure.layout.updatemenus[0].buttons[0]["args"][0][
        "visible"
    ]
    assert figure.layout.xaxis.type == "log"


def test_a_model_has_one_colour_in_every_view(results):
    figure = pareto_figure(results)
    colours = {}
    for trace in figure.data:
        if trace.name != "Pareto front":
            colours.setdefault(trace.name, set()).add(trace.marker.color)
    assert all(len(found) == 1 for found in colours.values())
    assert len(set.union(*colours.values())) == 3


def test_a_single_set_needs_no_menu(results):
    assert not pareto_figure(results.query("dataset == 'Alpha'")).layout.updatemenus


def test_means_use_only_sets_that_all_models_have(results):
    table = pd.concat([results, results[:1].assign(dataset="Lonely", latency_ms_b1=1e6)])
    means = mean_over_sets(table, "latency_ms_b1", "f1_macro_mean").set_index("model")
    own = results[results.model == "tda_net"]
    assert means.loc["tda_net", "latency_ms_b1"] == pytest.approx(np.exp(np.log(own["latency_ms_b1"]).mean()))
    assert means["latency_ms_b1"].max() < 100


def test_a_cost_that_nothing_has_gives_an_empty_picture_and_no_crash(results):
    blank = results.assign(flops=None)
    assert len(pareto_front(blank, "flops", "f1_macro_mean")) == 0
    assert pareto_figure(blank, "flops", "f1_macro_mean").data
    assert draw_pareto(blank, "flops").axes
