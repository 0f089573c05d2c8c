"""The pipeline ``train``."""

from kedro.pipeline import Node, Pipeline

from topology_efficient_dl.pipelines.train.nodes import (
    fit_graph_models,
    fit_models,
    log_training,
    predict_graph_test,
    predict_test,
)


def create_pipeline() -> Pipeline:
    """Every model on every set with every seed; its learning curves; its predictions on test."""
    cells = ["params:models", "params:zoo", "params:transforms", "params:seeds", "params:train", "params:parallel"]
    return Pipeline(
        [
            Node(fit_models, ["splits", "topological_features", *cells], "models", name="fit_models"),
            Node(log_training, "models", "training_log", name="log_training"),
            Node(
                predict_test,
                ["models", "splits", "topological_features", "params:zoo", "params:transforms", "params:parallel"],
                "predictions",
                name="predict_test",
            ),
        ],
        namespace="train",
        prefix_datasets_with_namespace=False,
    )


def create_graph_pipeline() -> Pipeline:
    """The same on graphs: every model with every draw of labels."""
    material = ["simplicial_complexes", "simplicial_features", "simplicial_groups"]
    cells = ["params:models", "params:zoo", "params:seeds", "params:train", "params:parallel"]
    return Pipeline(
        [
            Node(fit_graph_models, ["splits", *material, *cells], "models", name="fit_graph_models"),
            Node(log_training, "models", "training_log", name="log_training"),
            Node(
                predict_graph_test,
                ["models", "splits", *material, "params:zoo", "params:parallel"],
                "predictions",
                name="predict_graph_test",
            ),
        ],
        namespace="train",
        prefix_datasets_with_namespace=False,
    )
