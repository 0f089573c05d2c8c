"""The loss of a classifier."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from topology_efficient_dl.models.on_nodes import logits_of
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.training.objective import Objective


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


class Classification(Objective):
    """Cross-entropy around any network that returns logits.

    Parameters
    ----------
    network : (batch, ...) -> logits (batch, n_classes)
    train : the parameters of the loop
    class_weights : (n_classes,) float32, or None for equal samples
    """

    def __init__(self, network: nn.Module, train: TrainParams, class_weights: Tensor | None) -> None:
        super().__init__(network, train)
        self.register_buffer("class_weights", class_weights)

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        """Add the loss and the correct answers of a batch to the epoch's totals."""
        inputs, targets = batch
        logits = logits_of(self.network, inputs)
        total, weight = self._loss(logits, targets)
        correct = (logits.argmax(dim=1) == targets).sum()
        self._add(loss=total, weight=weight, correct=correct, count=torch.ones_like(targets).sum())

    def _loss(self, logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        weights = self.class_weights
        total = F.cross_entropy(logits.float(), targets, weight=weights, reduction="sum")  # type: ignore[arg-type]
        count = torch.ones_like(targets, dtype=torch.float32) if weights is None else weights[targets]  # type: ignore[index]
        return total, count.sum()
