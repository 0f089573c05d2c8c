"""What is known at a time: of the rows before it alone, by view, scaled over the candidates of that time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from topology_efficient_dl.complexes.closure import open_triangles
from topology_efficient_dl.complexes.closure_scores import ClosureScorer, closure_scores
from topology_efficient_dl.data.graphs import planted_events, split_at, time_split
from topology_efficient_dl.errors import DataError
from topology_efficient_dl.params.complexes import SimplicialParams
from topology_efficient_dl.params.studies import CandidateParams
from topology_efficient_dl.studies.closure.past import (
    WHOLE,
    Past,
    Scale,
    chosen_columns,
    complex_of,
)

PARAMS = CandidateParams()


@pytest.fixture(scope="module")
def known(school) -> Past:
    now = time_split(school, 0.6)
    return Past.of(split_at(school, now)[0], now, 0.6, PARAMS)


def test_candidates_and_columns_are_those_of_the_library(school, known) -> None:
    now = time_split(school, 0.6)
    past = split_at(school, now)[0]
    built = complex_of(past, PARAMS)
    np.testing.assert_array_equal(known.triangles, open_triangles(built, SimplicialParams()))
    whole = closure_scores(built, known.triangles, now=now)
    latest = complex_of(split_at(past, time_split(past, 1 - 0.05 / 0.6))[1], PARAMS)
    recent = closure_scores(latest, known.triangles, now=now)
    columns = known.columns(known.triangles)
    np.testing.assert_array_equal(columns[:, : whole.values.shape[1]], whole.values)
    np.testing.assert_array_equal(columns[:, -recent.values.shape[1] :], recent.values)
    assert known.names == tuple(f"{view}/{name}" for view in (WHOLE, "0.2", "0.05") for name in whole.names)


def test_a_view_that_looks_back_further_than_there_are_rows_is_of_all_rows(school) -> None:
    now = time_split(school, 0.2)
    known = Past.of(split_at(school, now)[0], now, 0.2, PARAMS)
    columns = known.columns(known.triangles)
    width = columns.shape[1] // 3
    np.testing.assert_array_equal(columns[:, :width], columns[:, width : 2 * width])


def test_rows_that_are_not_past_are_refused(school) -> None:
    with pytest.raises(DataError, match=r"'planted_contacts': a row of time \d+ is not before"):
        Past.of(school, time_split(school, 0.6), 0.6, PARAMS)


def test_times_before_zero_change_nothing(school, known) -> None:
    now, shift = time_split(school, 0.6), int(school.times[-1]) + 7
    early = replace(split_at(school, now)[0], times=split_at(school, now)[0].times - shift)
    found = Past.of(early, now - shift, 0.6, PARAMS)
    np.testing.assert_array_equal(found.triangles, known.triangles)
    np.testing.assert_array_equal(found.columns(found.triangles), known.columns(known.triangles))


def test_no_open_triangle_is_an_error_that_says_what_to_do(school) -> None:
    with pytest.raises(DataError, match=r"no triangle is open at .* take a larger share of time"):
        Past.of(school.rows(0, 2), int(school.times[2]) + 1, 0.5, PARAMS.model_copy(update={"recencies": ()}))


def test_columns_without_higher_order_are_those_of_the_graph(known) -> None:
    plain = ClosureScorer.of(known.complex, now=known.now, higher_order=False)(known.triangles[:0]).names
    expected = [name for name in known.names if name.split("/")[1] in plain]
    assert [known.names[i] for i in chosen_columns(known.names, higher_order=False)] == expected
    assert all(known.names[i].startswith("past/") for i in chosen_columns(known.names, recency=False))
    assert len(chosen_columns(known.names)) == len(known.names)


def test_edge_weights_are_columns(known) -> None:
    columns = known.columns(known.triangles)
    first = known.names.index("past/edge_weight_1")
    np.testing.assert_allclose(known.edge_weights(known.triangles), np.log1p(columns[:, first : first + 3]), rtol=1e-6)


def test_features_of_nodes_are_standardised(known) -> None:
    features = known.node_features()
    np.testing.assert_allclose(features.mean(axis=0), 0, atol=1e-5)
    spread = features.std(axis=0)
    assert (np.isclose(spread, 1, atol=1e-4) | (spread == 0)).all()


def test_scaled_columns_have_mean_0_and_deviation_1_and_are_bounded(known) -> None:
    scale = Scale.of(known, PARAMS)
    columns = known.columns(known.triangles)
    scaled = scale(columns.copy(), bound=np.inf)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=2e-3)
    np.testing.assert_allclose(scaled.std(axis=0), 1, atol=2e-3)
    assert abs(scale(columns, bound=1.5)).max() == 1.5


def test_a_column_that_is_the_same_for_all_becomes_0(known) -> None:
    one = replace(known, triangles=known.triangles[:1])
    assert not Scale.of(one, PARAMS)(known.columns(known.triangles)).any()


def test_a_scale_can_be_of_some_candidates(known) -> None:
    some = Scale.of(known, PARAMS.model_copy(update={"scaled_on": len(known.triangles) // 2}))
    every = Scale.of(known, PARAMS)
    assert not np.array_equal(some.centre, every.centre)
    np.testing.assert_allclose(some.centre, every.centre, atol=0.5 * every.centre.max())


def test_groups_that_are_too_large_are_no_simplices(school) -> None:
    from tests.studies.closure.conftest import SCHOOL

    events = planted_events(SCHOOL, 0)
    whole = complex_of(events, PARAMS)
    few = complex_of(events, PARAMS.model_copy(update={"max_group_size": 3}))
    assert few.counts[2] < whole.counts[2]
    ranked = replace(events, times=np.arange(len(events.times)), time_unit="rank")
    assert complex_of(ranked, PARAMS).counts == whole.counts
