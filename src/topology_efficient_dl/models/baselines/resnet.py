"""Residual network for series (Wang, Yan and Oates 2017)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from topology_efficient_dl.models.architecture import declare
from topology_efficient_dl.models.layers import (
    MeanOverTime,
    SameConv1d,
    batch_norm,
    conv_block,
    initialise,
)

KERNEL_SIZES = (8, 5, 3)


class ResidualBlock(nn.Module):
    """``relu(bn(conv(relu(bn(conv(relu(bn(conv(x)))))))) + shortcut(x))``.

    The shortcut is a 1x1 convolution with batch normalisation where the channels change, else a normalisation.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        first, second, third = KERNEL_SIZES
        self.body = nn.Sequential(
            conv_block(in_channels, out_channels, first),
            conv_block(out_channels, out_channels, second),
            SameConv1d(out_channels, out_channels, third),
            batch_norm(out_channels),
        )
        change = [] if in_channels == out_channels else [nn.Conv1d(in_channels, out_channels, 1)]
        self.shortcut = nn.Sequential(*change, batch_norm(out_channels))
        self.activation = nn.ReLU()

    def forward(self, values: Tensor) -> Tensor:
        """(batch, in_channels, time) -> (batch, out_channels, time)."""
        activated: Tensor = self.activation(self.body(values) + self.shortcut(values))
        return activated


@declare(
    sizes={
        "small": {"filters": (16, 32, 32)},
        "medium": {"filters": (64, 128, 128)},
        "large": {"filters": (128, 256, 256)},
    },
    widths=("filters",),
)
class ResNet(nn.Module):
    """Three residual blocks of three convolutions (8, 5, 3); global average pooling; linear head.

    ``medium`` is the published network: 504,258 trainable weights for one channel and two classes.

    Parameters
    ----------
    n_channels, n_timepoints, n_classes : shape of the data
    filters : one per block

    References
    ----------
    Wang, Yan and Oates, *Time series classification from scratch with deep neural networks: a strong baseline*
    (IJCNN 2017), section II-C and figure 1(c).
    """

    def __init__(
        self, n_channels: int, n_timepoints: int, n_classes: int, *, filters: Sequence[int] = (64, 128, 128)
    ) -> None:
        super().__init__()
        widths = [n_channels, *filters]
        blocks = [ResidualBlock(*pair) for pair in pairwise(widths)]
        self.body = nn.Sequential(*blocks, MeanOverTime())
        self.head = nn.Linear(widths[-1], n_classes)
        initialise(self)

    def forward(self, series: Tensor) -> Tensor:
        """(batch, n_channels, n_timepoints) -> logits (batch, n_classes)."""
        logits: Tensor = self.head(self.body(series))
        return logits
