"""Networks of track B in the registry. Importing this module enters them."""

from __future__ import annotations

from typing import Any

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

WIDTH = ("width",)
OF_HEADS: dict[str, Any] = {"widths": WIDTH, "width_step": 8}
"""Of attention: the width is shared among heads, at most eight."""

register("gcn", sizes=body.SIZES, reads="graph", widths=WIDTH)(GCN)
register("graph_sage", sizes=body.SIZES, reads="graph", widths=WIDTH)(GraphSAGE)
register("gat", sizes=gat.SIZES, reads="graph", **OF_HEADS)(gat.GAT)
register("gatv2", sizes=gat.SIZES, reads="graph", **OF_HEADS)(gat.GATv2)
register("graph_transformer", sizes=transformer.SIZES, reads="graph", **OF_HEADS)(transformer.GraphTransformer)
register("hypergraph", sizes=body.SIZES, reads="hypergraph", widths=WIDTH)(HypergraphNetwork)
register("simplicial_nn", sizes=simplicial_nn.SIZES, reads="hodge", widths=WIDTH)(simplicial_nn.SimplicialNN)
register("cell_complex_nn", sizes=cell_complex_nn.SIZES, reads="cells", widths=WIDTH)(cell_complex_nn.CellComplexNN)
register("simplicial_operators", sizes=operator_net.SIZES, reads="operators", widths=WIDTH)(
    operator_net.SimplicialOperatorNet
)
register("simplicial_mlp", sizes=simplicial_mlp.SIZES, reads="propagated", widths=WIDTH)(simplicial_mlp.SimplicialMLP)
register("simplicial_diffusion", sizes=label_diffusion.SIZES, reads="diffusion", solver="diffusion")(
    label_diffusion.SimplicialDiffusion
)
