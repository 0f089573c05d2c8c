"""Temporal convolutional network (Bai, Kolter and Koltun 2018)."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from topology_efficient_dl.models.architecture import declare
from topology_efficient_dl.models.layers import initialise


def covering_levels(n_timepoints: int, kernel_size: int) -> int:
    """Fewest levels whose receptive field ``1 + 2 (k - 1) (2^levels - 1)`` spans the series.

    Examples
    --------
    >>> covering_levels(96, 7), covering_levels(945, 7)
    (4, 7)
    """
    levels = 1
    while 1 + 2 * (kernel_size - 1) * (2**levels - 1) < n_timepoints:
        levels += 1
    return levels


class CausalConv1d(nn.Conv1d):
    """Dilated convolution that sees the present and the past only: zeros are added before the series."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        dilation: int,
        bias: bool = True,
        groups: int = 1,
        **how: Any,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, dilation=dilation, bias=bias, groups=groups, **how)
        self.reach = (kernel_size - 1) * dilation

    def with_channels(self, in_channels: int, out_channels: int, groups: int, bias: bool) -> CausalConv1d:
        """The same over time between other channels, with new weights that are not normalised."""
        how = {"device": self.weight.device, "dtype": self.weight.dtype}
        return CausalConv1d(in_channels, out_channels, self.kernel_size[0], self.dilation[0], bias, groups, **how)

    def forward(self, input: Tensor) -> Tensor:
        """(batch, in_channels, time) -> (batch, out_channels, time)."""
        return super().forward(F.pad(input, (self.reach, 0)))


class TemporalBlock(nn.Module):
    """Two causal convolutions of one dilation, each with ReLU and dropout, around a residual connection."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.first = CausalConv1d(in_channels, out_channels, kernel_size, dilation)
        self.second = CausalConv1d(out_channels, out_channels, kernel_size, dilation)
        self.shortcut = nn.Identity() if in_channels == out_channels else nn.Conv1d(in_channels, out_channels, 1)
        self.dropout = nn.Dropout(dropout)

    def normalise_weights(self) -> None:
        """Put both convolutions under weight normalisation, ``w = g v / |v|``."""
        weight_norm(self.first)
        weight_norm(self.second)

    def forward(self, values: Tensor) -> Tensor:
        """(batch, in_channels, time) -> (batch, out_channels, time)."""
        inner = self.dropout(F.relu(self.first(values)))
        inner = self.dropout(F.relu(self.second(inner)))
        return F.relu(inner + self.shortcut(values))


class TemporalBody(nn.Sequential):
    """A stack of temporal blocks with dilations 1, 2, 4, ..."""

    def __init__(self, in_channels: int, filters: int, levels: int, kernel_size: int, dropout: float) -> None:
        widths = [in_channels] + [filters] * levels
        blocks = [TemporalBlock(widths[i], filters, kernel_size, 2**i, dropout) for i in range(levels)]
        super().__init__(*blocks)
        initialise(self)
        for block in blocks:
            block.normalise_weights()


@declare(
    sizes={
        "small": {"filters": 12, "kernel_size": 5},
        "medium": {"filters": 32, "kernel_size": 7},
        "large": {"filters": 64, "kernel_size": 7},
    },
)
class TCN(nn.Module):
    """Causal dilated residual blocks with weight normalisation; linear head on the last time step.

    Parameters
    ----------
    n_channels, n_timepoints, n_classes : shape of the data
    filters, kernel_size, dropout : of every block
    levels : number of blocks; as many as it takes to see the whole series when None

    References
    ----------
    Bai, Kolter and Koltun, *An empirical evaluation of generic convolutional and recurrent networks for sequence
    modeling* (2018), section 3 and figure 1.
    """

    def __init__(
        self,
        n_channels: int,
        n_timepoints: int,
        n_classes: int,
        *,
        filters: int = 32,
        kernel_size: int = 7,
        levels: int | None = None,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        depth = levels or covering_levels(n_timepoints, kernel_size)
        self.body = TemporalBody(n_channels, filters, depth, kernel_size, dropout)
        self.head = nn.Linear(filters, n_classes)
        initialise(self.head)

    def forward(self, series: Tensor) -> Tensor:
        """(batch, n_channels, n_timepoints) -> logits (batch, n_classes)."""
        logits: Tensor = self.head(self.body(series)[:, :, -1])
        return logits
