"""Nodes of ``scaling_a``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from topology_efficient_dl.collections.collection import Collection
from topology_efficient_dl.data.split import PARTS, Split
from topology_efficient_dl.evaluation.growth import growth_by_length, growth_by_number, render_growth
from topology_efficient_dl.evaluation.scaling import render_scaling
from topology_efficient_dl.params import GrowthParams, ParallelParams, ScalingParams, TdaParams
from topology_efficient_dl.tda.scaling import cost_by_length, cost_of_whole


def time_lengths(splits: Collection[Split], scaling: ScalingParams, tda: TdaParams) -> pd.DataFrame:
    """Time for one diagram, by way and length."""
    series = splits[scaling.dataset].series["train"][: scaling.n_series]
    return cost_by_length(series, scaling.lengths, scaling.filtrations(tda))


def time_whole_set(
    splits: Collection[Split], scaling: ScalingParams, tda: TdaParams, parallel: ParallelParams
) -> dict[str, Any]:
    """Time for the diagrams of all series of the set, with all workers."""
    series = np.concatenate([splits[scaling.dataset].series[part] for part in PARTS])
    return cost_of_whole(series, tda.filtration_params(), jobs=parallel.jobs, backend=parallel.backend)


def grow_length(growth: GrowthParams) -> pd.DataFrame:
    """Time of level-set inference by length."""
    return growth_by_length(growth)


def grow_number(growth: GrowthParams) -> pd.DataFrame:
    """Time and memory of level-set inference by the number of series."""
    return growth_by_number(growth)


def report_growth(lengths: pd.DataFrame, numbers: pd.DataFrame, growth: GrowthParams) -> str:
    """Both as one page."""
    return render_growth(lengths, numbers, growth)


def report(table: pd.DataFrame, whole: dict[str, Any], scaling: ScalingParams) -> str:
    """The two as one page."""
    return render_scaling(table, whole, scaling.dataset)
