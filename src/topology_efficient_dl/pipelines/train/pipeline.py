"""The pipeline ``train``."""

from kedro.pipeline import Node, Pipeline

from topology_efficient_dl.pipelines.train.nodes import (
    fit_graph_models,
    fit_models,
    fit_series_models,
    gather_models,
    log_training,
    predict_graph_test,
    predict_series_test,
    predict_test,
    tune_graph_models,
    tune_models,
)

GRAPHS = ["splits", "simplicial_complexes", "simplicial_features", "simplicial_groups"]
"""What nodes on graphs read beside models."""


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
    cells = ["params:models", "params:zoo", "params:seeds", "params:train", "params:parallel"]
    return Pipeline(
        [
            Node(fit_graph_models, [*GRAPHS, *cells], "models", name="fit_graph_models"),
            Node(log_training, "models", "training_log", name="log_training"),
            Node(
                predict_graph_test,
                ["models", *GRAPHS, "params:zoo", "params:parallel"],
                "predictions",
                name="predict_graph_test",
            ),
        ],
        namespace="train",
        prefix_datasets_with_namespace=False,
    )


def create_series_pipeline() -> Pipeline:
    """Every model that reads series, to be compressed."""
    cells = ["params:models", "params:zoo", "params:seeds", "params:train", "params:parallel"]
    return Pipeline(
        [Node(fit_series_models, ["splits", *cells], "models", name="fit_series_models")],
        namespace="train",
        prefix_datasets_with_namespace=False,
    )


def create_tuning_pipeline() -> Pipeline:
    """Compressed models trained on; learning curves and test predictions of dense and compressed ones."""
    settings = ["params:compression", "params:train", "params:parallel"]
    return Pipeline(
        [
            Node(
                tune_models,
                ["compressed_models", "models", "splits", *settings],
                "tuned_models",
                name="tune_models",
            ),
            Node(gather_models, ["models", "tuned_models"], "all_models", name="gather_models"),
            Node(log_training, "all_models", "training_log", name="log_training"),
            Node(
                predict_series_test,
                ["all_models", "splits", "params:parallel"],
                "predictions",
                name="predict_series_test",
            ),
        ],
        namespace="fine_tune",
        prefix_datasets_with_namespace=False,
    )


def create_graph_tuning_pipeline() -> Pipeline:
    """The same of models of graphs."""
    settings = ["params:compression", "params:zoo", "params:train", "params:parallel"]
    return Pipeline(
        [
            Node(
                tune_graph_models,
                ["compressed_models", "models", *GRAPHS, *settings],
                "tuned_models",
                name="tune_graph_models",
            ),
            Node(gather_models, ["models", "tuned_models"], "all_models", name="gather_models"),
            Node(log_training, "all_models", "training_log", name="log_training"),
            Node(
                predict_graph_test,
                ["all_models", *GRAPHS, "params:zoo", "params:parallel"],
                "predictions",
                name="predict_graph_test",
            ),
        ],
        namespace="fine_tune",
        prefix_datasets_with_namespace=False,
    )
