"""The one training loop: choose the number of epochs on validation, refit on everything, and write down the outcome."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import lightning.pytorch as pl
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm

from topology_efficient_dl.collections.progress import tick
from topology_efficient_dl.models.ensemble import Ensemble
from topology_efficient_dl.models.trained import TrainedModel, build_network, weights_of
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.training.classification import Classification, balanced_weights
from topology_efficient_dl.training.objective import Objective
from topology_efficient_dl.training.runtime import member_seed, reproducible, silent_lightning
from topology_efficient_dl.training.samples import Samples
from topology_efficient_dl.training.stopping import BestEpoch, EpochLog

VALIDATION_BATCH = 256

Tick = Callable[[dict[str, Any]], None]
MakeObjective = Callable[[nn.Module, TrainParams, Tensor | None], Objective]
"""From a network, the parameters of the loop and weights of classes, or None, to what is minimised."""


class MemberFit(NamedTuple):
    """A fitted network, the epoch that validation chose, and the rows of all epochs run."""

    network: nn.Module
    best_epoch: int
    history: list[dict[str, Any]]


# Random generators and thread counts belong to the process, so fits in threads of one process take turns.
ONE_FIT = threading.Lock()


def fit_networks(
    card: dict[str, Any],
    samples: Samples,
    train: TrainParams,
    device: torch.device,
    *,
    state: Mapping[str, NDArray[Any]] | None = None,
    objective: MakeObjective = Classification,
    progress: bool = False,
) -> TrainedModel:
    """Fit all members of a cell.

    Parameters
    ----------
    card : what is fitted, see ``TrainedModel``
    samples : train, validation and development
    train : the parameters of the loop
    device : to fit on
    state : arrays of the feature extractor, which are stored with the weights
    objective : what is minimised
    progress : draw a bar over epochs, if standard error is a terminal

    Raises
    ------
    CellError : the loss became infinite or NaN
    """
    started = time.perf_counter()
    bar_off = None if progress else True
    epochs = card["members"] * train.max_epochs * (1 + train.refit)
    bar = tqdm(total=epochs, desc=_name(card), unit="epoch", disable=bar_off, leave=False)
    with bar, ONE_FIT, silent_lightning():
        fits = [
            _fit_member(card, member, samples, train, device, lambda row: _advance(bar, row), objective)
            for member in range(card["members"])
        ]
    return _trained(card, fits, state or {}, time.perf_counter() - started)


def _name(card: dict[str, Any]) -> str:
    return f"{card['model']} on {card['dataset']}, seed {card['seed']}"


def _advance(bar: tqdm[Any], row: dict[str, Any]) -> None:
    bar.set_postfix(train_loss=f"{row['train_loss']:.3f}", refresh=False)
    bar.update()
    tick()


def _fit_member(
    card: dict[str, Any],
    member: int,
    samples: Samples,
    train: TrainParams,
    device: torch.device,
    tick: Tick,
    objective: MakeObjective,
) -> MemberFit:
    """Fit one network: choose the number of epochs on validation, then, unless told not to, refit on everything."""
    seed = member_seed(card["seed"], member)
    best = BestEpoch(train, _name(card), tick)
    network = _run(card, seed, train, device, best, samples, ("train", "validation"), objective)
    if not train.refit:
        network.load_state_dict(best.weights)
        return MemberFit(network.cpu(), best.best_epoch, best.history)
    log = EpochLog(train, _name(card), tick)
    network = _run(card, seed, train, device, log, samples, ("development", None), objective, best.best_epoch)
    return MemberFit(network.cpu(), best.best_epoch, best.history + log.history)


def _run(
    card: dict[str, Any],
    seed: int,
    train: TrainParams,
    device: torch.device,
    log: EpochLog,
    samples: Samples,
    parts: tuple[str, str | None],
    objective: MakeObjective,
    epochs: int | None = None,
) -> nn.Module:
    """Train a new network on one part and validate on another, for at most ``epochs`` of the schedule."""
    with reproducible(seed, train.threads):
        network = build_network({**card, "members": 1})
        part, validation = parts
        targets = samples.targets(part)
        weights = balanced_weights(targets.cpu(), card["n_classes"]) if train.class_weights == "balanced" else None
        trainer_of(train, device, [log], epochs or train.max_epochs).fit(
            objective(network, train, weights),
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
