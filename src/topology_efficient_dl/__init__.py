"""Topology-Efficient Deep Learning: does topology make deep models cheaper at the same quality?"""

__version__ = "0.1.0"
