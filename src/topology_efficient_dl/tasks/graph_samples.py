"""Nodes of a graph, and graphs of a set, in batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from topology_efficient_dl.models.architecture import Reads
from topology_efficient_dl.models.graph_inputs import Material, NetworkInput, network_input
from topology_efficient_dl.models.on_nodes import OnNodes
from topology_efficient_dl.training.samples import Loader

IntArray = NDArray[np.int64]


class NodeSamples:
    """Nodes of one graph, which is seen as a whole in every step: a part is one batch.

    Parameters
    ----------
    graph : what the network reads
    parts : by part, indices of nodes (n,) and targets (n,), int64
    """

    def __init__(self, graph: NetworkInput, parts: Mapping[str, tuple[Tensor, Tensor]]) -> None:
        self.graph, self.parts = graph, dict(parts)

    def targets(self, part: str) -> Tensor:
        """As in `Samples`."""
        return self.parts[part][1]

    def batches(self, part: str, batch_size: int, shuffle_seed: int | None = None) -> Loader:
        """The whole graph once, whatever the batch size."""
        rows, targets = self.parts[part]
        return Shuffled([(OnNodes(self.graph, rows), targets)], None)


class GraphSamples:
    """Graphs of a set, some side by side in a batch.

    Batches are drawn once, by the seed, and come in another order in every pass: what a network reads of graphs is
    costly to make.

    Parameters
    ----------
    reads, options : of the network, see ``network_input``
    material : of all graphs
    parts : by part, indices of graphs (n,) and targets (n,), int64
    device : of the tensors
    """

    def __init__(
        self,
        reads: Reads,
        options: Mapping[str, Any],
        material: Material,
        parts: Mapping[str, tuple[IntArray, IntArray]],
        device: str,
    ) -> None:
        self.reads, self.options, self.material, self.parts = reads, options, material, dict(parts)
        self.device = device

    def targets(self, part: str) -> Tensor:
        """As in `Samples`."""
        return torch.from_numpy(self.parts[part][1]).to(self.device)

    def batches(self, part: str, batch_size: int, shuffle_seed: int | None = None) -> Loader:
        """As in `Samples`."""
        rows, targets = self.parts[part]
        order = (
            np.arange(len(rows)) if shuffle_seed is None else np.random.default_rng(shuffle_seed).permutation(len(rows))
        )
        pieces = np.array_split(order, -(-len(rows) // batch_size))
        made = [self._batch(np.sort(piece), rows, targets) for piece in pieces]
        return Shuffled(made, shuffle_seed)

    def _batch(self, piece: IntArray, rows: IntArray, targets: IntArray) -> tuple[NetworkInput, Tensor]:
        graphs = rows[piece]
        inputs = network_input(self.reads, self.options, self.material, graphs).to(self.device)
        return inputs, torch.from_numpy(targets[piece]).to(self.device)


class Shuffled:
    """Batches that were made before, in another order in every pass.

    Parameters
    ----------
    batches : inputs and targets
    seed : of the orders of all passes; always their own order when None
    """

    def __init__(self, batches: Sequence[tuple[Any, Tensor]], seed: int | None) -> None:
        self.made = batches
        self.generator = None if seed is None else np.random.default_rng(seed)

    def __len__(self) -> int:
        return len(self.made)

    def __iter__(self) -> Iterator[tuple[Any, Tensor]]:
        places = range(len(self)) if self.generator is None else self.generator.permutation(len(self))
        return (self.made[place] for place in places)
