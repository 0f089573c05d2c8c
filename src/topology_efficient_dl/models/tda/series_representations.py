"""What the filters of level sets see, as torch computes it: the same numbers as ``tda.level_sets.representations``."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from topology_efficient_dl.tda.level_sets.representations import LINE_LENGTH_OVER, N_TAPS, SMOOTHED_OVER


def represent_tensor(series: Tensor, name: str) -> Tensor:
    """One representation of every series; see ``tda.level_sets.representations.represent``.

    (batch, n_channels, n_timepoints) float32 or float64, in which it is computed -> (batch, n_channels, length)
    float32, nine samples at least.
    """
    values = series
    if name == "difference":
        values = series.diff(dim=2)
    elif name == "second_difference":
        values = series.diff(n=2, dim=2)
    elif name == "cumulative":
        values = series.cumsum(dim=2, dtype=torch.float64)
    elif name == "smoothed":
        values = _moving_mean(series, SMOOTHED_OVER)
    elif name == "line_length":
        values = _moving_mean(series.diff(dim=2).abs(), LINE_LENGTH_OVER)
    elif name == "amplitude":
        values = _amplitude(series)
    return F.pad(values.to(torch.float32), (0, max(0, N_TAPS - values.shape[2])))


def _amplitude(series: Tensor) -> Tensor:
    """(batch, n_channels, n_timepoints // 2) magnitudes of the discrete Fourier transform without its mean."""
    n_timepoints = series.shape[2]
    if series.shape[0] == 0:  # which some libraries of Fourier transforms refuse
        return series[:, :, : n_timepoints // 2]
    spectrum = torch.fft.rfft(series.to(torch.float64)).abs()[:, :, 1:]
    return spectrum / math.sqrt(n_timepoints)


def _moving_mean(values: Tensor, span: int) -> Tensor:
    """Mean over ``span`` samples around each, with the ends repeated; added up in the order of the transformer."""
    length = values.shape[2]
    if length == 0:
        return values
    padded = F.pad(values, (span // 2, span // 2), mode="replicate")
    total = padded[:, :, :length]
    for start in range(1, span):
        total = total + padded[:, :, start : start + length]
    return total / span
