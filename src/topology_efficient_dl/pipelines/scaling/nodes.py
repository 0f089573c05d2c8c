"""Nodes of ``scaling_a``, ``scaling_betti``, ``scaling_b`` and ``crossing_c``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from topology_efficient_dl.collections.collection import Collection
from topology_efficient_dl.data.split import PARTS, Split
from topology_efficient_dl.efficiency.environment import environment_fingerprint
from topology_efficient_dl.params.compression import CrossingParams
from topology_efficient_dl.params.series import TdaParams
from topology_efficient_dl.params.studies import GraphScalingParams, GrowthParams, ScalingParams
from topology_efficient_dl.params.training import EfficiencyParams, ParallelParams
from topology_efficient_dl.studies import crossing as crossing_study
from topology_efficient_dl.studies.diagram_cost import cost_by_length, cost_of_whole, render_scaling
from topology_efficient_dl.studies.graph_scaling import (
    check_free_memory,
    growth_exponents,
    measure_point,
    points_table,
    scaling_points,
)
from topology_efficient_dl.studies.graph_scaling_page import draw_graph_scaling, render_graph_scaling
from topology_efficient_dl.studies.growth import growth_by_length, growth_by_number, render_growth


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


def measure_points(scaling_b: GraphScalingParams) -> Collection[dict[str, Any]]:
    """Time and memory of every model on every graph, each in a process of its own, one after the other."""
    check_free_memory(scaling_b.memory_gib)
    points = Collection.of(scaling_points(scaling_b))
    return points.map(measure_point, scaling_b.conditions(), environment_fingerprint())


def tabulate_points(points: Collection[dict[str, Any]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All points as a table, and the exponents of growth in nodes and edges."""
    table = points_table(points.values())
    return table, growth_exponents(table)


def draw_points(table: pd.DataFrame, scaling_b: GraphScalingParams) -> Figure:
    """Latency and memory against edges."""
    return draw_graph_scaling(table, scaling_b.memory_gib)


def report_points(table: pd.DataFrame, exponents: pd.DataFrame, scaling_b: GraphScalingParams) -> str:
    """Where each model stops, exponents and all points as one page."""
    return render_graph_scaling(table, exponents, scaling_b)


def report(table: pd.DataFrame, whole: dict[str, Any], scaling: ScalingParams) -> str:
    """The two as one page."""
    return render_scaling(table, whole, scaling.dataset)


def measure_widths(crossing: CrossingParams, efficiency: EfficiencyParams) -> Collection[list[dict[str, Any]]]:
    """Factorised feed-forward parts of every method and width against the dense one; nothing else may run."""
    points = {f"{method}/{width}": (method, width) for method in crossing.methods for width in crossing.widths}
    return Collection.of(points).map(
        crossing_study.measure_crossing, crossing.conditions(), efficiency, environment_fingerprint()
    )


def tabulate_crossing(points: Collection[list[dict[str, Any]]]) -> pd.DataFrame:
    """All points as a table."""
    return pd.DataFrame([row for rows in points.values() for row in rows])


def draw_crossing(table: pd.DataFrame) -> Figure:
    """Time over the dense part's against the rank."""
    return crossing_study.draw_crossing(table)


def report_crossing(table: pd.DataFrame, crossing: CrossingParams, efficiency: EfficiencyParams) -> str:
    """Crossing points and every number as one page."""
    return crossing_study.crossing_page(table, crossing, efficiency)
