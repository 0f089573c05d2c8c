"""What diagrams, level sets, networks on graphs and factorised layers cost as their inputs grow."""

from topology_efficient_dl.pipelines.scaling.pipeline import (
    create_crossing_pipeline,
    create_graph_scaling_pipeline,
    create_growth_pipeline,
    create_pipeline,
)

__all__ = [
    "create_crossing_pipeline",
    "create_graph_scaling_pipeline",
    "create_growth_pipeline",
    "create_pipeline",
]
