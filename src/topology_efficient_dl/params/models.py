"""Typed parameters of models: the zoo and its entries, and transforms fitted inside a cell."""

from __future__ import annotations

from types import NoneType
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, RootModel

from topology_efficient_dl.errors import ParameterError, did_you_mean
from topology_efficient_dl.params.base import HOW, LATER, Names, Parameters, words
from topology_efficient_dl.params.names import NAMED

LevelSetRepresentation = Literal[
    "raw", "difference", "second_difference", "cumulative", "smoothed", "line_length", "amplitude"
]
"""What the filters see; see ``tda.level_sets.representations``."""


LevelSetStatistic = Literal[
    "beta0", "measure", "longest", "gap", "position", "persistent_beta0", "bars", "total_persistence"
]
"""What is read off a level set, or off the barcode of a filtered series; see ``tda.level_sets.statistics``."""


class LevelSetRecipe(Parameters):
    """Convolutional Betti curves: level sets of a series seen through a bank of filters."""

    kind: Literal["level_sets"] = "level_sets"
    representations: tuple[LevelSetRepresentation, ...] = Field(
        ("raw", "difference"), min_length=1, description="what the filters see"
    )
    directions: tuple[Literal["superlevel", "sublevel"], ...] = Field(("superlevel",), min_length=1)
    filters: Literal["fixed", "random", "learned"] = Field(
        "fixed", description="84 fixed filters of nine taps; random ones; centres of the train series' own patterns"
    )
    n_filters: int = Field(84, ge=1, description="random or learned filters; the fixed ones are 84")
    statistics: tuple[LevelSetStatistic, ...] = Field(("beta0", "measure", "longest"), min_length=1)
    levels_per_filter: int = Field(30, ge=1, description="levels of a filter, over all dilations of a representation")
    max_dilations: int = Field(16, ge=1)
    level_choice: Literal["quantile", "labels"] = Field(
        "quantile", description="quantiles of filtered train series, or of four times as many those that tell labels"
    )
    level_samples: int = Field(8, ge=1, description="train series whose quantiles become levels, per dilation")
    persistence: float = Field(0.25, gt=0, lt=1, description="of persistent_beta0 and bars, as a share of quantiles")
    relevance: float = Field(
        1.5, ge=0, description="features are weighted by (variance between classes) ** relevance; 0 turns it off"
    )


class RocketRecipe(Parameters):
    """A peer: the transform of aeon's MiniRocket or MultiRocket-Hydra classifier."""

    kind: Literal["minirocket", "multirocket_hydra"]
    n_kernels: int = Field(10_000, ge=84, description="of MiniRocket")


SeriesRecipe = LevelSetRecipe | RocketRecipe
"""A feature transform that is fitted inside a cell, with its seed, on the series themselves."""


class CrossValidatedRecipe(Parameters):
    """Several transforms, of which train chooses one by cross-validation (``training.recipe_choice``)."""

    kind: Literal["cross_validated"] = "cross_validated"
    candidates: tuple[Annotated[SeriesRecipe, Field(discriminator="kind")], ...] = Field(
        min_length=2, description="the first is taken unless another one is clearly better"
    )
    folds: int = Field(5, ge=2)
    standard_errors: float = Field(
        1.5, ge=0, description="of the difference between two candidates' errors, by which another must beat the first"
    )
    most_series: int = Field(1_000, ge=10, description="of larger train sets so many are drawn to choose with")


TransformRecipe = SeriesRecipe | CrossValidatedRecipe
"""An entry of ``transforms``."""


def _without_candidates(entry: Any) -> Any:
    """The entry of another kind without the fields of a choice: environments are merged field by field, and one that
    puts a single transform in the place of a choice would inherit them."""
    if not isinstance(entry, dict) or entry.get("kind") in (None, "cross_validated"):
        return entry
    return {
        name: value for name, value in entry.items() if name not in CrossValidatedRecipe.model_fields or name == "kind"
    }


TransformEntry = Annotated[TransformRecipe, Field(discriminator="kind"), BeforeValidator(_without_candidates)]


