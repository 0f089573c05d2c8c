"""Operations of one series, counted from plans."""

from __future__ import annotations

import numpy as np
import pytest
from tests.tda.level_sets.cases import series_of

from topology_efficient_dl.params.models import LevelSetRecipe
from topology_efficient_dl.tda.level_sets import ConvolutionalBettiCurves
from topology_efficient_dl.tda.level_sets.cost import LevelSetCost, transform_cost


def fitted(**changes) -> ConvolutionalBettiCurves:
    return ConvolutionalBettiCurves(LevelSetRecipe(levels_per_filter=2, **changes)).fit(series_of(n_timepoints=20))


def test_a_tiny_plan_by_hand() -> None:
    """Two filters at dilations 1, over the whole series, and 2, inside: over 20 - 2 * 4 * 2 points."""
    curves = fitted(representations=("raw",), filters="random", n_filters=2)
    assert curves.plans_["raw_superlevel"].dilations.tolist() == [1, 2]
    cost = transform_cost(curves, 1, 20)
    assert cost == LevelSetCost(
        filter_operations=2 * 20 * 2 * (9 + 8),  # views, points, filters, products and additions
        level_operations=(20 + 4) * 2 * 6,
        feature_operations=3 * (2 * 3 * 2),  # rows, statistics, filters
        vector_steps=20 + 4,
        bytes_written=2 * 20 * 32 * 2,  # views, points, lanes, bytes
    )
    assert cost.operations == 1360 + 288 + 36


def test_fixed_filters_share_their_sums() -> None:
    fixed, random = (
        transform_cost(fitted(representations=("raw",), filters=kind, n_filters=84), 1, 20)
        for kind in ("fixed", "random")
    )
    assert fixed.filter_operations < random.filter_operations
    assert (fixed.level_operations, fixed.vector_steps) == (random.level_operations, random.vector_steps)


@pytest.mark.parametrize("representation", ["raw", "difference", "second_difference", "cumulative", "smoothed"])
def test_the_cost_is_linear_in_the_length(representation: str) -> None:
    curves = fitted(representations=(representation,))
    costs = [transform_cost(curves, 1, length) for length in (100, 200, 300, 1300)]
    for name in ("filter_operations", "level_operations", "vector_steps", "bytes_written"):
        steps = np.diff([getattr(cost, name) for cost in costs])
        assert steps.tolist() == [steps[0], steps[0], 10 * steps[0]]
        assert steps[0] > 0
    assert len({cost.feature_operations for cost in costs}) == 1


def test_the_spectrum_is_half_as_long() -> None:
    raw, spectrum = (
        transform_cost(fitted(representations=(name,), max_dilations=1), 1, 400) for name in ("raw", "amplitude")
    )
    assert raw.filter_operations == 2 * spectrum.filter_operations


def test_representations_and_directions_add_up() -> None:
    parts = [transform_cost(fitted(representations=(name,)), 1, 50).operations for name in ("raw", "difference")]
    both = fitted(representations=("raw", "difference"))
    assert transform_cost(both, 1, 50).operations == sum(parts)
    both_ways = fitted(representations=("raw",), directions=("superlevel", "sublevel"))
    assert transform_cost(both_ways, 1, 50).operations == 2 * parts[0]


def test_features_that_are_left_out_cost_nothing() -> None:
    curves = fitted()
    selected = curves.select(np.array([3]))
    whole, part = transform_cost(curves, 1, 20), transform_cost(selected, 1, 20)
    assert part.feature_operations == 3
    assert part.level_operations == 20 * 84 * 6
    assert part.operations < whole.operations / 3
