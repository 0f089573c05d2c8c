"""A small strided network: what a few thousand weights can do without topology."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from topology_efficient_dl.models.architecture import declare
from topology_efficient_dl.models.layers import MeanOverTime, batch_norm, initialise


@declare(
    sizes={
        "small": {"filters": (8, 16)},
        "medium": {"filters": (16, 32)},
        "large": {"filters": (32, 64, 64)},
    },
)
class TinyCNN(nn.Module):
    """Convolutions of stride 2, each with batch normalisation and ReLU, then the mean over time and a linear head.

    Parameters
    ----------
    n_channels, n_timepoints, n_classes : shape of the data
    filters : channels after each convolution
    kernel_size : odd; time is padded by half of it, so that any length >= 1 is accepted
    """

    def __init__(
        self,
        n_channels: int,
        n_timepoints: int,
        n_classes: int,
        *,
        filters: Sequence[int] = (16, 32),
        kernel_size: int = 7,
    ) -> None:
        super().__init__()
        widths = [n_channels, *filters]
        layers: list[nn.Module] = []
        for wide_in, wide_out in pairwise(widths):
            layers.append(nn.Conv1d(wide_in, wide_out, kernel_size, stride=2, padding=kernel_size // 2, bias=False))
            layers += [batch_norm(wide_out), nn.ReLU()]
        self.body = nn.Sequential(*layers, MeanOverTime())
        self.head = nn.Linear(widths[-1], n_classes)
        initialise(self)

    def forward(self, series: Tensor) -> Tensor:
        """(batch, n_channels, n_timepoints) -> logits (batch, n_classes)."""
        logits: Tensor = self.head(self.body(series))
        return logits
