"""Which open triangles of the past a group fills in the future, and who says so best."""

from topology_efficient_dl.pipelines.closure.pipeline import create_pipeline

__all__ = ["create_pipeline"]
