"""The pipeline ``simplicial_build``."""

from kedro.pipeline import Node, Pipeline

from topology_efficient_dl.pipelines.simplicial_build.nodes import build_complexes, collect_groups, propagate_features


def create_pipeline() -> Pipeline:
    """Graphs -> complexes and groups -> features."""
    chosen = ["params:models", "params:zoo", "params:propagation"]
    return Pipeline(
        [
            Node(
                build_complexes,
                ["splits", "params:simplicial", "params:parallel"],
                "simplicial_complexes",
                name="build_complexes",
            ),
            Node(collect_groups, ["splits", "params:simplicial", *chosen], "simplicial_groups", name="collect_groups"),
            Node(
                propagate_features,
                [
                    "simplicial_complexes",
                    "splits",
                    "simplicial_groups",
                    "params:node_features",
                    *chosen,
                    "params:simplicial",
                    "params:parallel",
                ],
                "simplicial_features",
                name="propagate_features",
            ),
        ],
        namespace="simplicial_build",
        prefix_datasets_with_namespace=False,
    )
