"""What feature extraction costs: operations where they can be counted, and a note where they cannot."""

from __future__ import annotations

import math
from typing import NamedTuple

from topology_efficient_dl.params.series import TdaRecipe
from topology_efficient_dl.tda.vectorization import make_vectorizer


class FlopCount(NamedTuple):
    """Floating point operations of one sample, or None, and the reason: never 0 for an unknown cost."""

    flops: int | None
    reason: str


def extraction_flops(recipe: TdaRecipe, n_channels: int, n_timepoints: int) -> FlopCount:
    """Operations from one raw sample to its feature vector.

    The matrix reduction of persistent homology depends on the data: None, with the parts that can be counted in the
    reason. Level sets of a series need comparisons only, and at most every second time point starts a bar, so there
    the count is an upper bound. One addition, multiplication, comparison, exponential or logarithm counts as one.

    Parameters
    ----------
    recipe : the whole way from series to features
    n_channels, n_timepoints : of the sample

    Examples
    --------
    >>> extraction_flops(TdaRecipe(), 1, 100).flops is None
    True
    >>> levels = TdaRecipe(embedding="series", filtration="sublevel", homology_dimensions=(0,))
    >>> extraction_flops(levels, 1, 100).flops
    10500
    """
    if recipe.filtration in ("sublevel", "superlevel"):
        n_bars = n_channels * math.ceil(n_timepoints / 2)
        negation = n_channels * n_timepoints if recipe.filtration == "superlevel" else 0
        vector = make_vectorizer(recipe.vectorization_params(), (0,)).flops(n_bars)
        if vector is None:
            reason = f"operations of giotto-tda's smoothing and matching ({recipe.vectorization}) depend on the data"
            return FlopCount(None, f"{reason} and are not counted")
        return FlopCount(negation + vector, f"upper bound: at most {n_bars} bars; the union-find only compares")
    return FlopCount(None, _why_unknown(recipe, n_channels, n_timepoints))


def _why_unknown(recipe: TdaRecipe, n_channels: int, n_timepoints: int) -> str:
    reduction = "the matrix reduction of persistent homology depends on the data and is not counted"
    if recipe.filtration != "rips":
        return reduction
    shape = _cloud_shape(recipe, n_channels, n_timepoints)
    if shape is None:
        return f"{reduction}; delay and dimension are chosen on train"
    n_points, n_coordinates = shape
    pairs = n_points * (n_points - 1) // 2
    return f"{reduction}; before it, {n_points} points take {3 * n_coordinates * pairs} operations for distances"


def _cloud_shape(recipe: TdaRecipe, n_channels: int, n_timepoints: int) -> tuple[int, int] | None:
    """Points and coordinates of a point cloud; None while they are ``auto``."""
    if recipe.embedding == "sliding_window":
        n_points, per_channel = (n_timepoints - recipe.window) // recipe.stride + 1, recipe.window
    elif recipe.delay == "auto" or recipe.dimension == "auto":
        return None
    else:
        n_points, per_channel = n_timepoints - (recipe.dimension - 1) * recipe.delay, recipe.dimension
    return min(n_points, recipe.max_points or n_points), n_channels * per_channel
