"""The fit: from a split and a model's entry in the zoo to a trained model."""

from __future__ import annotations

import json
import statistics
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import lightning.pytorch as pl
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm

from topology_efficient_dl.data.split import Split
from topology_efficient_dl.errors import DataError, ParameterError
from topology_efficient_dl.models.ensemble import Ensemble
from topology_efficient_dl.models.features import FeatureInput
from topology_efficient_dl.models.registry import find_architecture
from topology_efficient_dl.models.trained import TrainedModel, build_network
from topology_efficient_dl.params import ModelSpec, SeriesRecipe, TdaRecipe, TrainParams
from topology_efficient_dl.training.batches import Batches
from topology_efficient_dl.training.classification import Classification, balanced_weights
from topology_efficient_dl.training.runtime import member_seed, reproducible, silent_lightning, training_device
from topology_efficient_dl.training.stopping import BestEpoch, EpochLog

VALIDATION_BATCH = 256

Samples = dict[str, tuple[Tensor, Tensor]]
Tick = Callable[[dict[str, Any]], None]


class MemberFit(NamedTuple):
    """A fitted network, the epoch that validation chose, and the rows of all epochs run."""

    network: nn.Module
    best_epoch: int
    history: list[dict[str, Any]]


# Random generators and thread counts belong to the process, so fits in threads of one process take turns.
_ONE_FIT = threading.Lock()


def fit(
    split: Split,
    spec: ModelSpec,
    seed: int,
    train: TrainParams,
    features: FeatureInput | None = None,
    *,
    model: str | None = None,
    progress: bool = False,
) -> TrainedModel:
    """Fit one cell. The same arguments on the same machine give bit-identical weights.

    Parameters
    ----------
    split : series and labels; test is not looked at
    spec : which network
    seed : of initialisation, order and dropout; members of an ensemble draw theirs from it
    train : the parameters of the loop
    features : vectors to read instead of the series, for architectures that read features
    model : the model's name in the zoo, for the card and for errors; the architecture's when None
    progress : draw a bar over epochs, if standard error is a terminal

    Returns
    -------
    The weights of every member after a refit on train and validation for as many epochs as the lowest validation
    loss came after; with ``train.refit`` off, those of that epoch itself.

    Raises
    ------
    ParameterError : unknown architecture or option, absent device, or features given or missing against the spec
    DataError : a part is empty, or features and labels differ in number
    CellError : the loss became infinite or NaN
    """
    device = training_device(train)
    read = (features.n_features, features.recipe) if features else None
    card = describe_cell(split, spec, seed, read, model or spec.architecture)
    samples = _samples(split, features, device)
    started = time.perf_counter()
    bar_off = None if progress else True
    epochs = spec.members * train.max_epochs * (1 + train.refit)
    bar = tqdm(total=epochs, desc=_name(card), unit="epoch", disable=bar_off, leave=False)
    with bar, _ONE_FIT, silent_lightning():
        fits = [
            _fit_member(card, member, samples, train, device, lambda row: _advance(bar, row))
            for member in range(spec.members)
        ]
    return _trained(card, fits, features, time.perf_counter() - started)


def _name(card: dict[str, Any]) -> str:
    return f"{card['model']} on {card['dataset']}, seed {card['seed']}"


def _advance(bar: tqdm[Any], row: dict[str, Any]) -> None:
    bar.set_postfix(train_loss=f"{row['train_loss']:.3f}", refresh=False)
    bar.update()


def describe_cell(
    split: Split, spec: ModelSpec, seed: int, features: tuple[int, TdaRecipe | SeriesRecipe] | None, model: str
) -> dict[str, Any]:
    """What a card says of a cell before it is fitted; see ``TrainedModel``.

    Parameters
    ----------
    features : how many features the model reads and how they are computed, None for models of series

    Raises
    ------
    ParameterError : unknown architecture, or features given or missing against the spec
    """
    reads_features = find_architecture(spec.architecture).reads == "features"
    if reads_features != (features is not None):
        needs, got = ("features", "none were given") if reads_features else ("series", "features were given")
        way_out = "Name a variant of tda.variants, or one of transforms, in" if reads_features else "Leave out"
        raise ParameterError(
            f"zoo.{model}: architecture '{spec.architecture}' reads {needs} and {got}. {way_out} zoo.{model}.features."
        )
    if reads_features and spec.normalise:
        raise ParameterError(
            f"zoo.{model}.normalise: architecture '{spec.architecture}' reads features, and only series can be "
            "normalised. Leave it out, or set ingest.normalise, which is for all models"
        )
    optional = {"normalise": True} if spec.normalise else {}
    return optional | {
        "model": model,
        "dataset": split.name,
        "seed": seed,
        "architecture": spec.architecture,
        "size": spec.size,
        "options": json.loads(json.dumps(spec.options)),
        "members": spec.members,
        "n_channels": split.n_channels,
        "n_timepoints": split.n_timepoints,
        "n_classes": split.n_classes,
        "classes": list(split.classes),
        "n_features": features[0] if features else None,
        "recipe": features[1].model_dump(mode="json") if features else None,
    }


