"""Alternation, bookkeeping and the paired ratio, with a stopwatch that is not a clock."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from topology_efficient_dl.efficiency import (
    LatencyRecord,
    fixed_threads,
    latency_columns,
    latency_ratio,
    measure_latency,
    paired_ratio,
    time_block,
)
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.params.training import EfficiencyParams


def test_models_take_turns_and_none_is_always_first():
    order = []
    calls = {name: (lambda batch, name=name: name) for name in "abc"}

    def stopwatch(call, batch, params):
        order.append(call(batch))
        return 1.0

    measure_latency(calls, {1: np.zeros(1)}, EfficiencyParams(rounds=4), stopwatch)
    assert "".join(order) == "abcbcacababc"


def test_every_model_is_warmed_up_once_per_batch_size_before_it_is_timed():
    seen = []
    calls = {name: (lambda batch, name=name: seen.append((name, len(batch)))) for name in "ab"}
    measure_latency(calls, {1: np.zeros(1), 3: np.zeros(3)}, EfficiencyParams(rounds=2), lambda *_: 1.0)
    assert seen == [("a", 1), ("b", 1), ("a", 3), ("b", 3)]


def test_times_are_per_sample_and_keep_their_rounds():
    ticks = iter([0.008, 0.016, 0.004, 0.012])
    records = measure_latency({"m": len}, {4: np.zeros(4)}, EfficiencyParams(rounds=4), lambda *_: next(ticks))
    assert records[0].rounds_ms == (2.0, 4.0, 1.0, 3.0)
    assert (records[0].median_ms, records[0].iqr_ms, records[0].throughput) == (2.5, 1.5, 400.0)


def test_drift_cancels_in_the_ratio_but_not_in_the_times():
    drift = np.linspace(1, 3, 7)
    records = [LatencyRecord("slow", 1, tuple(2 * drift)), LatencyRecord("fast", 1, tuple(drift))]
    ratio = latency_ratio(records, "fast", "slow", 1)
    assert (ratio.median, ratio.low, ratio.high) == (0.5, 0.5, 0.5)
    assert records[0].iqr_ms > 0


def test_one_round_has_no_interval():
    assert paired_ratio([1.0], [2.0]).low is None


@pytest.mark.parametrize(("top", "bottom"), [([1.0], [1.0, 2.0]), ([], []), ([0.0], [1.0]), ([float("nan")], [1.0])])
def test_times_that_do_not_pair_or_are_no_times_are_refused(top, bottom):
    with pytest.raises(ParameterError):
        paired_ratio(top, bottom)


@given(st.lists(st.floats(0.1, 10), min_size=2, max_size=9), st.floats(0.1, 10))
def test_the_interval_holds_the_median_and_scales(ratios, factor):
    ones = [1.0] * len(ratios)
    plain, scaled = (
        paired_ratio(ratios, ones, n_bootstrap=200),
        paired_ratio([r * factor for r in ratios], ones, n_bootstrap=200),
    )
    assert plain.low <= plain.median <= plain.high
    assert scaled.median == pytest.approx(plain.median * factor)


def test_unknown_model_is_named_with_the_nearest():
    with pytest.raises(ParameterError, match="did you mean 'inception_time at batch 1'"):
        latency_ratio([LatencyRecord("inception_time", 1, (1.0,))], "inceptiontime", "x", 1)


def test_columns_of_an_efficiency_row():
    records = [LatencyRecord("m", 1, (2.0, 4.0)), LatencyRecord("m", 64, (0.5, 0.5)), LatencyRecord("n", 1, (9.0,))]
    columns = latency_columns(records, "m")
    assert (columns["latency_ms_b1"], columns["latency_ms_b64"], columns["throughput"]) == (3.0, 0.5, 2000.0)
    assert columns["rounds_b64"] == [0.5, 0.5]
    with pytest.raises(ParameterError, match="Measured: m, n"):
        latency_columns(records, "other")


def test_threads_are_held_and_given_back_even_after_an_error():
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        with pytest.raises(ZeroDivisionError), fixed_threads(1):
            _ = 1 / (torch.get_num_threads() - 1)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_call_longer_than_the_block_is_run_once_only():
    runs = []
    clock_eater = EfficiencyParams(min_run_seconds=1e-9)
    assert time_block(lambda batch: runs.append(sum(range(1000))), None, clock_eater) > 0
    assert len(runs) == 1


def test_a_short_call_is_repeated_to_fill_the_block():
    runs = []
    seconds = time_block(runs.append, None, EfficiencyParams(min_run_seconds=1e-2))
    assert len(runs) > 10
    assert seconds > 0
