"""A model of a graph, or of a set of graphs, with what its cost is asked of; the target of its memory measurement."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from topology_efficient_dl.complexes.groups import Groups
from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex
from topology_efficient_dl.data.graphs.task import GraphTask
from topology_efficient_dl.efficiency.flops import count_flops_of_call
from topology_efficient_dl.efficiency.latency import Call
from topology_efficient_dl.efficiency.parameters import count_parameters
from topology_efficient_dl.models.graph_baselines.inputs import GraphInput
from topology_efficient_dl.models.graph_inputs import Material, NetworkInput
from topology_efficient_dl.models.graph_predictor import GraphPredictor
from topology_efficient_dl.models.simplicial.node_features import diffuse, propagate
from topology_efficient_dl.models.simplicial.propagation import PropagatedFeatures
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.complexes import SimplicialParams
from topology_efficient_dl.params.graphs import OWN, AnyRecipe, DiffusionRecipe
from topology_efficient_dl.tasks.graphs import Features, Parts, material_of

Graphs = NDArray[np.int64] | None
"""Which of a set; None for the one graph of a task of nodes."""


@dataclass(frozen=True)
class GraphInputs:
    """What all models of a task read.

    Attributes
    ----------
    task, complex, groups : of the data set
    features : by ``<dataset>/<recipe>``
    recipes : of propagation, by name
    simplicial : how groups of periods are made
    """

    task: GraphTask
    complex: SimplicialComplex
    features: Mapping[str, Features]
    groups: Groups | None
    recipes: Mapping[str, AnyRecipe]
    simplicial: SimplicialParams


class GraphProbe:
    """One model; see `costs.Probe`. Batches are graphs of a set, or None.

    Parameters
    ----------
    model : to measure
    inputs : of its task
    device : torch device
    """

    loader = f"{__name__}:load_graph_inference"
    before_network = "preprocessing_ms"

    def __init__(self, model: TrainedModel, inputs: GraphInputs, device: str) -> None:
        self.model, self.task, self.predictor = model, inputs.task, GraphPredictor(model, device, check=False)
        name = model.card["features"] or OWN
        self.recipe, self.simplicial = inputs.recipes[name], inputs.simplicial
        own = inputs.features[f"{self.task.name}/{OWN}"]
        assert isinstance(own, PropagatedFeatures)
        self.parts = (inputs.complex, own, inputs.groups)
        self.material = material_of(
            self.task, (inputs.complex, inputs.features[f"{self.task.name}/{name}"], inputs.groups)
        )

    def input(self, batch: Graphs) -> NetworkInput:
        """What the network reads."""
        return self.predictor.prepare(self.material, batch)

    def whole(self, batch: Graphs) -> Call:
        """From the complex and features of nodes to labels."""
        if batch is None:
            return lambda _: self._labels(material_of(self.task, self._with_features(*self.parts)))
        part, places = _part_of_set(self.task, self.parts, batch), np.arange(len(batch))
        assert isinstance(part.features, PropagatedFeatures)
        parts = (part.complex, part.features, part.groups)
        return lambda _: self._labels(dataclasses.replace(part, features=self._with_features(*parts)[1]), places)

    def _labels(self, material: Material, graphs: Graphs = None) -> NDArray[Any]:
        labels: NDArray[Any] = self.predictor.of_input(self.predictor.prepare(material, graphs)).argmax(axis=1)
        return labels

    def _with_features(
        self, complex_: SimplicialComplex, own: PropagatedFeatures, groups: Groups | None
    ) -> tuple[SimplicialComplex, Features, Groups | None]:
        if isinstance(self.recipe, DiffusionRecipe):
            return complex_, diffuse((own, complex_, self.task), self.recipe, self.simplicial), groups
        return complex_, propagate((own, complex_, groups), self.recipe), groups

    def alone(self, batch: Graphs) -> Call:
        """From the network's input to labels."""
        inputs = self.input(batch)
        return lambda _: self.predictor.of_input(inputs).argmax(axis=1)

    def sizes(self, batch: Graphs) -> dict[str, Any]:
        """Of the network alone; weights that were pruned to zero are not needed."""
        network = GraphPredictor(self.model).network
        count = count_flops_of_call(network, self.input(batch).to("cpu"))
        zeros = self.model.card.get("compression", {}).get("zeros", 0)
        return {"params": count_parameters(network) - zeros, "flops": count.flops, "flops_reason": count.reason}

    def columns_alone(self, columns: dict[str, Any]) -> dict[str, Any]:
        """All, and throughput in nodes or graphs."""
        throughput = (len(self.task.labels) if self.task.kind == "node" else 1) * columns["throughput"]
        times = {f"model_{key}": value for key, value in columns.items() if key != "throughput"}
        return times | {"throughput": throughput}

    def loaded(self, batch: Graphs) -> Callable[[], NDArray[np.float32]]:
        """One inference, with weights and input of its own on the device."""
        predictor = GraphPredictor(self.model, str(self.predictor.device), check=False)
        return partial(predictor.of_input, predictor.prepare(self.material, batch))

    def write(self, folder: Path, batch: Graphs) -> None:
        """Leave what `load_graph_inference` reads."""
        (folder / "model.safetensors").write_bytes(self.model.to_bytes())
        # Written and read within a minute by this very function: a trusted file that is never stored.
        torch.save(self.prepared(batch), folder / "input.pt")

    def prepared(self, batch: Graphs) -> NetworkInput:
        """The input with what a first answer makes of it and later ones read, without the edges that they do not."""
        inputs = self.input(batch)
        self.predictor.of_input(inputs)
        return inputs.without_edges() if isinstance(inputs, GraphInput) else inputs


def _part_of_set(task: GraphTask, parts: Parts, graphs: NDArray[np.int64]) -> Material:
    """Some graphs of a set as a set of their own, with the features of nodes as they are before propagation."""
    whole = material_of(task, parts)
    assert whole.node_offsets is not None
    sizes = np.diff(whole.node_offsets)[graphs]
    features = PropagatedFeatures(whole.rows_of_graphs(graphs), whole.blocks.sizes, whole.blocks.names)
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return Material(whole.of_graphs(graphs).complex, features, whole.groups_of_graphs(graphs), offsets)


def load_graph_inference(folder: str) -> Callable[[], NDArray[np.float32]]:
    """One inference of the model and input that lie in a folder: the target of the memory measurement."""
    predictor = GraphPredictor(TrainedModel.from_bytes((Path(folder) / "model.safetensors").read_bytes()), check=False)
    return partial(predictor.of_input, torch.load(Path(folder) / "input.pt", weights_only=False))
