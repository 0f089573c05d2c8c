"""All parameters of a run checked at once, before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from topology_efficient_dl.errors import ParameterError, did_you_mean
from topology_efficient_dl.params import GROUPS, ModelSpec


def check_parameters(raw: Mapping[str, Any]) -> dict[str, BaseModel]:
    """Every group as its typed model, if they are right in themselves and fit together.

    Parameters
    ----------
    raw : the merged parameters of conf and command line

    Raises
    ------
    ParameterError : a group, key, value, model or feature variant that does not exist; names it and the way out

    Examples
    --------
    >>> check_parameters({"seeds": "42 43"})["seeds"].root
    (42, 43)
    >>> check_parameters({"train": {"patiance": 3}})
    Traceback (most recent call last):
    ...
    topology_efficient_dl.errors.ParameterError: train: unknown parameter 'patiance'; did you mean 'patience'? ...
    """
    groups = {name: _typed(name, value) for name, value in raw.items()}
    if "models" in groups and "zoo" in groups:
        chosen = groups["zoo"].pick(groups["models"])  # type: ignore[attr-defined]
        if "tda" in groups:
            _check_features(chosen, list(groups["tda"].variants))  # type: ignore[attr-defined]
    return groups


def _typed(name: str, value: Any) -> BaseModel:
    if name not in GROUPS:
        raise ParameterError(
            f"unknown parameter '{name}'{did_you_mean(name, GROUPS) or '.'} Allowed: {', '.join(GROUPS)}"
        )
    try:
        return GROUPS[name].model_validate(value)
    except ValidationError as error:
        raise ParameterError("\n".join(_sentence(name, detail) for detail in error.errors())) from error


def _sentence(name: str, detail: Any) -> str:
    """One finding: where, what is wrong, and what was found."""
    place = ".".join([name, *(str(step) for step in detail["loc"])])
    if detail["type"] == "value_error":
        return f"{place}: {detail['msg'].removeprefix('Value error, ')}"
    return f"{place}: {detail['msg'][0].lower()}{detail['msg'][1:]}; found {detail['input']!r}"


def _check_features(chosen: Mapping[str, ModelSpec], variants: list[str]) -> None:
    for model, spec in chosen.items():
        if spec.features is not None and spec.features not in variants:
            raise ParameterError(
                f"zoo.{model}.features: no variant '{spec.features}'{did_you_mean(spec.features, variants) or '.'} "
                f"There are: {', '.join(variants)}. Add it to tda.variants, or name one of these"
            )
