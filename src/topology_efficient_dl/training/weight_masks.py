"""Weights that are held at zero during a fit: pruned ones for good, components of higher rank until their turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import lightning.pytorch as pl
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Levels = Sequence[tuple[nn.Module, str, NDArray[np.float64]]]
"""Layers, names of their weights, and from which share on each output, or each weight, is used; above 1 it never is."""


class Held(NamedTuple):
    """What in a network is held at zero, and for how long.

    Attributes
    ----------
    levels : layers, names of their weights and, for each output (n,) or each weight (n, ...), the least share that
        includes it
    shares : rising shares; each holds for an equal part of the epochs
    """

    levels: Levels = ()
    shares: Sequence[float] = (1.0,)


class WeightMasks(pl.Callback):
    """Masks that open as epochs go by: what is closed is zero, gets no gradient, and opens at the value it had.

    Parameters
    ----------
    levels : layers, names of their weights and, for each output (n,) or each weight (n, ...), the least share that
        includes it
    shares : rising shares; each holds for an equal part of the epochs
    epochs : of the whole fit
    """

    def __init__(self, levels: Levels, shares: Sequence[float], epochs: int) -> None:
        self.weights = [layer.get_parameter(name) for layer, name, _ in levels]
        self.levels = [_shaped(layer.get_parameter(name), level) for layer, name, level in levels]
        self.values = [weight.detach().clone() for weight in self.weights]
        self.shares, self.epochs = tuple(shares), epochs
        self.share = self.shares[0]
        with torch.no_grad():
            for weight, level in zip(self.weights, self.levels, strict=True):
                weight.mul_(level <= self.share)

    def share_of_epoch(self, epoch: int) -> float:
        """The share that holds in an epoch, counted from 0.

        Examples
        --------
        >>> masks = WeightMasks([], (0.5, 1.0), epochs=4)
        >>> [masks.share_of_epoch(epoch) for epoch in range(4)]
        [0.5, 0.5, 1.0, 1.0]
        """
        return self.shares[min(epoch * len(self.shares) // max(self.epochs, 1), len(self.shares) - 1)]

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Open what the epoch's share includes."""
        before, self.share = self.share, self.share_of_epoch(trainer.current_epoch)
        if self.share == before:
            return
        with torch.no_grad():
            for weight, level, value in zip(self.weights, self.levels, self.values, strict=True):
                opens = ((level > before) & (level <= self.share)).to(weight.device)
                weight.copy_(torch.where(opens, value.to(weight), weight))

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: torch.optim.Optimizer
    ) -> None:
        """No gradient for what is closed."""
        for weight, level in zip(self.weights, self.levels, strict=True):
            if weight.grad is not None:
                weight.grad.mul_(level.to(weight.device) <= self.share)


def _shaped(weight: Tensor, level: NDArray[np.float64]) -> Tensor:
    """Levels in the shape of the weight."""
    found = torch.from_numpy(level)
    return (found if found.ndim > 1 else found.reshape(-1, *[1] * (weight.ndim - 1))).expand(weight.shape)
