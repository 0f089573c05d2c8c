"""The fit: from a split and a model's entry in the zoo to a trained model."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from topology_efficient_dl.data.split import SeriesByPart, Split
from topology_efficient_dl.errors import DataError, ParameterError
from topology_efficient_dl.models.features import FeatureInput
from topology_efficient_dl.models.registry import find_architecture
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.models import ModelSpec, SeriesRecipe
from topology_efficient_dl.params.series import TdaRecipe
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.training.loop import fit_networks
from topology_efficient_dl.training.runtime import training_device
from topology_efficient_dl.training.samples import TensorSamples


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
    state = features.state if features else None
    return fit_networks(card, _samples(split, features, device), train, device, state=state, progress=progress)


def describe_cell(
    split: SeriesByPart, spec: ModelSpec, seed: int, features: tuple[int, TdaRecipe | SeriesRecipe] | None, model: str
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
    optional: dict[str, Any] = {"normalise": True} if spec.normalise else {}
    if isinstance(split, Split) and split.preparation is not None:
        optional["preparation"] = split.preparation.to_json()
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


def _samples(split: Split, features: FeatureInput | None, device: torch.device) -> TensorSamples:
    """Inputs and labels of train, of validation, and of both together as ``development``."""
    inputs = features.parts if features else split.series
    for part in ("train", "validation"):
        _check_part(split, len(inputs[part]), part)
    chosen = {part: (inputs[part], split.labels[part]) for part in ("train", "validation")}
    chosen["development"] = (split.development(inputs), split.development(split.labels))
    return TensorSamples({part: _tensors(*arrays, device) for part, arrays in chosen.items()})


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
