"""All parameters of a run checked at once, before anything runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from topology_efficient_dl.checks.options import check_options
from topology_efficient_dl.data.forecasting import check_series_name
from topology_efficient_dl.errors import ParameterError, did_you_mean
from topology_efficient_dl.evaluation.summary import EXTRA_KEYS, RESULT_KEYS
from topology_efficient_dl.models.registry import check_architecture, find_architecture
from topology_efficient_dl.params.base import Names
from topology_efficient_dl.params.forecasting import ForecastParams
from topology_efficient_dl.params.graphs import GraphCompressionParams, Propagation, TrackParams
from topology_efficient_dl.params.groups import GROUPS
from topology_efficient_dl.params.models import ModelSpec, Transforms, Zoo
from topology_efficient_dl.params.series import TdaParams
from topology_efficient_dl.params.training import EvaluateParams, TrainParams
from topology_efficient_dl.params.values import check_values
from topology_efficient_dl.tda.combinations import check_combination

FEATURE_GROUPS = {"track_a": "tda.variants or to transforms", "track_b": "propagation", "track_c": "", "forecast": ""}
"""By track, where what a model reads is named."""

NOT_NUMERIC = {"dataset", "model", "seeds", "flops_reason"}

CONTAINERS = {
    **dict.fromkeys(("model_type", "dict_type", "model_attributes_type"), "a map (key: value)"),
    **dict.fromkeys(("list_type", "tuple_type"), "a list"),
}
"""By pydantic's kind of error, what was expected in the words of YAML."""


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
    check_values(raw)
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
        _check_models(zoo, models, variants and [*variants, *fitted], "track_a")
    if isinstance(evaluate, EvaluateParams):
        _check_axes(evaluate, "evaluate")
    _check_track_b(groups)
    _check_track_c(groups)
    _check_forecast(groups)
    _check_compress_b(groups)
    return groups


def check_that_they_are_read(given: Iterable[str], read: Iterable[str]) -> None:
    """Refuse parameters that a track has under its own name and that were given without it: they would do nothing.

    Parameters
    ----------
    given : parameter groups of the command line
    read : parameters of the pipeline, as ``params:models`` or ``params:track_b.models``

    Raises
    ------
    ParameterError : names the group and how it is called

    Examples
    --------
    >>> check_that_they_are_read(["models"], ["params:track_b.models"])
    Traceback (most recent call last):
    ...
    topology_efficient_dl.errors.ParameterError: models: this pipeline does not read it; write track_b.models
    """
    known = set(read)
    for name in given:
        own = [track for track in ("track_b", "track_c") if f"params:{track}.{name}" in known]
        own += ["forecast"] if "params:forecast" in known else []
        if name in TrackParams.model_fields and f"params:{name}" not in known and own:
            raise ParameterError(f"{name}: this pipeline does not read it; write {own[0]}.{name}")


def _check_track_b(groups: Mapping[str, BaseModel]) -> None:
    """Models, recipes and operators of track B that do not exist."""
    track, zoo, propagation = (groups.get(name) for name in ("track_b", "zoo", "propagation"))
    if isinstance(propagation, Propagation):
        for name, recipe in propagation.root.items():
            if recipe.kind == "hops":
                _check_operators(f"propagation.{name}", recipe.operators)
    if not isinstance(track, TrackParams):
        return
    _check_axes(track.evaluate, "track_b.evaluate")
    if not isinstance(zoo, Zoo):
        return
    recipes = list(propagation.root) if isinstance(propagation, Propagation) else None
    _check_models(zoo, track.models, recipes, "track_b")
    for model, spec in zoo.pick(track.models).items():
        _check_operators(f"zoo.{model}.options", _options(spec).get("operators", ()))
        _check_own_training(model, track.train, spec)


def _check_track_c(groups: Mapping[str, BaseModel]) -> None:
    """Models of track C that do not exist or cannot be compressed."""
    track, zoo = groups.get("track_c"), groups.get("zoo")
    if not isinstance(track, TrackParams):
        return
    _check_axes(track.evaluate, "track_c.evaluate")
    if not track.train.refit:
        raise ParameterError(
            "track_c.train.refit: compressed networks are trained on with train and validation together, so the dense "
            "ones must have seen both. Leave it true"
        )
    if not isinstance(zoo, Zoo):
        return
    _check_compressible(zoo, track.models, "track_c")


def _check_forecast(groups: Mapping[str, BaseModel]) -> None:
    """Series that are not there, and models that cannot forecast or be compressed."""
    forecast, zoo = groups.get("forecast"), groups.get("zoo")
    if not isinstance(forecast, ForecastParams):
        return
    for name in forecast.datasets.root:
        check_series_name(name)
    if isinstance(zoo, Zoo):
        _check_compressible(zoo, forecast.models, "forecast")


