"""Fits plans: dilations, channels and levels, from train alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from topology_efficient_dl.params.models import LevelSetRecipe
from topology_efficient_dl.tda.level_sets.filters import filter_bank
from topology_efficient_dl.tda.level_sets.plan import Plan, choose_channels, choose_dilations
from topology_efficient_dl.tda.level_sets.relevance import adjusted_eta_squared
from topology_efficient_dl.tda.level_sets.representations import (
    Float32,
    Int16,
    largest_amplitude,
    quantisation_scale,
    quantise,
)
from topology_efficient_dl.tda.level_sets.vectorised import Lanes

GOLDEN = (np.sqrt(5) + 1) / 2
CANDIDATES = 4
"""Levels among which labels choose one."""


def fit_plan(
    values: Float32, labels: NDArray[np.int64] | None, recipe: LevelSetRecipe, rng: np.random.Generator
) -> Plan:
    """The plan of one representation.

    Parameters
    ----------
    values : (n_samples, n_channels, length) float32, train in that representation
    labels : (n_samples,) int64; needed where they choose the levels
    recipe : number of levels and dilations, and how levels are chosen
    rng : of filters, channels and the series that quantiles are taken of

    References
    ----------
    Dempster et al., *MiniRocket* (2021), section 3.3: quantiles along the golden ratio's low-discrepancy sequence.
    """
    plan = _without_levels(values, recipe, rng)
    whole = quantise(values, np.float32(plan.scale), int(plan.amplitude))
    n_rows = int(plan.n_rows.sum())
    n_candidates = CANDIDATES if recipe.level_choice == "labels" and labels is not None else 1
    quantiles = _quantiles((n_candidates, n_rows, plan.n_filters), rng)
    levels, lower = _levels(whole, plan, quantiles, recipe, rng)
    plans = [replace(plan, levels=high, lower=low) for high, low in zip(levels, lower, strict=True)]
    return plans[0] if n_candidates == 1 or labels is None else _most_telling(plans, whole, labels)


def _without_levels(values: Float32, recipe: LevelSetRecipe, rng: np.random.Generator) -> Plan:
    n_channels, length = values.shape[1:]
    weights = filter_bank(recipe, values, rng)
    dilations, n_rows = choose_dilations(length, recipe.levels_per_filter, recipe.max_dilations)
    if n_channels > 1:  # every row sees channels of its own
        dilations, n_rows = np.repeat(dilations, n_rows), np.ones(int(n_rows.sum()), np.int64)
    channels = choose_channels(len(dilations), n_channels, rng)
    amplitude = largest_amplitude(weights, int(channels.sum(axis=1).max()))
    nothing = np.zeros((0, weights.shape[1]), np.int16)
    interior = np.arange(int(n_rows.sum())) % 2 == 1
    scale = np.array(quantisation_scale(values, amplitude))
    return Plan(scale, np.array(amplitude), weights, channels, dilations, n_rows, interior, nothing, nothing)


def _quantiles(shape: tuple[int, int, int], rng: np.random.Generator) -> NDArray[np.float64]:
    """Numbers in [0, 1) that fill it evenly, from a random place of the sequence on."""
    start = int(rng.integers(1, 2**20))
    return np.asarray(((start + np.arange(np.prod(shape))) * GOLDEN % 1.0).reshape(shape))


def _levels(
    whole: Int16, plan: Plan, quantiles: NDArray[np.float64], recipe: LevelSetRecipe, rng: np.random.Generator
) -> tuple[Int16, Int16]:
    """(n_candidates, n_rows, n_filters) int16 levels, and lower levels, at quantiles of filtered series."""
    below = np.maximum(quantiles - recipe.persistence, 0.0)
    levels, lower = (np.empty(quantiles.shape, np.int16) for _ in range(2))
    row = 0
    for view, n_rows in enumerate(plan.n_rows):
        picked = rng.choice(len(whole), size=min(recipe.level_samples, len(whole)), replace=False)
        ordered = _in_order(whole[picked], plan, view)
        rows, columns = slice(row, row + int(n_rows)), np.arange(plan.n_filters)
        for target, share in ((levels, quantiles), (lower, below)):
            target[:, rows] = ordered[columns, (share[:, rows] * ordered.shape[1]).astype(np.int64)]
        row += int(n_rows)
    return levels, lower


def _in_order(whole: Int16, plan: Plan, view: int) -> Int16:
    """(n_filters, n_samples * length) int16: all values of each filter of one view, ascending."""
    margin = 4 * int(plan.dilations[view])
    length = whole.shape[2]
    summed = np.pad(whole[:, plan.channels[view]].sum(axis=1, dtype=np.float32), ((0, 0), (margin, margin)))
    taps = np.stack([summed[:, start : start + length].ravel() for start in range(0, 2 * margin + 1, margin // 4)])
    # Whole numbers of sixteen bits, which float32 adds up exactly and which are sorted in linear time.
    values = plan.weights.T.astype(np.float32) @ taps
    return np.sort(values.astype(np.int16), axis=1, kind="stable")


def _most_telling(plans: list[Plan], whole: Int16, labels: NDArray[np.int64]) -> Plan:
    """Of each row and filter the candidate whose counts tell the classes apart best."""
    scores = np.stack([_tells(plan, whole, labels) for plan in plans])
    best = scores.argmax(axis=0)[None]
    levels, lower = (np.stack([getattr(plan, name) for plan in plans]) for name in ("levels", "lower"))
    return replace(
        plans[0],
        levels=np.take_along_axis(levels, best, axis=0)[0],
        lower=np.take_along_axis(lower, best, axis=0)[0],
    )


def _tells(plan: Plan, whole: Int16, labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n_rows, n_filters) share of variance between classes, mean over number, measure and longest of components."""
    counts = Lanes.of(plan).count(whole)[..., : plan.n_filters].astype(np.float32)
    spread = counts.std(axis=0)
    standard = (counts - counts.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    shares = adjusted_eta_squared(standard.reshape(len(whole), -1), labels)
    return np.asarray(shares.reshape(counts.shape[1:]).mean(axis=1))
