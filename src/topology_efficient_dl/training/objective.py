"""Optimiser, schedule and bookkeeping that every loss shares, as a Lightning module."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any

import lightning.pytorch as pl
import torch
from torch import Tensor, nn

from topology_efficient_dl.models.on_nodes import logits_of
from topology_efficient_dl.params.training import TrainParams


def decay_groups(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Parameter groups of AdamW: matrices and kernels decay; biases and normalisations do not."""
    parameters = list(network.parameters())
    return [
        {"params": [weight for weight in parameters if weight.ndim > 1], "weight_decay": weight_decay},
        {"params": [weight for weight in parameters if weight.ndim <= 1], "weight_decay": 0.0},
    ]


class Objective(pl.LightningModule):
    """A loss, AdamW and a cosine schedule around any network.

    Losses are summed on the device and read once an epoch, so that no step waits for a number.

    Parameters
    ----------
    network : (batch, ...) -> answers (batch, n)
    train : the parameters of the loop

    References
    ----------
    Loshchilov and Hutter, *Decoupled weight decay regularization* (ICLR 2019), algorithm 2; the same authors, *SGDR*
    (ICLR 2017), eq. 5 with one period.
    """

    def __init__(self, network: nn.Module, train: TrainParams) -> None:
        super().__init__()
        self.network, self.train_params = network, train
        self.totals: dict[str, Tensor] = {}

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        """Mean loss of a batch."""
        inputs, targets = batch
        total, weight = self._loss(logits_of(self.network, inputs), targets)
        self._add(train_loss=total.detach(), train_weight=weight)
        return total / weight

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        """Add the loss of a batch to the epoch's totals."""
        inputs, targets = batch
        total, weight = self._loss(logits_of(self.network, inputs), targets)
        self._add(loss=total, weight=weight)

    def configure_optimizers(self) -> Any:
        """AdamW, its learning rate falling along half a cosine from the given one to zero over ``max_epochs``."""
        groups = decay_groups(self.network, self.train_params.weight_decay)
        # A fused step saves a loop over the weights in Python; Lightning cannot clip its gradients in mixed precision.
        fused = self.train_params.precision == "32-true"
        optimizer = torch.optim.AdamW(groups, lr=self.train_params.learning_rate, fused=fused)
        length = self.train_params.max_epochs
        cosine = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda epoch: 0.5 + 0.5 * math.cos(math.pi * epoch / length)
        )
        return {"optimizer": optimizer, "lr_scheduler": cosine}

    def transfer_batch_to_device(self, batch: Any, device: torch.device, dataloader_idx: int) -> Any:
        """The batch as it is: loaders make batches on the device."""
        return batch

    def collect(self) -> dict[str, float | None]:
        """Losses of train and validation since the last call; None where there is no validation, or no accuracy."""
        totals = {name: float(value) for name, value in self.totals.items()}
        self.totals = {}
        return {
            "train_loss": totals["train_loss"] / totals["train_weight"],
            "validation_loss": totals["loss"] / totals["weight"] if "weight" in totals else None,
            "validation_accuracy": totals["correct"] / totals["count"] if "count" in totals else None,
        }

    @abstractmethod
    def _loss(self, answers: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """The summed loss of a batch, and the weight that it is to be divided by."""

    def _add(self, **values: Tensor) -> None:
        for name, value in values.items():
            self.totals[name] = self.totals[name] + value if name in self.totals else value
