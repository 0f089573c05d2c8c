"""Time from input to output, with the models of a comparison timed in alternation in one process.

A machine's speed drifts while it is measured. Models that take turns, round by round, meet the same drift, so
their *ratio* within a round is far steadier than either time; the ratio is the result, and it comes with an interval.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from torch.utils.benchmark import Timer
from torch.utils.benchmark.utils.timer import timer as synchronised_clock

from topology_efficient_dl.collections.progress import tick
from topology_efficient_dl.errors import ParameterError, did_you_mean
from topology_efficient_dl.params.training import EfficiencyParams

Call = Callable[[Any], Any]
Stopwatch = Callable[[Call, Any, EfficiencyParams], float]
"""Times one call on one batch: seconds per call."""


@dataclass(frozen=True)
class LatencyRecord:
    """Times of one model at one batch size.

    Attributes
    ----------
    model : the name under which the callable was given
    batch : samples per call
    rounds_ms : (n_rounds,) milliseconds per sample, one value a round; round i is the same for all models
    """

    model: str
    batch: int
    rounds_ms: tuple[float, ...]

    @property
    def median_ms(self) -> float:
        """Median over rounds, milliseconds per sample."""
        return float(np.median(self.rounds_ms))

    @property
    def iqr_ms(self) -> float:
        """Interquartile range over rounds, milliseconds per sample."""
        low, high = np.quantile(self.rounds_ms, [0.25, 0.75])
        return float(high - low)

    @property
    def throughput(self) -> float:
        """Samples per second at this batch size."""
        return 1000.0 / self.median_ms


@dataclass(frozen=True)
class LatencyRatio:
    """Time of one model over the time of another, round by round.

    Attributes
    ----------
    median : median over rounds of the ratio within a round
    low, high : bootstrap interval of that median; None when there is one round only
    n_rounds : rounds that both models ran
    """

    median: float
    low: float | None
    high: float | None
    n_rounds: int


def measure_latency(
    calls: Mapping[str, Call],
    inputs: Mapping[int, Any],
    params: EfficiencyParams,
    stopwatch: Stopwatch | None = None,
) -> list[LatencyRecord]:
    """Time every model at every batch size, in alternation.

    For each batch size every model is called once to warm up; then come ``params.rounds`` rounds, in each of which
    every model is timed once, in an order that moves on by one place per round, so that none is always first.

    Parameters
    ----------
    calls : by model name, a callable from a batch to labels; time the features too by including them in the callable
    inputs : by batch size, the batch that is handed over
    params : rounds, threads, device and the shortest timed block
    stopwatch : what times one call, `time_block` unless given

    Returns
    -------
    One record per batch size and model, in the order given.

    Examples
    --------
    >>> records = measure_latency({"sum": np.sum}, {4: np.ones((4, 9))}, EfficiencyParams(), lambda *_: 0.008)
    >>> records[0].batch, records[0].median_ms, records[0].throughput
    (4, 2.0, 500.0)
    """
    stopwatch = stopwatch or time_block
    records = []
    with fixed_threads(params.threads):
        for batch, samples in inputs.items():
            rounds = _alternate(calls, samples, params, stopwatch)
            for name, seconds in rounds.items():
                records.append(LatencyRecord(name, batch, tuple(1000.0 * value / batch for value in seconds)))
    return records


def _alternate(
    calls: Mapping[str, Call], samples: Any, params: EfficiencyParams, stopwatch: Stopwatch
) -> dict[str, list[float]]:
    for call in calls.values():
        call(samples)
    names = list(calls)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(params.rounds):
        start = turn % max(len(names), 1)
        for name in names[start:] + names[:start]:
            tick()
            seconds[name].append(stopwatch(calls[name], samples, params))
    return seconds


def time_block(call: Call, samples: Any, params: EfficiencyParams) -> float:
    """Median seconds per call over one block of at least ``params.min_run_seconds``.

    The block is sized by ``torch.utils.benchmark`` (blocked autorange), whose clock waits for a CUDA device. A call
    that alone lasts longer than the block is timed by that one run, since sizing would repeat it for nothing.

    Parameters
    ----------
    call : what to time
    samples : its argument
    params : block length and torch threads
    """
    before = synchronised_clock()
    call(samples)
    once = synchronised_clock() - before
    if once >= params.min_run_seconds:
        return once
    timer = Timer("call(samples)", globals={"call": call, "samples": samples}, num_threads=params.threads)
    return float(timer.blocked_autorange(min_run_time=params.min_run_seconds).median)


@contextmanager
def fixed_threads(threads: int) -> Iterator[None]:
    """Hold torch, BLAS and OpenMP at a number of threads, and give them back what they had.

    Examples
    --------
    >>> with fixed_threads(1):
    ...     torch.get_num_threads()
    1
    """
    before = torch.get_num_threads()
    with threadpool_limits(limits=threads):
        torch.set_num_threads(threads)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def latency_columns(records: Sequence[LatencyRecord], model: str) -> dict[str, Any]:
    """The records of one model as columns of an efficiency row.

    Parameters
    ----------
    records : what `measure_latency` returned
    model : a name in the records

    Returns
    -------
    For every batch size n, ``latency_ms_b<n>, latency_iqr_ms_b<n>, rounds_b<n>`` (a list); and ``throughput`` at the
    batch size where it is highest.

    Raises
    ------
    ParameterError : the model was not measured

    Examples
    --------
    >>> latency_columns([LatencyRecord("m", 1, (1.0, 2.0, 3.0))], "m")
    {'latency_ms_b1': 2.0, 'latency_iqr_ms_b1': 1.0, 'rounds_b1': [1.0, 2.0, 3.0], 'throughput': 500.0}
    """
    own = [record for record in records if record.model == model]
    if not own:
        measured = sorted({record.model for record in records})
        hint = did_you_mean(model, measured)
        raise ParameterError(f"no latency of '{model}'{hint or '.'} Measured: {', '.join(measured) or 'nothing'}")
    columns: dict[str, Any] = {}
    for record in own:
        columns[f"latency_ms_b{record.batch}"] = record.median_ms
        columns[f"latency_iqr_ms_b{record.batch}"] = record.iqr_ms
        columns[f"rounds_b{record.batch}"] = list(record.rounds_ms)
    return columns | {"throughput": max(record.throughput for record in own)}


def latency_ratio(
    records: Sequence[LatencyRecord], model: str, baseline: str, batch: int, confidence: float = 0.95
) -> LatencyRatio:
    """Time of ``model`` over time of ``baseline`` at one batch size, paired by round, with an interval.

    Parameters
    ----------
    records : what `measure_latency` returned; both models must come from the same call of it
    model, baseline : names in the records
    batch : a batch size in the records
    confidence : coverage of the interval

    Raises
    ------
    ParameterError : a model or batch size was not measured

    Examples
    --------
    >>> records = [LatencyRecord("small", 1, (1.0, 2.0, 1.5)), LatencyRecord("large", 1, (4.0, 8.0, 6.0))]
    >>> latency_ratio(records, "small", "large", 1)
    LatencyRatio(median=0.25, low=0.25, high=0.25, n_rounds=3)
    """
    return paired_ratio(_find(records, model, batch).rounds_ms, _find(records, baseline, batch).rounds_ms, confidence)


def paired_ratio(
    numerator: Sequence[float], denominator: Sequence[float], confidence: float = 0.95, n_bootstrap: int = 10_000
) -> LatencyRatio:
    """Median over rounds of ``numerator / denominator`` with a percentile bootstrap interval.

    Parameters
    ----------
    numerator, denominator : (n_rounds,) positive times, paired by round
    confidence : coverage of the interval
    n_bootstrap : resamples of the rounds

    Raises
    ------
    ParameterError : different numbers of rounds, none at all, or a time that is not positive and finite
    """
    top, bottom = np.asarray(numerator, dtype=float), np.asarray(denominator, dtype=float)
    if top.shape != bottom.shape or top.size == 0:
        raise ParameterError(f"rounds must pair up: {top.size} of one model, {bottom.size} of the other")
    if not (np.isfinite([top, bottom]).all() and min(top.min(), bottom.min()) > 0):
        raise ParameterError(f"times must be positive and finite, not {top.tolist()} and {bottom.tolist()}")
    ratios = top / bottom
    if ratios.size == 1:
        return LatencyRatio(float(ratios[0]), None, None, 1)
    low, high = np.quantile(ratio_draws(ratios, n_bootstrap), [(1 - confidence) / 2, (1 + confidence) / 2])
    return LatencyRatio(float(np.median(ratios)), float(low), float(high), ratios.size)


def ratio_draws(ratios: NDArray[np.float64], n_bootstrap: int, seed: int = 0) -> NDArray[np.float64]:
    """(n_bootstrap,) medians of the (n_rounds,) ratios, each over rounds drawn with replacement."""
    rng = np.random.default_rng(seed)
    return np.median(rng.choice(ratios, size=(n_bootstrap, ratios.size)), axis=1)


def _find(records: Sequence[LatencyRecord], model: str, batch: int) -> LatencyRecord:
    for record in records:
        if (record.model, record.batch) == (model, batch):
            return record
    measured = sorted({f"{record.model} at batch {record.batch}" for record in records})
    hint = did_you_mean(f"{model} at batch {batch}", measured)
    raise ParameterError(
        f"no latency of '{model}' at batch {batch}{hint or '.'} Measured: {', '.join(measured) or 'nothing'}"
    )
