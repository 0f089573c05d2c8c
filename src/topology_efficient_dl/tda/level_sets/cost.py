"""What the transform costs: operations and bytes of one series, counted from its plans."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from topology_efficient_dl.tda.level_sets.plan import Plan
from topology_efficient_dl.tda.level_sets.representations import N_TAPS, represent
from topology_efficient_dl.tda.level_sets.transformer import ConvolutionalBettiCurves
from topology_efficient_dl.tda.level_sets.vector_code import LANES

FIXED = 6
"""Operations of a fixed filter at one time point: two additions of taps, one product, one difference, two to share the
sum of the nine taps among 84 filters, generously."""

PER_LEVEL = 6
"""Operations of a level at one time point: comparison, run, birth, number, measure, longest."""


@dataclass(frozen=True)
class LevelSetCost:
    """Operations and traffic of one series.

    Attributes
    ----------
    filter_operations : to filter
    level_operations : to count
    feature_operations : square roots, differences and products of the features
    vector_steps : steps of ``LANES`` filters, one level and one time point: the unit of work of the vector kernel
    bytes_written : filtered values, written once and read once per level, in bytes
    """

    filter_operations: int
    level_operations: int
    feature_operations: int
    vector_steps: int
    bytes_written: int

    @property
    def operations(self) -> int:
        """All operations, an addition, product or comparison of whole numbers counting as one."""
        return self.filter_operations + self.level_operations + self.feature_operations


def transform_cost(curves: ConvolutionalBettiCurves, n_channels: int, n_timepoints: int) -> LevelSetCost:
    """Cost of one series of that shape.

    Examples
    --------
    >>> from topology_efficient_dl.params.models import LevelSetRecipe
    >>> curves = ConvolutionalBettiCurves(LevelSetRecipe(levels_per_filter=1, representations=("raw",)))
    >>> transform_cost(curves.fit(np.random.default_rng(0).normal(size=(4, 1, 100))), 1, 100).level_operations
    50400
    """
    lengths = {
        name: represent(np.zeros((1, n_channels, n_timepoints), np.float32), name.rsplit("_", 1)[0]).shape[2]
        for name in curves.plans_
    }
    parts = [_plan_cost(plan, lengths[name], curves.recipe_.filters == "fixed") for name, plan in curves.plans_.items()]
    sums = [sum(values) for values in zip(*parts, strict=True)]
    return LevelSetCost(sums[0], sums[1], 3 * len(curves.columns_), sums[2], sums[3])


def _plan_cost(plan: Plan, length: int, fixed: bool) -> tuple[int, int, int, int]:
    """Filter and level operations, vector steps and bytes of one plan."""
    dilation_of_row = np.repeat(plan.dilations, plan.n_rows)
    counted = int((length - 8 * dilation_of_row * plan.interior).sum())
    per_filter = FIXED if fixed else 2 * N_TAPS - 1
    filtered = len(plan.dilations) * length * plan.n_filters
    tiles = -(-plan.n_filters // LANES)
    return (
        filtered * per_filter,
        counted * plan.n_filters * PER_LEVEL,
        counted * tiles,
        len(plan.dilations) * length * tiles * LANES * 2,
    )
