"""A trained model as data: a card, weights, and the state of its feature extractor. Nothing is pickled."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils import parametrize

from topology_efficient_dl.data.preparation import (
    Preparation,
    RawSeries,
    check_finite,
    real_numbers,
)
from topology_efficient_dl.errors import DataError, ParameterError, StorageError
from topology_efficient_dl.models.ensemble import Ensemble
from topology_efficient_dl.models.layers import ZNormalised
from topology_efficient_dl.models.registry import build_model
from topology_efficient_dl.models.series_features import FeatureExtractor, extractor_from_state
from topology_efficient_dl.tensor.cache_blocks import in_cache_blocks
from topology_efficient_dl.tensor.forms import Shape
from topology_efficient_dl.tensor.merging import merged
from topology_efficient_dl.tensor.network import with_shapes
from topology_efficient_dl.tensor.quantisation import in_int8
from topology_efficient_dl.tensor.widths import with_widths

FloatArray = NDArray[np.float32]

SHAPE_KEYS = ("n_channels", "n_timepoints", "n_classes", "n_features")
FORECAST = "forecast"
"""The ``task`` in the card of a forecaster; cards of classifiers have none."""

WEIGHTS, EXTRACTOR = "weights.", "extractor."


def build_network(card: dict[str, Any]) -> nn.Module:
    """The network that a card describes, freshly initialised: one model, or an ensemble of ``card["members"]``."""
    shape = {key: card[key] for key in SHAPE_KEYS}
    members: list[nn.Module] = [
        build_model(card["architecture"], card["size"], card["options"], **shape) for _ in range(card["members"])
    ]
    if card.get("normalise"):
        members = [ZNormalised(member) for member in members]
    network = members[0] if len(members) == 1 else Ensemble(members)
    return _as_compressed(network, card["compression"]) if "compression" in card else network


def _as_compressed(network: nn.Module, compression: Mapping[str, Any]) -> nn.Module:
    """The network with the widths and the factorised layers that a compression gave it; weights are new."""
    shapes = {name: Shape.from_json(values) for name, values in compression.get("shapes", {}).items()}
    narrow = with_widths(network, {name: tuple(values) for name, values in compression.get("widths", {}).items()})
    return with_shapes(narrow, shapes) if shapes else narrow


def weights_of(network: nn.Module) -> dict[str, Tensor]:
    """The state of a network as contiguous CPU tensors of their own."""
    return {name: value.detach().cpu().clone().contiguous() for name, value in network.state_dict().items()}


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """Everything that it takes to predict, and how it came about.

    Attributes
    ----------
    card : JSON-able description, with these keys.
        ``model, dataset, seed``: which cell it is;
        ``architecture, size, options, members, n_channels, n_timepoints, n_classes, n_features``: what is rebuilt
        (``n_features`` is None for models of series), and ``normalise``, where the network z-normalises its input;
        ``classes``: original labels in code order;
        ``recipe``: fields of the recipe of its features, or None;
        ``n_params``: trainable weights of all members;
        ``best_epochs, epochs``: epoch of every member that validation chose and epochs run by all, counted from 1;
        ``best_epoch``: median of ``best_epochs``; ``fit_seconds``: wall time;
        ``history``: rows of ``member, stage, epoch, train_loss, validation_loss, validation_accuracy, learning_rate,
        seconds``, none for a head in closed form;
        ``task``, only of forecasters: ``"forecast"``, whose network's numbers are the answer as they are, in standard
        deviations of train;
        ``compression``, only of compressed models: what was done, and what it takes to rebuild them
        (``compression.compress``);
        ``preparation``, where the split had one: what ingest did to the series, fields of `Preparation`;
        ``blocks``, only of models on graphs: names of the blocks of features that they read;
        ``candidate_errors``, only where train chose among transforms: of each, or None (``training.recipe_choice``)
    weights : state dict of the network, contiguous CPU tensors
    extractor_state : arrays of the fitted feature extractor; empty for models of series
    """

    card: dict[str, Any]
    weights: dict[str, Tensor]
    extractor_state: dict[str, NDArray[Any]] = field(default_factory=dict)

    def module(self) -> nn.Module:
        """The network with its weights, on the CPU, in evaluation mode."""
        return in_int8(self.float_module()) if self.is_quantised else self.float_module()

    @property
    def is_quantised(self) -> bool:
        """Whether weights are in eight bits at inference."""
        return bool(self.card.get("compression", {}).get("quantised"))

    def float_module(self) -> nn.Module:
        """The same before its weights are quantised, where they are."""
        with torch.random.fork_rng(devices=[]):
            network = build_network(self.card)
        network.load_state_dict(self.weights)
        return network.eval()

    @property
    def preparation(self) -> Preparation | None:
        """What ingest did to the series of the fit; None where the card does not say."""
        found = self.card.get("preparation")
        return None if found is None else Preparation.from_json(found)

    def predictor(
        self,
        device: str = "cpu",
        batch_size: int = 256,
        *,
        merge: bool = False,
        prepare: bool | Preparation | None = None,
    ) -> Predictor:
        """A callable from raw series to probabilities; parameters and errors are those of `Predictor`."""
        return Predictor(self, device, batch_size, merge=merge, prepare=prepare)

    def to_tensors(self) -> tuple[dict[str, Tensor], dict[str, str]]:
        """Tensors and metadata of one safetensors file.

        Weights are prefixed ``weights.`` and extractor arrays ``extractor.``; the card, and arrays of strings,
        which safetensors cannot hold, are JSON in the metadata.

        Raises
        ------
        StorageError : an extractor array holds neither numbers, truth values nor strings
        """
        strings = {name: array.tolist() for name, array in self.extractor_state.items() if array.dtype.kind == "U"}
        tensors = {WEIGHTS + name: weight.contiguous() for name, weight in self.weights.items()}
        for name in self.extractor_state.keys() - strings.keys():
            tensors[EXTRACTOR + name] = _as_tensor(name, self.extractor_state[name])
        return tensors, {"card": json.dumps(self.card), "extractor_strings": json.dumps(strings)}

    @classmethod
    def from_tensors(cls, tensors: dict[str, Tensor], metadata: dict[str, str]) -> TrainedModel:
        """The inverse of :meth:`to_tensors`.

        Raises
        ------
        StorageError : the metadata hold no card
        """
        if "card" not in metadata:
            raise StorageError(
                f"the safetensors metadata hold {sorted(metadata)} and no 'card', so this is not a trained model of "
                "this project. Train it again, or point to the right file."
            )
        weights = {name.removeprefix(WEIGHTS): value for name, value in tensors.items() if name.startswith(WEIGHTS)}
        arrays = {
            name.removeprefix(EXTRACTOR): value.numpy() for name, value in tensors.items() if name.startswith(EXTRACTOR)
        }
        strings = json.loads(metadata.get("extractor_strings", "{}"))
        return cls(json.loads(metadata["card"]), weights, arrays | {k: np.array(v, "U") for k, v in strings.items()})

    def to_bytes(self) -> bytes:
        """One safetensors file."""
        tensors, metadata = self.to_tensors()
        return safetensors.torch.save(tensors, metadata)

    @classmethod
    def from_bytes(cls, blob: bytes) -> TrainedModel:
        """The inverse of :meth:`to_bytes`."""
        header = json.loads(blob[8 : 8 + int.from_bytes(blob[:8], "little")])
        return cls.from_tensors(safetensors.torch.load(blob), header.get("__metadata__", {}))


def _as_tensor(name: str, array: NDArray[Any]) -> Tensor:
    try:
        return torch.tensor(array)
    except TypeError as reason:
        raise StorageError(
            f"extractor array '{name}' has dtype {array.dtype}, expected numbers, truth values or strings: {reason}. "
            "Return such arrays from the extractor's state()."
        ) from reason


class Predictor:
    """Raw series in, probabilities out; feature extraction is part of it where the model reads features.

    Parameters
    ----------
    model : what to predict with
    device : torch device of the network
    batch_size : most samples in one forward pass
    merge : fold normalisations, multiply out consecutive maps, keep results in the cache; see ``tensor.merging`` and
        ``tensor.cache_blocks``
    prepare : what is done to series first. By default they are raw, and it is what ingest did to those of the fit;
        where the card does not say, nothing, with a warning. False for series that are prepared, as those of a split
        are; another `Preparation` where yours is another

    Raises
    ------
    ParameterError : a quantised model off the CPU; ``prepare`` is True and the card has no preparation, or is one of
        another shape
    """

    def __init__(
        self,
        model: TrainedModel,
        device: str = "cpu",
        batch_size: int = 256,
        *,
        merge: bool = False,
        prepare: bool | Preparation | None = None,
    ) -> None:
        self.device = torch.device(device)
        self.batch_size = batch_size
        self._on_cpu = self.device.type == "cpu"
        self.preparation = _chosen_preparation(model, prepare)
        if model.is_quantised and not self._on_cpu:
            raise ParameterError(
                f"'{model.card['model']}' is quantised, which torch computes on the CPU only. Set "
                "efficiency.device=cpu, or leave the variant out"
            )
        network = _without_parametrizations(model.float_module())
        network = merged(network) if merge else network
        network = in_int8(network) if model.is_quantised else network
        self.shape = (model.card["n_channels"], model.card["n_timepoints"])
        self.reads_features = model.card["recipe"] is not None
        if merge and self._on_cpu and not self.reads_features and not model.is_quantised:
            network = in_cache_blocks(network, torch.zeros(1, *self.shape))
        self.forecasts = model.card.get("task") == FORECAST
        self.network = network.to(self.device)
        self._model = model

    @cached_property
    def extractor(self) -> FeatureExtractor:
        """The fitted feature extractor of a model that reads features, made at the first need."""
        return extractor_from_state(self._model.card["recipe"], self._model.extractor_state)

    def __call__(self, series: RawSeries) -> FloatArray:
        """Probabilities of raw series.

        Parameters
        ----------
        series : (n, n_channels, n_timepoints), or a list of (n_channels, any length) where they are to be prepared

        Returns
        -------
        (n, n_classes) float32, rows sum to one; of a forecaster (n, horizon), its network's numbers.

        Raises
        ------
        DataError : the series cannot be brought to the shape of the fit, or hold values that are not finite; or the
            answer does. Names sample, channel and position
        """
        if self.preparation is not None:
            prepared = self.preparation(series)
        else:
            prepared = real_numbers(series)
            self._check_shape(prepared)
            check_finite(prepared, "series: ", "Fill missing values as the series of the fit were")
        found = self.of_prepared(prepared)
        check_finite(found, "the answer of the model: ", "Are these series in the unit of those of the fit?")
        return found

    def of_prepared(self, series: FloatArray) -> FloatArray:
        """The same of series (n, n_channels, n_timepoints) float32 that are prepared, as those of a split are.

        Values are not looked at, neither of series nor of the answer: what is not finite is for who judges it.

        Raises
        ------
        DataError : the series have another shape than those of the fit
        """
        self._check_shape(series)
        if not self.reads_features:
            return self.of_inputs(series)
        if len(series) <= self.batch_size:
            return self.of_inputs(self.extractor.transform(series))
        starts = range(0, len(series), self.batch_size)
        parts = (series[start : start + self.batch_size] for start in starts)
        return np.concatenate([self.of_inputs(self.extractor.transform(part)) for part in parts])

    def _check_shape(self, series: NDArray[Any]) -> None:
        if series.shape[1:] != self.shape:
            raise DataError(
                f"series have shape {series.shape}, expected (n, {self.shape[0]}, {self.shape[1]}) as in the fit. "
                "Bring them to that number of channels and length."
            )

    @torch.inference_mode()
    def of_inputs(self, inputs: FloatArray) -> FloatArray:
        """Probabilities (n, n_classes) of what the network itself reads: series, or feature vectors (n, n_features)."""
        tensor = torch.from_numpy(np.ascontiguousarray(inputs, dtype=np.float32))
        # One series takes microseconds, in which every call that changes nothing would be seen.
        if len(tensor) <= self.batch_size:
            found = self._of_batch(tensor)
        else:
            found = torch.cat([self._of_batch(part) for part in tensor.split(self.batch_size)])
        probabilities: FloatArray = found.numpy() if self._on_cpu else found.cpu().numpy()
        return probabilities

    def _of_batch(self, inputs: Tensor) -> Tensor:
        scores: Tensor = self.network(inputs if self._on_cpu else inputs.to(self.device))
        return scores if self.forecasts else scores.softmax(dim=1)


def _chosen_preparation(model: TrainedModel, prepare: bool | Preparation | None) -> Preparation | None:
    card = model.card
    if isinstance(prepare, Preparation):
        if (prepare.n_channels, prepare.n_timepoints) != (card["n_channels"], card["n_timepoints"]):
            raise ParameterError(
                f"prepare gives {prepare.n_channels} channels and {prepare.n_timepoints} positions; expected "
                f"{card['n_channels']} and {card['n_timepoints']} as in the fit"
            )
        return prepare
    if prepare is False or model.preparation is not None:
        return None if prepare is False else model.preparation
    name = f"'{card.get('model', card['architecture'])}'"
    if card.get("task") == FORECAST:
        problem = f"{name} reads windows in standard deviations of train. For values as they are call Forecaster"
    else:
        problem = (
            f"the card of {name} does not say how the series of its fit were prepared, so raw series may be read in "
            "another unit than theirs. Fit it again, or give prepare=Preparation(...) as ingest was"
        )
    if prepare:
        raise ParameterError(problem)
    warnings.warn(f"{problem}; for series that are prepared, prepare=False", stacklevel=4)
    return None


def _without_parametrizations(network: nn.Module) -> nn.Module:
    """Write computed weights, such as weight-normalised ones, out: they need no computing again in every call."""
    for module in network.modules():
        if parametrize.is_parametrized(module):
            for name in list(module.parametrizations):  # type: ignore[arg-type]  # of torch, which calls it a Tensor too
                parametrize.remove_parametrizations(module, name)
    return network


def predict_proba(
    model: TrainedModel, series: FloatArray, features: FloatArray | None = None, batch_size: int = 256
) -> FloatArray:
    """Probabilities of many prepared series; features that were computed before are not computed again.

    Nothing is refused for its values, so that an answer that is not finite is seen by who scores it.

    Parameters
    ----------
    model : a trained model
    series : (n, n_channels, n_timepoints) float32
    features : (n, n_features) float32 of the same series; ignored by models of series
    batch_size : most samples in one forward pass

    Returns
    -------
    (n, n_classes) float32
    """
    predictor = model.predictor(batch_size=batch_size, prepare=False)
    if features is None or not predictor.reads_features:
        return predictor.of_prepared(series)
    return predictor.of_inputs(features)


__all__ = ["Predictor", "TrainedModel", "build_network", "predict_proba", "weights_of"]
