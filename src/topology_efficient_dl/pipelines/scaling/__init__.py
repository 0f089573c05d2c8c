"""What persistence diagrams cost as series grow."""

from topology_efficient_dl.pipelines.scaling.pipeline import create_pipeline

__all__ = ["create_pipeline"]
