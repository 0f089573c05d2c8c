"""The pipeline ``evaluate``."""

from kedro.pipeline import Node, Pipeline

from topology_efficient_dl.pipelines.evaluate import nodes

JUDGED = ["scores", "efficiency", "predictions", "params:models", "params:zoo", "params:evaluate"]
TABLES = ["data_card", "scores", "results", "statistics", "verdicts"]
SETTINGS = ["params:train", "params:efficiency", "params:evaluate", "params:models", "params:zoo"]
GRAPHS = ["splits", "simplicial_complexes", "simplicial_features", "simplicial_groups"]
MEASURE_GRAPHS = Node(
    nodes.measure_graph_efficiency,
    ["models", *GRAPHS, "params:propagation", "params:simplicial", "params:efficiency"],
    "efficiency",
    name="measure_efficiency",
)


def create_pipeline() -> Pipeline:
    """Quality and cost -> table -> statistics and verdicts -> figures and report."""
    return _evaluate(
        Node(
            nodes.measure_efficiency,
            ["models", "splits", "params:efficiency"],
            "efficiency",
            name="measure_efficiency",
        ),
        Node(nodes.judge, JUDGED, "verdicts", name="judge"),
        _report("params:transforms", published="published_accuracy"),
    )


def create_graph_pipeline() -> Pipeline:
    """The same of models on graphs."""
    return _evaluate(
        MEASURE_GRAPHS,
        Node(nodes.judge_on_graphs, JUDGED, "verdicts", name="judge"),
        _report("params:simplicial"),
    )


def create_compression_pipeline() -> Pipeline:
    """The same of dense models and what was made of them."""
    judged = ["scores", "efficiency", "predictions", "params:models", "params:compression", "params:efficiency"]
    return _evaluate(
        Node(
            nodes.export_onnx,
            ["models", "params:efficiency", "params:parallel"],
            "onnx_models",
            name="export_onnx",
        ),
        Node(
            nodes.measure_onnx,
            ["models", "onnx_models", "splits", "params:efficiency"],
            "onnx_efficiency",
            name="measure_onnx",
        ),
        Node(
            nodes.measure_merged_efficiency,
            ["models", "splits", "params:efficiency"],
            "efficiency",
            name="measure_efficiency",
        ),
        Node(nodes.judge_compressed, [*judged, "params:evaluate"], "verdicts", name="judge"),
        _report("params:compression", published="published_accuracy", layers="compressed_layers"),
        tabulate=Node(
            nodes.tabulate_compressed,
            ["scores", "efficiency", "models", "onnx_efficiency"],
            "results",
            name="tabulate",
        ),
    )


def create_graph_compression_pipeline() -> Pipeline:
    """The same of models of graphs and what was made of them."""
    judged = ["scores", "efficiency", "predictions", "params:models", "params:compression", "params:efficiency"]
    return _evaluate(
        MEASURE_GRAPHS,
        Node(nodes.judge_compressed, [*judged, "params:evaluate"], "verdicts", name="judge"),
        _report("params:simplicial", "params:compression", layers="compressed_layers"),
    )


def create_rank_pipeline() -> Pipeline:
    """The results of recipes that have a rank -> a table, a figure and a page."""
    return Pipeline(
        [
            Node(
                nodes.tabulate_ranks,
                ["results", "params:models", "params:compression"],
                "rank_table",
                name="tabulate_ranks",
            ),
            Node(nodes.draw_ranks, "rank_table", "rank_image", name="draw_ranks"),
            Node(nodes.report_ranks, "rank_table", "rank_report", name="report_ranks"),
        ],
        namespace="evaluate",
        prefix_datasets_with_namespace=False,
    )


TABULATE = Node(nodes.tabulate, ["scores", "efficiency", "models"], "results", name="tabulate")


def _report(*of_kind: str, **tables: str) -> Node:
    """The pages of a track from what all tracks have, parameters of its kind, and further tables by argument."""
    shared = {entry.removeprefix("params:"): entry for entry in [*TABLES, *SETTINGS, *of_kind]}
    entries = shared | tables
    pages = ["report_markdown", "report_html"]
    return Node(nodes.report_of(*entries), list(entries.values()), pages, name="report")


def _evaluate(*of_track: Node, tabulate: Node = TABULATE) -> Pipeline:
    """The nodes of a track, and those that all tracks share."""
    shared = [
        Node(nodes.score, "predictions", "scores", name="score"),
        tabulate,
        Node(nodes.compare, ["scores", "params:evaluate"], "statistics", name="compare"),
        Node(nodes.draw, ["results", "params:evaluate"], ["pareto", "pareto_image"], name="draw"),
        Node(nodes.document, ["results", "verdicts", "statistics", "data_card"], "results_document", name="document"),
    ]
    return Pipeline([*shared, *of_track], namespace="evaluate", prefix_datasets_with_namespace=False)
