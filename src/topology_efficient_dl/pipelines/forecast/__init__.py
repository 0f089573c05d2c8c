"""Forecasting networks, what is made of them, and how they compare with naive forecasts."""

from topology_efficient_dl.pipelines.forecast.pipeline import create_pipeline

__all__ = ["create_pipeline"]
