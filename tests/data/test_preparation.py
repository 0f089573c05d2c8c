"""New series are prepared as ingest prepared those of the files, to the bit, or refused by name."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology_efficient_dl.data.cleaning import z_normalise
from topology_efficient_dl.data.preparation import Preparation
from topology_efficient_dl.data.readers import read_series
from topology_efficient_dl.data.split import split_from_arrays, split_to_arrays
from topology_efficient_dl.data.splits import read_split
from topology_efficient_dl.errors import DataError, StorageError
from topology_efficient_dl.params.series import IngestParams

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


def test_raw_series_that_look_prepared_are_prepared_as_in_the_file(toy) -> None:
    steps = [np.repeat([-1.0, 1.0], (place, 40 - place))[None] for place in range(8, 32, 4)]
    rows = [(label, values) for label, values in zip(LABELS, steps, strict=True)]
    split = read_split(toy(rows, rows), IngestParams())
    found = split.preparation(steps)
    np.testing.assert_array_equal(found, split.series["test"])
    np.testing.assert_allclose(found.mean(axis=2), 0.0, atol=1e-6)


@pytest.mark.parametrize("unequal", ["error", "pad", "interpolate"])
@given(st.integers(0, 10_000), st.integers(1, 3), st.integers(2, 60), st.floats(1e-3, 1e6))
def test_every_raw_series_is_z_normalised_over_its_full_length(
    unequal, seed: int, channels: int, length: int, size: float
) -> None:
    raw = size * np.random.default_rng(seed).normal(size=(4, channels, length)).cumsum(axis=2).round(1)
    raw[0] = 3.0
    raw[1] = np.sign(raw[1] + 0.1)  # of mean 0 and deviation 1 up to some position, often
    prepare = Preparation(channels, length, unequal_length=unequal)
    once = prepare(raw)
    np.testing.assert_array_equal(once, np.stack([z_normalise(values) for values in raw]).astype(np.float32))
    np.testing.assert_allclose(prepare(once), once, atol=1e-4)  # once more is rounding


def test_masked_values_are_missing_and_other_types_than_real_numbers_are_refused() -> None:
    raw = np.random.default_rng(0).normal(size=(3, 2, 9))
    masked = np.ma.masked_array(raw, mask=np.zeros(raw.shape, bool))
    np.testing.assert_array_equal(FILLED(masked), FILLED(raw))
    masked.mask[1, 0, 4] = True
    np.testing.assert_array_equal(FILLED(masked), FILLED(_set(raw, (1, 0, 4), np.nan)))
    np.testing.assert_array_equal(FILLED(list(masked)), FILLED(masked))
    with pytest.raises(DataError, match="sample 1, channel 0: missing value at position 4"):
        Preparation(2, 9)(masked)
    for other in (raw.astype(complex), np.zeros(raw.shape, "M8[s]"), np.zeros(raw.shape, "m8[s]")):
        for given_as in (other, list(other)):
            with pytest.raises(DataError, match=f"values of type {other.dtype.name[:7]}.*; expected real numbers"):
                FILLED(given_as)


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
