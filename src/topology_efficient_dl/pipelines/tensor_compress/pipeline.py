"""The pipeline ``tensor_compress``."""

from kedro.pipeline import Node, Pipeline

from topology_efficient_dl.pipelines.tensor_compress.nodes import (
    choose_models,
    compress_graph_models,
    compress_models,
    tabulate_layers,
)


def create_pipeline() -> Pipeline:
    """Trained models -> compressed models, and what became of their layers."""
    settings = ["params:compression", "params:efficiency", "params:parallel"]
    return Pipeline(
        [
            Node(compress_models, ["models", "splits", *settings], "compressed_models", name="compress_models"),
            Node(tabulate_layers, "compressed_models", "compressed_layers", name="tabulate_layers"),
        ],
        namespace="tensor_compress",
        prefix_datasets_with_namespace=False,
    )


def create_graph_pipeline() -> Pipeline:
    """The same of trained models of graphs; those that are to be made smaller are chosen first."""
    return Pipeline(
        [
            Node(
                choose_models,
                ["trained_models", "params:models", "params:train"],
                "models",
                name="choose_models",
            ),
            Node(
                compress_graph_models,
                ["models", "params:compression", "params:parallel"],
                "compressed_models",
                name="compress_graph_models",
            ),
            Node(tabulate_layers, "compressed_models", "compressed_layers", name="tabulate_layers"),
        ],
        namespace="tensor_compress",
        prefix_datasets_with_namespace=False,
    )
