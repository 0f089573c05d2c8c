"""Diagrams of a whole split, and their parts again."""

from __future__ import annotations

import numpy as np
import pytest

from topology_efficient_dl.data.split import PARTS, Split
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.params.series import FiltrationParams
from topology_efficient_dl.tda.splits import diagrams_by_part, diagrams_of_split

SUBLEVEL = FiltrationParams(embedding="series", filtration="sublevel", homology_dimensions=(0,))
SIZES = {"train": 5, "validation": 2, "test": 3}


def make_split(scale_of_test: float = 1.0, n_timepoints: int = 40) -> Split:
    rng = np.random.default_rng(0)
    series = {
        part: rng.normal(size=(n, 1, n_timepoints)).cumsum(axis=2).astype(np.float32) for part, n in SIZES.items()
    }
    series["test"] = series["test"] * np.float32(scale_of_test)
    return Split("Toy", series, {part: np.arange(n) % 2 for part, n in SIZES.items()}, ("a", "b"), "made up")


def test_parts_come_back_in_their_sizes_and_values() -> None:
    split = make_split()
    parts = diagrams_by_part(diagrams_of_split(split, SUBLEVEL), split)
    assert {part: len(diagrams) for part, diagrams in parts.items()} == SIZES
    for part in PARTS:
        for diagram, values in zip(parts[part], split.series[part], strict=True):
            assert diagram.birth.min() == pytest.approx(float(values.min()))  # the oldest component


def test_auto_is_settled_on_train_alone() -> None:
    params = FiltrationParams(delay="auto", dimension=2, homology_dimensions=(0,))
    first, second = make_split(), make_split(scale_of_test=100.0)
    one, other = (diagrams_by_part(diagrams_of_split(each, params), each) for each in (first, second))
    for mine, theirs in zip(one["train"], other["train"], strict=True):
        np.testing.assert_array_equal(mine.death, theirs.death)


def test_workers_give_what_one_gives() -> None:
    split = make_split()
    alone, together = (
        diagrams_of_split(split, SUBLEVEL),
        diagrams_of_split(split, SUBLEVEL, jobs=2, backend="threading"),
    )
    for mine, theirs in zip(alone, together, strict=True):
        np.testing.assert_array_equal(mine.birth, theirs.birth)
        np.testing.assert_array_equal(mine.death, theirs.death)


def test_a_series_shorter_than_its_embedding_is_refused() -> None:
    with pytest.raises(ParameterError, match="delay 20 and dimension 3 need 42 time points"):
        diagrams_of_split(make_split(), FiltrationParams(delay=20, dimension=3))
