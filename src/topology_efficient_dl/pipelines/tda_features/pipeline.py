"""The pipeline ``tda_features``."""

from kedro.pipeline import Node, Pipeline

from topology_efficient_dl.pipelines.tda_features.nodes import draw_level_sets, extract_diagrams, vectorise_diagrams


def create_pipeline() -> Pipeline:
    """Series -> persistence diagrams -> feature vectors."""
    return Pipeline(
        [
            Node(
                extract_diagrams,
                ["splits", "params:tda", "params:models", "params:zoo", "params:parallel"],
                "persistence_diagrams",
                name="extract_diagrams",
            ),
            Node(
                vectorise_diagrams,
                ["persistence_diagrams", "splits", "params:tda", "params:models", "params:zoo"],
                "topological_features",
                name="vectorise_diagrams",
            ),
            Node(draw_level_sets, "splits", "level_sets_image", name="draw_level_sets"),
        ],
        namespace="tda_features",
        prefix_datasets_with_namespace=False,
    )
