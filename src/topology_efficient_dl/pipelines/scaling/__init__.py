"""What persistence diagrams, and level-set inference, cost as series grow; and networks as graphs do."""

from topology_efficient_dl.pipelines.scaling.pipeline import (
    create_graph_scaling_pipeline,
    create_growth_pipeline,
    create_pipeline,
)

__all__ = ["create_graph_scaling_pipeline", "create_growth_pipeline", "create_pipeline"]
