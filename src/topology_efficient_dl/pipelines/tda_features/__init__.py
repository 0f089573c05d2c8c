"""Series -> persistence diagrams -> feature vectors."""

from topology_efficient_dl.pipelines.tda_features.pipeline import create_pipeline

__all__ = ["create_pipeline"]
