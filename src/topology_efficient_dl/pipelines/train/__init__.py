"""Splits and features -> trained models and their predictions."""

from topology_efficient_dl.pipelines.train.pipeline import (
    create_fitting_pipeline,
    create_pipeline,
    create_tuning_pipeline,
)

__all__ = ["create_fitting_pipeline", "create_pipeline", "create_tuning_pipeline"]
