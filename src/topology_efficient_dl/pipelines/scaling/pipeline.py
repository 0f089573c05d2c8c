"""The pipelines ``scaling_a``, ``scaling_betti`` and ``scaling_b``."""

from kedro.pipeline import Node, Pipeline

from topology_efficient_dl.pipelines.scaling.nodes import (
    draw_points,
    grow_length,
    grow_number,
    measure_points,
    report,
    report_growth,
    report_points,
    tabulate_points,
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


def create_graph_scaling_pipeline() -> Pipeline:
    """Every model on every graph -> tables -> a figure and a page."""
    return Pipeline(
        [
            Node(measure_points, "params:scaling_b", "graph_scaling", name="measure_points"),
            Node(tabulate_points, "graph_scaling", ["graph_points", "graph_exponents"], name="tabulate_points"),
            Node(draw_points, ["graph_points", "params:scaling_b"], "graph_scaling_image", name="draw_points"),
            Node(
                report_points,
                ["graph_points", "graph_exponents", "params:scaling_b"],
                "report_markdown",
                name="report_points",
            ),
        ]
    )
