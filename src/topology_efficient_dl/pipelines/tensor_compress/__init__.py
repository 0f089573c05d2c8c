"""Trained models -> smaller ones, by every recipe."""

from topology_efficient_dl.pipelines.tensor_compress.pipeline import create_graph_pipeline, create_pipeline

__all__ = ["create_graph_pipeline", "create_pipeline"]
