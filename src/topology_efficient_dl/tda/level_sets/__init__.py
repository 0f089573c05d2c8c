"""Level sets of filtered series: convolutional Betti curves."""

from topology_efficient_dl.tda.level_sets.transformer import ConvolutionalBettiCurves

__all__ = ["ConvolutionalBettiCurves"]
