"""The page about the cost of persistence diagrams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from topology_efficient_dl.reports.formatting import number
from topology_efficient_dl.reports.pages import provenance_lines


def render_scaling(table: pd.DataFrame, whole: Mapping[str, Any], dataset: str) -> str:
    """Markdown: milliseconds per series by way and length, growth exponents, and the time of the whole set.

    Parameters
    ----------
    table : of ``tda.scaling.cost_by_length``
    whole : of ``tda.scaling.cost_of_whole``
    dataset : the set's name
    """
    times = table.pivot_table(index="way", columns="n_timepoints", values="ms_median", sort=False)
    growth = table.groupby("way", sort=False)["growth"].last()
    lines = [
        "# Cost of persistence diagrams as series grow",
        "",
        f"{dataset}, series cut to their first samples; {int(table['n_series'].iloc[0])} series, one thread, ways in "
        "alternation; median milliseconds per series.",
        "",
        f"| way | {' | '.join(str(length) for length in times.columns)} | growth exponent at the end |",
        f"|---{'|---:' * (times.shape[1] + 1)}|",
        *(_row(str(way), times.loc[way], growth[way]) for way in times.index),
        "",
        f"All {whole['n_series']} series of length {whole['n_timepoints']}, as in a run (`tda` parameters of the "
        f"environment, jobs = {whole['jobs']}): **{whole['seconds']:.0f} s** wall clock, "
        f"{whole['seconds_of_all_workers']:.0f} s summed over workers.",
        *provenance_lines(),
    ]
    return "\n".join(lines)


def _row(way: str, times: pd.Series, growth: float) -> str:
    cells = [number(None if pd.isna(value) else float(value)) for value in [*times, growth]]
    return f"| {way} | {' | '.join(cells)} |"
