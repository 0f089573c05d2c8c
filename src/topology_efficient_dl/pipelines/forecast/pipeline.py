"""The pipeline ``forecast_c``."""

from kedro.pipeline import Node, Pipeline

from topology_efficient_dl.pipelines.forecast import nodes


def create_pipeline() -> Pipeline:
    """Series -> windows -> forecasters -> smaller ones, trained on -> errors, costs, verdicts, figure, page."""
    return Pipeline([*_fitting(), *_evaluation()])


def _fitting() -> list[Node]:
    return [
        Node(nodes.prepare_windows, "params:forecast", "splits", name="prepare_windows"),
        Node(nodes.describe_series, "splits", "data_card", name="describe_series"),
        Node(
            nodes.fit_forecasters,
            ["splits", "params:forecast", "params:zoo", "params:parallel"],
            "models",
            name="fit_forecasters",
        ),
        Node(
            nodes.compress_forecasters,
            ["models", "splits", "params:forecast", "params:efficiency", "params:parallel"],
            "compressed_models",
            name="compress_forecasters",
        ),
        Node(nodes.tabulate_layers, "compressed_models", "compressed_layers", name="tabulate_layers"),
        Node(
            nodes.tune_forecasters,
            ["compressed_models", "models", "splits", "params:forecast", "params:zoo", "params:parallel"],
            "tuned_models",
            name="tune_forecasters",
        ),
        Node(nodes.gather_models, ["models", "tuned_models"], "all_models", name="gather_models"),
        Node(nodes.log_training, "all_models", "training_log", name="log_training"),
        Node(
            nodes.forecast_test,
            ["splits", "all_models", "params:zoo", "params:parallel"],
            "predictions",
            name="forecast_test",
        ),
    ]


def _evaluation() -> list[Node]:
    return [
        Node(
            nodes.measure_efficiency,
            ["all_models", "splits", "params:efficiency"],
            "efficiency",
            name="measure_efficiency",
        ),
        Node(nodes.score, "predictions", "scores", name="score"),
        Node(nodes.tabulate, ["scores", "efficiency", "all_models"], "forecast_results", name="tabulate"),
        Node(
            nodes.judge,
            ["predictions", "efficiency", "params:forecast", "params:efficiency"],
            "forecast_verdicts",
            name="judge",
        ),
        Node(nodes.draw, ["splits", "predictions", "params:forecast"], "forecast_image", name="draw"),
        Node(
            nodes.document,
            ["forecast_results", "forecast_verdicts", "scores", "data_card"],
            "results_document",
            name="document",
        ),
        Node(
            nodes.report,
            ["data_card", "forecast_results", "forecast_verdicts", "params:forecast", "params:efficiency"],
            "report_markdown",
            name="report",
        ),
    ]
