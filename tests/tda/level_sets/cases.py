"""Random plans, and series as whole numbers, that level sets are tested on."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from topology_efficient_dl.params.models import LevelSetRecipe
from topology_efficient_dl.tda.level_sets.filters import filter_bank, fixed_filters
from topology_efficient_dl.tda.level_sets.plan import Plan
from topology_efficient_dl.tda.level_sets.representations import LARGEST, largest_amplitude


def series_of(n_samples: int = 12, n_channels: int = 1, n_timepoints: int = 40, seed: int = 0) -> np.ndarray:
    """Random walks, which have hills of every size."""
    return np.random.default_rng(seed).normal(size=(n_samples, n_channels, n_timepoints)).cumsum(axis=2)


def two_classes(n_samples: int = 24, n_timepoints: int = 40, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Noisy sines of two frequencies, and which one it is."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n_samples) % 2
    waves = np.sin((1 + labels)[:, None] * np.linspace(0, 9, n_timepoints) + rng.uniform(0, 6, (n_samples, 1)))
    return (waves + 0.3 * rng.normal(size=waves.shape))[:, None], labels


def plan_of(
    weights: np.ndarray, channels: Any, dilations: Any, n_rows: Any, interior: Any, levels: Any = 0, lower: Any = 0
) -> Plan:
    """A plan from lists; one number stands for all levels."""
    channels, n_rows = np.array(channels, np.bool_), np.array(n_rows, np.int64)
    shape = (int(n_rows.sum()), weights.shape[1])
    amplitude = np.array(largest_amplitude(weights, int(channels.sum(axis=1).max())))
    return Plan(
        np.array(1, np.float32),
        amplitude,
        weights,
        channels,
        np.array(dilations, np.int64),
        n_rows,
        np.array(interior, np.bool_),
        *(np.broadcast_to(np.asarray(level, np.int16), shape).copy() for level in (levels, lower)),
    )


@st.composite
def counted_series(draw: st.DrawFn) -> tuple[np.ndarray, Plan]:
    """Whole numbers (n_samples, n_channels, length), and a plan for them."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    length, n_channels = draw(st.integers(9, 200)), draw(st.integers(1, 3))
    n_filters = draw(st.none() | st.integers(1, 70))
    recipe = LevelSetRecipe(filters="random", n_filters=n_filters or 1)
    weights = filter_bank(recipe, np.zeros((1, 1, length)), rng) if n_filters else fixed_filters()
    dilations = draw(st.lists(st.integers(1, (length - 1) // 8), min_size=1, max_size=2))
    n_rows = rng.integers(1, 3, size=len(dilations))
    channels = rng.random((len(dilations), n_channels)) < 0.6
    channels[:, rng.integers(n_channels)] = True
    interior = rng.random(n_rows.sum()) < 0.5
    plan = plan_of(weights, channels, dilations, n_rows, interior)
    largest = min(int(plan.amplitude), draw(st.sampled_from([1, 4, LARGEST])))
    spread = largest * int(np.abs(weights).sum(axis=0).max()) // 3
    plan.levels[:] = rng.integers(-spread, spread + 1, size=plan.levels.shape)
    plan.lower[:] = plan.levels - rng.integers(0, spread + 1, size=plan.levels.shape)
    whole = rng.integers(-largest, largest + 1, size=(draw(st.integers(1, 2)), n_channels, length))
    return whole.astype(np.int16), plan
