"""What networks on graphs read, made of a complex, groups and features."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.graph_tasks import GRAPH_ARCHITECTURES, contacts, graph_set, material

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.models.graph_baselines.inputs import GraphInput, HypergraphInput
from topology_efficient_dl.models.graph_inputs import network_input, propagated_rows, reads_groups
from topology_efficient_dl.models.registry import find_architecture
from topology_efficient_dl.models.simplicial.inputs import ComplexInput

SOME = np.array([1, 4, 5], np.int64)
KINDS = {
    "graph": GraphInput, "hypergraph": HypergraphInput, "hodge": ComplexInput, "cells": ComplexInput,
    "operators": ComplexInput, "propagated": torch.Tensor,
}  # fmt: skip


@pytest.mark.parametrize("reads", KINDS)
def test_every_kind_of_input_has_a_row_for_each_node(reads) -> None:
    made = material(contacts())
    inputs = network_input(reads, {"operators": ("weight", "groups")}, made)
    assert isinstance(inputs, KINDS[reads])
    x = inputs if reads == "propagated" else getattr(inputs, "x", None)
    x = inputs.features[0] if x is None else x
    np.testing.assert_array_equal(x.numpy(), made.blocks.values)


@pytest.mark.parametrize("reads", [kind for kind in KINDS if kind != "propagated"])
def test_some_graphs_of_a_set_have_the_rows_of_their_nodes(reads) -> None:
    task = graph_set()
    made = material(task)
    inputs = network_input(reads, {"operators": ("weight", "groups")}, made, SOME)
    x = inputs.features[0] if isinstance(inputs, ComplexInput) else inputs.x
    batch = inputs.index[0] if isinstance(inputs, ComplexInput) else inputs.batch
    offsets = task.graph.node_offsets
    rows = np.concatenate([np.arange(offsets[graph], offsets[graph + 1]) for graph in SOME])
    np.testing.assert_array_equal(x.numpy(), made.blocks.values[rows])
    assert inputs.n_graphs == 3
    assert torch.bincount(batch).tolist() == np.diff(offsets)[SOME].tolist()


def test_propagated_rows_are_of_nodes_or_means_over_graphs() -> None:
    nodes, task = material(contacts(), "propagated"), graph_set()
    assert propagated_rows(nodes) is nodes.blocks.values
    graphs = material(task, "propagated")
    rows = propagated_rows(graphs)
    assert rows.shape == (30, graphs.blocks.values.shape[1])
    start, stop = task.graph.node_offsets[4:6]
    np.testing.assert_allclose(rows[4], graphs.blocks.values[start:stop].mean(axis=0), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(network_input("propagated", {}, graphs, SOME).numpy(), rows[SOME])


def test_options_of_a_network_reach_its_input() -> None:
    made = material(contacts())
    log, plain = (network_input("hodge", {"weighting": name}, made).hodge for name in ("log", "unit"))
    assert log is not None
    assert plain is not None
    assert {"weighting", "oriented"} <= set(find_architecture("simplicial_nn").options) | {"weighting", "oriented"}
    assert network_input("operators", {"operators": ("triangles",)}, made).operators.keys() == {"triangles"}
    assert network_input("operators", {"operators": ("triangles",)}, made).hodge is None


def test_groups_are_asked_for_where_they_are_read() -> None:
    read = {name for name in GRAPH_ARCHITECTURES if reads_groups(find_architecture(name).reads, {})}
    assert read == {"hypergraph"}
    assert reads_groups("operators", {"operators": ["weight", "groups"]})
    assert not reads_groups("operators", {"operators": ["weight"]})
    without = replace(material(contacts()), groups=None)
    with pytest.raises(ParameterError, match="'hypergraph' reads groups of nodes, and there are none"):
        network_input("hypergraph", {}, without)
    with pytest.raises(ParameterError, match="none were given"):
        network_input("operators", {"operators": ("groups",)}, without)
    of_set = replace(material(graph_set()), groups=None)
    assert of_set.groups_of_graphs(SOME) is None
    with pytest.raises(ParameterError, match="'hypergraph' reads groups of nodes, and there are none"):
        network_input("hypergraph", {}, of_set, SOME)


def test_kernels_are_no_features_and_features_no_kernels() -> None:
    features, kernels = material(contacts()), material(contacts(), "diffused")
    assert features.blocks is features.features
    assert kernels.kernels is kernels.features
    with pytest.raises(ParameterError, match="name a recipe of kind diffusion"):
        _ = features.kernels
    with pytest.raises(ParameterError, match="name a recipe of kind hops"):
        _ = kernels.blocks
