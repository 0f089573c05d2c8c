"""Typed parameters of track B: graphs, complexes' features, and what its runs are made of."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, RootModel, model_validator

from topology_efficient_dl.common.bounded import MAX_FILE_MIB
from topology_efficient_dl.errors import ParameterError, did_you_mean
from topology_efficient_dl.params.base import HOW, LATER, Names, Parameters, Seeds
from topology_efficient_dl.params.compression import CompressionParams
from topology_efficient_dl.params.names import checked_names
from topology_efficient_dl.params.planted import PlantedContacts
from topology_efficient_dl.params.training import EvaluateParams, TrainParams
from topology_efficient_dl.params.values import Seed

OWN = "own"
"""The recipe of features without any propagation, which graph networks read."""


class GraphParams(Parameters):
    """Where graphs come from, and which of their labels a model may see."""

    root: str | None = Field(
        None, description="folder with graphs; else GRAPH_ROOT, then what ships", json_schema_extra=HOW
    )
    max_file_mib: float = Field(
        MAX_FILE_MIB, gt=0, description="most that one file may hold, unpacked", json_schema_extra=HOW
    )
    options: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="by set, arguments of its reader, e.g. {Reed98: {label: year}}"
    )
    planted: PlantedContacts = Field(default_factory=PlantedContacts, description="of planted_contacts")
    planted_seed: Seed = 0
    label_share: float = Field(
        0.1, gt=0, lt=1, description="labelled nodes of sets without an official split, validation included"
    )
    validation_fraction: float = Field(0.2, gt=0, lt=1, description="of what is labelled, stratified")
    draw_seed: Seed = 0
    held_out: bool = Field(
        False, description="validation stands in for test, and a part of train for validation, to compare designs"
    )


class NodeFeatureParams(Parameters):
    """What describes a node before anything is propagated; nothing of it is a label of the task."""

    given: bool = Field(True, description="features that come with the set")
    activity_minutes: int | None = Field(
        30, ge=1, description="length of the periods in which contacts of a node are counted; null for none"
    )
    statistics: bool = Field(True, description="degree, strength, triangles, clustering, simplices of a node")
    open_edges: bool = Field(
        False, description="sum of 1 / (1 + triangles) over a node's edges, and of its square", json_schema_extra=LATER
    )
    encoding_bins: int = Field(
        0,
        ge=0,
        description="bins of a piecewise linear encoding of given features and statistics; 0 for none",
        json_schema_extra=LATER,
    )


class PropagationRecipe(Parameters):
    """Features that are carried along operators once, before any training."""

    kind: Literal["hops"] = "hops"
    operators: tuple[str, ...] = Field((), description="names of models.simplicial.node_operators")
    hops: int = Field(1, ge=0, description="powers of each operator")
    standardise: bool = Field(
        False, description="columns with mean 0 and standard deviation 1 after propagation too", json_schema_extra=LATER
    )
    keep_own: bool = Field(
        True, description="a node's own features are a block beside what is carried to it", json_schema_extra=LATER
    )

    @model_validator(mode="after")
    def _something_is_left(self) -> PropagationRecipe:
        if not self.keep_own and not (self.operators and self.hops):
            raise ValueError(
                "keep_own is false, and nothing is carried: name operators and at least one hop, or keep it"
            )
        return self


DiffusionOperator = Literal[
    "period_groups", "period_pairs", "periods_together", "weight", "log_weight", "triangles", "simplex_triangles"
]
"""What labels can spread along; see ``models.simplicial.node_features.diffuse``."""
Untimed = Literal["weight", "log_weight", "triangles", "simplex_triangles"]
"""Those of them that need no times."""


class DiffusionRecipe(Parameters):
    """Kernels by which labels spread, and the similarity of features: made once, for all draws of labels."""

    kind: Literal["diffusion"] = "diffusion"
    operators: tuple[DiffusionOperator, ...] = Field(
        ("period_groups", "periods_together", "simplex_triangles", "triangles"), min_length=1
    )
    features: DiffusionOperator | Literal["own", "none"] = Field(
        "period_groups", description="operator that carries features; own: features alone; none: no channel of features"
    )
    hops: int = Field(3, ge=0, description="powers of that operator")
    alpha: float = Field(0.95, gt=0, lt=1, description="share of a random walk that goes on")
    untimed_operators: tuple[Untimed, ...] = Field(
        ("triangles", "weight"),
        min_length=1,
        description="operators on a graph without times, if one of the above needs them",
        json_schema_extra=LATER,
    )
    untimed_features: Untimed | Literal["own", "none"] = Field(
        "weight",
        description="features on a graph without times, if the operator above needs them",
        json_schema_extra=LATER,
    )
    period_minutes: int = Field(30, ge=1, description="of the operators by periods")
    smoothing: float = Field(0.5, ge=0, description="mean strengths added to a node's strength in a period")

    def untimed(self) -> DiffusionRecipe:
        """The recipe for a graph without times: itself, if nothing in it needs them.

        Examples
        --------
        >>> DiffusionRecipe().untimed().operators, DiffusionRecipe(operators=("log_weight",)).untimed().operators
        (('triangles', 'weight'), ('log_weight',))
        """
        instead: dict[str, Any] = {}
        if any(operator in NEED_TIMES for operator in self.operators):
            instead["operators"] = self.untimed_operators
        if self.features in NEED_TIMES:
            instead["features"] = self.untimed_features
        return self.model_copy(update=instead) if instead else self


NEED_TIMES = ("period_groups", "period_pairs", "periods_together")
"""Operators by periods of time."""


def _of_hops(entry: Any) -> Any:
    """An entry without a kind is of hops."""
    return {"kind": "hops", **entry} if isinstance(entry, dict) else entry


AnyRecipe = PropagationRecipe | DiffusionRecipe
"""An entry of ``propagation``."""


class Propagation(RootModel[dict[str, Annotated[AnyRecipe, Field(discriminator="kind"), BeforeValidator(_of_hops)]]]):
    """Recipes by name; a model of the zoo names one in ``features``. ``own`` is without propagation."""

    @model_validator(mode="after")
    def _has_own(self) -> Propagation:
        checked_names(self.root)
        own = self.root.get(OWN)
        if not isinstance(own, PropagationRecipe) or own.operators:
            raise ValueError(f"the recipe '{OWN}' must be there and have no operators: graph networks read it")
        return self

    def pick(self, names: set[str]) -> dict[str, AnyRecipe]:
        """The named recipes.

        Raises
        ------
        ParameterError : there is no such recipe
        """
        for name in sorted(names):
            if name not in self.root:
                hint = did_you_mean(name, self.root) or "."
                raise ParameterError(f"no propagation recipe '{name}'{hint} There are: {', '.join(self.root)}")
        return {name: recipe for name, recipe in self.root.items() if name in names}


class TrackParams(Parameters):
    """What a track's runs are made of, where it has settings of its own."""

    datasets: Names
    models: Names
    seeds: Seeds = Field(description="numbers of the draws of labels, of the official splits or of the folds")
    train: TrainParams
    evaluate: EvaluateParams


class GraphCompressionParams(Parameters):
    """The group ``compress_b``: which networks of track B are made smaller, how, and when that counts as a success."""

    models: Names = Field(description="of track_b.models")
    compression: CompressionParams
    evaluate: EvaluateParams
