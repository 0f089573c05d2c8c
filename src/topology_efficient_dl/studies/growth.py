"""How time and memory of level-set inference grow with the length and the number of series."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from topology_efficient_dl.collections.progress import following
from topology_efficient_dl.data.split import Split
from topology_efficient_dl.efficiency.latency import fixed_threads
from topology_efficient_dl.efficiency.memory import peak_rss_mb
from topology_efficient_dl.models.trained import Predictor
from topology_efficient_dl.params.models import LevelSetRecipe, ModelSpec
from topology_efficient_dl.params.studies import GrowthParams
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.reports.formatting import number
from topology_efficient_dl.reports.pages import render_page
from topology_efficient_dl.tasks.cells import fit_cell

CHUNK = 256
N_TRAIN = 20
SEED = 0


def growth_by_length(growth: GrowthParams) -> pd.DataFrame:
    """Time from series to label, batch 1 and one thread, for random walks of several lengths, taking turns.

    Returns
    -------
    ``n_timepoints, ms_median, ms_iqr, ns_per_sample`` and ``growth``, the exponent p for which the time grew like
    length**p since the length before (null for the first).
    """
    predictors = {length: walk_predictor(length) for length in sorted(growth.lengths)}
    samples = {length: random_walks(1, length, SEED + 1) for length in predictors}
    seconds: dict[int, list[float]] = {length: [] for length in predictors}
    with fixed_threads(1), following("inference by length", growth.rounds, "round") as progress:
        for length, predictor in predictors.items():
            predictor(samples[length])
        for _ in range(growth.rounds):
            for length, predictor in predictors.items():
                started = time.perf_counter()
                predictor(samples[length])
                seconds[length].append(time.perf_counter() - started)
                progress.tick()
            progress.advance()
    table = pd.DataFrame([_times(length, taken) for length, taken in seconds.items()])
    steps = np.log(table["n_timepoints"] / table["n_timepoints"].shift())
    table["growth"] = np.log(table["ms_median"] / table["ms_median"].shift()) / steps
    return table


def _times(length: int, taken: list[float]) -> dict[str, float]:
    low, median, high = 1000 * np.quantile(taken, [0.25, 0.5, 0.75])
    spread = float(high - low)
    return {"n_timepoints": length, "ms_median": median, "ms_iqr": spread, "ns_per_sample": 1e6 * median / length}


def growth_by_number(growth: GrowthParams) -> pd.DataFrame:
    """Time and peak memory for many series that come in chunks and leave as labels, each number in a fresh process.

    Returns
    -------
    ``n_series, seconds, us_per_series, peak_mb`` (over the imported libraries)
    """
    rows = []
    with following("inference by number of series", len(growth.numbers), "number") as progress:
        for n_series in sorted(growth.numbers):
            rows.append(_cost_of_number(n_series, growth.length))
            progress.advance()
    return pd.DataFrame(rows)


def _cost_of_number(n_series: int, length: int) -> dict[str, float]:
    predictor = walk_predictor(length)
    with fixed_threads(1):
        started = time.perf_counter()
        _label_stream(predictor, n_series, length)
        seconds = time.perf_counter() - started
    request = json.dumps({"n_series": n_series, "length": length})
    peak = peak_rss_mb(f"{__name__}:load_stream", request).over_libraries_mb
    return {"n_series": n_series, "seconds": seconds, "us_per_series": 1e6 * seconds / n_series, "peak_mb": peak}


def load_stream(request: str) -> Callable[[], int]:
    """Label a stream of series: the target of the memory measurement.

    Parameters
    ----------
    request : JSON with ``n_series`` and ``length``
    """
    fields = json.loads(request)
    predictor = walk_predictor(fields["length"])
    return lambda: _label_stream(predictor, fields["n_series"], fields["length"])


def _label_stream(predictor: Predictor, n_series: int, length: int) -> int:
    """Label chunk by chunk; returns how many were labelled 1."""
    return sum(int(predictor(chunk).argmax(axis=1).sum()) for chunk in _stream(n_series, length))


def _stream(n_series: int, length: int) -> Iterator[NDArray[np.float32]]:
    chunk = random_walks(CHUNK, length, SEED + 2)
    for start in range(0, n_series, CHUNK):
        yield chunk[: min(CHUNK, n_series - start)]


def walk_predictor(length: int) -> Predictor:
    """``betti_ridge`` with the default recipe, fitted on a few random walks of two kinds."""
    series = random_walks(N_TRAIN, length, SEED)
    labels = np.arange(N_TRAIN) % 2
    parts = {"train": series, "validation": series[:2], "test": series}
    codes = {"train": labels, "validation": labels[:2], "test": labels}
    split = Split("walks", parts, codes, ("0", "1"), "random walks")
    spec = ModelSpec(architecture="ridge", features="betti")
    return fit_cell((split, ("betti_ridge", spec), SEED, LevelSetRecipe()), TrainParams()).predictor(prepare=False)


def random_walks(n_series: int, length: int, seed: int) -> NDArray[np.float32]:
    """(n_series, 1, length) float32, every walk with mean 0 and standard deviation 1."""
    walks = np.random.default_rng(seed).normal(size=(n_series, 1, length)).cumsum(axis=2)
    walks -= walks.mean(axis=2, keepdims=True)
    return (walks / walks.std(axis=2, keepdims=True)).astype(np.float32)


def render_growth(lengths: pd.DataFrame, numbers: pd.DataFrame, growth: GrowthParams) -> str:
    """Markdown: both tables, the command and the machine."""
    by_length = lengths[["n_timepoints", "ms_median", "ms_iqr", "ns_per_sample", "growth"]].map(number)
    by_number = numbers[["n_series", "seconds", "us_per_series", "peak_mb"]].map(number)
    return render_page("growth.md.j2", by_length=by_length, by_number=by_number, growth=growth, chunk=CHUNK)
