"""Typed parameters: one frozen pydantic model per parameter group of ``conf/<environment>/parameters_*.yml``.

A wrong key or value is refused before anything runs, with the allowed ones and the nearest match.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_origin

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, RootModel, model_validator

from topology_efficient_dl.bounded import MAX_FILE_MIB
from topology_efficient_dl.errors import ParameterError, did_you_mean
from topology_efficient_dl.names import NAMED, NameTuple, checked_names
from topology_efficient_dl.parameter_values import Jobs, Seed, once, refuse_repeats, refuse_truth_values

HOW: dict[str, Any] = {"results_depend_on_it": False}
"""Marks a parameter that says how a cell is computed, not what: it does not enter the cell's fingerprint."""


LATER: dict[str, Any] = {"enters_when_it_differs_from_its_default": True}
"""Marks a parameter that came later: at its default everything is as before, and cells of before are still known."""


def words(value: Any) -> Any:
    """One value, or several separated by blanks, as the command line gives a list; lists pass unchanged.

    Examples
    --------
    >>> words("gat gcn"), words(0.5), words([1])
    (['gat', 'gcn'], [0.5], [1])
    """
    if isinstance(value, str):
        return value.split()
    return [value] if isinstance(value, (int, float)) and not isinstance(value, bool) else value


class Parameters(BaseModel):
    """Base of all parameter groups: frozen; numbers are finite, lists hold each value once and may be given as text of
    values with blanks between them, and unknown keys are errors that name the nearest known key."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _prepare(cls, values: Any) -> Any:
        if isinstance(values, dict):
            for key in sorted(values.keys() - cls.model_fields.keys(), key=str):
                allowed = ", ".join(cls.model_fields)
                hint = did_you_mean(str(key), cls.model_fields)
                raise ValueError(f"unknown parameter '{key}'{hint or '.'} Allowed: {allowed}")
            refuse_truth_values(cls, values)
            lists = {name for name, field in cls.model_fields.items() if get_origin(field.annotation) is tuple}
            return {key: words(value) if key in lists else value for key, value in values.items()}
        return values

    @model_validator(mode="after")
    def _values_once(self) -> Parameters:
        refuse_repeats(self)
        return self

    def identity(self) -> dict[str, Any]:
        """The fields that results depend on: none marked ``HOW``, and ``LATER`` ones only if not at their default."""
        left_out = {
            name
            for name, field in type(self).model_fields.items()
            if field.json_schema_extra == HOW
            or (field.json_schema_extra == LATER and getattr(self, name) == field.default)
        }
        return self.model_dump(exclude=left_out)


class Names(RootModel[Annotated[NameTuple, BeforeValidator(words), AfterValidator(once), Field(min_length=1)]]):
    """A list of names, each once; from the command line one name, or several separated by spaces. See ``names``."""

    model_config = ConfigDict(frozen=True)


class Seeds(RootModel[Annotated[tuple[Seed, ...], BeforeValidator(words), AfterValidator(once), Field(min_length=1)]]):
    """Random seeds, each once; from the command line one integer, or several separated by spaces."""

    model_config = ConfigDict(frozen=True)


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

    vectorization: Literal[
        "landscape", "image", "silhouette", "betti_curve", "entropy", "statistics",
        "giotto_landscape", "giotto_image", "giotto_silhouette", "giotto_betti_curve", "giotto_entropy",
        "giotto_amplitude",
    ] = "landscape"  # fmt: skip
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


class Zoo(RootModel[Annotated[dict[str, ModelSpec], NAMED]]):
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
