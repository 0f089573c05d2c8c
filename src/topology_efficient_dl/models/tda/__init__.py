"""Networks that read homology. Importing this package enters them into the registry."""

from topology_efficient_dl.models.tda.ph_hybrid import PHHybrid
from topology_efficient_dl.models.tda.ph_mlp import PHMLP

__all__ = ["PHMLP", "PHHybrid"]