def _samples(split: Split, features: FeatureInput | None, device: torch.device) -> Samples:
    """Inputs and labels of train, of validation, and of both together as ``development``."""
    inputs = features.parts if features else split.series
    for part in ("train", "validation"):
        _check_part(split, len(inputs[part]), part)
    chosen = {part: (inputs[part], split.labels[part]) for part in ("train", "validation")}
    chosen["development"] = (split.development(inputs), split.development(split.labels))
    return {part: _tensors(*arrays, device) for part, arrays in chosen.items()}


def _tensors(inputs: NDArray[Any], labels: NDArray[Any], device: torch.device) -> tuple[Tensor, Tensor]:
    tensor = torch.from_numpy(np.ascontiguousarray(inputs, dtype=np.float32))
    return tensor.to(device), torch.from_numpy(labels).to(device)


def _check_part(split: Split, n_inputs: int, part: str) -> None:
    n_labels = len(split.labels[part])
    if n_inputs != n_labels or n_labels == 0:
        raise DataError(
            f"dataset '{split.name}' has {n_inputs} samples and {n_labels} labels in {part}, expected as many of both "
            "and at least one. Ingest the set again, with a larger ingest.validation_fraction if it is very small."
        )


def _fit_member(
    card: dict[str, Any], member: int, samples: Samples, train: TrainParams, device: torch.device, tick: Tick
) -> MemberFit:
    """Fit one network: choose the number of epochs on validation, then, unless told not to, refit on everything."""
    seed = member_seed(card["seed"], member)
    best = BestEpoch(train, _name(card), tick)
    network = _run(card, seed, train, device, best, samples["train"], samples["validation"])
    if not train.refit:
        network.load_state_dict(best.weights)
        return MemberFit(network.cpu(), best.best_epoch, best.history)
    log = EpochLog(train, _name(card), tick)
    network = _run(card, seed, train, device, log, samples["development"], None, epochs=best.best_epoch)
    return MemberFit(network.cpu(), best.best_epoch, best.history + log.history)


def _run(
    card: dict[str, Any],
    seed: int,
    train: TrainParams,
    device: torch.device,
    log: EpochLog,
    samples: tuple[Tensor, Tensor],
    validation: tuple[Tensor, Tensor] | None,
    epochs: int | None = None,
) -> nn.Module:
    """Train a new network on samples, for at most ``epochs`` of the schedule's ``max_epochs``."""
    with reproducible(seed, train.threads):
        network = build_network({**card, "members": 1})
        inputs, targets = samples
        weights = balanced_weights(targets.cpu(), card["n_classes"]) if train.class_weights == "balanced" else None
        _trainer(train, device, log, epochs or train.max_epochs).fit(
            Classification(network, train, weights),
            Batches(inputs, targets, train.batch_size, shuffle_seed=seed),
            Batches(*validation, VALIDATION_BATCH) if validation else None,
        )
    return network


def _trainer(train: TrainParams, device: torch.device, log: EpochLog, epochs: int) -> pl.Trainer:
    """A Lightning trainer that writes, prints and checks nothing."""
    return pl.Trainer(
        accelerator="gpu" if device.type == "cuda" else "cpu",
        devices=1,
        precision=train.precision,
        max_epochs=epochs,
        min_epochs=1,
        gradient_clip_val=train.gradient_clip or None,
        callbacks=[log],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
    )


def _trained(
    card: dict[str, Any], fits: list[MemberFit], features: FeatureInput | None, seconds: float
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
    weights = {name: value.detach().contiguous() for name, value in whole.state_dict().items()}
    return TrainedModel(card | outcome, weights, dict(features.state) if features else {})
