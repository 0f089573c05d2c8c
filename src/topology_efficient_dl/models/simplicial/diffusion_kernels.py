"""Kernels between nodes, made once: diffusion along several operators, and similarity of propagated features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from torch import Tensor

from topology_efficient_dl.complexes.rows import FloatArray

BY_FEATURES = "features"


@dataclass(frozen=True, eq=False)
class DiffusionKernels:
    """Symmetric kernels between nodes.

    Attributes
    ----------
    labels : (n_operators, n, n) float64, by which labels spread
    features : (n, n) float64, similarity of features, or None
    names : of the operators
    """

    labels: FloatArray
    features: FloatArray | None
    names: tuple[str, ...]

    @property
    def n_channels(self) -> int:
        """Number of kernels."""
        return len(self.names) + (self.features is not None)

    @property
    def channel_names(self) -> tuple[str, ...]:
        """Names of all kernels, that of the features last."""
        return self.names if self.features is None else (*self.names, BY_FEATURES)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Plain arrays by name."""
        arrays = {"kernels": self.labels, "operators": np.array(self.names, np.str_)}
        return arrays if self.features is None else {**arrays, "gram": self.features}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> DiffusionKernels:
        """The inverse of :meth:`to_arrays`."""
        return cls(arrays["kernels"], arrays.get("gram"), tuple(arrays["operators"].tolist()))


@dataclass(frozen=True, eq=False)
class KernelInput:
    """What `label_diffusion.LabelSpreading` reads: kernels, in which there is nothing of any label.

    Attributes
    ----------
    labels : (n_operators, n, n) float32, by which labels spread
    reach : (n_operators, n) float32, sums of their columns
    features : (n, n) float32, similarity of features, or None
    """

    labels: Tensor
    reach: Tensor
    features: Tensor | None

    @classmethod
    def of(cls, kernels: DiffusionKernels) -> KernelInput:
        """In single precision."""
        labels, reach = (torch.from_numpy(part.astype(np.float32)) for part in (kernels.labels, kernels.labels.sum(1)))
        features = None if kernels.features is None else torch.from_numpy(kernels.features.astype(np.float32))
        return cls(labels, reach, features)

    def to(self, device: str) -> KernelInput:
        """The same on a device."""
        features = None if self.features is None else self.features.to(device)
        return KernelInput(self.labels.to(device), self.reach.to(device), features)


def similarity(blocks: list[NDArray[np.float32]], operator: sparse.csr_array | None, hops: int) -> FloatArray:
    """Gram matrix of unit rows of centred ``[x, P x, ..., P^hops x]``, all blocks of the same energy.

    Parameters
    ----------
    blocks : (n, f_i) features of nodes by kind, each divided by the square root of its width
    operator : (n, n), whose rows are normalised to sum one; None for the features alone
    hops : powers of the operator

    Returns
    -------
    (n, n) float64, ones on the diagonal but for nodes without any feature

    Examples
    --------
    >>> similarity([np.array([[1.0], [-1.0], [1.0]], np.float32)], None, 0).round(3)
    array([[ 1., -1.,  1.],
           [-1.,  1., -1.],
           [ 1., -1.,  1.]])
    """
    own = np.concatenate([block.astype(np.float64) / np.sqrt(block.shape[1]) for block in blocks], axis=1)
    energy = np.sqrt((own**2).sum(axis=1).mean())
    parts = [own]
    if operator is not None:
        rows = np.asarray(operator.sum(axis=1)).ravel()
        mean = sparse.diags_array(1 / np.maximum(rows, 1e-12)) @ operator
        heard = own
        for _ in range(hops):
            heard = np.asarray(mean @ heard)
            parts.append(_with_energy(heard, energy))
    joined = np.concatenate(parts, axis=1)
    centred = joined - joined.mean(axis=0)
    unit = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6)
    return np.asarray(unit @ unit.T)


def _with_energy(block: ArrayLike, energy: float) -> FloatArray:
    values = np.asarray(block)
    centred = values - values.mean(axis=0)
    found = np.sqrt((centred**2).sum(axis=1).mean())
    return np.asarray(centred * (energy / max(found, 1e-12)))
