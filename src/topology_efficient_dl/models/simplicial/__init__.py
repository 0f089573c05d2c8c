"""Networks on simplicial and cell complexes, and what they read.

======================  =====================================================================
module                  what it holds
======================  =====================================================================
``inputs``              ``ComplexInput`` and ``complex_input``: from a complex to tensors
``hodge``               boundaries and Hodge Laplacians, normalised
``cellular``            boundary and upper adjacency of cells
``node_operators``      means over neighbours of several kinds, by name
``sparse``              operators as products of factors
``parts``               normalisation, pooling, readout
``simplicial_nn``       ``SimplicialNN``: filters and projections (SCCNN)
``cell_complex_nn``     ``CellComplexNN``: cellular message passing (CW networks)
``operator_net``        ``SimplicialOperatorNet``: several row-normalised operators at once
``propagation``         features propagated once
``simplicial_mlp``      ``SimplicialMLP``: a perceptron on those
``diffusion_kernels``   kernels between nodes, made once
``label_diffusion``     ``SimplicialDiffusion``: labels spread along several operators
======================  =====================================================================
"""

from topology_efficient_dl.models.simplicial.cell_complex_nn import CellComplexNN
from topology_efficient_dl.models.simplicial.inputs import ComplexInput, complex_input
from topology_efficient_dl.models.simplicial.node_operators import NODE_OPERATORS, node_operators
from topology_efficient_dl.models.simplicial.operator_net import SimplicialOperatorNet
from topology_efficient_dl.models.simplicial.propagation import (
    PropagatedFeatures,
    pooled_features,
    propagated_features,
    standardised_counts,
)
from topology_efficient_dl.models.simplicial.simplicial_mlp import SimplicialMLP
from topology_efficient_dl.models.simplicial.simplicial_nn import SimplicialNN

__all__ = [
    "NODE_OPERATORS",
    "CellComplexNN",
    "ComplexInput",
    "PropagatedFeatures",
    "SimplicialMLP",
    "SimplicialNN",
    "SimplicialOperatorNet",
    "complex_input",
    "node_operators",
    "pooled_features",
    "propagated_features",
    "standardised_counts",
]
