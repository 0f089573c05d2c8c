"""The losses of a forecaster: squared errors of targets, and of a larger network's forecasts."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.training.objective import Objective


class Regression(Objective):
    """Mean squared error over samples and steps.

    Targets are float32 of (batch, horizon). Parameters are those of `Objective`.

    Examples
    --------
    >>> module = Regression(nn.Identity(), TrainParams())
    >>> total, weight = module._loss(torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 4.0]]))
    >>> float(total / weight)
    2.0
    """

    def _loss(self, answers: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        squares = (answers.float() - targets).square().mean(dim=1)
        return squares.sum(), torch.ones_like(squares).sum()


class TaughtRegression(Regression):
    """``(1 - a) MSE(targets) + a MSE(teacher)``.

    Targets are float32 of (batch, 2 * horizon): what is to be forecast, then what the teacher says.

    Parameters
    ----------
    network : (batch, ...) -> forecasts (batch, horizon)
    train : the parameters of the loop
    share : ``a``, of the teacher

    References
    ----------
    Hinton, Vinyals and Dean, *Distilling the knowledge in a neural network* (2015), section 2.1, of which this is the
    limit of high temperatures.
    """

    def __init__(self, network: nn.Module, train: TrainParams, share: float) -> None:
        super().__init__(network, train)
        self.share = share

    def _loss(self, answers: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        truth, teacher = targets.chunk(2, dim=1)
        own, weight = super()._loss(answers, truth)
        taught, _ = super()._loss(answers, teacher)
        return (1.0 - self.share) * own + self.share * taught, weight
