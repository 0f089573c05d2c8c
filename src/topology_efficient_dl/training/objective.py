"""What is minimised: a loss with its optimiser, schedule and bookkeeping, as a Lightning module."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple

import lightning.pytorch as pl
import torch
import torch.nn.functional as F
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


class Teaching(NamedTuple):
    """How much a network learns from what a larger one says.

    Attributes
    ----------
    share : of the larger network in the loss, 0 to 1
    temperature : that both networks' logits are divided by; plays no part where squared errors are minimised
    """

    share: float
    temperature: float


class Objective(pl.LightningModule):
    """A loss, AdamW and a cosine schedule around any network.

    Losses are summed on the device and read once an epoch, so that no step waits for a number.

    Parameters
    ----------
    network : (batch, ...) -> answers (batch, n)
    train : the parameters of the loop
    teaching : how much is learnt from a larger network, whose n answers stand behind the targets; None for nothing

    References
    ----------
    Loshchilov and Hutter, *Decoupled weight decay regularization* (ICLR 2019), algorithm 2; the same authors, *SGDR*
    (ICLR 2017), eq. 5 with one period. Hinton, Vinyals and Dean, *Distilling the knowledge in a neural network* (2015),
    section 2.
    """

    def __init__(self, network: nn.Module, train: TrainParams, teaching: Teaching | None = None) -> None:
        super().__init__()
        self.network, self.train_params, self.teaching = network, train, teaching
        self.totals: dict[str, Tensor] = {}

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        """Mean loss of a batch."""
        inputs, targets = batch
        answers = logits_of(self.network, inputs)
        total, weight = self.loss(answers, targets) if self.teaching is None else self.taught_loss(answers, targets)
        self._add(train_loss=total.detach(), train_weight=weight)
        return total / weight

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        """Add the loss of a batch, and of a classifier its correct answers, to the epoch's totals."""
        inputs, targets = batch
        answers = logits_of(self.network, inputs)
        total, weight = self.loss(answers, targets)
        self._add(loss=total, weight=weight, **self.hits(answers, targets))

    @abstractmethod
    def loss(self, answers: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """The summed loss of a batch, and the weight that it is to be divided by."""

    @abstractmethod
    def taught_loss(self, answers: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """The same where a larger network's answers stand behind the targets, of which it has its share."""

    def hits(self, answers: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """How many answers are correct, and how many there are; nothing where answers are no classes."""
        return {}

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

    def _add(self, **values: Tensor) -> None:
        for name, value in values.items():
            self.totals[name] = self.totals[name] + value if name in self.totals else value


MakeObjective = Callable[[nn.Module, TrainParams, Tensor, Teaching | None], Objective]
"""From a network, the parameters of the loop, the targets of all that is fitted on, and how much a teacher has to say,
to what is minimised."""


class Classification(Objective):
    """Cross-entropy: ``(1 - a) CE(codes) + a T^2 KL(teacher / T || student / T)``, without a teacher its first part.

    Targets are (batch,) int64 codes; with a teacher float32 of (batch, 1 + n_classes): the code, then its logits.

    Parameters
    ----------
    network : (batch, ...) -> logits (batch, n_classes)
    train : the parameters of the loop
    class_weights : (n_classes,) float32 of the codes' part, or None for equal samples
    teaching : ``a``, of the teacher, and ``T``
    """

    def __init__(
        self,
        network: nn.Module,
        train: TrainParams,
        class_weights: Tensor | None = None,
        teaching: Teaching | None = None,
    ) -> None:
        super().__init__(network, train, teaching)
        self.register_buffer("class_weights", class_weights)

    def loss(self, answers: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Summed cross-entropy, and the summed weights of samples."""
        weights = self.class_weights
        total = F.cross_entropy(answers.float(), targets, weight=weights, reduction="sum")  # type: ignore[arg-type]  # a buffer
        count = torch.ones_like(targets, dtype=torch.float32) if weights is None else weights[targets]  # type: ignore[index]  # a buffer
        return total, count.sum()

    def taught_loss(self, answers: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """The same, and the divergence from the teacher's probabilities."""
        assert self.teaching is not None
        (share, heat), codes, teacher = self.teaching, targets[:, 0].long(), targets[:, 1:]
        total, weight = self.loss(answers, codes)
        soft = F.kl_div(
            (answers.float() / heat).log_softmax(1), (teacher / heat).log_softmax(1), reduction="sum", log_target=True
        )
        return (1.0 - share) * total + share * heat**2 * soft * (weight / len(codes)), weight

    def hits(self, answers: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """Correct answers, and all of them."""
        return {"correct": (answers.argmax(dim=1) == targets).sum(), "count": torch.ones_like(targets).sum()}


class Regression(Objective):
    """Mean squared error over samples and steps: ``(1 - a) MSE(values) + a MSE(teacher)``, without a teacher its first
    part; with one, the limit of `Classification` at high temperatures (Hinton, Vinyals and Dean, section 2.1).

    Targets are float32 of (batch, horizon); with a teacher of (batch, 2 * horizon): what is to be forecast, then what
    it says. Parameters are those of `Objective`.

    Examples
    --------
    >>> module = Regression(nn.Identity(), TrainParams())
    >>> total, weight = module.loss(torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 4.0]]))
    >>> float(total / weight)
    2.0
    """

    def loss(self, answers: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Squared errors, means over steps, summed over samples; and the number of samples."""
        squares = (answers.float() - targets).square().mean(dim=1)
        return squares.sum(), torch.ones_like(squares).sum()

    def taught_loss(self, answers: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """The same, and the squared errors of what the teacher says."""
        assert self.teaching is not None
        share, (truth, teacher) = self.teaching.share, targets.chunk(2, dim=1)
        own, weight = self.loss(answers, truth)
        taught, _ = self.loss(answers, teacher)
        return (1.0 - share) * own + share * taught, weight


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
