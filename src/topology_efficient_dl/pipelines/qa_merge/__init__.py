"""Questions and answers as one document."""

from topology_efficient_dl.pipelines.qa_merge.pipeline import create_pipeline

__all__ = ["create_pipeline"]
