"""The pipeline ``tensor_compress``."""

from kedro.pipeline import Node, Pipeline

from topology_efficient_dl.pipelines.tensor_compress.nodes import (
    choose_models,
    compress_models,
    tabulate_layers,
)

COMPRESS = {"models": "models", "compression": "params:compression", "parallel": "params:parallel"}


def create_pipeline() -> Pipeline:
    """Trained models -> compressed models, and what became of their layers."""
    return _named(_compress({"splits": "splits", "efficiency": "params:efficiency"}))


def create_graph_pipeline() -> Pipeline:
    """The same of trained models of graphs; those that are to be made smaller are chosen first."""
    read = ["trained_models", "params:models", "params:train"]
    return _named([Node(choose_models, read, "models", name="choose_models"), *_compress({})])


def _compress(timed_on: dict[str, str]) -> list[Node]:
    return [
        Node(compress_models, COMPRESS | timed_on, "compressed_models", name="compress_models"),
        Node(tabulate_layers, "compressed_models", "compressed_layers", name="tabulate_layers"),
    ]


def _named(nodes: list[Node]) -> Pipeline:
    return Pipeline(nodes, namespace="tensor_compress", prefix_datasets_with_namespace=False)
