"""Graph and hypergraph networks of torch-geometric, tuned as classic networks are, and what they read.

====================  ==========================================================================
module                what it holds
====================  ==========================================================================
``inputs``            ``GraphInput``, ``HypergraphInput``: from a complex or groups to tensors
``body``              residuals, normalisation, dropout, readout
``gcn``               ``GCN``
``sage``              ``GraphSAGE``
``gat``               ``GAT`` and ``GATv2``
``fused_attention``   their compiled kernels
``transformer``       ``GraphTransformer``: attention among all nodes (GPS)
``hypergraph``        ``HypergraphNetwork``
====================  ==========================================================================
"""

from topology_efficient_dl.models.graph_baselines.gat import GAT, GATv2
from topology_efficient_dl.models.graph_baselines.gcn import GCN
from topology_efficient_dl.models.graph_baselines.hypergraph import HypergraphNetwork
from topology_efficient_dl.models.graph_baselines.inputs import (
    GraphInput,
    HypergraphInput,
    graph_input,
    hypergraph_input,
)
from topology_efficient_dl.models.graph_baselines.sage import GraphSAGE
from topology_efficient_dl.models.graph_baselines.transformer import GraphTransformer

__all__ = [
    "GAT",
    "GCN",
    "GATv2",
    "GraphInput",
    "GraphSAGE",
    "GraphTransformer",
    "HypergraphInput",
    "HypergraphNetwork",
    "graph_input",
    "hypergraph_input",
]
