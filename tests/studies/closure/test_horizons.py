"""Samples at a time: nothing later enters, what closes is counted right, weights make up for what is left out."""

from __future__ import annotations

import numpy as np
import pytest

from topology_efficient_dl.data.graphs import southern_women, split_at, time_split
from topology_efficient_dl.errors import DataError
from topology_efficient_dl.params.studies import (
    AttentionParams,
    AttentionTrial,
    CandidateParams,
    ClosureParams,
    LogisticParams,
)
from topology_efficient_dl.studies.closure.horizons import (
    Horizon,
    all_keys,
    horizon_keys,
    sample_horizon,
)
from topology_efficient_dl.studies.closure.past import complex_of

PARAMS = CandidateParams(negatives_per_positive=2, least_negatives=10, validation_negatives=100_000)
KNOWN = ("columns", "edge_weights", "node_features", "edges", "log_weights", "names")


def test_other_events_after_the_time_change_no_feature(school, other_future) -> None:
    changed = other_future(school, 0.6)
    first, second = (
        Horizon.from_arrays(sample_horizon(log, "validation/0.6", 0.2, PARAMS)) for log in (school, changed)
    )
    np.testing.assert_array_equal(first.triangles, second.triangles)
    for name in KNOWN:
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name), err_msg=name)
    assert not np.array_equal(first.closed, second.closed)


def test_labels_end_where_the_future_of_the_horizon_ends(school, other_future) -> None:
    changed = other_future(school, 0.8)
    for key in ("train/0.6", "validation/0.6"):
        first, second = (sample_horizon(log, key, 0.2, PARAMS) for log in (school, changed))
        for name, values in first.items():
            np.testing.assert_array_equal(values, second[name], err_msg=f"{key} {name}")


def test_a_triangle_is_closed_if_it_is_in_a_later_group(school) -> None:
    sample = Horizon.from_arrays(sample_horizon(school, "validation/0.6", 0.2, PARAMS))
    later = split_at(school, time_split(school, 0.6))[1]
    later = split_at(later, time_split(school, 0.8))[0]
    groups = {tuple(row) for row in complex_of(later, PARAMS).simplices[2].tolist()}
    assert [tuple(row) in groups for row in sample.triangles.tolist()] == sample.closed.tolist()
    assert 0 < sample.closed.sum() < len(sample.closed)


def test_all_that_close_are_kept_and_weights_make_up_for_the_others(school) -> None:
    train = Horizon.from_arrays(sample_horizon(school, "train/0.6", 0.2, PARAMS))
    n, closed = train.counts
    assert train.closed.sum() == closed
    assert (~train.closed).sum() == 2 * closed < n - closed
    np.testing.assert_allclose(train.weight.sum(), n)
    np.testing.assert_allclose(train.weight[train.closed], 1)
    every = Horizon.from_arrays(sample_horizon(school, "validation/0.6", 0.2, PARAMS))
    assert (len(every.closed), every.base_rate) == (n, closed / n)
    np.testing.assert_allclose(every.weight, 1)


def test_no_more_rows_are_learnt_from_than_allowed(school) -> None:
    bounded = PARAMS.model_copy(update={"most_rows": 30})
    train = Horizon.from_arrays(sample_horizon(school, "train/0.6", 0.2, bounded))
    assert len(train.closed) == 30
    np.testing.assert_allclose(train.weight.sum(), train.counts[0])
    np.testing.assert_allclose(train.weight[train.closed].sum(), train.counts[1])


def test_the_last_horizon_reaches_to_the_end(school) -> None:
    sample = Horizon.from_arrays(sample_horizon(school, "validation/0.8", 0.2, PARAMS))
    later = complex_of(split_at(school, time_split(school, 0.8))[1], PARAMS)
    groups = {tuple(row) for row in later.simplices[2].tolist()}
    assert sample.closed.sum() == sum(tuple(row) in groups for row in sample.triangles.tolist())


def test_what_is_learnt_from_ends_where_the_next_step_begins() -> None:
    params = ClosureParams(past_share=0.7, horizon_shares=(0.4,))
    assert horizon_keys(params) == {"choose": ("train/0.1", "validation/0.4"), "learn": ("train/0.4",)}
    assert all_keys(params) == ("train/0.1", "validation/0.4", "train/0.4")


def test_a_graph_without_times_and_one_where_nothing_closes_are_refused(school, few) -> None:
    with pytest.raises(DataError, match="has no times, and closure is about what comes later"):
        sample_horizon(southern_women().to_hypergraph(), "train/0.5", 0.2, PARAMS)
    with pytest.raises(DataError, match="0 close afterwards; some must and some must not"):
        sample_horizon(school, "train/0.6", 0.001, PARAMS)


@pytest.mark.parametrize("shares", [(0.2,), (0.65,), (0.4, 0.7)])
def test_horizons_that_would_see_what_is_chosen_on_are_refused(shares) -> None:
    with pytest.raises(ValueError, match=r"horizon_shares 0\.\d+: expected more than 0\.2 and at most 0\.6"):
        ClosureParams(horizon_shares=shares)


def test_every_kind_of_model_has_as_many_trials() -> None:
    with pytest.raises(ValueError, match=r"logistic has 6 trials .* and attention 1; give both as many"):
        ClosureParams(attention=AttentionParams(trials=(AttentionTrial(),)))


def test_trials_that_are_the_same_and_values_given_twice_are_refused() -> None:
    with pytest.raises(ValueError, match="two trials are the same where there are 1 horizon_shares"):
        ClosureParams(horizon_shares=(0.4,), logistic=LogisticParams(columns=("all",), horizons=(1, 2, 3)))
    with pytest.raises(ValueError, match=r"horizon_shares \(0.4, 0.4\): 0.4 is there twice"):
        ClosureParams(horizon_shares=(0.4, 0.4))
