"""What a network says of itself: its sizes, what it reads and what fits it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeVar

from torch import nn

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
    build : class of the network; called with ``(n_channels, n_timepoints, n_classes)`` if it reads series, else with
        ``(n_features, n_classes)``, and with the options by name; ``forward`` gives logits (batch, n_classes)
    sizes : options of every size
    reads : ``"series"``: (batch, channels, time); ``"features"``: (batch, n_features); the others, of
        track B, see ``models.graph_inputs``
    solver : what fits it: ``"gradient"`` descent in the one training loop, or a closed form
    widths : names of the options, numbers or lists of them, that make a network narrower when they are made smaller
    width_step : that they must be multiples of
    """

    name: str
    build: type[nn.Module]
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
    def arguments(self) -> dict[str, inspect.Parameter]:
        """Options with types and defaults: keyword-only arguments of the constructor, after those of the base class's
        if it hands ``**options`` on to that."""
        found: dict[str, inspect.Parameter] = {}
        for base in (each for each in self.build.__mro__ if "__init__" in vars(each)):
            parameters = inspect.signature(base, eval_str=True).parameters.values()
            found = {each.name: each for each in parameters if each.kind is each.KEYWORD_ONLY} | found
            if not any(each.kind is each.VAR_KEYWORD for each in parameters):
                break
        return found

    @property
    def options(self) -> tuple[str, ...]:
        """Names of the options."""
        return tuple(self.arguments)

    @property
    def defaults(self) -> dict[str, Any]:
        """Values of the options that are not given."""
        return {name: argument.default for name, argument in self.arguments.items()}

    def complete(self, size: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """Options as given, those of the size where they are not, defaults for the rest."""
        return {**self.defaults, **self.merged(size, options)}

    def merged(self, size: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """Options as given, lists among them also as text, and those of the size where they are not."""
        known = {**self.defaults, **self.sizes[size]}
        lists = {name for name, value in known.items() if isinstance(value, (tuple, list))}
        return {**self.sizes[size], **{name: words(v) if name in lists else v for name, v in options.items()}}


DECLARED: dict[type[nn.Module], Callable[[str], Architecture]] = {}
"""By class, from the name that the registry gives it."""


def declare(
    *,
    sizes: Mapping[str, Mapping[str, Any]],
    reads: Reads = "series",
    solver: Solver = "gradient",
    widths: tuple[str, ...] = (),
    width_step: int = 1,
) -> Callable[[ModelClass], ModelClass]:
    """Class decorator of a network that the registry names; parameters are attributes of :class:`Architecture`.

    Raises
    ------
    ValueError : a size is missing or unknown
    """
    if tuple(sizes) != SIZES:
        raise ValueError(f"the sizes are {tuple(sizes)}, expected {SIZES}")

    def enter(model_class: ModelClass) -> ModelClass:
        DECLARED[model_class] = partial(
            Architecture,
            build=model_class,
            sizes=sizes,
            reads=reads,
            solver=solver,
            widths=widths,
            width_step=width_step,
        )
        return model_class

    return enter
