"""Raw files -> train, validation and test arrays."""

from topology_efficient_dl.pipelines.ingest.pipeline import create_graph_pipeline, create_pipeline

__all__ = ["create_graph_pipeline", "create_pipeline"]
