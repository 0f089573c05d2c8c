"""The pipeline ``scaling_a``."""

from kedro.pipeline import Node, Pipeline

from topology_efficient_dl.pipelines.scaling.nodes import (
    grow_length,
    grow_number,
    report,
    report_growth,
    time_lengths,
    time_whole_set,
)


def create_pipeline() -> Pipeline:
    """Splits -> time by length, time of a whole set -> a page."""
    return Pipeline(
        [
            Node(time_lengths, ["splits", "params:scaling", "params:tda"], "diagram_cost", name="time_lengths"),
            Node(
                time_whole_set,
                ["splits", "params:scaling", "params:tda", "params:parallel"],
                "whole_set_cost",
                name="time_whole_set",
            ),
            Node(report, ["diagram_cost", "whole_set_cost", "params:scaling"], "report_markdown", name="report"),
        ]
    )


def create_growth_pipeline() -> Pipeline:
    """Time by length, time and memory by number -> a page: level-set inference."""
    return Pipeline(
        [
            Node(grow_length, "params:growth", "growth_by_length", name="grow_length"),
            Node(grow_number, "params:growth", "growth_by_number", name="grow_number"),
            Node(
                report_growth,
                ["growth_by_length", "growth_by_number", "params:growth"],
                "report_markdown",
                name="report_growth",
            ),
        ]
    )
