"""Nodes of a graph as a batch: a network answers for all of them, and some answers are wanted."""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import Tensor, nn


class OnNodes(NamedTuple):
    """A graph, and the nodes whose logits are wanted."""

    graph: Any
    rows: Tensor


def logits_of(network: nn.Module, inputs: Any) -> Tensor:
    """What a network answers: for every sample of a batch, or for some nodes of a graph.

    Examples
    --------
    >>> import torch
    >>> logits_of(nn.Identity(), OnNodes(torch.eye(3), torch.tensor([2]))).tolist()
    [[0.0, 0.0, 1.0]]
    """
    if isinstance(inputs, OnNodes):
        answers: Tensor = network(inputs.graph)[inputs.rows]
        return answers
    logits: Tensor = network(inputs)
    return logits
