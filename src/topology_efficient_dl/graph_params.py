"""Typed parameters of track B: graphs, complexes' features, and what its runs are made of."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, RootModel, model_validator

from topology_efficient_dl.bounded import MAX_FILE_MIB
from topology_efficient_dl.compression_params import CompressionParams
from topology_efficient_dl.data.graphs.planted import PlantedContacts
from topology_efficient_dl.errors import ParameterError, did_you_mean
from topology_efficient_dl.names import checked_names
from topology_efficient_dl.parameter_values import Seed
from topology_efficient_dl.params import HOW, LATER, EvaluateParams, Names, Parameters, Seeds, TrainParams

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
"""What labels can spread along; see ``lifting.diffuse``."""
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


ScaledModel = Literal[
    "gcn",
    "graph_sage",
    "gat",
    "gat_fused",
    "gatv2",
    "gatv2_fused",
    "graph_transformer",
    "global_attention",
    "hypergraph",
    "simplicial_nn",
    "cell_complex_nn",
    "simplicial_operators",
    "simplicial_mlp",
    "simplicial_mlp_triangles",
]
"""What ``evaluation.graph_scaling_probe`` knows how to prepare."""


class ScalingConditions(Parameters):
    """Under which every point of the scaling study on graphs is measured; its result depends on them."""

    memory_gib: float = Field(
        4.0, gt=0, le=65_536, description="data of one process, libraries included, in 2**30 bytes"
    )
    time_limit_seconds: float = Field(120.0, gt=0, le=604_800, description="for one process, from start to answer")
    repeats: int = Field(3, ge=1, description="timed answers after a first one")
    long_seconds: float = Field(
        20.0, gt=0, le=604_800, description="a first answer that takes longer is not repeated, and counts"
    )
    threads: int = Field(1, ge=1, le=1_024)
    n_features: int = Field(32, ge=1, le=65_536, description="of a node")
    n_classes: int = Field(4, ge=2, le=65_536)
    width: int = Field(64, ge=4, le=65_536, description="of every network")
    depth: int = Field(2, ge=1, description="layers of every network")
    hops: int = Field(2, ge=1, description="propagated beforehand, of each operator of simplicial_mlp")


class GraphScalingParams(ScalingConditions):
    """What the scaling study on graphs measures: every model on every number of nodes and density."""

    nodes: tuple[Annotated[int, Field(ge=10)], ...] = Field((500, 1_000), min_length=1)
    densities: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field((0.02,), min_length=1)
    models: tuple[ScaledModel, ...] = Field(("gat", "simplicial_mlp"), min_length=1)

    @model_validator(mode="after")
    def _has_edges(self) -> GraphScalingParams:
        nodes, density = min(self.nodes), min(self.densities)
        if density * nodes * (nodes - 1) / 2 < 1:
            raise ValueError(f"nodes {nodes} at density {density:g} have no edge; take more nodes or a higher density")
        return self

    def conditions(self) -> ScalingConditions:
        """The part that the result of a single point depends on."""
        return ScalingConditions(**self.model_dump(include=set(ScalingConditions.model_fields)))


class CandidateParams(Parameters):
    """What is known of open triangles at a time, and how many of them are learnt from."""

    recencies: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(
        (0.2, 0.05), description="shares of all time that views of the latest time look back"
    )
    time_window: int = Field(60, ge=1, description="seconds in which contacts are a group")
    max_group_size: int = Field(25, ge=3, description="larger groups give no simplices")
    max_simplices: int = Field(
        20_000_000, ge=1, description="triangles, open and closed, beyond which data are refused"
    )
    negatives_per_positive: int = Field(10, ge=1, description="open ones kept for each one that closes, to learn from")
    least_negatives: int = Field(20_000, ge=1, description="but no fewer, where there are so many")
    most_rows: int = Field(50_000, ge=10, description="learnt from at one horizon")
    validation_negatives: int = Field(200_000, ge=1, description="open ones kept to choose on, with weights")
    scaled_on: int = Field(250_000, ge=10, description="candidates that means and deviations are taken from")
    draw_seed: Seed = 0


ColumnFamily = Literal["all", "edges", "means"]
"""Columns that a logistic head reads; see ``closure.past.chosen_columns``."""


class LogisticParams(Parameters):
    """Trials of the logistic head: every family of columns with every penalty and every number of horizons."""

    columns: tuple[ColumnFamily, ...] = Field(
        ("all", "edges", "means"), min_length=1, description="all; classic scores, weights and ages of edges; means"
    )
    penalties: tuple[Annotated[float, Field(gt=0)], ...] = Field((0.1, 0.01), min_length=1)
    horizons: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        (3,), min_length=1, description="latest horizons to learn from"
    )

    @property
    def n_trials(self) -> int:
        """Number of combinations."""
        return len(self.columns) * len(self.penalties) * len(self.horizons)


class AttentionTrial(Parameters):
    """Settings of attention that are tried together."""

    width: int = Field(32, ge=4)
    learning_rate: float = Field(3e-3, gt=0)
    dropout: float = Field(0.2, ge=0, lt=1)
    weight_decay: float = Field(1e-4, ge=0)
    horizons: int = Field(3, ge=1, description="latest horizons to learn from")


class AttentionParams(Parameters):
    """Trials of attention on the graph of the past."""

    trials: tuple[AttentionTrial, ...] = Field(
        (
            AttentionTrial(),
            AttentionTrial(dropout=0.5, weight_decay=1e-2, horizons=1),
            AttentionTrial(width=64, dropout=0.5, weight_decay=1e-2),
            AttentionTrial(width=64, learning_rate=1e-3, horizons=1),
            AttentionTrial(learning_rate=1e-2, dropout=0.5),
            AttentionTrial(width=64, weight_decay=1e-1),
        ),
        min_length=1,
    )
    checkpoints: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        (60, 120, 240), min_length=1, description="steps after which a trial is looked at; the best is kept"
    )
    patience: int = Field(2, ge=1, description="checkpoints without a better one, after which a trial ends")
    batch_size: int = Field(4096, ge=1, description="triangles of a step")
    embedding: int = Field(32, ge=1, description="of a node, for the decoder")
    heads: int = Field(4, ge=1)


class ClosureParams(Parameters):
    """The study of higher-order link prediction: which open triangles of the past close in the future."""

    datasets: Names = Field(default_factory=lambda: Names(("planted_contacts",)))
    past_share: float = Field(0.8, gt=0.5, lt=1, description="of all rows; candidates close in the rest")
    horizon_shares: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(
        (0.4, 0.5, 0.6), min_length=1, description="to learn from; the choice is made one future earlier"
    )
    candidates: CandidateParams = Field(default_factory=CandidateParams)
    logistic: LogisticParams = Field(default_factory=LogisticParams)
    attention: AttentionParams = Field(default_factory=AttentionParams)
    seeds: Seeds = Field(default_factory=lambda: Seeds((0, 1, 2)), description="of attention")
    n_bootstrap: int = Field(1_000, ge=100, le=1_000_000)
    confidence: float = Field(0.95, gt=0.5, lt=1)

    @model_validator(mode="after")
    def _fits(self) -> ClosureParams:
        future = 1 - self.past_share
        for share in self.horizon_shares:
            if not future + 1e-6 < share <= self.past_share - future + 1e-6:
                raise ValueError(
                    f"horizon_shares {share:g}: expected more than {future:g} and at most {1 - 2 * future:g}: "
                    "what closes after a horizon must end where the candidates of the next step begin"
                )
        own, others = self.logistic.n_trials, len(self.attention.trials)
        if own != others:
            raise ValueError(
                f"logistic has {own} trials (columns times penalties times horizons) and attention {others}; give both "
                "as many"
            )
        there = len(self.horizon_shares)
        trials: list[Any] = [min(horizons, there) for horizons in self.logistic.horizons]
        trials += [{**trial.model_dump(), "horizons": min(trial.horizons, there)} for trial in self.attention.trials]
        if any(trials.count(trial) > 1 for trial in trials):
            raise ValueError(
                f"two trials are the same where there are {there} horizon_shares: learn from no more horizons than "
                "that in logistic.horizons and attention.trials, or name more"
            )
        return self
