"""The pipeline ``evaluate``."""

from kedro.pipeline import Node, Pipeline

from topology_efficient_dl.pipelines.evaluate import nodes


def create_pipeline() -> Pipeline:
    """Quality and cost -> table -> statistics and verdicts -> figures and report."""
    tables = ["data_card", "scores", "results", "statistics", "verdicts", "published_accuracy"]
    parameters = ["params:train", "params:efficiency", "params:evaluate"]
    return Pipeline(
        [
            Node(nodes.score, "predictions", "scores", name="score"),
            Node(
                nodes.measure_efficiency,
                ["models", "splits", "params:efficiency"],
                "efficiency",
                name="measure_efficiency",
            ),
            Node(nodes.tabulate, ["scores", "efficiency", "models"], "results", name="tabulate"),
            Node(nodes.compare, ["scores", "params:evaluate"], "statistics", name="compare"),
            Node(
                nodes.judge,
                ["scores", "efficiency", "predictions", "params:models", "params:zoo", "params:evaluate"],
                "verdicts",
                name="judge",
            ),
            Node(nodes.draw, ["results", "params:evaluate"], ["pareto", "pareto_image"], name="draw"),
            Node(
                nodes.document, ["results", "verdicts", "statistics", "data_card"], "results_document", name="document"
            ),
            Node(nodes.report, [*tables, *parameters], ["report_markdown", "report_html"], name="report"),
        ],
        namespace="evaluate",
        prefix_datasets_with_namespace=False,
    )
