"""Options of models that cannot work: found before a run, on a network without memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from pydantic import ConfigDict, TypeAdapter, ValidationError

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.models.architecture import Architecture
from topology_efficient_dl.models.registry import find_architecture
from topology_efficient_dl.params.models import ModelSpec

MOST_UNITS, MOST_WEIGHTS = 65_536, 10**9
MOST = {**dict.fromkeys(("depth", "layers", "order", "passes"), 100), "levels": 20}
"""Where it is less than the units of a layer; each level looks twice as far back as the one before it."""

MAY_BE_NONE_AT_ALL = ("n_longest", "passes")
UNBOUNDED = ("max_parameters",)

SHAPE = {"series": (1, 64)}
N_FEATURES, N_CLASSES = 8, 2


def check_options(model: str, spec: ModelSpec) -> None:
    """Refuse options of which no network can be made: each by its type and range, then all together.

    The network is built for a small input on torch's meta device, where weights take no memory and no random numbers.
    A model without options is as it was registered, and costs nothing here.

    Raises
    ------
    ParameterError : names ``zoo.<model>.options.<option>``, the value and what is expected
    """
    if not spec.options:
        return
    architecture = find_architecture(spec.architecture)
    options = architecture.merged(spec.size, spec.options)
    arguments = architecture.arguments
    for name in spec.options:
        _check_value(f"zoo.{model}.options.{name}", name, options[name], arguments[name].annotation)
    if "block_sizes" not in spec.options:  # which must sum up to a number of features that is not known yet
        names = [f"zoo.{model}.options.{name}" for name in spec.options]
        given = ", ".join(f"{name} {options[name]}" for name in spec.options)
        _check_build(", ".join(names), given, architecture, options)


def _check_value(place: str, name: str, value: Any, annotation: Any) -> None:
    try:
        TypeAdapter(annotation, config=ConfigDict(strict=True)).validate_python(value)
    except ValidationError as error:
        detail = error.errors()[0]
        raise ParameterError(f"{place}: {detail['msg'][0].lower()}{detail['msg'][1:]}; found {value!r}") from error
    for number in value if isinstance(value, (list, tuple)) else (value,):
        if "dropout" in name and not 0 <= number < 1:
            raise ParameterError(f"{place}: {number} is no share; expected at least 0 and less than 1")
        if not isinstance(number, int) or isinstance(number, bool) or annotation is float or name in UNBOUNDED:
            continue
        least, most = int(name not in MAY_BE_NONE_AT_ALL), MOST.get(name, MOST_UNITS)
        if not least <= number <= most:
            raise ParameterError(f"{place}: {number} is out of range; expected {least} to {most}")


def _check_build(place: str, given: str, architecture: Architecture, options: Mapping[str, Any]) -> None:
    shape = SHAPE.get(architecture.reads, (N_FEATURES,))
    try:
        with torch.device("meta"):
            network = architecture.build(*shape, N_CLASSES, **options)
    except NotImplementedError:  # random features of attention are drawn with numbers, which meta tensors have not
        return
    except (ParameterError, TypeError, ValueError, ArithmeticError, LookupError, AssertionError, RuntimeError) as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise ParameterError(f"{place}: '{architecture.name}' cannot be built with {given}: {reason}") from error
    size = sum(weight.numel() for weight in network.parameters())
    if size > MOST_WEIGHTS:
        raise ParameterError(f"{place}: a network of {size:,} weights with {given}; expected at most {MOST_WEIGHTS:,}")
