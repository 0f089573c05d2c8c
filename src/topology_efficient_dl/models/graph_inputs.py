"""What each network of track B is called with, made of a complex, groups and features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from topology_efficient_dl.complexes.batch import SimplicialBatch, select_graphs, select_groups
from topology_efficient_dl.complexes.groups import Groups
from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.models.architecture import Reads
from topology_efficient_dl.models.graph_baselines.inputs import (
    GraphInput,
    HypergraphInput,
    graph_input,
    hypergraph_input,
)
from topology_efficient_dl.models.simplicial.diffusion_kernels import DiffusionKernels, KernelInput
from topology_efficient_dl.models.simplicial.inputs import ComplexInput, complex_input
from topology_efficient_dl.models.simplicial.propagation import PropagatedFeatures, pooled_features

IntArray = NDArray[np.int64]

NetworkInput = GraphInput | HypergraphInput | ComplexInput | KernelInput | Tensor

INPUT_OPTIONS = ("oriented", "weighting", "aggregate")
"""Options of a network that its input must have been made with."""


@dataclass(frozen=True, eq=False)
class Material:
    """What inputs are made of.

    Attributes
    ----------
    complex : of one graph, or of many side by side
    features : (n_nodes, f) in blocks, or kernels between nodes
    groups : for networks on hypergraphs; None where no model reads them
    node_offsets : (n_graphs + 1,) int64 where graphs are classified, else None
    """

    complex: SimplicialComplex
    features: PropagatedFeatures | DiffusionKernels
    groups: Groups | None = None
    node_offsets: IntArray | None = None

    @property
    def blocks(self) -> PropagatedFeatures:
        """The features, where they are no kernels.

        Raises
        ------
        ParameterError : they are
        """
        if isinstance(self.features, DiffusionKernels):
            raise ParameterError(
                "a network that reads features was given kernels of diffusion; name a recipe of kind hops in its "
                "zoo.<model>.features"
            )
        return self.features

    @property
    def kernels(self) -> DiffusionKernels:
        """The kernels, where they are no features.

        Raises
        ------
        ParameterError : they are
        """
        if not isinstance(self.features, DiffusionKernels):
            raise ParameterError(
                "'simplicial_diffusion' reads kernels and was given features; name a recipe of kind diffusion in its "
                "zoo.<model>.features"
            )
        return self.features

    def of_graphs(self, chosen: IntArray) -> SimplicialBatch:
        """Some of the graphs, as one complex."""
        assert self.node_offsets is not None
        return select_graphs(self.complex, self.node_offsets, chosen)

    def groups_of_graphs(self, chosen: IntArray) -> Groups | None:
        """The groups of some of the graphs, where there are any."""
        assert self.node_offsets is not None
        return None if self.groups is None else select_groups(self.groups, self.node_offsets, chosen)

    def rows_of_graphs(self, chosen: IntArray) -> NDArray[np.float32]:
        """Features of the nodes of some of the graphs."""
        assert self.node_offsets is not None
        mask = np.zeros(len(self.node_offsets) - 1, dtype=bool)
        mask[chosen] = True
        rows: NDArray[np.float32] = self.blocks.values[np.repeat(mask, np.diff(self.node_offsets))]
        return rows

    def pooled(self) -> PropagatedFeatures:
        """One row for each graph: the means of its nodes' features."""
        assert self.node_offsets is not None
        n_graphs = len(self.node_offsets) - 1
        return pooled_features(self.blocks, np.repeat(np.arange(n_graphs), np.diff(self.node_offsets)), n_graphs)


def network_input(
    reads: Reads, options: Mapping[str, Any], material: Material, graphs: IntArray | None = None
) -> NetworkInput:
    """What a network reads.

    Parameters
    ----------
    reads : as in ``Architecture``
    options : of the network, those of its size included
    material : complex, features, groups
    graphs : (m,) int64, ascending, which graphs of a set; None for the one graph that there is

    Raises
    ------
    ParameterError : the network reads groups, and there are none
    """
    if reads == "propagated":
        rows = propagated_rows(material)
        return torch.from_numpy(np.ascontiguousarray(rows if graphs is None else rows[graphs]))
    if reads == "diffusion":
        return KernelInput.of(material.kernels)
    complex_ = material.complex if graphs is None else material.of_graphs(graphs)
    x = material.blocks.values if graphs is None else material.rows_of_graphs(graphs)
    if reads == "graph":
        return graph_input(complex_, x)
    groups = material.groups if graphs is None else material.groups_of_graphs(graphs)
    if reads == "hypergraph":
        if groups is None:
            raise ParameterError("architecture 'hypergraph' reads groups of nodes, and there are none")
        return hypergraph_input(groups, x, complex_.index[0] if isinstance(complex_, SimplicialBatch) else None)
    chosen = {name: options[name] for name in INPUT_OPTIONS if name in options}
    parts: Any = (reads,) if reads in ("hodge", "cells") else ()
    operators = tuple(options.get("operators", ())) if reads == "operators" else ()
    return complex_input(complex_, x, parts=parts, operators=operators, groups=groups, **chosen)


def propagated_rows(material: Material) -> NDArray[np.float32]:
    """One row of propagated features for each node, or each graph of a set: (n_targets, f)."""
    rows: NDArray[np.float32] = (material.blocks if material.node_offsets is None else material.pooled()).values
    return rows


def reads_groups(reads: Reads, options: Mapping[str, Any]) -> bool:
    """Whether a network needs groups among its material."""
    return reads == "hypergraph" or (reads == "operators" and "groups" in options.get("operators", ()))
