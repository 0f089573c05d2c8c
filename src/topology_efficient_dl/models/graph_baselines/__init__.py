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
