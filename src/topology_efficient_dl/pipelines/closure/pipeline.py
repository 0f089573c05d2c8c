"""The pipeline ``closure_b``."""

from kedro.pipeline import Node, Pipeline

from topology_efficient_dl.pipelines.closure.nodes import (
    assess_all,
    draw,
    fit_models,
    report,
    sample_horizons,
    score_all,
    tabulate,
    tune_models,
)


def create_pipeline() -> Pipeline:
    """Graphs with times -> horizons -> chosen and fitted models -> scores -> a table, a figure and a page."""
    return Pipeline(
        [
            Node(
                sample_horizons,
                ["graph_archive", "params:closure", "params:graphs"],
                "closure_horizons",
                name="sample_horizons",
            ),
            Node(
                tune_models,
                ["closure_horizons", "params:closure", "params:parallel"],
                "closure_tuning",
                name="tune_models",
            ),
            Node(
                fit_models,
                ["closure_horizons", "closure_tuning", "params:closure", "params:parallel"],
                "closure_models",
                name="fit_models",
            ),
            Node(
                score_all,
                ["graph_archive", "closure_models", "params:closure", "params:graphs"],
                "closure_scores",
                name="score_all",
            ),
            Node(assess_all, ["closure_scores", "params:closure"], "closure_results", name="assess_all"),
            Node(tabulate, "closure_results", "closure_table", name="tabulate"),
            Node(draw, "closure_table", "closure_image", name="draw"),
            Node(
                report,
                ["closure_table", "closure_results", "closure_tuning", "params:closure"],
                "report_markdown",
                name="report",
            ),
        ]
    )