def _check_compress_b(groups: Mapping[str, BaseModel]) -> None:
    """Models of track B that do not exist, have no weights that are trained on, or were fitted on a part of train."""
    compress_b, zoo = groups.get("compress_b"), groups.get("zoo")
    if not isinstance(compress_b, GraphCompressionParams):
        return
    _check_axes(compress_b.evaluate, "compress_b.evaluate")
    if not isinstance(zoo, Zoo):
        return
    for name in compress_b.models.root:
        if name not in zoo.root:
            hint = did_you_mean(name, zoo.root)
            raise ParameterError(f"compress_b.models: unknown model '{name}'{hint or '.'} Name one of track_b.models")
        architecture = find_architecture(zoo.root[name].architecture)
        if not architecture.of_graphs or architecture.solver != "gradient":
            raise ParameterError(
                f"compress_b.models: '{name}' "
                f"{'has no layers' if architecture.of_graphs else 'reads ' + architecture.reads + ' and no graphs'}; "
                "compression takes networks of track B that are trained by gradient descent"
            )
        check_options(name, zoo.root[name])


def _check_compressible(zoo: Zoo, models: Names, track: str) -> None:
    _check_models(zoo, models, None, track)
    for model, spec in zoo.pick(models).items():
        if spec.features is not None or find_architecture(spec.architecture).reads != "series" or spec.members > 1:
            raise ParameterError(
                f"{track}.models: '{model}' is {'an ensemble' if spec.members > 1 else 'a model of features'}; "
                "compression takes single networks that read series"
            )


def _options(spec: ModelSpec) -> dict[str, Any]:
    return find_architecture(spec.architecture).merged(spec.size, spec.options)


def _check_own_training(model: str, train: TrainParams, spec: ModelSpec) -> None:
    try:
        own = TrainParams(**{**train.model_dump(), **(spec.train or {})})
    except ValidationError as error:
        place = f"zoo.{model}.train"
        raise ParameterError("\n".join(_sentence(place, detail) for detail in error.errors())) from error
    if find_architecture(spec.architecture).solver == "diffusion":
        from topology_efficient_dl.tasks.graphs import check_diffusion_training

        check_diffusion_training(model, own)


def _check_operators(place: str, names: Sequence[str]) -> None:
    from topology_efficient_dl.models.simplicial.node_operators import NODE_OPERATORS

    for name in names:
        if name not in NODE_OPERATORS:
            raise ParameterError(
                f"{place}.operators: no operator '{name}'{did_you_mean(name, NODE_OPERATORS) or '.'} "
                f"There are: {', '.join(NODE_OPERATORS)}"
            )


def _typed(name: str, value: Any) -> BaseModel:
    if name not in GROUPS:
        hint = did_you_mean(str(name), GROUPS)
        raise ParameterError(f"unknown parameter '{name}'{hint or '.'} Allowed: {', '.join(GROUPS)}")
    try:
        return GROUPS[name].model_validate(value)
    except ValidationError as error:
        raise ParameterError("\n".join(_sentence(name, detail) for detail in error.errors())) from error


def _sentence(name: str, detail: Any) -> str:
    """One finding: where, what is wrong, and what was found."""
    place = ".".join([name, *(str(step) for step in detail["loc"])])
    kind, found = detail["type"], detail["input"]
    if kind == "value_error":
        return f"{place}: {detail['msg'].removeprefix('Value error, ')}"
    if kind in CONTAINERS:
        return f"{place}: expected {CONTAINERS[kind]}; found {found!r}"
    hint = did_you_mean(str(found), re.findall(r"'([^']+)'", detail["msg"])) if kind == "literal_error" else ""
    return f"{place}: {detail['msg'][0].lower()}{detail['msg'][1:]}; found {found!r}{hint}"


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


def _check_models(zoo: Zoo, models: Names, variants: list[str] | None, track: str) -> None:
    for model, spec in zoo.pick(models).items():
        try:
            check_architecture(spec.architecture, spec.size, spec.options)
        except ParameterError as error:
            raise ParameterError(f"zoo.{model}: {error}") from error
        _check_is_of_track(model, spec, zoo, track)
        check_options(model, spec)
        if spec.train and track != "track_b":
            raise ParameterError(
                f"zoo.{model}.train: only models of graphs have parameters of training of their own, and '{model}' is "
                f"a model of series. Take it out; {'' if track == 'track_a' else f'{track}.'}train is for all of a run"
            )
        if spec.features is not None and variants is not None and spec.features not in variants:
            raise ParameterError(
                f"zoo.{model}.features: no variant '{spec.features}'{did_you_mean(spec.features, variants) or '.'} "
                f"There are: {', '.join(variants)}. Add it to {FEATURE_GROUPS[track]}, or name one of these"
            )


def _check_is_of_track(model: str, spec: ModelSpec, zoo: Zoo, track: str) -> None:
    of_graphs = find_architecture(spec.architecture).of_graphs
    if of_graphs and track != "track_b":
        group = "models" if track == "track_a" else f"{track}.models"
        raise ParameterError(f"{group}: '{model}' is a model of graphs. Name it in track_b.models")
    if not of_graphs and track == "track_b":
        graphs = [name for name, each in zoo.root.items() if find_architecture(each.architecture).of_graphs]
        raise ParameterError(
            f"track_b.models: '{model}' is a model of series. Models of graphs are: {', '.join(graphs)}"
        )


def _check_axes(evaluate: EvaluateParams, group: str) -> None:
    columns = [name for name in (*RESULT_KEYS, *EXTRA_KEYS) if name not in NOT_NUMERIC]
    for axis in ("x_axis", "y_axis"):
        name = getattr(evaluate, axis)
        if name not in columns:
            raise ParameterError(
                f"{group}.{axis}: no column '{name}'{did_you_mean(name, columns) or '.'} Allowed: {', '.join(columns)}"
            )
