"""Typed parameters of fits, of how a run is spread, of measuring costs, and of judging."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from topology_efficient_dl.params.base import HOW, LATER, Parameters
from topology_efficient_dl.params.values import (
    Jobs,
    Seed,
)


class TrainParams(Parameters):
    """The one training loop: AdamW, cosine schedule, early stopping on validation loss, refit on all of train."""

    max_epochs: int = Field(100, ge=1, le=1_000_000)
    min_epochs: int = Field(50, ge=1, le=1_000_000, description="no earlier epoch is kept; patience counts from here")
    patience: int = Field(10, ge=1, description="epochs without a lower validation loss")
    refit: bool = Field(
        True, description="fit anew on train and validation together, for the number of epochs that validation chose"
    )
    batch_size: int = Field(16, ge=1)
    learning_rate: float = Field(1e-3, gt=0)
    weight_decay: float = Field(1e-2, ge=0)
    gradient_clip: float = Field(1.0, ge=0, description="norm bound; 0 turns it off")
    class_weights: Literal["none", "balanced"] = Field(
        "none", description="balanced: every class has the same say, in a loss and in a regression"
    )
    precision: Literal["32-true", "16-mixed", "bf16-mixed"] = "32-true"
    device: Literal["cpu", "cuda", "auto"] = "cpu"
    threads: int = Field(
        1, ge=1, le=1_024, description="torch threads of one fit; results depend on it, so it is fixed"
    )

    def identity(self) -> dict[str, Any]:
        """Balanced weights had no effect on regressions once; cells of then are not taken for ones of now."""
        weights = {"class_weights": "balanced, also of regressions"} if self.class_weights == "balanced" else {}
        return super().identity() | weights


ADDRESS = r"^(inproc://\S+|((tcp|tls|ucx|wss?)://)?(\[[0-9a-fA-F:]+\]|[^\s:/]+):\d{1,5}/?)$"
"""Of a Dask scheduler: host and port, with or without a protocol."""


class ParallelParams(Parameters):
    """How cells run; results never depend on it."""

    backend: Literal["sequential", "loky", "threading", "dask"] = "loky"
    jobs: Jobs = Field(-1, description="workers; -1 is one per core")
    address: str | None = Field(
        None, pattern=ADDRESS, description="Dask scheduler, e.g. tcp://host:8786; a local cluster when null"
    )


class EfficiencyParams(Parameters):
    """How cost is measured: alone, alternating, with fixed threads."""

    batch_sizes: tuple[Annotated[int, Field(ge=1)], ...] = Field((1, 64), min_length=1)
    rounds: int = Field(7, ge=1, le=1_000, description="alternations between the models of a comparison")
    min_run_seconds: float = Field(0.1, gt=0, le=60, description="shortest timed block of one model in one round")
    threads: int = Field(1, ge=1, le=1_024)
    device: Literal["cpu", "cuda"] = "cpu"
    memory: bool = Field(True, description="measure peak memory, each model in a fresh process on the CPU")
    merge: bool = Field(
        False,
        description="fold normalisations and multiply out consecutive maps of every network before it is measured",
        json_schema_extra=LATER,
    )
    onnx: bool = Field(
        True, description="export networks of track C to ONNX, compare and time them there", json_schema_extra=HOW
    )


class EvaluateParams(Parameters):
    """The criterion, the statistics and the figure."""

    baseline: str = "inception_time"
    further_baselines: tuple[str, ...] = Field((), description="proposals are judged against each of these too")
    metric: Literal["f1_macro", "accuracy", "auroc"] = Field("f1_macro", description="quality that is judged")
    resample: Literal["samples", "draws"] = Field(
        "samples",
        description="what intervals are over: seeds and samples of one test set; or draws of labels, splits or folds, "
        "each with a test set of its own",
    )
    latency_of: Literal["whole", "model"] = Field(
        "whole", description="latency that is judged: raw sample in, label out; or the network alone, prepared once"
    )
    max_f1_drop_pp: float = Field(1.0, ge=0, description="largest accepted fall of quality, percentage points")
    min_latency_cut: float = Field(0.30, ge=0, lt=1, description="smallest accepted latency cut, fraction")
    min_params_cut: float = Field(
        0.30,
        ge=0,
        lt=1,
        description="smallest accepted cut of parameters, fraction; of track C",
        json_schema_extra=LATER,
    )
    min_f1_gain_pp: float = Field(1.0, ge=0, description="gain that counts at equal inference time, percentage points")
    latency_batch: int = Field(1, ge=1, description="batch size whose latency is judged")
    confidence: float = Field(0.95, gt=0.5, lt=1)
    n_bootstrap: int = Field(10_000, ge=100, le=1_000_000)
    bootstrap_seed: Seed = 0
    x_axis: str = Field("latency_ms_b1", description="column of the results table on the Pareto figure's x axis")
    y_axis: str = Field("f1_macro_mean", description="column of the results table on the Pareto figure's y axis")
