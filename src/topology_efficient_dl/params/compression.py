"""Typed parameters of track C: how trained networks are made smaller, and how they are trained on."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, model_validator

from topology_efficient_dl.params.base import Parameters
from topology_efficient_dl.params.names import checked_names

TensorMethod = Literal["svd", "tucker", "cp", "tt"]
"""Decompositions; see ``tensor.factorise``."""

PeerMethod = Literal["prune_weights", "prune_channels", "small_dense", "continued", "lora", "int8"]
"""What they are compared with; see ``compression.peers``."""

AS_LARGE_AS_DENSE = ("continued", "lora", "int8")
"""Peers that keep all parameters: the dense network trained on, with adapters, or in eight bits."""

Part = Literal["conv", "bottleneck", "ffn", "attention", "recurrent", "linear"]
"""Parts of a network; see ``tensor.network``. ``bottleneck`` narrows 1x1 convolutions together with the convolutions
that read them, and leaves these whole; ``conv`` with ``joint`` does so too, and factorises them."""

TENSOR_METHODS: tuple[str, ...] = get_args(TensorMethod)


MODELS = "models"
"""What a variant names the dense models by that it is for."""


class FineTuneParams(Parameters):
    """How a compressed network is trained on: all of train, a fixed number of epochs, the last one is kept.

    Nothing is chosen on validation: the dense network has seen it in its refit.
    """

    epochs: int = Field(50, ge=0, description="0 leaves the network as it was compressed")
    learning_rate: float = Field(1e-3, gt=0, description="falls along half a cosine")
    distillation: float = Field(
        0.5, ge=0, le=1, description="weight of the dense network's probabilities; the rest is that of the labels"
    )
    temperature: float = Field(2.0, gt=0, description="that both networks' logits are divided by for distillation")


class CompressionRecipe(Parameters):
    """One way to make a network smaller."""

    method: TensorMethod | PeerMethod = "tucker"
    layers: tuple[Part, ...] = Field(
        ("conv", "ffn", "attention", "recurrent"), min_length=1, description="parts of the network that are factorised"
    )
    rank: int | None = Field(None, ge=1, description="one for all layers; comes before energy, latency and keep")
    energy: float | None = Field(
        None, gt=0, le=1, description="share of squared singular values that every layer keeps; before latency and keep"
    )
    latency: float | None = Field(
        None, gt=0, lt=1, description="share of the dense network's time, measured here; before keep"
    )
    keep: float = Field(0.3, gt=0, lt=1, description="share of the network's parameters")
    joint: bool = Field(
        True,
        description="1x1 convolutions are decomposed together with the convolutions that read them; not with rank",
    )
    multiple: int = Field(4, ge=1, description="ranks are rounded down to a multiple, for kernels that work in blocks")
    leave_slower_dense: bool = Field(
        False, description="time every layer by itself, and leave those dense that would take longer"
    )
    latency_batch: int = Field(1, ge=1, description="batch size of those timings, and of latency")
    schedule: Literal["fixed", "increasing"] = Field(
        "fixed", description="increasing: the first epochs with a part of the ranks, more in later ones"
    )
    stages: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(
        (0.5, 0.75, 1.0), min_length=1, description="shares of the ranks, in equal parts of the epochs, when increasing"
    )
    fine_tune: FineTuneParams = Field(default_factory=FineTuneParams)

    @property
    def is_measured(self) -> bool:
        """Whether timings on this machine have a say."""
        by_latency = self.rank is None and self.energy is None and self.latency is not None
        return self.is_tensor and (self.leave_slower_dense or by_latency)

    def without_tuning(self) -> CompressionRecipe:
        """The same with the default training: what a compressed network depends on before it is trained on."""
        left_out = {"fine_tune", "schedule", "stages"}
        return CompressionRecipe(**self.model_dump(exclude=left_out))

    @property
    def is_tensor(self) -> bool:
        """Whether weights are decomposed."""
        return self.method in TENSOR_METHODS

    @model_validator(mode="after")
    def _stages_rise_to_all(self) -> CompressionRecipe:
        if list(self.stages) != sorted(set(self.stages)) or self.stages[-1] != 1.0:
            raise ValueError(f"stages {self.stages}: expected rising shares of the ranks that end at 1.0")
        if self.schedule == "increasing" and 0 < self.fine_tune.epochs < len(self.stages):
            raise ValueError(
                f"fine_tune.epochs {self.fine_tune.epochs}: fewer than the {len(self.stages)} stages of an increasing "
                "schedule, whose last ranks would never be used; give more, or fewer stages"
            )
        return self


def _one_variant() -> dict[str, dict[str, Any] | None]:
    return {"compressed": {}}


class CompressionParams(CompressionRecipe):
    """The default recipe, and named variants of it, each a set of overrides."""

    variants: dict[str, dict[str, Any] | None] = Field(
        default_factory=_one_variant,
        min_length=1,
        description="by name; null leaves out one that another environment names; models: the dense models it is for",
    )

    def recipes(self) -> dict[str, CompressionRecipe]:
        """Every variant as a complete, validated recipe."""
        base = self.model_dump(exclude={"variants"})
        return {
            name: CompressionRecipe(**_merged(base, {key: each for key, each in overrides.items() if key != MODELS}))
            for name, overrides in self.variants.items()
            if overrides is not None
        }

    def takes(self, variant: str, model: str) -> bool:
        """Whether a variant is made of a dense model: of all, unless it names some.

        Examples
        --------
        >>> params = CompressionParams(variants={"ffn": {"layers": "ffn", "models": "transformer gru"}})
        >>> params.takes("ffn", "transformer"), params.takes("ffn", "fcn")
        (True, False)
        """
        named = (self.variants[variant] or {}).get(MODELS)
        return named is None or model in (named.split() if isinstance(named, str) else named)

    @model_validator(mode="after")
    def _check_variants(self) -> CompressionParams:
        if not self.recipes():
            raise ValueError("variants: every one is null, which leaves nothing to do; name at least one")
        checked_names(self.variants, "variants.")
        return self


def _merged(base: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    """The base with the overrides; groups inside are merged field by field."""
    nested = {
        key: {**base[key], **value} for key, value in overrides.items() if isinstance(value, dict) and key in base
    }
    return {**base, **overrides, **nested}


class CrossingParams(Parameters):
    """What the study of feed-forward parts measures: every method at every width, rank and batch."""

    methods: tuple[Literal["svd", "tucker", "tt"], ...] = Field(("tt", "svd"), min_length=1)
    widths: tuple[Annotated[int, Field(ge=4)], ...] = Field((64, 128), min_length=1, description="of the encoder")
    ranks: tuple[Annotated[int, Field(ge=1)], ...] = Field((4, 8, 16), min_length=1)
    batches: tuple[Annotated[int, Field(ge=1)], ...] = Field((1, 64), min_length=1, description="samples in a batch")
    tokens: int = Field(36, ge=1, description="of a sample")
    expansion: int = Field(4, ge=1, description="width inside, as a multiple")

    def conditions(self) -> CrossingParams:
        """The part that the result of a single method and width depends on."""
        return CrossingParams(**self.model_dump(exclude={"methods", "widths"}))
