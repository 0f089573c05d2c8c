"""What filters see: known representations, and whole numbers that leave room for sums."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tda.level_sets.cases import series_of

from topology_efficient_dl.errors import DataError
from topology_efficient_dl.params.models import LevelSetRepresentation
from topology_efficient_dl.tda.level_sets.representations import (
    N_TAPS,
    quantisation_scale,
    quantise,
    represent,
    whole_numbers,
)

NAMES = list(get_args(LevelSetRepresentation))


def test_differences_undo_the_sum() -> None:
    series = series_of(n_channels=2)
    again = represent(represent(series, "cumulative"), "difference")
    np.testing.assert_allclose(again, series[:, :, 1:], rtol=1e-4, atol=1e-4)
    twice = represent(represent(series, "difference"), "difference")
    np.testing.assert_allclose(represent(series, "second_difference"), twice, atol=1e-5)


def test_a_wave_has_one_amplitude_whatever_its_mean_and_phase() -> None:
    time = np.arange(50)
    waves = np.stack([7 + np.cos(2 * np.pi * 4 * time / 50), np.sin(2 * np.pi * 4 * time / 50) - 3])
    amplitudes = represent(waves[:, None], "amplitude")[:, 0]
    np.testing.assert_allclose(amplitudes, np.eye(25)[[3, 3]] * 25 / np.sqrt(50), atol=1e-5)


def test_moving_means_repeat_the_ends() -> None:
    series = np.array([[[0.0, 5.0, 10.0, 5.0, 0.0, 5.0, 10.0, 5.0, 0.0, 0.0, 20.0]]])
    smoothed = represent(series, "smoothed")[0, 0]
    np.testing.assert_allclose(smoothed[[0, 2, 10]], [3.0, 4.0, 12.0], rtol=1e-6)
    steps = np.abs(np.diff(series[0, 0]))
    line_length = represent(series, "line_length")[0, 0]
    np.testing.assert_allclose(line_length[[4, 0]], [steps[:9].mean(), (4 * steps[0] + steps[:5].sum()) / 9], rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("n_timepoints", [1, 2, 5, 9, 30])
def test_short_series_are_padded_to_the_width_of_a_filter(name: str, n_timepoints: int) -> None:
    values = represent(series_of(3, 2, n_timepoints), name)
    assert values.shape[:2] == (3, 2)
    assert values.shape[2] >= N_TAPS
    assert np.isfinite(values).all()


@given(st.integers(0, 10_000), st.integers(1, 3000), st.floats(1e-6, 1e6))
def test_train_fills_the_range_and_is_rounded_to_half_a_step(seed: int, amplitude: int, size: float) -> None:
    values = (np.random.default_rng(seed).normal(size=(3, 1, 20)) * size).astype(np.float32)
    scale = quantisation_scale(values, amplitude)
    whole = quantise(values, scale, amplitude)
    assert np.abs(whole).max() == amplitude
    np.testing.assert_allclose(whole, values * scale, atol=0.501)
    np.testing.assert_array_equal(quantise(-values, scale, amplitude), -whole)
    assert np.abs(quantise(values * 100, scale, amplitude)).max() == amplitude


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sign", [1, -1])
@settings(max_examples=20)
@given(st.integers(0, 10_000), st.integers(1, 60), st.integers(1, 3000), st.floats(0.01, 100))
def test_one_pass_gives_the_same_whole_numbers_as_three(
    name: str, sign: int, seed: int, n_timepoints: int, amplitude: int, size: float
) -> None:
    """Halves and samples beyond the range of train among them; series of either precision, also seen backwards."""
    rng = np.random.default_rng(seed)
    series = rng.normal(size=(3, 2, n_timepoints)) * rng.choice([0.1, 1, 50], size=(3, 2, n_timepoints))
    scale = np.float32(size) if seed % 2 else np.float32(0.5)
    for given_series in (series, series.astype(np.float32), np.rint(series)[:, :, ::-1]):
        expected = quantise(sign * represent(given_series, name), scale, amplitude)
        found = whole_numbers(given_series, name, sign, scale, amplitude)
        np.testing.assert_array_equal(found, expected)
        assert found.dtype == np.int16


def test_series_of_zeros_have_a_scale() -> None:
    assert quantisation_scale(np.zeros((2, 1, 9), np.float32), 5) == 1


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_scale_of_what_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(DataError, match=r"missing or infinite.*ingest\.missing_values"):
        quantisation_scale(np.array([1, value], np.float32), 5)
