"""Typed parameters of studies that a track does not need to run: growth, scaling on graphs, closure."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from topology_efficient_dl.params.base import Names, Parameters, Seeds
from topology_efficient_dl.params.series import FiltrationParams, TdaParams
from topology_efficient_dl.params.values import Seed


class ScalingParams(Parameters):
    """What the study of the cost of persistence diagrams measures."""

    dataset: str = Field("ArrowHead", description="a set among ``datasets``")
    lengths: tuple[Annotated[int, Field(ge=8)], ...] = (32, 64, 128, 251)
    n_series: int = Field(8, ge=1, description="series that are timed at every length")
    ways: dict[str, dict[str, Any]] = Field(description="by name, overrides of ``tda``")

    def filtrations(self, tda: TdaParams) -> dict[str, FiltrationParams]:
        """Every way as complete filtration parameters."""
        base = tda.filtration_params().model_dump()
        return {name: FiltrationParams(**{**base, **overrides}) for name, overrides in self.ways.items()}


class GrowthParams(Parameters):
    """What the study of the growth of level-set inference measures."""

    lengths: tuple[Annotated[int, Field(ge=9)], ...] = (100, 1_000, 10_000, 100_000)
    rounds: int = Field(7, ge=1, description="alternations between the lengths")
    numbers: tuple[Annotated[int, Field(ge=1)], ...] = (1_000, 10_000, 100_000)
    length: int = Field(96, ge=9, description="of the many series")


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
"""What ``studies.graph_scaling_probe`` knows how to prepare."""


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
"""Columns that a logistic head reads; see ``studies.closure.past.chosen_columns``."""


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
