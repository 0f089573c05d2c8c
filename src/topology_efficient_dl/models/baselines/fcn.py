"""Fully convolutional network (Wang, Yan and Oates 2017)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from topology_efficient_dl.models.architecture import declare
from topology_efficient_dl.models.layers import MeanOverTime, conv_block, initialise


@declare(
    sizes={
        "small": {"filters": (32, 64, 32)},
        "medium": {"filters": (128, 256, 128)},
        "large": {"filters": (256, 512, 256)},
    },
    widths=("filters",),
)
class FCN(nn.Module):
    """Three blocks of convolution, batch normalisation and ReLU; global average pooling; linear head.

    ``medium`` is the published network: 264,962 trainable weights for one channel and two classes.

    Parameters
    ----------
    n_channels, n_timepoints, n_classes : shape of the data
    filters, kernel_sizes : one per block

    References
    ----------
    Wang, Yan and Oates, *Time series classification from scratch with deep neural networks: a strong baseline*
    (IJCNN 2017), section II-B and figure 1(b).
    """

    def __init__(
        self,
        n_channels: int,
        n_timepoints: int,
        n_classes: int,
        *,
        filters: Sequence[int] = (128, 256, 128),
        kernel_sizes: Sequence[int] = (8, 5, 3),
    ) -> None:
        super().__init__()
        widths = [n_channels, *filters]
        shapes = zip(widths[:-1], widths[1:], kernel_sizes, strict=True)
        self.body = nn.Sequential(*(conv_block(*shape) for shape in shapes), MeanOverTime())
        self.head = nn.Linear(widths[-1], n_classes)
        initialise(self)

    def forward(self, series: Tensor) -> Tensor:
        """(batch, n_channels, n_timepoints) -> logits (batch, n_classes)."""
        logits: Tensor = self.head(self.body(series))
        return logits
