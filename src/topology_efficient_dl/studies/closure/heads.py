"""What ranks triangles: a logistic head on columns, and graph attention with a decoder of three nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits
from torch import Tensor, nn

from topology_efficient_dl.complexes.rows import IntArray
from topology_efficient_dl.models.graph_baselines.gat import GAT
from topology_efficient_dl.models.graph_baselines.inputs import GraphInput
from topology_efficient_dl.models.layers import initialise
from topology_efficient_dl.params.studies import AttentionParams, AttentionTrial
from topology_efficient_dl.studies.closure.horizons import Horizon
from topology_efficient_dl.studies.closure.models import Beside
from topology_efficient_dl.studies.closure.past import Float32Array
from topology_efficient_dl.training.runtime import reproducible

PIECE = 1 << 17
"""Triangles that are decoded at a time."""


@dataclass(frozen=True, eq=False)
class LogisticHead:
    """``w . x + b`` of some columns.

    Attributes
    ----------
    places : (k,) int64, the columns that are read
    weights : (k,) float32
    bias : (1,) float32
    """

    places: IntArray
    weights: Float32Array
    bias: Float32Array

    @classmethod
    def fit(cls, horizons: Sequence[Horizon], places: IntArray, penalty: float) -> LogisticHead:
        """Least mean logistic loss over the samples of all horizons, and ``penalty / 2`` times the squared weights.

        Samples count alike: what they stand for would only move the bias, where the model is right.
        """
        columns = np.concatenate([horizon.columns[:, places] for horizon in horizons])
        closed = np.concatenate([horizon.closed for horizon in horizons])
        with threadpool_limits(1):  # the order of sums depends on the number of threads
            fitted = LogisticRegression(C=1 / (penalty * len(closed)), max_iter=1000).fit(columns, closed)
        return cls(places, fitted.coef_[0].astype(np.float32), fitted.intercept_.astype(np.float32))

    def __call__(self, columns: Float32Array) -> Float32Array:
        """(t, all columns) -> (t,) float32 logits."""
        logits: Float32Array = columns[:, self.places] @ self.weights + self.bias
        return logits

    @property
    def n_parameters(self) -> int:
        """Weights and bias."""
        return len(self.weights) + 1


class TriangleGAT(nn.Module):
    """Attention on the graph of the past, and a logit of ``[h_u + h_v + h_w, h_u * h_v * h_w]`` for three nodes.

    The order of the three plays no part.

    Parameters
    ----------
    n_features : of nodes
    n_beside : values of a triangle that the decoder reads beside its nodes
    trial : width, dropout
    embedding, heads : of the attention

    References
    ----------
    Veličković et al., *Graph attention networks* (ICLR 2018).
    """

    def __init__(
        self, n_features: int, *, n_beside: int, trial: AttentionTrial, embedding: int = 32, heads: int = 4
    ) -> None:
        super().__init__()
        n_read = 2 * embedding + n_beside
        hidden = 2 * embedding
        self.decoder = nn.Sequential(
            nn.Linear(n_read, hidden), nn.ReLU(), nn.Dropout(trial.dropout), nn.Linear(hidden, 1)
        )
        initialise(self)
        self.encoder = GAT(n_features, embedding, width=trial.width, heads=heads, dropout=trial.dropout, kernel="fused")

    def forward(self, graph: GraphInput, triangles: Tensor, beside: Tensor) -> Tensor:
        """(t, 3) triangles and (t, n_beside) values -> (t,) logits."""
        return self.decode(self.encoder(graph), triangles, beside)

    def decode(self, nodes: Tensor, triangles: Tensor, beside: Tensor) -> Tensor:
        """(n_nodes, embedding) -> (t,) logits."""
        three = nodes[triangles]
        logits: Tensor = self.decoder(torch.cat([three.sum(dim=1), three.prod(dim=1), beside], dim=1))[:, 0]
        return logits

    @torch.no_grad()
    def embed(self, graph: GraphInput) -> Tensor:
        """(n_nodes, embedding) without dropout."""
        with _without_dropout(self):
            nodes: Tensor = self.encoder(graph)
        return nodes

    @torch.no_grad()
    def score(self, nodes: Tensor, triangles: IntArray, beside: Float32Array) -> Float32Array:
        """(t,) float32 logits without dropout, piece by piece.

        Parameters
        ----------
        nodes : of :meth:`embed`
        triangles : (t, 3)
        beside : (t, n_beside) float32
        """
        found = np.empty(len(triangles), np.float32)
        with _without_dropout(self):
            for start in range(0, len(triangles), PIECE):
                piece = slice(start, start + PIECE)
                rows, values = torch.from_numpy(triangles[piece]), torch.from_numpy(beside[piece])
                found[piece] = self.decode(nodes, rows, values).numpy()
        return found

    @property
    def n_parameters(self) -> int:
        """Weights of encoder and decoder."""
        return sum(weight.numel() for weight in self.parameters())

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """All weights by name."""
        return {name: value.numpy() for name, value in self.state_dict().items()}

    def with_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> TriangleGAT:
        """The same network with these weights."""
        self.load_state_dict({name: torch.from_numpy(value) for name, value in arrays.items()})
        return self


@contextmanager
def _without_dropout(module: nn.Module) -> Iterator[None]:
    """Evaluation mode, and back to what it was."""
    was_training = module.training
    module.eval()
    try:
        yield
    finally:
        module.train(was_training)


def attention_input(node_features: Float32Array, edges: IntArray, log_weights: Float32Array) -> GraphInput:
    """The weighted graph of a past, with the rows that the fused kernel of attention reads.

    Parameters
    ----------
    node_features : (n_nodes, n_features)
    edges : (n_edges, 2) int64, each once
    log_weights : (n_edges,) float32
    """
    graph = GraphInput(
        x=torch.from_numpy(node_features),
        edge_index=torch.from_numpy(np.concatenate([edges, edges[:, ::-1]]).T.copy()),
        edge_weight=torch.from_numpy(np.tile(log_weights, 2)),
        batch=torch.zeros(len(node_features), dtype=torch.int64),
        n_graphs=1,
    )
    graph.attention_rows()
    return graph


def fit_attention(
    horizons: Sequence[Horizon],
    trial: AttentionTrial,
    params: AttentionParams,
    *,
    beside: Beside,
    steps: int,
    seed: int,
    after_step: Callable[[int, TriangleGAT], bool] = lambda step, network: True,
) -> TriangleGAT:
    """A network after steps of AdamW, each on a batch of one horizon, horizons in turn.

    Parameters
    ----------
    horizons : to learn from
    trial : what was tried on earlier time
    params : sizes
    beside : what the decoder reads beside nodes
    steps : of the optimiser
    seed : of weights, batches and dropout
    after_step : is told each step with the network, and says whether to go on
    """
    with reproducible(seed, threads=1):
        tensors = [_tensors(horizon, beside) for horizon in horizons]
        n_features, n_beside = horizons[0].node_features.shape[1], tensors[0][2].shape[1]
        network = TriangleGAT(
            n_features, n_beside=n_beside, trial=trial, embedding=params.embedding, heads=params.heads
        )
        optimiser = torch.optim.AdamW(network.parameters(), lr=trial.learning_rate, weight_decay=trial.weight_decay)
        for step in range(1, steps + 1):
            graph, triangles, values, closed = tensors[step % len(tensors)]
            batch = torch.randint(len(closed), (params.batch_size,))
            logits = network(graph, triangles[batch], values[batch])
            loss = nn.functional.binary_cross_entropy_with_logits(logits, closed[batch])
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            if not after_step(step, network):
                break
    return network


def _tensors(horizon: Horizon, beside: Beside) -> tuple[GraphInput, Tensor, Tensor, Tensor]:
    graph = attention_input(horizon.node_features, horizon.edges, horizon.log_weights)
    closed = torch.from_numpy(horizon.closed.astype(np.float32))
    return graph, torch.from_numpy(horizon.triangles), torch.from_numpy(horizon.beside(beside)), closed
