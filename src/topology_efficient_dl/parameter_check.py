"""All parameters of a run checked at once, before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from topology_efficient_dl.errors import ParameterError, did_you_mean
from topology_efficient_dl.evaluation.summary import EXTRA_KEYS, RESULT_KEYS
from topology_efficient_dl.models.registry import check_architecture
from topology_efficient_dl.params import GROUPS, EvaluateParams, ModelSpec, Names, TdaParams, Transforms, Zoo
from topology_efficient_dl.tda.combinations import check_combination

NOT_NUMERIC = {"dataset", "model", "seeds", "flops_reason"}


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
    models, zoo, tda, evaluate, transforms = (
        groups.get(name) for name in ("models", "zoo", "tda", "evaluate", "transforms")
    )
    if isinstance(tda, TdaParams):
        _check_recipes(tda)
    if isinstance(models, Names) and isinstance(zoo, Zoo):
        variants = list(tda.variants) if isinstance(tda, TdaParams) else None
        fitted = list(transforms.root) if isinstance(transforms, Transforms) else []
        _check_names_differ(variants or [], fitted)
        _check_models(zoo.pick(models), variants and [*variants, *fitted])
    if isinstance(evaluate, EvaluateParams):
        _check_axes(evaluate)
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


def _check_recipes(tda: TdaParams) -> None:
    for variant, recipe in tda.recipes().items():
        try:
            check_combination(recipe.filtration_params())
        except ParameterError as error:
            raise ParameterError(f"tda.variants.{variant}: {error}") from error


def _check_names_differ(variants: list[str], fitted: list[str]) -> None:
    for name in fitted:
        if name in variants:
            raise ParameterError(f"transforms.{name}: tda.variants has the same name. Rename one of the two")


def _check_models(chosen: Mapping[str, ModelSpec], variants: list[str] | None) -> None:
    for model, spec in chosen.items():
        try:
            check_architecture(spec.architecture, spec.size, spec.options)
        except ParameterError as error:
            raise ParameterError(f"zoo.{model}: {error}") from error
        if spec.features is not None and variants is not None and spec.features not in variants:
            raise ParameterError(
                f"zoo.{model}.features: no variant '{spec.features}'{did_you_mean(spec.features, variants) or '.'} "
                f"There are: {', '.join(variants)}. Add it to tda.variants or to transforms, or name one of these"
            )


def _check_axes(evaluate: EvaluateParams) -> None:
    columns = [name for name in (*RESULT_KEYS, *EXTRA_KEYS) if name not in NOT_NUMERIC]
    for axis in ("x_axis", "y_axis"):
        name = getattr(evaluate, axis)
        if name not in columns:
            raise ParameterError(
                f"evaluate.{axis}: no column '{name}'{did_you_mean(name, columns) or '.'} Allowed: {', '.join(columns)}"
            )
