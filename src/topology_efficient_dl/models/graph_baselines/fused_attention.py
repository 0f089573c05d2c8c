"""Attention along edges row by row, compiled: nothing of the width of the features is held for an edge.

torch-geometric copies the features of both ends to every edge, and so moves a multiple of what it computes. Here the
edges of a node lie side by side, and its scores, their softmax and its sum are loops over them. The arithmetic is the
same but for the order of sums.

Kernels run on one thread of the CPU in float32, and every sum has one order: the same input gives the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numba import njit
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from topology_efficient_dl.complexes.rows import IntArray

Float32Array = NDArray[np.float32]

SLOPE = np.float32(0.2)
"""Of LeakyReLU below zero, as torch-geometric has it."""

_SUMS = {"reassoc", "contract", "nsz"}
"""What lets a sum go in vectors. NaN and infinity stay what they are."""


@dataclass(frozen=True, eq=False)
class AttentionRows:
    """The edges that come in at each node, itself included, in compressed rows.

    Attributes
    ----------
    pointers : (n_nodes + 1,) int64, where the edges of each receiver begin, and the end
    senders : (n_entries,) int64, ascending in a row
    features : (n_entries,) float32, of each edge; of a node to itself the mean of its row, 0 where it is alone
    order : (n_entries,) int64, place of each entry among the edges as they were given, with those of nodes to
        themselves at the end
    """

    pointers: IntArray
    senders: IntArray
    features: Float32Array
    order: IntArray

    @classmethod
    def of_edges(cls, edge_index: IntArray, features: Float32Array, n_nodes: int) -> AttentionRows:
        """Rows of edges, without those from a node to itself, and with one of each node to itself.

        Parameters
        ----------
        edge_index : (2, n_edges) int64, sender and receiver
        features : (n_edges,) float32
        n_nodes : number of nodes

        Examples
        --------
        >>> ends, features = np.array([[0, 1, 2], [1, 0, 1]]), np.array([1, 2, 4], np.float32)
        >>> rows = AttentionRows.of_edges(ends, features, 3)
        >>> rows.pointers, rows.senders, rows.features
        (array([0, 2, 5, 6]), array([0, 1, 0, 1, 2, 2]), array([2. , 2. , 1. , 2.5, 4. , 0. ], dtype=float32))
        """
        between = edge_index[0] != edge_index[1]
        (sender, receiver), kept = edge_index[:, between], features[between]
        degree = np.bincount(receiver, minlength=n_nodes)
        mean = np.bincount(receiver, weights=kept, minlength=n_nodes) / np.maximum(degree, 1)
        senders, receivers = (np.concatenate([ends, np.arange(n_nodes)]) for ends in (sender, receiver))
        order = np.lexsort((senders, receivers))
        return cls(
            pointers=np.concatenate([[0], np.cumsum(degree + 1)]).astype(np.int64),
            senders=senders[order].astype(np.int64),
            features=np.concatenate([kept, mean])[order].astype(np.float32),
            order=order,
        )


def attend_by_sums(
    rows: AttentionRows, values: Tensor, source: Tensor, target: Tensor, edge: Tensor, drop: float
) -> Tensor:
    """GAT: ``sum_j a_ij values_j`` with ``a_ij = softmax_j LeakyReLU(source_j + target_i + f_ij edge)``.

    Parameters
    ----------
    rows : edges, f their features
    values : (n_nodes, n_heads, n_each) float32
    source, target : (n_nodes, n_heads) float32
    edge : (n_heads,) float32
    drop : share of the a_ij dropped, 0 for inference

    Returns
    -------
    (n_nodes, n_heads, n_each) float32

    Examples
    --------
    >>> rows = AttentionRows.of_edges(np.array([[0, 1], [1, 0]]), np.ones(2, np.float32), 2)
    >>> score = torch.zeros(2, 1)
    >>> attend_by_sums(rows, torch.tensor([[[2.0]], [[6.0]]]), score, score, torch.ones(1), 0.0).flatten()
    tensor([4., 4.])
    """
    weights: Tensor = _WeightsOfSums.apply(rows, source, target, edge)
    return _weighted_sums(rows, _dropped(weights, rows, drop), values)


def attend_by_pairs(
    rows: AttentionRows, values: Tensor, target: Tensor, edge: Tensor, att: Tensor, drop: float
) -> Tensor:
    """GATv2: ``sum_j a_ij values_j`` with ``a_ij = softmax_j att . LeakyReLU(values_j + target_i + f_ij edge)``.

    Parameters
    ----------
    rows : edges, f their features
    values, target : (n_nodes, n_heads, n_each) float32
    edge, att : (n_heads, n_each) float32
    drop : share of the a_ij dropped, 0 for inference

    Returns
    -------
    (n_nodes, n_heads, n_each) float32
    """
    weights: Tensor = _WeightsOfPairs.apply(rows, values, target, edge, att)
    return _weighted_sums(rows, _dropped(weights, rows, drop), values)


def _dropped(weights: Tensor, rows: AttentionRows, drop: float) -> Tensor:
    """One seed drops the same entries as torch-geometric, which draws for edges in the order that they were given."""
    if not drop:
        return weights
    return weights * functional.dropout(torch.ones_like(weights), drop)[torch.from_numpy(rows.order)]


def _weighted_sums(rows: AttentionRows, weights: Tensor, values: Tensor) -> Tensor:
    found: Tensor = _WeightedSums.apply(rows, weights, values)
    return found


class _WeightsOfSums(torch.autograd.Function):
    """(n_entries, n_heads) float32, the a_ij of GAT."""

    @staticmethod
    def forward(ctx: Any, rows: AttentionRows, source: Tensor, target: Tensor, edge: Tensor) -> Tensor:
        given = [tensor.contiguous() for tensor in (source, target, edge)]
        weights = torch.empty(len(rows.senders), source.shape[1])
        _score_sums(rows.pointers, rows.senders, rows.features, *_arrays(given), weights.numpy())
        _softmax(rows, weights)
        ctx.rows = rows
        ctx.save_for_backward(weights, *given)
        return weights

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        rows, (weights, *given) = ctx.rows, ctx.saved_tensors
        grads = [torch.zeros_like(tensor) for tensor in given]
        of_scores = _through_softmax(rows, weights, grad)
        _push_sums(rows.pointers, rows.senders, rows.features, *_arrays(given), of_scores, *_arrays(grads))
        return None, *grads


class _WeightsOfPairs(torch.autograd.Function):
    """(n_entries, n_heads) float32, the a_ij of GATv2."""

    @staticmethod
    def forward(ctx: Any, rows: AttentionRows, values: Tensor, target: Tensor, edge: Tensor, att: Tensor) -> Tensor:
        given = [tensor.contiguous() for tensor in (values, target, edge, att)]
        weights = torch.empty(len(rows.senders), values.shape[1])
        _score_pairs(rows.pointers, rows.senders, rows.features, *_arrays(given), weights.numpy())
        _softmax(rows, weights)
        ctx.rows = rows
        ctx.save_for_backward(weights, *given)
        return weights

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        rows, (weights, *given) = ctx.rows, ctx.saved_tensors
        grads = [torch.zeros_like(tensor) for tensor in given]
        of_scores = _through_softmax(rows, weights, grad)
        flat, pushed = ([tensor.flatten(-2) for tensor in tensors] for tensors in (given, grads))
        _push_pairs(rows.pointers, rows.senders, rows.features, *_arrays(flat), of_scores, *_arrays(pushed))
        return None, *grads


class _WeightedSums(torch.autograd.Function):
    """(n_nodes, n_heads, n_each) float32, of the senders in each row."""

    @staticmethod
    def forward(ctx: Any, rows: AttentionRows, weights: Tensor, values: Tensor) -> Tensor:
        given = weights.contiguous(), values.contiguous()
        found = torch.zeros_like(given[1])
        _sum_rows(rows.pointers, rows.senders, *_arrays(given), found.numpy())
        ctx.rows = rows
        ctx.save_for_backward(*given)
        return found

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        grads = [torch.zeros_like(tensor) for tensor in ctx.saved_tensors]
        arrays = _arrays([*ctx.saved_tensors, grad.contiguous(), *grads])
        _push_rows(ctx.rows.pointers, ctx.rows.senders, *arrays)
        return None, *grads


def _arrays(tensors: Any) -> list[Float32Array]:
    return [tensor.detach().numpy() for tensor in tensors]


def _softmax(rows: AttentionRows, weights: Tensor) -> None:
    """Scores, less the largest of their row, become weights."""
    weights.exp_()  # torch's goes in vectors
    _normalise(rows.pointers, weights.numpy())


def _through_softmax(rows: AttentionRows, weights: Tensor, grad: Tensor) -> Float32Array:
    """(n_entries, n_heads) float32, gradients of scores from those of weights."""
    found = np.empty(weights.shape, np.float32)
    _push_softmax(rows.pointers, *_arrays([weights, grad.contiguous()]), found)
    return found


@njit(cache=True, nogil=True, fastmath=_SUMS)
def _score_sums(pointers: Any, senders: Any, features: Any, source: Any, target: Any, edge: Any, scores: Any) -> None:
    """LeakyReLU(source_j + target_i + f_ij edge), less the largest of the row."""
    for i in range(len(target)):
        for entry in range(pointers[i], pointers[i + 1]):
            for head in range(len(edge)):
                z = source[senders[entry], head] + target[i, head] + features[entry] * edge[head]
                scores[entry, head] = max(z, SLOPE * z)
        _less_the_largest(scores[pointers[i] : pointers[i + 1]])


@njit(cache=True, nogil=True, fastmath=_SUMS)
def _score_pairs(
    pointers: Any, senders: Any, features: Any, values: Any, target: Any, edge: Any, att: Any, scores: Any
) -> None:
    """att . LeakyReLU(values_j + target_i + f_ij edge), less the largest of the row."""
    n_heads, n_each = att.shape
    for i in range(len(target)):
        for entry in range(pointers[i], pointers[i + 1]):
            j, feature = senders[entry], features[entry]
            for head in range(n_heads):
                score = np.float32(0)
                for d in range(n_each):
                    z = values[j, head, d] + target[i, head, d] + feature * edge[head, d]
                    score += att[head, d] * max(z, SLOPE * z)
                scores[entry, head] = score
        _less_the_largest(scores[pointers[i] : pointers[i + 1]])


@njit(cache=True, nogil=True, fastmath=_SUMS)
def _less_the_largest(scores: Any) -> None:
    for head in range(scores.shape[1]):
        largest = scores[0, head]
        for entry in range(1, len(scores)):
            largest = max(largest, scores[entry, head])
        for entry in range(len(scores)):
            scores[entry, head] -= largest


@njit(cache=True, nogil=True, fastmath=_SUMS)
def _normalise(pointers: Any, weights: Any) -> None:
    for i in range(len(pointers) - 1):
        for head in range(weights.shape[1]):
            total = np.float32(0)
            for entry in range(pointers[i], pointers[i + 1]):
                total += weights[entry, head]
            share = np.float32(1) / total
            for entry in range(pointers[i], pointers[i + 1]):
                weights[entry, head] *= share


@njit(cache=True, nogil=True, fastmath=_SUMS)
def _push_softmax(pointers: Any, weights: Any, grad: Any, found: Any) -> None:
    for i in range(len(pointers) - 1):
        for head in range(weights.shape[1]):
            total = np.float32(0)
            for entry in range(pointers[i], pointers[i + 1]):
                total += weights[entry, head] * grad[entry, head]
            for entry in range(pointers[i], pointers[i + 1]):
                found[entry, head] = weights[entry, head] * (grad[entry, head] - total)


@njit(cache=True, nogil=True, fastmath=_SUMS)
def _push_sums(
    pointers: Any, senders: Any, features: Any, source: Any, target: Any, edge: Any, grad: Any,
    to_source: Any, to_target: Any, to_edge: Any,
) -> None:  # fmt: skip
    """Gradients of :func:`_score_sums`, added to zeros."""
    all_edges = np.zeros(len(edge))  # float64: a sum over all entries
    for i in range(len(target)):
        for entry in range(pointers[i], pointers[i + 1]):
            j, feature = senders[entry], features[entry]
            for head in range(len(edge)):
                z = source[j, head] + target[i, head] + feature * edge[head]
                g = grad[entry, head] * (np.float32(1) if z > 0 else SLOPE)
                to_source[j, head] += g
                to_target[i, head] += g
                all_edges[head] += feature * g
    to_edge[:] = all_edges


@njit(cache=True, nogil=True, fastmath=_SUMS)
def _push_pairs(
    pointers: Any, senders: Any, features: Any, values: Any, target: Any, edge: Any, att: Any, grad: Any,
    to_values: Any, to_target: Any, to_edge: Any, to_att: Any,
) -> None:  # fmt: skip
    """Gradients of :func:`_score_pairs`, added to zeros; heads lie side by side, which makes the inner loop longer."""
    (n, width), n_heads = values.shape, grad.shape[1]
    each = width // n_heads
    all_edges, all_att = np.zeros(width), np.zeros(width)  # float64: sums over all entries
    of_edges, of_att = np.zeros(width, np.float32), np.zeros(width, np.float32)
    spread = np.zeros(width, np.float32)  # rows of one array would keep the loop from going in vectors
    for i in range(n):
        of_edges[:], of_att[:] = 0, 0
        for entry in range(pointers[i], pointers[i + 1]):
            j, feature = senders[entry], features[entry]
            for head in range(n_heads):
                spread[head * each : (head + 1) * each] = grad[entry, head]
            for d in range(width):
                z = values[j, d] + target[i, d] + feature * edge[d]
                sloped = spread[d] * (np.float32(1) if z > 0 else SLOPE)
                pushed = sloped * att[d]
                to_values[j, d] += pushed
                to_target[i, d] += pushed
                of_edges[d] += feature * pushed
                of_att[d] += sloped * z
        all_edges += of_edges
        all_att += of_att
    to_edge[:], to_att[:] = all_edges, all_att


@njit(cache=True, nogil=True, fastmath=_SUMS)
def _sum_rows(pointers: Any, senders: Any, weights: Any, values: Any, found: Any) -> None:
    n, n_heads, n_each = values.shape
    for i in range(n):
        for entry in range(pointers[i], pointers[i + 1]):
            j = senders[entry]
            for head in range(n_heads):
                weight = weights[entry, head]
                for d in range(n_each):
                    found[i, head, d] += weight * values[j, head, d]


@njit(cache=True, nogil=True, fastmath=_SUMS)
def _push_rows(
    pointers: Any, senders: Any, weights: Any, values: Any, grad: Any, to_weights: Any, to_values: Any
) -> None:
    """Gradients of :func:`_sum_rows`, added to zeros."""
    n, n_heads, n_each = values.shape
    for i in range(n):
        for entry in range(pointers[i], pointers[i + 1]):
            j = senders[entry]
            for head in range(n_heads):
                weight, product = weights[entry, head], np.float32(0)
                for d in range(n_each):
                    product += grad[i, head, d] * values[j, head, d]
                for d in range(n_each):
                    to_values[j, head, d] += weight * grad[i, head, d]
                to_weights[entry, head] = product
