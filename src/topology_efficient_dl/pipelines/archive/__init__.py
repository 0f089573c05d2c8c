"""Scores and costs of many data sets -> one table, average ranks, comparison with published numbers."""

from topology_efficient_dl.pipelines.archive.pipeline import create_pipeline

__all__ = ["create_pipeline"]
