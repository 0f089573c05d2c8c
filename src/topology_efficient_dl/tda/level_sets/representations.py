"""What the filters see: the series, its differences, its sum or its spectrum, as whole numbers of sixteen bits.

Whole numbers make every later step exact: sums do not depend on their order, so that a plain loop, vector
instructions and a graphics processor give the same counts to the last one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from topology_efficient_dl.errors import DataError

Float32 = NDArray[np.float32]
Int16 = NDArray[np.int16]

N_TAPS = 9
"""Taps of every filter, and the least length of a representation."""

SMOOTHED_OVER = 5
"""Samples that ``smoothed`` takes the mean of."""

LINE_LENGTH_OVER = 9
"""Differences whose magnitudes ``line_length`` takes the mean of."""

SMALLEST = 1e-30
"""Magnitude up to which a train set counts as zero: its scale would leave the range of float32."""

LARGEST = 32767
"""The largest number of sixteen bits; the level of lanes that count nothing."""


def in_full(series: NDArray[Any]) -> NDArray[np.floating[Any]]:
    """Values in the precision that they are worked on with: float32 as it is, all else as float64."""
    return series if series.dtype == np.float32 else np.asarray(series, np.float64)


def represent(series: NDArray[np.floating[Any]], name: str) -> Float32:
    """One representation of every series: computed in the precision of the series, then cast.

    Parameters
    ----------
    series : (n_samples, n_channels, n_timepoints) float array
    name : ``raw``; ``difference`` and ``second_difference``, one and two samples shorter; ``cumulative`` sum;
        ``smoothed``, the mean over five samples, ends repeated; ``line_length``, the mean magnitude of nine
        differences, ends repeated; ``amplitude`` of the discrete Fourier transform without its mean, over the root of
        the length

    Returns
    -------
    (n_samples, n_channels, length) float32, padded with zeros at the end to nine samples at least.

    References
    ----------
    Esteller et al., *Line length: an efficient feature for seizure onset detection*, IEEE EMBS (2001).

    Examples
    --------
    >>> represent(np.arange(12.0)[None, None] ** 2, "difference")[0, 0, :4]
    array([1., 3., 5., 7.], dtype=float32)
    """
    values = in_full(np.asarray(series))
    if name == "difference":
        values = np.diff(values, axis=2)
    elif name == "second_difference":
        values = np.diff(values, n=2, axis=2)
    elif name == "cumulative":
        values = np.cumsum(values, axis=2, dtype=np.float64)
    elif name == "smoothed":
        values = _moving_mean(values, SMOOTHED_OVER)
    elif name == "line_length":
        values = _moving_mean(np.abs(np.diff(values, axis=2)), LINE_LENGTH_OVER)
    elif name == "amplitude":
        spectrum = np.abs(np.fft.rfft(values, axis=2))[:, :, 1:]
        values = spectrum / np.sqrt(values.shape[2])
    with np.errstate(over="ignore"):  # who gives values beyond float32 is told of it elsewhere
        narrow = values.astype(np.float32)
    missing = N_TAPS - narrow.shape[2]
    return narrow if missing <= 0 else np.pad(narrow, ((0, 0), (0, 0), (0, missing)))


def _moving_mean(values: NDArray[np.floating[Any]], span: int) -> NDArray[np.floating[Any]]:
    """Mean over ``span`` samples around each, an odd number, with the ends repeated; added up from left to right."""
    length = values.shape[2]
    if length == 0:
        return values
    padded = np.pad(values, ((0, 0), (0, 0), (span // 2, span // 2)), mode="edge")
    total = padded[:, :, :length].copy()
    for start in range(1, span):
        total += padded[:, :, start : start + length]
    return np.asarray(total / np.float32(span))


def largest_amplitude(weights: Int16, n_channels: int) -> int:
    """The largest whole number a sample may be, for no filtered sum over so many channels to leave sixteen bits.

    Parameters
    ----------
    weights : (9, n_filters) int16
    n_channels : channels that a filter adds up, at most
    """
    return LARGEST // (int(np.abs(weights.astype(np.int64)).sum(axis=0).max()) * n_channels)


def quantisation_scale(values: Float32, amplitude: int) -> np.float32:
    """The factor that takes the largest magnitude of train to ``amplitude``; 1 for series of zeros or nearly so."""
    largest = float(np.abs(values).max(initial=0.0))
    if not np.isfinite(largest):
        raise DataError(
            "level sets: train holds missing or infinite values, expected finite ones. "
            "Set ingest.missing_values to interpolate or pad"
        )
    return np.float32(amplitude / largest if largest > SMALLEST else 1.0)


def quantise(values: Float32, scale: np.float32, amplitude: int) -> Int16:
    """Whole numbers in ``-amplitude .. amplitude``; what exceeds the range of train is cut off there.

    Examples
    --------
    >>> quantise(np.array([0.26, -1.0, 7.0], np.float32), np.float32(10), 10)
    array([  3, -10,  10], dtype=int16)
    """
    return np.clip(np.rint(values * scale), -amplitude, amplitude).astype(np.int16)


_ORDERS = {"raw": 0, "difference": 1, "second_difference": 2}
"""How often a representation takes differences."""


def whole_numbers(series: NDArray[np.floating[Any]], name: str, sign: int, scale: np.float32, amplitude: int) -> Int16:
    """``quantise(sign * represent(series, name), scale, amplitude)``, in one pass where there is one.

    One series takes microseconds, in which a chain of array operations would be most of the time.

    Parameters
    ----------
    series : (n_samples, n_channels, n_timepoints) float array
    name : a representation
    sign : 1, or -1 for sublevel sets
    scale, amplitude : of the fitted plan

    Returns
    -------
    (n_samples, n_channels, length) int16
    """
    if name not in _ORDERS:
        return quantise(represent(series, name) * np.float32(sign), scale, amplitude)
    n_samples, n_channels, n_timepoints = series.shape
    length = max(n_timepoints - _ORDERS[name], N_TAPS)
    whole = np.zeros((n_samples, n_channels, length), np.int16)
    _whole_differences(in_full(series), _ORDERS[name], sign, scale, amplitude, whole)
    return whole


@njit(cache=True, nogil=True)
def _whole_differences(series: Any, order: Any, sign: Any, scale: Any, amplitude: Any, whole: Any) -> None:
    factor, most = np.float32(sign), np.float32(amplitude)
    for i in range(series.shape[0]):
        for c in range(series.shape[1]):
            values, target = series[i, c], whole[i, c]
            for t in range(len(values) - order):
                value = values[t]
                if order == 1:
                    value = values[t + 1] - values[t]
                elif order == 2:
                    value = (values[t + 2] - values[t + 1]) - (values[t + 1] - values[t])
                scaled = np.rint(np.float32(value * factor) * scale)
                target[t] = np.int16(min(max(scaled, -most), most))
