"""From one sample to what homology is taken of: a point cloud, an image, or the series itself."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import signal

from topology_efficient_dl.errors import DataError, ParameterError
from topology_efficient_dl.params.series import FiltrationParams
from topology_efficient_dl.tda.diagrams import FloatArray


def takens_embedding(sample: NDArray[np.floating], delay: int, dimension: int) -> FloatArray:
    """Delay vectors of a series; those of several channels stand side by side.

    Row t is ``(x_1(t), x_1(t + delay), ..., x_1(t + (dimension - 1) delay), x_2(t), ...)``.

    Parameters
    ----------
    sample : (n_channels, n_timepoints) float array
    delay : time points between neighbouring coordinates
    dimension : coordinates per channel

    Returns
    -------
    (n_timepoints - (dimension - 1) * delay, n_channels * dimension) float64 array.

    Raises
    ------
    ParameterError : the series is too short for two points

    References
    ----------
    Takens, "Detecting strange attractors in turbulence" (1981).

    Examples
    --------
    >>> takens_embedding(np.arange(5.0)[None], delay=2, dimension=2)
    array([[0., 2.],
           [1., 3.],
           [2., 4.]])
    """
    span = (dimension - 1) * delay + 1
    if sample.shape[1] < span + 1:
        raise ParameterError(
            f"takens: delay {delay} and dimension {dimension} need {span + 1} time points for two points, the series "
            f"has {sample.shape[1]}. Lower tda.delay or tda.dimension, or set them to auto"
        )
    windows = sliding_window_view(np.asarray(sample, np.float64), span, axis=1)[:, :, ::delay]
    return windows.transpose(1, 0, 2).reshape(windows.shape[1], -1)


def sliding_window_embedding(sample: NDArray[np.floating], window: int, stride: int) -> FloatArray:
    """Every window of a series as one point; those of several channels stand side by side.

    Parameters
    ----------
    sample : (n_channels, n_timepoints) float array
    window : time points per window
    stride : time points from one window to the next

    Returns
    -------
    (n_windows, n_channels * window) float64 array.

    Raises
    ------
    ParameterError : the series is too short for two windows

    References
    ----------
    Perea and Harer, "Sliding windows and persistence" (2015).

    Examples
    --------
    >>> sliding_window_embedding(np.arange(6.0)[None], window=3, stride=2)
    array([[0., 1., 2.],
           [2., 3., 4.]])
    """
    needed = window + stride
    if sample.shape[1] < needed:
        raise ParameterError(
            f"sliding_window: window {window} and stride {stride} need {needed} time points for two windows, the "
            f"series has {sample.shape[1]}. Lower tda.window or tda.stride"
        )
    windows = sliding_window_view(np.asarray(sample, np.float64), window, axis=1)[:, ::stride]
    return windows.transpose(1, 0, 2).reshape(windows.shape[1], -1)


def spectrogram_images(sample: NDArray[np.floating], window: int, stride: int) -> FloatArray:
    """Short-time Fourier power of every channel, ``log(1 + power)``, with a Hann window.

    Parameters
    ----------
    sample : (n_channels, n_timepoints) float array
    window : time points per Fourier window
    stride : time points from one window to the next, at most ``window``

    Returns
    -------
    (n_channels, window // 2 + 1, n_windows) float64 array.

    Raises
    ------
    ParameterError : the series is shorter than the window, or the windows leave gaps

    Examples
    --------
    >>> spectrogram_images(np.sin(np.arange(64.0))[None], window=16, stride=8).shape
    (1, 9, 7)
    """
    if sample.shape[1] < window:
        raise ParameterError(
            f"spectrogram: window {window} needs {window} time points, the series has {sample.shape[1]}. "
            "Lower tda.window"
        )
    if stride > window:
        raise ParameterError(
            f"spectrogram: stride {stride} leaves gaps between windows of {window}; expected stride <= window. "
            "Lower tda.stride or raise tda.window"
        )
    _, _, power = signal.spectrogram(
        np.asarray(sample, np.float64), window="hann", nperseg=window, noverlap=window - stride, detrend=False
    )
    return np.log1p(power)


def embed(sample: NDArray[np.floating], params: FiltrationParams) -> FloatArray:
    """What homology is taken of: points (n, d), images (n_channels, height, width) or the series itself.

    Raises
    ------
    ParameterError : the sample is too short, or delay or dimension is still ``auto``
    """
    if params.embedding == "takens":
        if params.delay == "auto" or params.dimension == "auto":
            raise ParameterError(
                f"takens: delay {params.delay} and dimension {params.dimension} must be numbers here; choose them on "
                "train with resolve_filtration(series_train, params) and pass the result as 'fitted'"
            )
        return takens_embedding(sample, params.delay, params.dimension)
    if params.embedding == "sliding_window":
        return sliding_window_embedding(sample, params.window, params.stride)
    if params.embedding == "spectrogram":
        return spectrogram_images(sample, params.window, params.stride)
    return np.asarray(sample, np.float64)


def check_series(series: NDArray[np.floating]) -> None:
    """Refuse series of the wrong shape or with missing values.

    Raises
    ------
    DataError : not (n_samples, n_channels, n_timepoints), or not finite
    """
    if series.ndim != 3:
        raise DataError(
            f"series: shape {series.shape}; expected (n_samples, n_channels, n_timepoints). "
            "Univariate series need a channel axis: series[:, None, :]"
        )
    if not np.isfinite(series).all():
        sample, channel, time = np.argwhere(~np.isfinite(series))[0]
        raise DataError(
            f"series: sample {sample}, channel {channel} is {series[sample, channel, time]} at time {time}; expected "
            "finite values. Fill them on reading, e.g. ingest.missing_values=interpolate"
        )
