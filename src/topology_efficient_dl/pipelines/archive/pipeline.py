"""The pipeline ``archive``."""

from kedro.pipeline import Node, Pipeline

from topology_efficient_dl.pipelines.archive.nodes import (
    draw_ranks,
    report,
    tabulate_cells,
    tabulate_choices,
)


def create_pipeline() -> Pipeline:
    """Cells -> one table -> average ranks and a page."""
    return Pipeline(
        [
            Node(tabulate_cells, ["scores", "models", "efficiency"], "archive_cells", name="tabulate_cells"),
            Node(tabulate_choices, "models", "recipe_choices", name="tabulate_choices"),
            Node(draw_ranks, ["archive_cells", "published_accuracy"], "critical_difference", name="draw_ranks"),
            Node(
                report,
                ["archive_cells", "published_accuracy", "data_card", "recipe_choices"],
                "archive_report",
                name="report",
            ),
        ],
        namespace="archive",
        prefix_datasets_with_namespace=False,
    )
