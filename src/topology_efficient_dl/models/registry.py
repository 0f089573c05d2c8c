"""One table of architectures, whose networks are imported when they are first asked for.

To add one: a module with a class under ``@declare``, and its row here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pkgutil import resolve_name
from typing import Any

from torch import nn

from topology_efficient_dl.errors import ParameterError, did_you_mean
from topology_efficient_dl.models.architecture import DECLARED, Architecture

ARCHITECTURES: Mapping[str, str] = {
    "aeon_ridge": "models.linear:AeonRidge",
    "cell_complex_nn": "models.simplicial.cell_complex_nn:CellComplexNN",
    "fcn": "models.baselines.fcn:FCN",
    "gat": "models.graph_baselines.gat:GAT",
    "gatv2": "models.graph_baselines.gat:GATv2",
    "gcn": "models.graph_baselines.gcn:GCN",
    "graph_sage": "models.graph_baselines.sage:GraphSAGE",
    "graph_transformer": "models.graph_baselines.transformer:GraphTransformer",
    "gru": "models.baselines.gru:GRUClassifier",
    "hypergraph": "models.graph_baselines.hypergraph:HypergraphNetwork",
    "inception_time": "models.baselines.inception_time:InceptionTime",
    "ph_hybrid": "models.tda.ph_hybrid:PHHybrid",
    "ph_mlp": "models.tda.ph_mlp:PHMLP",
    "resnet": "models.baselines.resnet:ResNet",
    "ridge": "models.linear:Ridge",
    "simplicial_diffusion": "models.simplicial.label_diffusion:SimplicialDiffusion",
    "simplicial_mlp": "models.simplicial.simplicial_mlp:SimplicialMLP",
    "simplicial_nn": "models.simplicial.simplicial_nn:SimplicialNN",
    "simplicial_operators": "models.simplicial.operator_net:SimplicialOperatorNet",
    "tcn": "models.baselines.tcn:TCN",
    "tiny_cnn": "models.baselines.tiny_cnn:TinyCNN",
    "transformer": "models.baselines.transformer:TransformerClassifier",
}
"""Module and class of every network by the name that parameters give it, in order of the names."""


def architectures() -> tuple[str, ...]:
    """Names of all architectures, sorted."""
    return tuple(sorted(ARCHITECTURES))


@cache
def find_architecture(name: str) -> Architecture:
    """The architecture of that name.

    Raises
    ------
    ParameterError : there is none
    """
    _check_name("models: unknown architecture", name, architectures())
    return DECLARED[resolve_name(f"topology_efficient_dl.{ARCHITECTURES[name]}")](name)


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
