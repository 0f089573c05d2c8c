"""The pipeline ``qa_merge``."""

from kedro.pipeline import Node, Pipeline

from topology_efficient_dl.pipelines.qa_merge.nodes import merge, report


def create_pipeline() -> Pipeline:
    """Entries -> one document, and what was found while merging."""
    return Pipeline(
        [
            Node(merge, "qa_entries", "concepts", name="merge_entries"),
            Node(report, "qa_entries", "qa_report", name="report_entries"),
        ]
    )
