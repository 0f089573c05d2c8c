"""What persistence diagrams, and level-set inference, cost as series grow."""

from topology_efficient_dl.pipelines.scaling.pipeline import create_growth_pipeline, create_pipeline

__all__ = ["create_growth_pipeline", "create_pipeline"]
