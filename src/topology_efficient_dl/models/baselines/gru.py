"""Recurrent classifier with gated recurrent units (Cho et al. 2014)."""

from __future__ import annotations

from torch import Tensor, nn

from topology_efficient_dl.models.architecture import declare
from topology_efficient_dl.models.layers import initialise


@declare(
    sizes={
        "small": {"hidden": 16, "layers": 1},
        "medium": {"hidden": 64, "layers": 1},
        "large": {"hidden": 128, "layers": 2},
    },
    widths=("hidden",),
)
class GRUClassifier(nn.Module):
    """Bidirectional GRU; the mean of its states over time; linear head.

    Parameters
    ----------
    n_channels, n_timepoints, n_classes : shape of the data
    hidden : units in each direction
    layers : stacked layers
    dropout : between layers

    References
    ----------
    Cho et al., *Learning phrase representations using RNN encoder-decoder* (EMNLP 2014), section 2.3.
    """

    def __init__(
        self,
        n_channels: int,
        n_timepoints: int,
        n_classes: int,
        *,
        hidden: int = 64,
        layers: int = 1,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        between = dropout if layers > 1 else 0.0
        self.recurrent = nn.GRU(n_channels, hidden, layers, batch_first=True, dropout=between, bidirectional=True)
        self.head = nn.Linear(2 * hidden, n_classes)
        initialise(self)

    def forward(self, series: Tensor) -> Tensor:
        """(batch, n_channels, n_timepoints) -> logits (batch, n_classes)."""
        states, _ = self.recurrent(series.transpose(1, 2))
        logits: Tensor = self.head(states.mean(dim=1))
        return logits
