"""Graphs -> simplicial complexes, groups, features of nodes and their propagation."""

from topology_efficient_dl.pipelines.simplicial_build.pipeline import create_pipeline

__all__ = ["create_pipeline"]
