"""InceptionTime (Ismail Fawaz et al. 2020)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from topology_efficient_dl.models.architecture import declare
from topology_efficient_dl.models.layers import (
    MeanOverTime,
    SameConv1d,
    batch_norm,
    initialise,
)

RESIDUAL_EVERY = 3


class InceptionBlock(nn.Module):
    """Bottleneck, three long convolutions and a pooled 1x1 convolution side by side; batch normalisation; ReLU.

    As in the published code, convolutions have no bias and a single channel is not sent through the bottleneck.

    Parameters
    ----------
    in_channels : channels of the input
    filters : channels of each of the four branches
    bottleneck : channels that the long convolutions read
    kernel_sizes : of the three long convolutions
    """

    def __init__(self, in_channels: int, filters: int, bottleneck: int, kernel_sizes: tuple[int, ...]) -> None:
        super().__init__()
        narrow = bottleneck if in_channels > 1 else in_channels
        reduces = in_channels > 1
        self.bottleneck = nn.Conv1d(in_channels, narrow, 1, bias=False) if reduces else nn.Identity()
        self.branches = nn.ModuleList(SameConv1d(narrow, filters, size, bias=False) for size in kernel_sizes)
        self.pooled = nn.Sequential(
            nn.MaxPool1d(3, stride=1, padding=1), nn.Conv1d(in_channels, filters, 1, bias=False)
        )
        self.norm = batch_norm(filters * (len(kernel_sizes) + 1))
        self.activation = nn.ReLU()

    def forward(self, values: Tensor) -> Tensor:
        """(batch, in_channels, time) -> (batch, 4 * filters, time)."""
        narrow = self.bottleneck(values)
        branches = [branch(narrow) for branch in self.branches]
        activated: Tensor = self.activation(self.norm(torch.cat([*branches, self.pooled(values)], dim=1)))
        return activated


@declare(
    sizes={
        "small": {"filters": 8, "bottleneck": 8, "depth": 3},
        "medium": {"filters": 32, "bottleneck": 32, "depth": 6},
        "large": {"filters": 64, "bottleneck": 64, "depth": 6},
    },
    widths=("filters", "bottleneck"),
)
class InceptionTime(nn.Module):
    """One network of InceptionTime; the published classifier averages five (``ModelSpec.members``).

    ``medium`` is the published network. For one channel and two classes it has 420,450 trainable weights:

    ====================  =======
    convolutions          401,632
    shortcuts              16,512
    normalisations          2,048
    head                      258
    ====================  =======

    Scale and shift of the normalisations are counted, their running mean and variance (2,048 more numbers, which
    Keras lists as non-trainable) are not.

    Parameters
    ----------
    n_channels, n_timepoints, n_classes : shape of the data
    filters, bottleneck, depth : branch width, bottleneck width, number of blocks
    kernel_size : of the longest convolution; the others have a half and a quarter of it. The published code asks
        for 41 and takes one off, hence 40, 20 and 10

    References
    ----------
    Ismail Fawaz et al., *InceptionTime: finding AlexNet for time series classification* (2020), section 3.1-3.2.
    """

    def __init__(
        self,
        n_channels: int,
        n_timepoints: int,
        n_classes: int,
        *,
        filters: int = 32,
        bottleneck: int = 32,
        depth: int = 6,
        kernel_size: int = 40,
    ) -> None:
        super().__init__()
        kernel_sizes = (kernel_size, kernel_size // 2, kernel_size // 4)
        width = filters * (len(kernel_sizes) + 1)
        widths = [n_channels] + [width] * depth
        self.blocks = nn.ModuleList(InceptionBlock(before, filters, bottleneck, kernel_sizes) for before in widths[:-1])
        self.shortcuts = nn.ModuleList(
            nn.Sequential(nn.Conv1d(before, width, 1, bias=False), batch_norm(width))
            for before in widths[: depth // RESIDUAL_EVERY * RESIDUAL_EVERY : RESIDUAL_EVERY]
        )
        self.activation = nn.ReLU()
        self.pool = MeanOverTime()
        self.head = nn.Linear(width, n_classes)
        initialise(self)

    def forward(self, series: Tensor) -> Tensor:
        """(batch, n_channels, n_timepoints) -> logits (batch, n_classes)."""
        values = residual = series
        for index, block in enumerate(self.blocks):
            values = block(values)
            if index % RESIDUAL_EVERY == RESIDUAL_EVERY - 1:
                values = self.activation(values + self.shortcuts[index // RESIDUAL_EVERY](residual))
                residual = values
        logits: Tensor = self.head(self.pool(values))
        return logits
