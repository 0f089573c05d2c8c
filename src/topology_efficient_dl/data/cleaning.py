"""What is done to one series before it enters a split: missing values, length, scale. Pure functions."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

EPSILON = float(np.finfo(np.float64).eps)
RESOLUTION = 4 * EPSILON
"""Spread, relative to the largest magnitude, that float64 does not tell from rounding."""

SMALL_SPREAD = 1e-6
"""Relative spread below which values are taken relative to the first of them, which is exact, before all else."""


def fill_missing(series: FloatArray, method: Literal["interpolate", "pad"]) -> FloatArray:
    """Replace every NaN of a series, channel by channel.

    Parameters
    ----------
    series : (n_channels, length) float64, at least one value observed in every channel
    method : ``"interpolate"`` draws a straight line between the neighbours and takes the nearest value at the ends;
        ``"pad"`` repeats the value before the gap, and at the start the first value observed

    Returns
    -------
    (n_channels, length) float64 without NaN; the input itself if it had none.

    Examples
    --------
    >>> gaps = np.array([[np.nan, 1.0, np.nan, np.nan, 4.0]])
    >>> fill_missing(gaps, "interpolate")
    array([[1., 1., 2., 3., 4.]])
    >>> fill_missing(gaps, "pad")
    array([[1., 1., 1., 1., 4.]])
    """
    if not np.isnan(series).any():
        return series
    fill = _interpolated if method == "interpolate" else _carried_forward
    return np.stack([fill(channel) for channel in series])


def _interpolated(channel: FloatArray) -> FloatArray:
    times = np.arange(len(channel))
    observed = ~np.isnan(channel)
    return np.interp(times, times[observed], channel[observed])


def _carried_forward(channel: FloatArray) -> FloatArray:
    observed = np.flatnonzero(~np.isnan(channel))
    latest = np.searchsorted(observed, np.arange(len(channel)), side="right") - 1
    return channel[observed[np.maximum(latest, 0)]]


def resample(series: FloatArray, length: int) -> FloatArray:
    """Stretch or shrink a series to a length by linear interpolation; first and last value stay.

    Parameters
    ----------
    series : (n_channels, any length) float64 without NaN
    length : number of samples wanted

    Returns
    -------
    (n_channels, length) float64.

    Examples
    --------
    >>> resample(np.array([[0.0, 1.0, 2.0]]), 5)
    array([[0. , 0.5, 1. , 1.5, 2. ]])
    """
    if series.shape[1] == length:
        return series
    old, new = np.linspace(0, 1, series.shape[1]), np.linspace(0, 1, length)
    return np.stack([np.interp(new, old, channel) for channel in series])


def pad_end(series: FloatArray, length: int) -> FloatArray:
    """Repeat the last value of a series up to a length.

    A constant tail adds no critical point: the persistence diagrams of sub- and superlevel sets stay what they were,
    and a delay embedding gains nothing but points on the diagonal. Zeros or noise would add features of their own.

    Parameters
    ----------
    series : (n_channels, at most length) float64
    length : number of samples wanted

    Returns
    -------
    (n_channels, length) float64.

    Examples
    --------
    >>> pad_end(np.array([[1.0, 3.0]]), 4)
    array([[1., 3., 3., 3.]])
    """
    return np.pad(series, ((0, 0), (0, length - series.shape[1])), mode="edge")


def z_normalise(series: FloatArray) -> FloatArray:
    """Shift and scale every channel to mean 0 and (population) standard deviation 1; a constant channel becomes 0.

    A channel counts as constant if it varies by no more than rounding does: a standard deviation of at most
    ``RESOLUTION`` times its largest magnitude. A small signal on a large offset (1e-2 on 1e8) is kept.

    Parameters
    ----------
    series : (n_channels, length) float64 without NaN

    Returns
    -------
    (n_channels, length) float64.

    Examples
    --------
    >>> z_normalise(np.array([[1.0, 3.0], [5.0, 5.0]]))
    array([[-1.,  1.], [ 0.,  0.]])
    """
    magnitude, centred, spread = _centred(series)
    varies = spread > RESOLUTION
    small = spread < SMALL_SPREAD
    if small.any():
        reach, centred_steps, spread_of_steps = _centred(series - series[:, :1])
        varies &= ~small | (spread_of_steps * (reach / np.where(magnitude > 0, magnitude, 1.0)) > RESOLUTION)
        centred, spread = np.where(small, centred_steps, centred), np.where(small, spread_of_steps, spread)
    return np.where(varies, centred / np.where(varies, spread, 1.0), 0.0)


def _centred(series: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """By channel: largest magnitude, values divided by it with mean 0, and their deviation."""
    magnitude = np.abs(series).max(axis=1, keepdims=True)
    scaled = series / np.where(magnitude > 0, magnitude, 1.0)
    centred = scaled - scaled.mean(axis=1, keepdims=True)
    return magnitude, centred, centred.std(axis=1, keepdims=True)


def loss_of_float32(series: FloatArray) -> float:
    """Largest rounding error of a series as float32, as a share (at most 1) of its channel's range.

    Channels that are constant, up to the resolution of float64, have nothing to lose.

    Parameters
    ----------
    series : (n_channels, length) float64 without NaN, within the range of float32

    Examples
    --------
    >>> loss_of_float32(np.array([[1e8, 1e8 + 1]]))
    1.0
    """
    errors = np.abs(series.astype(np.float32) - series).max(axis=1)
    ranges = np.ptp(series, axis=1)
    varies = ranges > RESOLUTION * np.abs(series).max(axis=1)
    return min(1.0, float((errors / np.where(varies, ranges, np.inf)).max()))
