"""The loss of a network that learns from labels and from a larger network's probabilities."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.training.classification import Classification


class Distillation(Classification):
    """``(1 - a) CE(labels) + a T^2 KL(teacher / T || student / T)``.

    Targets are float32 of (batch, 1 + n_classes): the label's code, then the teacher's logits.

    Parameters
    ----------
    network : (batch, ...) -> logits (batch, n_classes)
    train : the parameters of the loop
    class_weights : (n_classes,) float32 for the labels' part, or None
    share : ``a``, of the teacher
    temperature : ``T``

    References
    ----------
    Hinton, Vinyals and Dean, *Distilling the knowledge in a neural network* (2015), section 2.
    """

    def __init__(
        self, network: nn.Module, train: TrainParams, class_weights: Tensor | None, share: float, temperature: float
    ) -> None:
        super().__init__(network, train, class_weights)
        self.share, self.temperature = share, temperature

    def _loss(self, logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        codes, teacher = targets[:, 0].long(), targets[:, 1:]
        total, weight = super()._loss(logits, codes)
        heat = self.temperature
        soft = F.kl_div(
            (logits.float() / heat).log_softmax(1), (teacher / heat).log_softmax(1), reduction="sum", log_target=True
        )
        return (1.0 - self.share) * total + self.share * heat**2 * soft * (weight / len(codes)), weight
