"""The pipeline ``tensor_compress``."""

from kedro.pipeline import Node, Pipeline

from topology_efficient_dl.pipelines.tensor_compress.nodes import compress_models, tabulate_layers


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