class Transforms(RootModel[Annotated[dict[str, TransformEntry], NAMED]]):
    """Feature transforms by name; a model of the zoo names one in ``features``."""

    model_config = ConfigDict(frozen=True)


class ModelSpec(Parameters):
    """One entry of the model zoo."""

    architecture: str = Field(description="a name in the model registry")
    role: Literal["baseline", "proposal"] = Field("baseline", json_schema_extra=HOW)
    size: Literal["small", "medium", "large"] = "medium"
    features: str | None = Field(
        None, description="variant of tda.variants, or name in transforms, that the model reads instead of the series"
    )
    members: int = Field(1, ge=1, le=1_000, description="networks in an ensemble that averages probabilities")
    normalise: bool = Field(
        False,
        description="z-normalise the series inside the network; for runs with ingest.normalise off",
        json_schema_extra=LATER,
    )
    options: dict[str, Any] = Field(default_factory=dict, description="keyword arguments of the architecture")
    train: dict[str, Any] | None = Field(
        None,
        description="fields of `train` that a model of graphs has otherwise; all models are tuned by as many trials",
        json_schema_extra=LATER,
    )


OF = "of"
"""The key of an entry of the zoo that is a trial of other entries."""


def with_trials(entries: Any) -> Any:
    """The entries of a zoo, with a model ``<model>_<trial>`` for each model that a trial is ``of``.

    ``of`` lists models, or gives options by model. Of its other fields a trial adds ``options`` and ``train`` to those
    of the model; any other takes the place of the model's.

    Examples
    --------
    >>> gcn = {"architecture": "gcn", "options": {"norm": "batch"}}
    >>> with_trials({"gcn": gcn, "wide": {"of": "gcn", "options": {"width": 9}}})["gcn_wide"]
    {'architecture': 'gcn', 'options': {'norm': 'batch', 'width': 9}}
    """
    if not isinstance(entries, dict):
        return entries
    trials = {name: entry for name, entry in entries.items() if isinstance(entry, dict) and OF in entry}
    found = {name: entry for name, entry in entries.items() if name not in trials}
    for trial, entry in trials.items():
        of = words(entry[OF])
        if not isinstance(of, (list, tuple, dict)):
            raise ValueError(f"{trial}.{OF}: expected models, or options by model; found {of!r}")
        for field in ("options", "train"):
            _check_map(f"{trial}.{field}", entry.get(field), "a map")
        for model in of:
            name = f"{model}_{trial}"
            if model not in entries or model in trials or not isinstance(entries[model], dict):
                hint = did_you_mean(str(model), entries.keys() - trials.keys())
                raise ValueError(f"{trial}.{OF}: unknown model '{model}'{hint or '.'} A trial is of models of the zoo")
            if name in found:
                raise ValueError(f"'{name}' is there twice: as an entry, and as trial '{trial}' of '{model}'")
            own = of[model] if isinstance(of, dict) else {}
            _check_map(f"{trial}.{OF}.{model}", own, "options")
            found[name] = _changed(entries[model], {key: value for key, value in entry.items() if key != OF}, own or {})
    return found


def _check_map(place: str, value: Any, what: str) -> None:
    if not isinstance(value, (dict, NoneType)):
        raise ValueError(f"{place}: expected {what} (key: value); found {value!r}")


def _changed(model: dict[str, Any], trial: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    added = {"options": {**(trial.get("options") or {}), **options}, "train": trial.get("train")}
    joined = {key: {**(model.get(key) or {}), **values} for key, values in added.items() if values}  # the trial's last
    return {**model, **trial, **joined}


class Zoo(RootModel[Annotated[dict[str, ModelSpec], NAMED, BeforeValidator(with_trials)]]):
    """All models that can be named in ``models``."""

    model_config = ConfigDict(frozen=True)

    def pick(self, names: Names) -> dict[str, ModelSpec]:
        """The named entries, in the order of the names.

        Raises
        ------
        ParameterError : a name is not in the zoo
        """
        for name in names.root:
            if name not in self.root:
                hint = did_you_mean(name, self.root)
                raise ParameterError(f"models: unknown model '{name}'{hint or '.'} Allowed: {', '.join(self.root)}")
        return {name: self.root[name] for name in names.root}
