"""Networks of track B in the registry. Importing this module enters them."""

from __future__ import annotations

from topology_efficient_dl.models.graph_baselines import body, gat, transformer
from topology_efficient_dl.models.graph_baselines.gcn import GCN
from topology_efficient_dl.models.graph_baselines.hypergraph import HypergraphNetwork
from topology_efficient_dl.models.graph_baselines.sage import GraphSAGE
from topology_efficient_dl.models.registry import register
from topology_efficient_dl.models.simplicial import (
    cell_complex_nn,
    label_diffusion,
    operator_net,
    simplicial_mlp,
    simplicial_nn,
)

register("gcn", sizes=body.SIZES, reads="graph")(GCN)
register("graph_sage", sizes=body.SIZES, reads="graph")(GraphSAGE)
register("gat", sizes=gat.SIZES, reads="graph")(gat.GAT)
register("gatv2", sizes=gat.SIZES, reads="graph")(gat.GATv2)
register("graph_transformer", sizes=transformer.SIZES, reads="graph")(transformer.GraphTransformer)
register("hypergraph", sizes=body.SIZES, reads="hypergraph")(HypergraphNetwork)
register("simplicial_nn", sizes=simplicial_nn.SIZES, reads="hodge")(simplicial_nn.SimplicialNN)
register("cell_complex_nn", sizes=cell_complex_nn.SIZES, reads="cells")(cell_complex_nn.CellComplexNN)
register("simplicial_operators", sizes=operator_net.SIZES, reads="operators")(operator_net.SimplicialOperatorNet)
register("simplicial_mlp", sizes=simplicial_mlp.SIZES, reads="propagated")(simplicial_mlp.SimplicialMLP)
register("simplicial_diffusion", sizes=label_diffusion.SIZES, reads="diffusion", solver="diffusion")(
    label_diffusion.SimplicialDiffusion
)
