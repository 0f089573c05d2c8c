"""A small transformer encoder on overlapping patches of a series."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from topology_efficient_dl.models.architecture import declare
from topology_efficient_dl.models.layers import initialise


def sinusoids(n_positions: int, width: int) -> Tensor:
    """Positional encoding, (n_positions, width) float32; width is even.

    ``P[t, 2i] = sin(t / 10000^(2i / width))`` and ``P[t, 2i + 1] = cos(t / 10000^(2i / width))``.

    References
    ----------
    Vaswani et al., *Attention is all you need* (NeurIPS 2017), section 3.5.
    """
    position = torch.arange(n_positions, dtype=torch.float32)[:, None]
    rate = torch.exp(torch.arange(0, width, 2, dtype=torch.float32) * (-math.log(10_000.0) / width))
    return torch.stack([torch.sin(position * rate), torch.cos(position * rate)], dim=2).flatten(1)


@declare(
    sizes={
        "small": {"width": 16, "heads": 2, "depth": 1},
        "medium": {"width": 64, "heads": 4, "depth": 2},
        "large": {"width": 128, "heads": 8, "depth": 4},
    },
    widths=("width", "feed_forward"),
    width_step=8,
)
class TransformerClassifier(nn.Module):
    """Patch embedding by a convolution, sinusoidal positions, pre-norm encoder, mean over tokens, linear head.

    Nothing is padded: patches overlap by half and cover the series from its beginning; where the length is no
    multiple of half a patch, the last samples (fewer than half a patch) are not read.

    Parameters
    ----------
    n_channels, n_timepoints, n_classes : shape of the data
    width, heads, depth, dropout : of the encoder
    feed_forward : width of the feed-forward part; twice that of the encoder when None
    patch : samples in a patch, cut to the length of the series

    Raises
    ------
    ValueError : the width is odd or no multiple of the heads

    References
    ----------
    Vaswani et al., *Attention is all you need* (NeurIPS 2017); Nie et al., *A time series is worth 64 words*
    (ICLR 2023), section 3.1, for the patches.
    """

    def __init__(
        self,
        n_channels: int,
        n_timepoints: int,
        n_classes: int,
        *,
        width: int = 64,
        heads: int = 4,
        depth: int = 2,
        feed_forward: int | None = None,
        patch: int = 8,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        if width % 2 or width % heads:
            raise ValueError(f"width is {width}, expected an even multiple of the {heads} heads")
        patch = min(patch, n_timepoints)
        stride = max(1, patch // 2)
        self.embed = nn.Conv1d(n_channels, width, patch, stride=stride)
        positions = sinusoids((n_timepoints - patch) // stride + 1, width)
        self.register_buffer("positions", positions, persistent=False)
        layer = nn.TransformerEncoderLayer(
            width, heads, feed_forward or 2 * width, dropout, activation="gelu", batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, depth, nn.LayerNorm(width), enable_nested_tensor=False)
        self.head = nn.Linear(width, n_classes)
        initialise(self)

    def forward(self, series: Tensor) -> Tensor:
        """(batch, n_channels, n_timepoints) -> logits (batch, n_classes)."""
        tokens = self.embed(series).transpose(1, 2) + self.get_buffer("positions")
        logits: Tensor = self.head(self.encoder(tokens).mean(dim=1))
        return logits
