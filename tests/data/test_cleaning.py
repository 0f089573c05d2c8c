"""Gaps, lengths and scale of one series."""

from __future__ import annotations

from fractions import Fraction

import gudhi
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from topology_efficient_dl.data.cleaning import (
    fill_missing,
    loss_of_float32,
    pad_end,
    resample,
    z_normalise,
)

finite_series = arrays(
    np.float64, st.tuples(st.integers(1, 3), st.integers(2, 20)), elements=st.floats(-1e6, 1e6, width=32)
)


def _sublevel_diagram(values: np.ndarray) -> np.ndarray:
    pairs = gudhi.CubicalComplex(vertices=values).persistence()
    return np.array(sorted(pair for _, pair in pairs))


@given(finite_series, st.integers(0, 30))
def test_padding_leaves_sublevel_persistence_as_it_was(series: np.ndarray, extra: int) -> None:
    padded = pad_end(series, series.shape[1] + extra)
    for before, after in zip(series, padded, strict=True):
        np.testing.assert_array_equal(_sublevel_diagram(before), _sublevel_diagram(after))


def test_padding_with_zeros_would_not() -> None:
    values = np.array([2.0, 1.0, 3.0])
    assert len(_sublevel_diagram(values)) < len(_sublevel_diagram(np.append(values, 0.0)))


@given(finite_series)
def test_z_normalised_channels_have_mean_0_and_deviation_1_or_are_0(series: np.ndarray) -> None:
    scaled = z_normalise(series)
    np.testing.assert_allclose(scaled.mean(axis=1), 0, atol=1e-9)
    for channel, deviation in zip(scaled, scaled.std(axis=1), strict=True):
        assert deviation == pytest.approx(1) or not channel.any()


@pytest.mark.parametrize("scale", [1e-300, 1e-12, 1.0, 1e300])
def test_z_normalisation_does_not_depend_on_the_unit(scale: float) -> None:
    series = np.array([[1.0, 2.0, 4.0]])
    np.testing.assert_allclose(z_normalise(series * scale), z_normalise(series), rtol=1e-12)


def test_a_constant_with_rounding_noise_is_constant() -> None:
    nearly = np.array([[0.1, np.nextafter(0.1, 1), 0.1, np.nextafter(0.1, 0)]])
    assert nearly.std() > 0
    np.testing.assert_array_equal(z_normalise(nearly), np.zeros((1, 4)))


@pytest.mark.parametrize(("offset", "size"), [(1e8, 1e-2), (1.7e12, 100.0), (1e6, 1e-5), (-3e9, 1e-3), (1e300, 1e290)])
def test_a_small_signal_on_a_large_offset_is_standardised_as_without_it(offset: float, size: float) -> None:
    series = offset + size * np.sin(np.arange(50.0))[None]
    exact = [Fraction(value) for value in series[0]]
    mean = sum(exact) / len(exact)
    deviation = float(sum(((value - mean) / Fraction(size)) ** 2 for value in exact) / len(exact)) ** 0.5
    expected = [float((value - mean) / Fraction(size)) / deviation for value in exact]
    np.testing.assert_allclose(z_normalise(series)[0], expected, rtol=1e-9, atol=1e-9)


def test_each_channel_is_standardised_by_itself_whatever_its_offset() -> None:
    wave = np.sin(np.arange(50.0))
    both = z_normalise(np.stack([wave, 1e8 + 1e-2 * wave, np.full(50, 3.7)]))
    np.testing.assert_allclose(both[1], both[0], atol=1e-5)
    assert not both[2].any()


def test_loss_of_float32_is_told_by_the_worst_channel() -> None:
    wave = np.sin(np.arange(50.0))
    assert loss_of_float32(np.stack([wave, np.full(50, 1e9 + 0.5)])) < 1e-7
    assert loss_of_float32(np.stack([wave, 1e9 + wave])) > 0.4


@given(finite_series, st.integers(1, 40))
def test_resampling_stays_in_range_and_keeps_the_ends(series: np.ndarray, length: int) -> None:
    resampled = resample(series, length)
    assert resampled.shape == (len(series), length)
    assert resampled.min() >= series.min()
    assert resampled.max() <= series.max()
    np.testing.assert_array_equal(resampled[:, 0], series[:, 0])
    if length > 1:
        np.testing.assert_array_equal(resampled[:, -1], series[:, -1])


def test_resampling_a_straight_line_gives_a_straight_line() -> None:
    np.testing.assert_allclose(resample(np.arange(10.0)[None], 37), np.linspace(0, 9, 37)[None])


@pytest.mark.parametrize("method", ["interpolate", "pad"])
@given(finite_series, st.data())
def test_filling_changes_only_what_is_missing(method, series: np.ndarray, data: st.DataObject) -> None:
    missing = data.draw(arrays(np.bool_, series.shape))
    missing[:, data.draw(st.integers(0, series.shape[1] - 1))] = False
    filled = fill_missing(np.where(missing, np.nan, series), method)
    assert np.isfinite(filled).all()
    np.testing.assert_array_equal(filled[~missing], series[~missing])
