"""A perceptron on topological feature vectors."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from topology_efficient_dl.models.architecture import declare
from topology_efficient_dl.models.layers import initialise


@declare(
    sizes={
        "small": {"hidden": (32, 16)},
        "medium": {"hidden": (64, 32)},
        "large": {"hidden": (128, 64)},
    },
    reads="features",
)
class PHMLP(nn.Module):
    """Hidden layers with ReLU and dropout, linear head, on features that the extractor has standardised.

    Parameters
    ----------
    n_features, n_classes : shape of the data
    hidden : widths of the hidden layers
    dropout : after every hidden layer
    """

    def __init__(
        self, n_features: int, n_classes: int, *, hidden: Sequence[int] = (64, 32), dropout: float = 0.1
    ) -> None:
        super().__init__()
        widths = [n_features, *hidden]
        layers: list[nn.Module] = []
        for wide_in, wide_out in pairwise(widths):
            layers += [nn.Linear(wide_in, wide_out), nn.ReLU(), nn.Dropout(dropout)]
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(widths[-1], n_classes)
        initialise(self)

    def forward(self, features: Tensor) -> Tensor:
        """(batch, n_features) -> logits (batch, n_classes)."""
        logits: Tensor = self.head(self.body(features))
        return logits
