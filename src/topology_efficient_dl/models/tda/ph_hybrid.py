"""A small network, the persistence of its feature maps, and a small head."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from topology_efficient_dl.models.architecture import declare
from topology_efficient_dl.models.baselines.tcn import TemporalBody, covering_levels
from topology_efficient_dl.models.layers import SameConv1d, batch_norm, initialise
from topology_efficient_dl.models.tda.path_persistence import persistence_statistics, sublevel_bars


def _cnn_body(n_channels: int, filters: int) -> nn.Sequential:
    """Two convolutions, the first of stride 2; no ReLU at the end, for it would flatten the maps' valleys."""
    body = nn.Sequential(
        nn.Conv1d(n_channels, filters, 7, stride=2, padding=3, bias=False),
        batch_norm(filters),
        nn.ReLU(),
        SameConv1d(filters, filters, 5, bias=False),
        batch_norm(filters),
    )
    initialise(body)
    return body


def _tcn_body(n_channels: int, n_timepoints: int, filters: int) -> nn.Sequential:
    """Causal dilated blocks, then a 1x1 convolution that lets the maps be negative again."""
    blocks = TemporalBody(n_channels, filters, covering_levels(n_timepoints, 5), kernel_size=5, dropout=0.1)
    mix = nn.Conv1d(filters, filters, 1)
    initialise(mix)
    return nn.Sequential(blocks, mix)


@declare(
    sizes={
        "small": {"filters": 8, "hidden": 16},
        "medium": {"filters": 16, "hidden": 32},
        "large": {"filters": 32, "hidden": 64},
    },
)
class PHHybrid(nn.Module):
    """Network -> zero-dimensional persistence of every feature map, beside its mean -> small head.

    The gradient of the loss flows through births and deaths into the network, which thus learns maps whose hills and
    valleys tell the classes apart. Sublevel sets are read as they are; superlevel sets are the sublevel sets of the
    negated map.

    Parameters
    ----------
    n_channels, n_timepoints, n_classes : shape of the data
    filters : feature maps
    hidden : width of the head's hidden layer
    n_longest : bars of every map that the head sees one by one
    body : ``"cnn"`` or ``"tcn"``
    level_sets : ``"sublevel"`` or ``"superlevel"``
    dropout : in the head

    Raises
    ------
    ValueError : unknown body or level sets

    References
    ----------
    Carriere et al., *Optimizing persistent homology based functions* (ICML 2021), for the gradient.
    """

    def __init__(
        self,
        n_channels: int,
        n_timepoints: int,
        n_classes: int,
        *,
        filters: int = 16,
        hidden: int = 32,
        n_longest: int = 4,
        body: Literal["cnn", "tcn"] = "cnn",
        level_sets: Literal["sublevel", "superlevel"] = "sublevel",
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        if body not in ("cnn", "tcn"):
            raise ValueError(f"body is '{body}', expected cnn or tcn")
        if level_sets not in ("sublevel", "superlevel"):
            raise ValueError(f"level_sets is '{level_sets}', expected sublevel or superlevel")
        self.n_longest = n_longest
        self.sign = 1.0 if level_sets == "sublevel" else -1.0
        self.body = _cnn_body(n_channels, filters) if body == "cnn" else _tcn_body(n_channels, n_timepoints, filters)
        width = filters * (n_longest + 3)
        self.head = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, n_classes)
        )
        initialise(self.head)

    def forward(self, series: Tensor) -> Tensor:
        """(batch, n_channels, n_timepoints) -> logits (batch, n_classes)."""
        maps = self.body(series)
        statistics = persistence_statistics(*sublevel_bars(self.sign * maps), self.n_longest)
        logits: Tensor = self.head(torch.cat([maps.relu().mean(dim=2), statistics.flatten(1)], dim=1))
        return logits
