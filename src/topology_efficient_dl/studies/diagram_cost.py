"""How the cost of persistence diagrams grows with the length of a series, measured."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from topology_efficient_dl.collections.progress import following, tick
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.params.series import FiltrationParams
from topology_efficient_dl.reports.pages import render_page
from topology_efficient_dl.tda.delay_choice import resolve_filtration
from topology_efficient_dl.tda.extraction import extract_diagrams, sample_diagram

Series = NDArray[np.floating]


def cost_by_length(series: Series, lengths: Sequence[int], ways: Mapping[str, FiltrationParams]) -> pd.DataFrame:
    """Time for the diagram of one series, cut to its first samples, for several ways to compute it.

    The ways take turns at every series, so that a drift of the machine meets them all.

    Parameters
    ----------
    series : (n_samples, n_channels, n_timepoints) float array
    lengths : numbers of samples to keep, each at most n_timepoints
    ways : filtrations by name

    Returns
    -------
    One row a way and length: ``way, n_timepoints, n_series, ms_median, ms_iqr`` and ``growth``, the exponent p for
    which the time grew like length**p since the length before (null for the first).

    Raises
    ------
    ParameterError : a length exceeds the series
    """
    if max(lengths) > series.shape[2]:
        raise ParameterError(
            f"scaling.lengths: {max(lengths)} is longer than the series ({series.shape[2]}); "
            "take smaller lengths, or a dataset with longer series"
        )
    rows = []
    with following("diagrams by length", len(lengths), "length") as progress:
        for length in sorted(lengths):
            rows += _rows_at(series[:, :, :length], ways)
            progress.advance()
    table = pd.DataFrame(rows)
    before = table.groupby("way", sort=False)
    table["growth"] = np.log(table["ms_median"] / before["ms_median"].shift()) / np.log(
        table["n_timepoints"] / before["n_timepoints"].shift()
    )
    return table


def _rows_at(series: Series, ways: Mapping[str, FiltrationParams]) -> list[dict[str, Any]]:
    fitted = {name: resolve_filtration(series, params) for name, params in ways.items()}
    for params in fitted.values():
        sample_diagram(series[0], params)  # imports and compilation are not the method's cost
    seconds: dict[str, list[float]] = {name: [] for name in fitted}
    for one in series:
        tick()
        for name, params in fitted.items():
            seconds[name].append(sample_diagram(one, params).seconds)
    return [
        {
            "way": name,
            "n_timepoints": series.shape[2],
            "n_series": len(series),
            "ms_median": 1000 * float(np.median(taken)),
            "ms_iqr": 1000 * float(np.subtract(*np.quantile(taken, [0.75, 0.25]))),
        }
        for name, taken in seconds.items()
    ]


def cost_of_whole(series: Series, params: FiltrationParams, *, jobs: int, backend: str) -> dict[str, Any]:
    """Wall-clock time for the diagrams of all series, in parallel as in a run.

    Returns
    -------
    ``n_series, n_timepoints, jobs, seconds, seconds_of_all_workers``
    """
    started = time.perf_counter()
    diagrams = extract_diagrams(series, resolve_filtration(series, params), jobs=jobs, backend=backend)
    return {
        "n_series": len(series),
        "n_timepoints": series.shape[2],
        "jobs": jobs,
        "seconds": time.perf_counter() - started,
        "seconds_of_all_workers": float(diagrams.seconds.sum()),
    }


def render_scaling(table: pd.DataFrame, whole: Mapping[str, Any], dataset: str) -> str:
    """Markdown: milliseconds per series by way and length, growth exponents, and the time of the whole set.

    Parameters
    ----------
    table : of `cost_by_length`
    whole : of `cost_of_whole`
    dataset : the set's name
    """
    times = table.pivot_table(index="way", columns="n_timepoints", values="ms_median", sort=False)
    growth = table.groupby("way", sort=False)["growth"].last()
    ways = {str(way): [*times.loc[way], growth[way]] for way in times.index}
    return render_page(
        "diagram_cost.md.j2",
        dataset=dataset,
        n_series=int(table["n_series"].iloc[0]),
        lengths=list(times.columns),
        ways=ways,
        whole=whole,
    )
