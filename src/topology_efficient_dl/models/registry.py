"""One registry of architectures: a name, three sizes, and what the network reads."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from torch import nn

from topology_efficient_dl.errors import ParameterError, did_you_mean
from topology_efficient_dl.params.base import words

SIZES = ("small", "medium", "large")

Solver = Literal["gradient", "ridge", "aeon_ridge", "diffusion"]

Reads = Literal["series", "features", "graph", "hypergraph", "hodge", "cells", "operators", "propagated", "diffusion"]
"""What a network is called with: series; feature vectors; a weighted graph; groups; a complex with its Laplacians, with
its boundary adjacencies, or with operators from nodes to nodes; rows of propagated features; or
channels of labels that were spread."""

ModelClass = TypeVar("ModelClass", bound=type[nn.Module])


@dataclass(frozen=True)
class Architecture:
    """A registered architecture.

    Attributes
    ----------
    name : as in ``ModelSpec.architecture``
    build : class of the network; called with the input's shape by position and the options by name
    sizes : options of every size
    reads : ``"series"``: (batch, channels, time); ``"features"``: (batch, n_features); the others, of
        track B, see ``models.graph_inputs``
    solver : what fits it: ``"gradient"`` descent in the one training loop, or a closed form
    widths : names of the options, numbers or lists of them, that make a network narrower when they are made smaller
    width_step : that they must be multiples of
    """

    name: str
    build: Callable[..., nn.Module]
    sizes: Mapping[str, Mapping[str, Any]]
    reads: Reads
    solver: Solver = "gradient"
    widths: tuple[str, ...] = ()
    width_step: int = 1

    @property
    def of_graphs(self) -> bool:
        """Whether it is a model of track B."""
        return self.reads not in ("series", "features")

    @property
    def options(self) -> tuple[str, ...]:
        """Names of the options: the keyword-only arguments of the constructor."""
        return tuple(self.defaults)

    @property
    def defaults(self) -> dict[str, Any]:
        """Values of the options that are not given."""
        arguments = inspect.signature(self.build).parameters.values()
        return {argument.name: argument.default for argument in arguments if argument.kind is argument.KEYWORD_ONLY}

    def complete(self, size: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """Options as given, those of the size where they are not, defaults for the rest."""
        return {**self.defaults, **self.merged(size, options)}

    def merged(self, size: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """Options as given, lists among them also as text, and those of the size where they are not."""
        known = {**self.defaults, **self.sizes[size]}
        lists = {name for name, value in known.items() if isinstance(value, (tuple, list))}
        return {**self.sizes[size], **{name: words(v) if name in lists else v for name, v in options.items()}}


_ARCHITECTURES: dict[str, Architecture] = {}


def register(
    name: str,
    *,
    sizes: Mapping[str, Mapping[str, Any]],
    reads: Reads = "series",
    solver: Solver = "gradient",
    widths: tuple[str, ...] = (),
    width_step: int = 1,
) -> Callable[[ModelClass], ModelClass]:
    """Class decorator that enters a network into the registry.

    The constructor takes ``(n_channels, n_timepoints, n_classes, *, options)``, or for a network that reads
    anything but series ``(n_features, n_classes, *, options)``; ``forward`` returns logits (batch, n_classes).

    Raises
    ------
    ValueError : the name is taken, or a size is missing or unknown
    """
    if name in _ARCHITECTURES:
        raise ValueError(f"architecture '{name}' is registered already, by {_ARCHITECTURES[name].build}")
    if tuple(sizes) != SIZES:
        raise ValueError(f"architecture '{name}' has sizes {tuple(sizes)}, expected {SIZES}")

    def enter(model_class: ModelClass) -> ModelClass:
        _ARCHITECTURES[name] = Architecture(name, model_class, sizes, reads, solver, widths, width_step)
        return model_class

    return enter


def architectures() -> tuple[str, ...]:
    """Names of all registered architectures, sorted."""
    _enter_graph_architectures()
    return tuple(sorted(_ARCHITECTURES))


def find_architecture(name: str) -> Architecture:
    """The registered architecture of that name.

    Raises
    ------
    ParameterError : there is none
    """
    if name not in _ARCHITECTURES:
        _check_name("models: unknown architecture", name, architectures())
    return _ARCHITECTURES[name]


def _enter_graph_architectures() -> None:
    """At the first need: they bring torch-geometric, which a model of series can do without."""
    importlib.import_module("topology_efficient_dl.models.graph_architectures")


def check_architecture(name: str, size: str, options: Iterable[str]) -> Architecture:
    """The registered architecture, if it has that size and those options.

    Raises
    ------
    ParameterError : unknown architecture, size or option
    """
    entry = find_architecture(name)
    _check_name(f"models: '{name}' has no size", size, entry.sizes)
    for option in options:
        _check_name(f"models: '{name}' has no option", option, entry.options)
    return entry


def build_model(
    architecture: str,
    size: str,
    options: Mapping[str, Any],
    *,
    n_channels: int,
    n_timepoints: int,
    n_classes: int,
    n_features: int | None = None,
) -> nn.Module:
    """A freshly initialised network, drawn from torch's global generator.

    Parameters
    ----------
    architecture, size, options : as in ``ModelSpec``; options override those of the size
    n_channels, n_timepoints, n_classes : shape of the data
    n_features : length of a feature vector, for architectures that read features

    Returns
    -------
    Module that maps (batch, n_channels, n_timepoints) or (batch, n_features) float32 to logits (batch, n_classes).

    Raises
    ------
    ParameterError : unknown architecture, size or option, an option that the architecture refuses, or no features

    Examples
    --------
    >>> model = build_model("fcn", "small", {}, n_channels=1, n_timepoints=24, n_classes=3)
    >>> import torch
    >>> model(torch.zeros(5, 1, 24)).shape
    torch.Size([5, 3])
    """
    entry = check_architecture(architecture, size, options)
    shape = (n_channels, n_timepoints) if entry.reads == "series" else (_required(architecture, n_features),)
    merged = entry.merged(size, options)
    try:
        return entry.build(*shape, n_classes, **merged)
    except (TypeError, ValueError) as reason:
        raise ParameterError(f"models: '{architecture}' cannot be built with options {merged}: {reason}") from reason


def _required(architecture: str, n_features: int | None) -> int:
    if n_features is None:
        raise ParameterError(
            f"models: '{architecture}' reads features and none were given. "
            "Name a variant of tda.variants in the model's 'features'."
        )
    return n_features


def _check_name(problem: str, name: str, allowed: Iterable[str]) -> None:
    names = list(allowed)
    if name not in names:
        raise ParameterError(f"{problem} '{name}'{did_you_mean(name, names) or '.'} Allowed: {', '.join(names)}")
