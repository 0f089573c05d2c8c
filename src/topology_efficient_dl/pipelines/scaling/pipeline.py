"""The pipelines ``scaling_a``, ``scaling_betti``, ``scaling_b`` and ``crossing_c``."""

from kedro.pipeline import Node, Pipeline

from topology_efficient_dl.pipelines.scaling.nodes import (
    draw_crossing,
    draw_points,
    grow_length,
    grow_number,
    measure_points,
    measure_widths,
    report,
    report_crossing,
    report_growth,
    report_points,
    tabulate_crossing,
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


def create_crossing_pipeline() -> Pipeline:
    """Every method at every width -> a table, a figure and a page: factorised feed-forward parts."""
    return Pipeline(
        [
            Node(measure_widths, ["params:crossing", "params:efficiency"], "crossing_points", name="measure_widths"),
            Node(tabulate_crossing, "crossing_points", "crossing_table", name="tabulate_crossing"),
            Node(draw_crossing, "crossing_table", "crossing_image", name="draw_crossing"),
            Node(
                report_crossing,
                ["crossing_table", "params:crossing", "params:efficiency"],
                "report_markdown",
                name="report_crossing",
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
