"""The fresh process behind `graph_scaling.measure_point`: ``python -m ...graph_scaling_probe REQUEST``.

Writes one JSON object a line, each as soon as it is known, so that what was measured before memory or time ran out is
not lost.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor, nn

from topology_efficient_dl.complexes.groups import Groups
from topology_efficient_dl.complexes.operators import normalised
from topology_efficient_dl.complexes.rows import IntArray, Occurrences
from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex
from topology_efficient_dl.complexes.triangles import triangle_adjacency
from topology_efficient_dl.efficiency.latency import fixed_threads
from topology_efficient_dl.efficiency.memory_probe import peak_bytes, reset_peak, resident_bytes
from topology_efficient_dl.models.graph_baselines.fused_attention import AttentionRows
from topology_efficient_dl.models.graph_baselines.inputs import (
    GraphInput,
    HypergraphInput,
    Normalisation,
    hypergraph_input,
)
from topology_efficient_dl.models.graph_inputs import NetworkInput
from topology_efficient_dl.models.registry import find_architecture
from topology_efficient_dl.models.simplicial.inputs import ComplexInput, Part, complex_input
from topology_efficient_dl.models.simplicial.propagation import propagated_features
from topology_efficient_dl.models.simplicial.sparse import Factors, SparseMatrix
from topology_efficient_dl.params.studies import ScaledModel, ScalingConditions

SEED = 0
_MB = 2**20


class Request(ScalingConditions):
    """One point: a model, a graph, and the conditions."""

    model: ScaledModel
    n_nodes: int
    density: float


@dataclass(frozen=True, eq=False)
class RandomGraph:
    """Every pair of nodes is an edge with the same probability, independently of the others.

    Attributes
    ----------
    adjacency : (n, n) float32, symmetric, log(1 + 1) for every edge; int32 indices
    x : (n, n_features) float32, normal
    """

    adjacency: sparse.csr_array
    x: NDArray[np.float32]

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.x)

    def rows(self) -> NDArray[np.int32]:
        """(2 n_edges,) row of every stored entry."""
        return np.repeat(np.arange(self.n_nodes, dtype=np.int32), np.diff(self.adjacency.indptr))

    def edges(self) -> IntArray:
        """(n_edges, 2) int64, the smaller node first, in lexicographic order."""
        rows, columns = self.rows(), self.adjacency.indices
        upper = rows < columns
        return np.stack([rows[upper], columns[upper]], axis=1).astype(np.int64)


def random_graph(n_nodes: int, density: float, n_features: int) -> RandomGraph:
    """A graph of about ``density * n (n - 1) / 2`` edges, in memory that grows with the number of edges.

    Parameters
    ----------
    n_nodes, density : number of nodes, probability of an edge
    n_features : of nodes

    References
    ----------
    Batagelj and Brandes, *Efficient generation of large random networks*, Physical Review E 71 (2005): gaps between
    edges, in the order of all pairs, are geometric.
    """
    rng = np.random.default_rng(SEED)
    n_pairs = n_nodes * (n_nodes - 1) // 2
    enough = int(density * n_pairs + 10 * np.sqrt(density * n_pairs)) + 10
    places = rng.geometric(density, enough)
    np.cumsum(places, out=places)
    places = places[: np.searchsorted(places, n_pairs, side="right")] - 1
    rows = np.arange(n_nodes + 1)
    starts = rows * (2 * n_nodes - rows - 1) // 2
    offsets = np.searchsorted(places, starts)
    columns = (places - np.repeat((starts - rows - 1)[:-1], np.diff(offsets))).astype(np.int32)
    del places
    weights = np.full(len(columns), np.log(2), np.float32)
    upper = sparse.csr_array((weights, columns, offsets.astype(np.int32)), shape=(n_nodes, n_nodes))
    x = rng.standard_normal((n_nodes, n_features), dtype=np.float32)
    return RandomGraph((upper + upper.T.tocsr()).tocsr(), x)


@dataclass(frozen=True, eq=False)
class ProductInput(GraphInput):
    """A graph for networks that ask for one adjacency alone: no list of edges is kept beside it."""

    matrix: SparseMatrix

    def adjacency(self, normalisation: Normalisation, *, weighted: bool) -> SparseMatrix:
        """The one that there is."""
        return self.matrix


def _graph_fields(graph: RandomGraph) -> dict[str, Any]:
    return {"x": torch.from_numpy(graph.x), "batch": torch.zeros(graph.n_nodes, dtype=torch.int64), "n_graphs": 1}


def _product_input(kind: Normalisation, graph: RandomGraph, hops: int) -> ProductInput:
    """With loops where the normalisation is symmetric, as ``GraphInput.adjacency`` does it."""
    matrix = graph.adjacency
    if kind == "symmetric":
        matrix = (matrix + sparse.eye_array(graph.n_nodes, dtype=np.float32, format="csr")).tocsr()
    return ProductInput(
        edge_index=torch.empty((2, 0), dtype=torch.int64),
        edge_weight=torch.empty(0),
        matrix=SparseMatrix.of(normalised(matrix, kind)),
        **_graph_fields(graph),
    )


def _edge_input(graph: RandomGraph, hops: int) -> GraphInput:
    """Senders and receivers, ascending in receivers; weights are those of the graph, not a copy."""
    ends = np.empty((2, graph.adjacency.nnz), np.int64)
    ends[0], ends[1] = graph.adjacency.indices, graph.rows()
    weights = torch.from_numpy(graph.adjacency.data)
    return GraphInput(edge_index=torch.from_numpy(ends), edge_weight=weights, **_graph_fields(graph))


@dataclass(frozen=True, eq=False)
class RowInput(GraphInput):
    """A graph for the fused kernels of attention: edges in compressed rows, and no list beside them."""

    rows: AttentionRows

    def attention_rows(self) -> AttentionRows:
        """Those that there are."""
        return self.rows


def _row_input(graph: RandomGraph, hops: int) -> RowInput:
    rows = _edge_input(graph, hops).attention_rows()
    none: dict[str, Any] = {"edge_index": torch.empty((2, 0), dtype=torch.int64), "edge_weight": torch.empty(0)}
    return RowInput(rows=rows, **none, **_graph_fields(graph))


def _hypergraph_input(graph: RandomGraph, hops: int) -> HypergraphInput:
    """Every edge is a group of two."""
    members = graph.edges().ravel()
    offsets = np.arange(0, len(members) + 1, 2)
    static = np.full(len(offsets) - 1, -1)
    return hypergraph_input(Groups(graph.n_nodes, offsets, members, np.ones(len(static)), static, static), graph.x)


def _complex_input(part: Part, graph: RandomGraph, hops: int) -> ComplexInput:
    """Nodes and edges as a complex, without triangles."""
    tables = [Occurrences.static(np.arange(graph.n_nodes)[:, None]), Occurrences.static(graph.edges())]
    return complex_input(SimplicialComplex.of_occurrences(graph.n_nodes, tables), graph.x, parts=(part,))


def _operator_input(graph: RandomGraph, hops: int) -> ComplexInput:
    """Nodes and their operator; nothing is stored for single edges."""
    none, index = torch.empty((0, graph.x.shape[1])), torch.zeros(graph.n_nodes, dtype=torch.int64)
    return ComplexInput(
        features=(torch.from_numpy(graph.x), none, none),
        index=(index, index[:0], index[:0]),
        n_graphs=1,
        operators={"weight": (SparseMatrix.of(normalised(graph.adjacency)),)},
        hodge=None,
        cells=None,
    )


def _propagated_input(triangles: bool, graph: RandomGraph, hops: int) -> Tensor:
    """Features carried along the graph, and along its triangles, once; the graph is not needed afterwards."""
    operators: dict[str, Factors] = {"weight": (normalised(graph.adjacency),)}
    if triangles:
        operators["triangles"] = (normalised(triangle_adjacency(graph.adjacency)),)
    return torch.from_numpy(propagated_features(graph.x, hops, operators).values)


@dataclass(frozen=True)
class Contender:
    """A network, what makes its input of a graph and a number of hops, and its options."""

    architecture: str
    prepare: Callable[[RandomGraph, int], NetworkInput]
    options: Mapping[str, Any] = field(default_factory=dict)


MODELS: dict[ScaledModel, Contender] = {
    "gcn": Contender("gcn", partial(_product_input, "symmetric")),
    "graph_sage": Contender("graph_sage", partial(_product_input, "row")),
    "gat": Contender("gat", _edge_input),
    "gat_fused": Contender("gat", _row_input, {"kernel": "fused"}),
    "gatv2": Contender("gatv2", _edge_input),
    "gatv2_fused": Contender("gatv2", _row_input, {"kernel": "fused"}),
    "graph_transformer": Contender("graph_transformer", _edge_input),
    "global_attention": Contender("graph_transformer", _edge_input, {"local": "none"}),
    "hypergraph": Contender("hypergraph", _hypergraph_input),
    "simplicial_nn": Contender("simplicial_nn", partial(_complex_input, "hodge")),
    "cell_complex_nn": Contender("cell_complex_nn", partial(_complex_input, "cells")),
    "simplicial_operators": Contender("simplicial_operators", _operator_input, {"operators": ("weight",)}),
    "simplicial_mlp": Contender("simplicial_mlp", partial(_propagated_input, False)),
    "simplicial_mlp_triangles": Contender("simplicial_mlp", partial(_propagated_input, True)),
}
"""``global_attention`` is the graph transformer without its convolution along edges."""


def build_network(request: Request, inputs: NetworkInput) -> nn.Module:
    """The network of a point, untrained, in evaluation mode."""
    contender, n_features = MODELS[request.model], request.n_features
    options = {"width": request.width, "depth": request.depth, **contender.options}
    if isinstance(inputs, Tensor):
        options["block_sizes"] = (n_features,) * (inputs.shape[1] // n_features)
        n_features = inputs.shape[1]
    entry = find_architecture(contender.architecture)
    return entry.build(n_features, request.n_classes, **entry.complete("medium", options)).eval()


def measured(request: Request) -> Iterator[dict[str, Any]]:
    """What is found about a point, stage by stage.

    Yields
    ------
    ``stage``, the one that begins, with what the one before it found: ``n_edges`` of the graph; ``preprocessing_s`` and
    ``preprocessing_peak_mb``; ``rounds_s`` of answers for all nodes, and ``peak_mb``. Megabytes are 2**20 bytes over
    the imported libraries.

    Raises
    ------
    MemoryError, RuntimeError : the bound is reached, in the words of numpy or of torch
    """
    prepare = MODELS[request.model].prepare
    with fixed_threads(request.threads), torch.inference_mode():
        _warm_up(request)
        imported = resident_bytes()
        with memory_bound(request.memory_gib):
            yield {"stage": "graph"}
            graph = random_graph(request.n_nodes, request.density, request.n_features)
            yield {"stage": "preprocessing", "n_edges": graph.adjacency.nnz // 2}
            reset_peak()
            seconds, inputs = _timed(prepare, graph, request.hops)
            found = {"preprocessing_s": seconds, "preprocessing_peak_mb": (peak_bytes() - imported) / _MB}
            del graph
            yield {"stage": "inference", **found}
            network = build_network(request, inputs)
            gc.collect()
            reset_peak()
            rounds = _rounds(lambda: network(inputs).argmax(dim=1), request)
            yield {"stage": "done", "rounds_s": rounds, "peak_mb": (peak_bytes() - imported) / _MB}


def _warm_up(request: Request) -> None:
    """Imports and compilation happen at the first use, and are no cost of a graph."""
    inputs = MODELS[request.model].prepare(random_graph(32, 0.3, request.n_features), request.hops)
    build_network(request, inputs)(inputs)


def _timed(call: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    started = time.perf_counter()
    result = call(*arguments)
    return time.perf_counter() - started, result


def _rounds(answer: Callable[[], Any], request: Request) -> list[float]:
    first = _timed(answer)[0]
    return [first] if first > request.long_seconds else [_timed(answer)[0] for _ in range(request.repeats)]


@contextmanager
def memory_bound(gib: float) -> Iterator[None]:
    """Let this process' data (heap and private maps, touched or not) be at most so many times 2**30 bytes; Linux only.

    The bound is lifted on the way out, so that there is memory to tell what happened.
    """
    import resource  # absent on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (int(gib * 2**30), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def main(text: str) -> None:
    """Measure the point that a JSON object describes, and say what is found as it is found."""
    for found in measured(Request.model_validate_json(text)):
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
