"""A split survives as arrays, to the bit and without pickle."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology_efficient_dl.data.split import PARTS, Split, split_from_arrays, split_to_arrays
from topology_efficient_dl.errors import StorageError

words = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=8)


def _split(**changes) -> Split:
    generator = np.random.default_rng(0)
    series = {part: generator.normal(size=(4, 2, 5)).astype(np.float32) for part in PARTS}
    labels = {part: np.array([0, 1, 1, 0]) for part in PARTS}
    return dataclasses.replace(Split("Toy", series, labels, ("1", "2"), "toy"), **changes)


def _assert_equal(first: Split, second: Split) -> None:
    for field in ("name", "classes", "source", "notes"):
        assert getattr(first, field) == getattr(second, field)
    for part in PARTS:
        for before, after in (
            (first.series[part], second.series[part]),
            (first.labels[part], second.labels[part]),
        ):
            np.testing.assert_array_equal(before, after)
            assert before.dtype == after.dtype


@given(words, st.lists(words, min_size=1, max_size=5, unique=True), words, st.lists(words, max_size=3))
def test_round_trip(name: str, classes: list[str], source: str, notes: list[str]) -> None:
    split = _split(name=name, classes=tuple(classes), source=source, notes=tuple(notes))
    _assert_equal(split, split_from_arrays(split_to_arrays(split)))


def test_round_trip_through_a_file_without_pickle(tmp_path: Path) -> None:
    split = _split(notes=("Größe geprüft",))
    np.savez(tmp_path / "split.npz", **split_to_arrays(split))
    with np.load(tmp_path / "split.npz", allow_pickle=False) as arrays:
        _assert_equal(split, split_from_arrays(arrays))


def test_no_object_arrays() -> None:
    assert all(array.dtype.kind in "fiU" for array in split_to_arrays(_split()).values())


def test_a_missing_array_is_named() -> None:
    arrays = split_to_arrays(_split())
    del arrays["labels_test"]
    with pytest.raises(StorageError, match="no arrays \\['labels_test'\\]"):
        split_from_arrays(arrays)


@pytest.mark.parametrize("metadata", ["{", "[]", '{"name": "Toy"}'])
def test_damaged_metadata(metadata: str) -> None:
    with pytest.raises(StorageError, match="metadata"):
        split_from_arrays({**split_to_arrays(_split()), "metadata": np.array(metadata)})
