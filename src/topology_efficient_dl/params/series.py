"""Typed parameters: one frozen pydantic model per parameter group of ``conf/<environment>/parameters_*.yml``.

A wrong key or value is refused before anything runs, with the allowed ones and the nearest match.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from topology_efficient_dl.common.bounded import MAX_FILE_MIB
from topology_efficient_dl.params.base import HOW, LATER, Parameters
from topology_efficient_dl.params.names import checked_names
from topology_efficient_dl.params.registries import VECTORIZERS
from topology_efficient_dl.params.values import (
    Seed,
)

if TYPE_CHECKING:
    Vectorization = str
else:  # pydantic names what is allowed
    Vectorization = Literal[tuple(VECTORIZERS)]


class IngestParams(Parameters):
    """Where series come from and how they become splits."""

    root: str | None = Field(
        None,
        description="folder with UCR files; else UCR_ROOT, data/01_raw/ucr, aeon, download",
        json_schema_extra=HOW,
    )
    download: bool = Field(True, description="fetch missing sets from the mirrors", json_schema_extra=HOW)
    mirrors: tuple[str, ...] = Field(
        ("https://www.timeseriesclassification.com/aeon-toolkit/{name}.zip",),
        description="URL templates of zip files, tried in order",
        json_schema_extra=HOW,
    )
    retries: int = Field(2, ge=0, le=100, json_schema_extra=HOW)
    timeout_seconds: float = Field(
        20.0, gt=0, le=86_400, description="without a byte, after which a request is given up", json_schema_extra=HOW
    )
    max_download_seconds: float = Field(
        3600.0, gt=0, description="for one set, all attempts and mirrors together", json_schema_extra=HOW
    )
    max_download_mib: float = Field(2048.0, gt=0, description="most that a mirror may send", json_schema_extra=HOW)
    max_file_mib: float = Field(
        MAX_FILE_MIB, gt=0, description="most that one file may hold, unpacked", json_schema_extra=HOW
    )
    sha256: dict[str, str] = Field(
        default_factory=dict,
        description="expected digest of the downloaded zip, by set name",
        json_schema_extra=HOW,
    )
    label_column: str | None = Field(
        None,
        min_length=1,
        description="first, last, or a column's name; when null by the names of columns or attributes, else first",
        json_schema_extra=LATER,
    )
    unequal_length: Literal["pad", "interpolate", "error"] = "pad"
    missing_values: Literal["pad", "interpolate", "error"] = "interpolate"
    normalise: bool = Field(True, description="z-normalise every series (mean 0, standard deviation 1, per channel)")
    validation_fraction: float = Field(0.2, gt=0, lt=1)
    validation_seed: Seed = 0
    held_out: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="share of train that stands in for test, to compare designs without a look at test",
        json_schema_extra=LATER,
    )
    skip_unavailable: bool = Field(
        False,
        description="list sets that cannot be had in the report instead of stopping",
        json_schema_extra=HOW,
    )


class FiltrationParams(Parameters):
    """What a persistence diagram depends on: embedding, complex, homology."""

    embedding: Literal["takens", "sliding_window", "spectrogram", "series"] = "takens"
    delay: Annotated[int, Field(ge=1)] | Literal["auto"] = 5
    dimension: Annotated[int, Field(ge=1)] | Literal["auto"] = 3
    window: int = Field(32, ge=2, description="samples in a sliding or STFT window")
    stride: int = Field(1, ge=1, description="samples from one window to the next")
    filtration: Literal["rips", "alpha", "cubical", "sublevel", "superlevel"] = "rips"
    engine: Literal["auto", "ripser", "giotto", "giotto_ph", "gudhi"] = Field(
        "auto", description="of Rips; auto is the fastest for the number of points, and all give the same diagrams"
    )
    homology_dimensions: tuple[Annotated[int, Field(ge=0, le=3)], ...] = (0, 1)
    max_points: int | None = Field(None, ge=4, description="maxmin landmarks kept of a point cloud; all when null")
    max_edge_length: float | None = Field(None, gt=0, description="Rips threshold; the enclosing radius when null")
    field: int = Field(2, ge=2, description="coefficients in Z/field, a prime")


class VectorizationParams(Parameters):
    """How a diagram becomes a vector."""

    vectorization: Vectorization = "landscape"
    n_bins: int = Field(50, ge=2, description="grid points per curve, pixels per image side")
    n_layers: int = Field(5, ge=1, description="landscape layers")
    bandwidth: float = Field(0.05, gt=0, description="image kernel width, as a share of the birth-persistence range")
    power: float = Field(1.0, ge=0, description="weight = persistence ** power, in images and silhouettes")


class TdaRecipe(FiltrationParams, VectorizationParams):
    """One way from a series to a feature vector."""

    def filtration_params(self) -> FiltrationParams:
        """The part that persistence diagrams depend on."""
        return FiltrationParams(**self.model_dump(include=set(FiltrationParams.model_fields)))

    def vectorization_params(self) -> VectorizationParams:
        """The part that vectors depend on, given the diagrams."""
        return VectorizationParams(**self.model_dump(include=set(VectorizationParams.model_fields)))


def _default_variant() -> dict[str, dict[str, Any]]:
    return {"default": {}}


class TdaParams(TdaRecipe):
    """The default recipe, and named variants of it, each a set of overrides."""

    variants: dict[str, dict[str, Any]] = Field(default_factory=_default_variant)

    def recipes(self) -> dict[str, TdaRecipe]:
        """Every variant as a complete, validated recipe."""
        base = self.model_dump(exclude={"variants"})
        return {name: TdaRecipe(**{**base, **overrides}) for name, overrides in self.variants.items()}

    @model_validator(mode="after")
    def _check_variants(self) -> TdaParams:
        checked_names(self.variants, "variants.")
        self.recipes()
        return self
