"""Loss, optimiser and schedule of a classifier, as a Lightning module."""

from __future__ import annotations

import math
from typing import Any

import lightning.pytorch as pl
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from topology_efficient_dl.models.on_nodes import logits_of
from topology_efficient_dl.params import TrainParams


def balanced_weights(targets: Tensor, n_classes: int) -> Tensor:
    """Weights (n_classes,) float32 that give every class the same say: ``n / (n_present * n_c)``.

    A class without samples has weight one: it has no say in training and an ordinary one in validation.

    Examples
    --------
    >>> balanced_weights(torch.tensor([0, 0, 0, 1]), n_classes=2)
    tensor([0.6667, 2.0000])
    """
    counts = torch.bincount(targets, minlength=n_classes).float()
    present = counts > 0
    return torch.where(present, len(targets) / (present.sum() * counts.clamp_min(1.0)), 1.0)


def decay_groups(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Parameter groups of AdamW: matrices and kernels decay; biases and normalisations do not."""
    parameters = list(network.parameters())
    return [
        {"params": [weight for weight in parameters if weight.ndim > 1], "weight_decay": weight_decay},
        {"params": [weight for weight in parameters if weight.ndim <= 1], "weight_decay": 0.0},
    ]


class Classification(pl.LightningModule):
    """Cross-entropy, AdamW and a cosine schedule around any network that returns logits.

    Losses are summed on the device and read once an epoch, so that no step waits for a number.

    Parameters
    ----------
    network : (batch, ...) -> logits (batch, n_classes)
    train : the parameters of the loop
    class_weights : (n_classes,) float32, or None for equal samples

    References
    ----------
    Loshchilov and Hutter, *Decoupled weight decay regularization* (ICLR 2019), algorithm 2; the same authors, *SGDR*
    (ICLR 2017), eq. 5 with one period.
    """

    def __init__(self, network: nn.Module, train: TrainParams, class_weights: Tensor | None) -> None:
        super().__init__()
        self.network, self.train_params = network, train
        self.register_buffer("class_weights", class_weights)
        self.totals: dict[str, Tensor] = {}

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        """Mean loss of a batch."""
        inputs, targets = batch
        total, weight = self._loss(logits_of(self.network, inputs), targets)
        self._add(train_loss=total.detach(), train_weight=weight)
        return total / weight

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        """Add the loss and the correct answers of a batch to the epoch's totals."""
        inputs, targets = batch
        logits = logits_of(self.network, inputs)
        total, weight = self._loss(logits, targets)
        correct = (logits.argmax(dim=1) == targets).sum()
        self._add(loss=total, weight=weight, correct=correct, count=torch.ones_like(targets).sum())

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
        """Loss of train, loss and accuracy of validation since the last call; None where there is no validation."""
        totals = {name: float(value) for name, value in self.totals.items()}
        self.totals = {}
        validated = "weight" in totals
        return {
            "train_loss": totals["train_loss"] / totals["train_weight"],
            "validation_loss": totals["loss"] / totals["weight"] if validated else None,
            "validation_accuracy": totals["correct"] / totals["count"] if validated else None,
        }

    def _loss(self, logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        weights = self.class_weights
        total = F.cross_entropy(logits.float(), targets, weight=weights, reduction="sum")  # type: ignore[arg-type]
        count = torch.ones_like(targets, dtype=torch.float32) if weights is None else weights[targets]  # type: ignore[index]
        return total, count.sum()

    def _add(self, **values: Tensor) -> None:
        for name, value in values.items():
            self.totals[name] = self.totals[name] + value if name in self.totals else value
