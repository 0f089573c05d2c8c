"""Early stopping on the validation loss, the epoch worth keeping, and the refit for that many epochs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import lightning.pytorch as pl
from torch import Tensor

from topology_efficient_dl.errors import CellError
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.training.objective import Objective


class EpochLog(pl.Callback):
    """Writes down every epoch, and refuses a loss that is not finite.

    Parameters
    ----------
    train : the parameters of the loop
    fit_name : how errors call this fit
    tick : called after every epoch with its row
    stage : ``"selection"`` of the number of epochs, or ``"refit"`` on train and validation together

    Attributes
    ----------
    history : one row an epoch: ``stage, epoch`` (from 1), ``train_loss, validation_loss, validation_accuracy``
        (None without validation), ``learning_rate, seconds``
    """

    def __init__(
        self, train: TrainParams, fit_name: str, tick: Callable[[dict[str, Any]], None], stage: str = "refit"
    ) -> None:
        self.train_params, self.fit_name, self.tick, self.stage = train, fit_name, tick, stage
        self.history: list[dict[str, Any]] = []
        self._started, self._learning_rate = 0.0, 0.0

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Note the time and the learning rate, which the schedule changes at the end of the epoch."""
        self._started = time.perf_counter()
        self._learning_rate = float(trainer.optimizers[0].param_groups[0]["lr"])

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Read the epoch's losses."""
        assert isinstance(pl_module, Objective)
        row: dict[str, Any] = {
            "stage": self.stage,
            "epoch": len(self.history) + 1,
            **pl_module.collect(),
            "learning_rate": self._learning_rate,
        }
        row["seconds"] = time.perf_counter() - self._started
        self._refuse_divergence(row)
        self.history.append(row)
        self.decide(trainer, pl_module, row)
        self.tick(row)

    def decide(self, trainer: pl.Trainer, pl_module: Objective, row: dict[str, Any]) -> None:
        """What follows from the epoch: nothing here, the fit goes on for as long as it was told to."""

    def _refuse_divergence(self, row: dict[str, Any]) -> None:
        losses = [row[name] for name in ("train_loss", "validation_loss") if row[name] is not None]
        if all(map(math.isfinite, losses)):
            return
        raise CellError(
            f"{self.fit_name}: the loss is not finite in epoch {row['epoch']} (train {row['train_loss']}, validation "
            f"{row['validation_loss']}). Lower train.learning_rate (now {self.train_params.learning_rate}), set "
            f"train.gradient_clip=1 (now {self.train_params.gradient_clip}), train in 32-true, or look for missing "
            "values and very large numbers in the input."
        )


class BestEpoch(EpochLog):
    """Keeps the weights of the epoch with the lowest validation loss, in memory, and ends a fit that stopped improving.

    Epochs before ``min_epochs`` are never kept: on a validation set of a dozen samples the lowest loss of all is often
    that of a hardly trained network which is unsure of everything, by chance before its normalisations have settled.
    From there on the usual rule holds: the fit ends after ``patience`` epochs without a lower loss. A ``min_epochs``
    above ``max_epochs`` counts as ``max_epochs``: the last epoch is kept.

    Attributes
    ----------
    best_epoch : the epoch that was kept
    weights : its state dict, copied
    """

    def __init__(self, train: TrainParams, fit_name: str, tick: Callable[[dict[str, Any]], None]) -> None:
        super().__init__(train, fit_name, tick, "selection")
        self.best_epoch, self.best_loss = 0, math.inf
        self.weights: dict[str, Tensor] = {}

    def decide(self, trainer: pl.Trainer, pl_module: Objective, row: dict[str, Any]) -> None:
        """Keep the epoch, or stop."""
        first = min(self.train_params.min_epochs, self.train_params.max_epochs)
        if row["epoch"] >= first and row["validation_loss"] < self.best_loss:
            self.best_epoch, self.best_loss = row["epoch"], row["validation_loss"]
            self.weights = {name: value.clone() for name, value in pl_module.network.state_dict().items()}
        waited = row["epoch"] - self.best_epoch if self.best_epoch else 0
        trainer.should_stop = trainer.should_stop or waited >= self.train_params.patience
