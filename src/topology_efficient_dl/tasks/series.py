"""Classes of series: from a split, and features of it, to what a network reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from topology_efficient_dl.data.split import SeriesByPart, Split
from topology_efficient_dl.errors import DataError, ParameterError
from topology_efficient_dl.models.features import FeatureInput
from topology_efficient_dl.models.registry import find_architecture
from topology_efficient_dl.models.trained import TrainedModel, predict_proba
from topology_efficient_dl.params.models import ModelSpec, SeriesRecipe
from topology_efficient_dl.params.series import TdaRecipe
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.tasks.task import cell_card, classify, predictions_table
from topology_efficient_dl.training.objective import Objective, Teaching
from topology_efficient_dl.training.samples import TensorSamples

AT_ONCE = 256
"""Series that a teacher is given at a time."""


@dataclass(frozen=True)
class SeriesClasses:
    """Which class every series of a split has; see `Task`.

    Attributes
    ----------
    split : series and labels; for fits test is not looked at
    features : vectors to read instead of the series, for architectures that read features
    """

    split: Split
    features: FeatureInput | None = None

    @property
    def name(self) -> str:
        """As in `Task`."""
        return self.split.name

    @property
    def state(self) -> Mapping[str, NDArray[Any]]:
        """As in `Task`."""
        return self.features.state if self.features else {}

    def describe(self, spec: ModelSpec, seed: int, model: str) -> dict[str, Any]:
        """As in `Task`.

        Raises
        ------
        ParameterError : unknown architecture, one with a closed form, or features given or missing against the spec
        """
        if find_architecture(spec.architecture).solver != "gradient" and self.features is not None:
            raise ParameterError(
                f"zoo.{model}: '{spec.architecture}' has a closed form, for features of transforms; its features "
                f"'{spec.features}' are a variant of tda.variants. Name one of transforms, or take architecture ph_mlp"
            )
        read = (self.features.n_features, self.features.recipe) if self.features else None
        return describe_series(self.split, spec, seed, read, model)

    def solve(self, card: dict[str, Any], train: TrainParams) -> None:
        """As in `Task`: what has a closed form is fitted on transforms, see `closed_form.fit_on_transform`."""

    def samples(self, card: Mapping[str, Any], device: torch.device) -> TensorSamples:
        """As in `Task`."""
        inputs, split = self.features.parts if self.features else self.split.series, self.split
        for part in ("train", "validation"):
            _check_part(split, len(inputs[part]), part)
        chosen = {part: (inputs[part], split.labels[part]) for part in ("train", "validation")}
        chosen["development"] = (split.development(inputs), split.development(split.labels))
        return TensorSamples({part: on_device(device, *arrays) for part, arrays in chosen.items()}, AT_ONCE)

    def objective(
        self, network: nn.Module, train: TrainParams, targets: Tensor, teaching: Teaching | None = None
    ) -> Objective:
        """As in `Task`."""
        return classify(network, train, targets, self.split.n_classes, teaching)

    def answers(self, model: TrainedModel) -> pd.DataFrame:
        """As in `Task`; see `predictions_table`."""
        labels = self.split.labels["test"]
        features = self.features.parts["test"] if self.features else None
        probabilities = predict_proba(model, self.split.series["test"], features)
        return predictions_table(model, probabilities, labels, np.arange(len(labels)))


def describe_series(
    split: SeriesByPart, spec: ModelSpec, seed: int, features: tuple[int, TdaRecipe | SeriesRecipe] | None, model: str
) -> dict[str, Any]:
    """What a card says of a cell on series before it is fitted; see ``TrainedModel``.

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
    return {
        **optional,
        **cell_card(split.name, spec, seed, model),
        "n_channels": split.n_channels,
        "n_timepoints": split.n_timepoints,
        "n_classes": split.n_classes,
        "classes": list(split.classes),
        "n_features": features[0] if features else None,
        "recipe": features[1].model_dump(mode="json") if features else None,
    }


def on_device(device: torch.device, inputs: NDArray[Any], targets: NDArray[Any]) -> tuple[Tensor, Tensor]:
    """Inputs in float32 and targets as tensors."""
    tensor = torch.from_numpy(np.ascontiguousarray(inputs, dtype=np.float32))
    return tensor.to(device), torch.from_numpy(np.ascontiguousarray(targets)).to(device)


def _check_part(split: Split, n_inputs: int, part: str) -> None:
    n_labels = len(split.labels[part])
    if n_inputs != n_labels or n_labels == 0:
        raise DataError(
            f"dataset '{split.name}' has {n_inputs} samples and {n_labels} labels in {part}, expected as many of both "
            "and at least one. Ingest the set again, with a larger ingest.validation_fraction if it is very small."
        )
