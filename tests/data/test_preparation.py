"""New series are prepared as ingest prepared those of the files, to the bit, or refused by name."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology_efficient_dl.data.codec import split_from_arrays, split_to_arrays
from topology_efficient_dl.data.preparation import Preparation
from topology_efficient_dl.data.readers import read_series
from topology_efficient_dl.data.splits import read_split
from topology_efficient_dl.errors import DataError, StorageError
from topology_efficient_dl.params import IngestParams

LABELS = ["a", "b", "a", "b", "a", "b"]
FILLED = Preparation(2, 9, missing_values="interpolate", unequal_length="pad")


def _with_gaps(rows):
    for _, values in rows:
        values[0, 2] = np.nan
    return rows


@pytest.mark.parametrize(
    ("missing", "unequal", "normalise"),
    itertools.product(("interpolate", "pad"), ("interpolate", "pad"), (True, False)),
)
@pytest.mark.parametrize("suffix", [".tsv", ".ts"])
def test_raw_series_of_a_file_become_those_of_the_split_to_the_bit(
    toy, toy_rows, missing, unequal, normalise, suffix
) -> None:
    lengths = {"train": (12, 9), "test": (7, 12)}
    channels = 1 if suffix == ".tsv" else 3
    rows = {
        part: _with_gaps(toy_rows(LABELS, place, lengths[part], channels))
        for place, part in enumerate(("train", "test"))
    }
    files = toy(rows["train"], rows["test"], suffix)
    split = read_split(files, IngestParams(missing_values=missing, unequal_length=unequal, normalise=normalise))
    assert split.preparation == Preparation(channels, 12, missing, unequal, normalise)
    raw = read_series(files.test).series
    np.testing.assert_array_equal(split.preparation(raw), split.series["test"])
    as_array = np.stack([np.pad(x, ((0, 0), (0, 12 - x.shape[1])), constant_values=np.nan) for x in raw])
    np.testing.assert_array_equal(split.preparation(as_array), split.series["test"])


@pytest.mark.parametrize("unequal", ["interpolate", "pad"])
@pytest.mark.parametrize("normalise", [True, False])
def test_series_of_a_split_stay_as_they_are_to_the_bit(toy, toy_rows, unequal, normalise) -> None:
    files = toy(toy_rows(LABELS, 0, (40, 31)), toy_rows(LABELS, 1, (25, 40)))
    split = read_split(files, IngestParams(unequal_length=unequal, normalise=normalise))
    for series in split.series.values():
        np.testing.assert_array_equal(split.preparation(series), series)


@given(st.integers(0, 10_000), st.integers(1, 3), st.integers(2, 60), st.integers(0, 20), st.floats(1e-3, 1e6))
def test_preparing_twice_is_preparing_once(seed: int, channels: int, length: int, missing: int, size: float) -> None:
    rng = np.random.default_rng(seed)
    raw = size * (rng.normal(size=(4, channels, length)).cumsum(axis=2).round(1) + 7)
    raw[0] = 3.0
    prepare = Preparation(channels, length + missing, unequal_length="pad")
    once = prepare(raw)
    np.testing.assert_array_equal(prepare(once), once)


def test_units_do_not_matter_where_series_are_normalised() -> None:
    raw = np.random.default_rng(0).normal(size=(3, 2, 9))
    np.testing.assert_allclose(FILLED(1000 * raw + 5), FILLED(raw), atol=1e-5)
    assert np.abs(dataclasses.replace(FILLED, normalise=False)(1000 * raw) - FILLED(raw)).max() > 100


def test_what_was_not_done_to_the_files_is_refused_though_ingest_would_have_done_it(toy, toy_rows) -> None:
    split = read_split(toy(toy_rows(LABELS), toy_rows(LABELS, 1)), IngestParams())
    assert split.preparation == Preparation(1, 12, "error", "error", True)
    held_out = read_split(toy(toy_rows(LABELS), toy_rows(LABELS, 1)), IngestParams(held_out=0.3))
    assert held_out.preparation == split.preparation


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: x[:, :, :6], r"sample 0: 6 positions in time .* expected 9, as many as"),
        (lambda x: x[:, :1], r"sample 0: shape \(1, 9\); expected \(2, 9\)"),
        (lambda x: x[:, 0], r"shape \(3, 9\); expected \(n, n_channels, n_timepoints\).*series\[:, None, :\]"),
        (lambda x: _set(x, (2, 1, 4), np.nan), r"sample 2, channel 1: missing value at position 4, .*prepare="),
        (lambda x: _set(x, (2, 1, 4), np.inf), r"sample 2, channel 1: inf at position 4"),
        (lambda x: _set(x, (1, 0), np.nan), r"sample 1, channel 0: no value at all"),
        (lambda x: _set(x, (1, slice(None), slice(7, None)), np.nan), r"sample 1: 7 positions .*count as a shorter"),
        (lambda x: [*x, x[0][:, :8]], r"sample 3: 8 positions"),
        (lambda x: [["a", "b"]], "expected numbers"),
    ],
)
def test_what_cannot_be_prepared_is_refused_by_place(change, message: str) -> None:
    raw = np.random.default_rng(0).normal(size=(3, 2, 9))
    with pytest.raises(DataError, match=message):
        Preparation(2, 9)(change(raw))


def _set(values: np.ndarray, place, value: float) -> np.ndarray:
    values = values.copy()
    values[place] = value
    return values


def test_longer_series_cannot_be_padded_and_values_beyond_float32_are_refused() -> None:
    raw = np.random.default_rng(0).normal(size=(3, 2, 11))
    with pytest.raises(DataError, match="expected 9, at most as many as the series of the fit"):
        FILLED(raw)
    plain = Preparation(2, 11, normalise=False)
    with pytest.raises(DataError, match=r"sample 1, channel 0, position 3 is inf.*float32"):
        plain(_set(raw, (1, 0, 3), 1e39))
    assert np.isfinite(Preparation(2, 11)(1e39 * raw)).all()
    assert plain([]).shape == (0, 2, 11)


def test_a_record_survives_as_json_and_others_are_refused() -> None:
    assert Preparation.from_json(FILLED.to_json()) == FILLED
    with pytest.raises(StorageError, match="version 2, this program knows 1"):
        Preparation.from_json(FILLED.to_json() | {"version": 2})
    for other in ({}, None, {"n_channels": 1}):
        with pytest.raises(StorageError, match="expected n_channels"):
            Preparation.from_json(other)


def test_a_split_keeps_its_preparation_and_one_stored_before_has_none(toy, toy_rows, tmp_path: Path) -> None:
    split = read_split(toy(toy_rows(LABELS), toy_rows(LABELS, 1)), IngestParams())
    assert split_from_arrays(split_to_arrays(split)).preparation == split.preparation
    before = split_to_arrays(dataclasses.replace(split, preparation=None))
    assert "preparation" not in before["metadata"].item()
    assert split_from_arrays(before).preparation is None
