"""Models and predictions -> scores, costs, statistics, verdicts, figures and a report."""

from topology_efficient_dl.pipelines.evaluate.pipeline import (
    create_compression_pipeline,
    create_graph_compression_pipeline,
    create_graph_pipeline,
    create_pipeline,
    create_rank_pipeline,
)

__all__ = [
    "create_compression_pipeline",
    "create_graph_compression_pipeline",
    "create_graph_pipeline",
    "create_pipeline",
    "create_rank_pipeline",
]
