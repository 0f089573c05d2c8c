"""The pipeline ``ingest``."""

from kedro.pipeline import Node, Pipeline

from topology_efficient_dl.pipelines.ingest.nodes import (
    describe_data,
    describe_tasks,
    prepare_splits,
    prepare_tasks,
)


def create_pipeline() -> Pipeline:
    """UCR files -> splits and a card that describes them."""
    return Pipeline(
        [
            Node(
                prepare_splits,
                ["ucr_archive", "params:datasets", "params:ingest", "params:parallel"],
                ["splits", "skipped_sets"],
                name="prepare_splits",
            ),
            Node(describe_data, ["splits", "skipped_sets"], "data_card", name="describe_data"),
        ],
        namespace="ingest",
        prefix_datasets_with_namespace=False,
    )


def create_graph_pipeline() -> Pipeline:
    """Graphs -> tasks and a card that describes them."""
    return Pipeline(
        [
            Node(
                prepare_tasks,
                ["graph_archive", "params:datasets", "params:graphs", "params:parallel"],
                "splits",
                name="prepare_tasks",
            ),
            Node(
                describe_tasks,
                ["splits", "params:models", "params:zoo", "params:propagation"],
                "data_card",
                name="describe_tasks",
            ),
        ],
        namespace="ingest",
        prefix_datasets_with_namespace=False,
    )
