"""The one training loop: choose the number of epochs on validation, refit on everything, and write down the outcome."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import lightning.pytorch as pl
import torch
from numpy.typing import NDArray
from torch import nn
from tqdm import tqdm

from topology_efficient_dl.collections.progress import tick
from topology_efficient_dl.models.ensemble import Ensemble
from topology_efficient_dl.models.trained import TrainedModel, build_network, weights_of
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.training.objective import MakeObjective
from topology_efficient_dl.training.runtime import member_seed, reproducible, silent_lightning
from topology_efficient_dl.training.samples import Samples
from topology_efficient_dl.training.stopping import BestEpoch, EpochLog

VALIDATION_BATCH = 256

# Random generators and thread counts belong to the process, so fits in threads of one process take turns.
ONE_FIT = threading.Lock()


class MemberFit(NamedTuple):
    """A fitted network, the epoch that validation chose, and the rows of all epochs run."""

    network: nn.Module
    best_epoch: int
    history: list[dict[str, Any]]


def fit_networks(
    card: dict[str, Any],
    samples: Samples,
    objective: MakeObjective,
    train: TrainParams,
    device: torch.device,
    *,
    state: Mapping[str, NDArray[Any]] | None = None,
    progress: bool = False,
) -> TrainedModel:
    """Fit all members of a cell.

    Parameters
    ----------
    card : what is fitted, see ``TrainedModel``
    samples : train, validation and development
    objective : makes what is minimised
    train : the parameters of the loop
    device : to fit on
    state : arrays of the feature extractor, which are stored with the weights
    progress : draw a bar over epochs, if standard error is a terminal

    Raises
    ------
    CellError : the loss became infinite or NaN
    """
    started = time.perf_counter()
    name = f"{card['model']} on {card['dataset']}, seed {card['seed']}"
    epochs = card["members"] * train.max_epochs * (1 + train.refit)
    bar = tqdm(total=epochs, desc=name, unit="epoch", disable=None if progress else True, leave=False)
    fit = _Fit(card, samples, objective, train, device, name, lambda row: _advance(bar, row))
    with bar, ONE_FIT, silent_lightning():
        fits = list(map(fit.member, [member_seed(card["seed"], member) for member in range(card["members"])]))
    return _trained(card, fits, state or {}, time.perf_counter() - started)


def _advance(bar: tqdm[Any], row: dict[str, Any]) -> None:
    bar.set_postfix(train_loss=f"{row['train_loss']:.3f}", refresh=False)
    bar.update()
    tick()


@dataclass(frozen=True)
class _Fit:
    """What all members of a cell are fitted with; ``tick`` is called after every epoch with its row."""

    card: dict[str, Any]
    samples: Samples
    objective: MakeObjective
    train: TrainParams
    device: torch.device
    name: str
    tick: Callable[[dict[str, Any]], None]

    def member(self, seed: int) -> MemberFit:
        """Fit one network: choose the number of epochs on validation, then, unless told not to, refit on everything."""
        best = BestEpoch(self.train, self.name, self.tick)
        network = self.run(seed, best, self.train.max_epochs, "train", "validation")
        if not self.train.refit:
            network.load_state_dict(best.weights)
            return MemberFit(network.cpu(), best.best_epoch, best.history)
        log = EpochLog(self.train, self.name, self.tick)
        network = self.run(seed, log, best.best_epoch or self.train.max_epochs, "development")
        return MemberFit(network.cpu(), best.best_epoch, best.history + log.history)

    def run(self, seed: int, log: EpochLog, epochs: int, part: str, validation: str | None = None) -> nn.Module:
        """Train a new network on one part and validate on another, for at most ``epochs`` of the schedule."""
        train, samples = self.train, self.samples
        with reproducible(seed, train.threads):
            network = build_network({**self.card, "members": 1})
            trainer_of(train, self.device, [log], epochs).fit(
                self.objective(network, train, samples.targets(part), None),
                samples.batches(part, train.batch_size, shuffle_seed=seed),
                samples.batches(validation, VALIDATION_BATCH) if validation else None,
            )
        return network


def trainer_of(train: TrainParams, device: torch.device, callbacks: Sequence[pl.Callback], epochs: int) -> pl.Trainer:
    """A Lightning trainer that writes, prints and checks nothing."""
    return pl.Trainer(
        accelerator="gpu" if device.type == "cuda" else "cpu",
        devices=1,
        precision=train.precision,
        max_epochs=epochs,
        min_epochs=1,
        gradient_clip_val=train.gradient_clip or None,
        callbacks=list(callbacks),
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
    )


def _trained(
    card: dict[str, Any], fits: list[MemberFit], state: Mapping[str, NDArray[Any]], seconds: float
) -> TrainedModel:
    networks = [fit.network for fit in fits]
    whole = networks[0] if len(networks) == 1 else Ensemble(networks)
    history = [{"member": member, **row} for member, fit in enumerate(fits) for row in fit.history]
    best_epochs = [fit.best_epoch for fit in fits]
    outcome = {
        "n_params": sum(weight.numel() for weight in whole.parameters()),
        "best_epochs": best_epochs,
        "best_epoch": int(statistics.median(best_epochs)),
        "epochs": len(history),
        "fit_seconds": seconds,
        "history": history,
    }
    return TrainedModel(card | outcome, weights_of(whole), dict(state))
