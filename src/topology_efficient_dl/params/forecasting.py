"""Typed parameters of ``forecast_c``: forecasting networks, what is made of them, and when that counts as a success."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from topology_efficient_dl.params.base import Names, Parameters, Seeds
from topology_efficient_dl.params.compression import CompressionParams
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.params.values import Seed


class WindowParams(Parameters):
    """How one long series becomes windows with targets, cut in time order."""

    context: int = Field(48, ge=2, le=10_000, description="past values that a forecast is made from")
    horizon: int = Field(12, ge=1, le=10_000, description="values after them that are forecast, all at once")
    validation_share: float = Field(0.2, gt=0, lt=1, description="of the series' values, after those of train")
    test_share: float = Field(0.2, gt=0, lt=1, description="of the series' values, the last ones")
    relative_to: Literal["last", "train"] = Field(
        "last",
        description="what a network sees as zero: the last value of a window's own context, or the mean of train. The "
        "unit is the standard deviation of train in both cases",
    )

    @model_validator(mode="after")
    def _leaves_train(self) -> WindowParams:
        if self.validation_share + self.test_share >= 1:
            raise ValueError(
                f"validation_share {self.validation_share:g} and test_share {self.test_share:g} leave nothing for "
                "train; together they must be less than 1"
            )
        return self


class ForecastCriterion(Parameters):
    """When a smaller forecaster counts as a success, and the intervals that it is judged by."""

    max_rmse_rise: float = Field(0.01, ge=0, description="largest accepted relative rise of RMSE")
    min_params_cut: float = Field(0.70, ge=0, lt=1, description="smallest accepted cut of parameters, fraction")
    min_latency_cut: float = Field(0.30, ge=0, lt=1, description="of latency, at every batch size of efficiency")
    confidence: float = Field(0.95, gt=0.5, lt=1)
    n_bootstrap: int = Field(10_000, ge=100, le=1_000_000)
    bootstrap_seed: Seed = 0


class ForecastParams(WindowParams):
    """The whole group ``forecast``."""

    datasets: Names = Field(default_factory=lambda: Names(("airline", "solar")))
    models: Names = Field(default_factory=lambda: Names(("inception_time",)))
    seeds: Seeds = Field(default_factory=lambda: Seeds((42, 123, 456)))
    train: TrainParams = Field(default_factory=TrainParams)
    compression: CompressionParams = Field(default_factory=CompressionParams)
    evaluate: ForecastCriterion = Field(default_factory=ForecastCriterion)

    @property
    def windows(self) -> WindowParams:
        """The part that windows depend on."""
        return WindowParams(**self.model_dump(include=set(WindowParams.model_fields)))

    @model_validator(mode="after")
    def _trains_forecasters(self) -> ForecastParams:
        if not self.train.refit:
            raise ValueError(
                "train.refit: compressed networks are trained on with train and validation together, so the dense "
                "ones must have seen both. Leave it true"
            )
        if self.train.class_weights != "none":
            raise ValueError(f"train.class_weights '{self.train.class_weights}': forecasts have no classes. Leave it")
        return self
