"""Features propagated once, before any training, so that a network on them needs no edges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from topology_efficient_dl.common.columns import Float32Array, as_float32, standardised
from topology_efficient_dl.complexes.rows import IntArray
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.models.simplicial.sparse import Factors

ROUNDING = 2.0**-46
"""Of sums of many weights in float64."""


@dataclass(frozen=True, eq=False)
class PropagatedFeatures:
    """Blocks of features side by side: of the nodes themselves, and as each operator brings them after each hop.

    Attributes
    ----------
    values : (n_rows, sum of sizes) float32
    sizes : number of features of each block
    names : of each block: ``own``, then ``<operator>^<hop>``
    """

    values: Float32Array
    sizes: tuple[int, ...]
    names: tuple[str, ...]

    def blocks(self) -> list[Float32Array]:
        """(n_rows, size) each, views of ``values``."""
        return np.split(self.values, np.cumsum(self.sizes)[:-1], axis=1)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Plain arrays by name."""
        return {"values": self.values, "sizes": np.array(self.sizes, np.int64), "names": np.array(self.names, np.str_)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> PropagatedFeatures:
        """The inverse of :meth:`to_arrays`."""
        return cls(arrays["values"], tuple(arrays["sizes"].tolist()), tuple(arrays["names"].tolist()))


def propagated_features(
    node_features: ArrayLike,
    hops: int,
    operators: Mapping[str, Factors],
    statistics: ArrayLike | None = None,
) -> PropagatedFeatures:
    """``[x, P_1 x, ..., P_1^hops x, P_2 x, ...]`` with x the features and statistics of nodes, in float32.

    Every block is written into its place in the result; besides that, memory is that of the operators and of one
    block for each factor.

    Parameters
    ----------
    node_features : (n_nodes, f)
    hops : powers of each operator, 0 for none
    operators : by name, factors from ``node_operators``
    statistics : (n_nodes, s) to go with the features, for instance ``standardised_counts`` of ``NodeStatistics.values``

    Raises
    ------
    ParameterError : hops are negative
    DataError : a value is not finite in float32

    References
    ----------
    Frasca et al., *SIGN: Scalable inception graph neural networks* (2020): blocks of several operators;
    Gurugubelli and Chepuri, *SaNN: Simple yet powerful simplicial-aware neural networks* (ICLR 2024): aggregation on a
    complex before training.

    Examples
    --------
    >>> swap = sparse.csr_array([[0.0, 1.0], [1.0, 0.0]])
    >>> propagated_features([[1.0], [2.0]], 2, {"swap": (swap,)}).values
    array([[1., 2., 1.],
           [2., 1., 2.]], dtype=float32)
    """
    if hops < 0:
        raise ParameterError(f"hops is {hops}; expected 0 or more")
    own = as_float32(node_features)
    if statistics is not None:
        own = np.concatenate([own, as_float32(statistics, column="statistic")], axis=1)
    names = ("own", *(f"{name}^{hop}" for name in operators for hop in range(1, hops + 1)))
    width = own.shape[1]
    values = np.empty((len(own), width * len(names)), np.float32)
    for place, block in enumerate(_blocks(own, hops, operators)):
        values[:, place * width : (place + 1) * width] = block
    return PropagatedFeatures(values, (width,) * len(names), names)


def _blocks(own: Float32Array, hops: int, operators: Mapping[str, Factors]) -> Iterator[Float32Array]:
    yield own
    for factors in operators.values():
        narrow: Sequence[sparse.csr_array] = [factor.astype(np.float32) for factor in factors]
        block = own
        for _ in range(hops):
            for factor in reversed(narrow):
                block = np.asarray(factor @ block)
            yield block


def standardised_counts(values: ArrayLike) -> Float32Array:
    """Columns of counts and weights as log(1 + x) with mean 0 and standard deviation 1; constant columns become 0.

    Means and deviations are over all rows: features of unlabelled nodes are used, as in any transductive task, and no
    labels.

    Parameters
    ----------
    values : (n, s), not negative

    Examples
    --------
    >>> standardised_counts([[0, 5], [7, 5]])
    array([[-1.,  0.],
           [ 1.,  0.]], dtype=float32)
    """
    return standardised(np.log1p(np.asarray(values, np.float64)), ROUNDING)


def pooled_features(features: PropagatedFeatures, index: IntArray, n_graphs: int) -> PropagatedFeatures:
    """One row for each graph, the mean of the rows of its nodes, 0 without any: for tasks on graphs.

    Parameters
    ----------
    features : of nodes
    index : (n_nodes,) int64, the graph of each node
    n_graphs : number of graphs
    """
    members = sparse.csr_array(
        (np.ones(len(index), np.float32), (index, np.arange(len(index)))), shape=(n_graphs, len(index))
    )
    counts = np.maximum(np.bincount(index, minlength=n_graphs), 1).astype(np.float32)
    means = np.asarray(members @ features.values) / counts[:, None]
    return PropagatedFeatures(means, features.sizes, features.names)
