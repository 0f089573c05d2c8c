"""One fit loop for every neural model."""

from topology_efficient_dl.training.fitting import fit

__all__ = ["fit"]
