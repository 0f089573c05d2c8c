"""Classes of nodes of a graph, or of graphs of a set: from labels, complexes and features to what a network reads."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from torch import Tensor, nn

from topology_efficient_dl.collections.keys import CellKey, dataset_of
from topology_efficient_dl.complexes.groups import Groups
from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex
from topology_efficient_dl.data.graphs.graph_set import GraphSet
from topology_efficient_dl.data.graphs.task import GraphTask
from topology_efficient_dl.errors import DataError, ParameterError
from topology_efficient_dl.models.answers import check_finite
from topology_efficient_dl.models.architecture import Architecture, Reads
from topology_efficient_dl.models.graph_inputs import (
    Material,
    NetworkInput,
    network_input,
    propagated_rows,
    reads_groups,
)
from topology_efficient_dl.models.graph_predictor import GraphPredictor
from topology_efficient_dl.models.on_nodes import OnNodes
from topology_efficient_dl.models.registry import find_architecture
from topology_efficient_dl.models.simplicial.diffusion_kernels import DiffusionKernels
from topology_efficient_dl.models.simplicial.label_diffusion import DiffusionOptions, fit_label_diffusion
from topology_efficient_dl.models.simplicial.propagation import PropagatedFeatures
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.compression import CompressionRecipe
from topology_efficient_dl.params.graphs import OWN, AnyRecipe
from topology_efficient_dl.params.models import ModelSpec
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.tasks.task import cell_card, classify, predictions_table
from topology_efficient_dl.training.objective import Objective, Teaching
from topology_efficient_dl.training.samples import Loader, Samples, Shuffled, Teacher, TensorSamples

IntArray = NDArray[np.int64]
Features = PropagatedFeatures | DiffusionKernels
Parts = tuple[SimplicialComplex, Features, Groups | None]
FitGraphCell = tuple[GraphTask, tuple[str, ModelSpec], int, SimplicialComplex, Features, Groups | None]
PredictGraphCell = tuple[TrainedModel, GraphTask, SimplicialComplex, Features, Groups | None]
TuneGraphCell = tuple[
    TrainedModel, TrainedModel, CompressionRecipe, ModelSpec, GraphTask, SimplicialComplex, Features, Groups | None
]
Labelled = dict[str, tuple[IntArray, IntArray]]


@dataclass(frozen=True, eq=False)
class GraphClasses:
    """Which class every node of a graph, or every graph of a set, has; see `Task`. The seed of a cell is the number of
    its draw of labels, split or fold.

    Attributes
    ----------
    task : labels, and which of them are seen in which draw
    material : complex, features and groups
    """

    task: GraphTask
    material: Material

    @classmethod
    def of(
        cls, task: GraphTask, complex_: SimplicialComplex, features: Features, groups: Groups | None
    ) -> GraphClasses:
        """The task with complex, features and groups as a cell has them."""
        return cls(task, material_of(task, (complex_, features, groups)))

    @property
    def name(self) -> str:
        """As in `Task`."""
        return self.task.name

    @property
    def state(self) -> Mapping[str, NDArray[Any]]:
        """As in `Task`: there is none."""
        return {}

    def describe(self, spec: ModelSpec, seed: int, model: str) -> dict[str, Any]:
        """As in `Task`; ``options`` are complete.

        Raises
        ------
        ParameterError : unknown architecture or option, or one that reads series; no such draw
        DataError : train or validation of the draw is empty
        """
        architecture = graph_architecture(spec, model)
        self.labelled(seed)
        options = architecture.complete(spec.size, spec.options)
        if "task" in architecture.options:
            options["task"] = self.task.kind
        if "block_sizes" in architecture.options:
            options["block_sizes"] = list(self.material.blocks.sizes)
        reads = self._reads(architecture)
        return {
            **cell_card(self.name, spec, seed, model, options),
            "n_channels": None,
            "n_timepoints": None,
            "n_classes": self.task.n_classes,
            "classes": list(self.task.classes),
            "n_features": reads.pop("n_features"),
            "recipe": None,
            "features": spec.features,
            **reads,
        }

    def _reads(self, architecture: Architecture) -> dict[str, Any]:
        if architecture.solver == "diffusion":
            return {"n_features": self.material.kernels.n_channels * self.task.n_classes}
        blocks = self.material.blocks
        return {"n_features": int(blocks.values.shape[1]), "blocks": list(blocks.names)}

    def solve(self, card: dict[str, Any], train: TrainParams) -> TrainedModel | None:
        """As in `Task`: label diffusion has no epochs.

        Raises
        ------
        ParameterError : class weights for label diffusion
        CellError : kernels or coefficients are not finite
        """
        if find_architecture(card["architecture"]).solver != "diffusion":
            return None
        check_diffusion_training(card["model"], train)
        return _diffused(card, self.material.kernels, *self.labelled(card["seed"])["development"])

    def labelled(self, draw: int) -> Labelled:
        """Rows and label codes of train, validation and both together as development, for one draw.

        Raises
        ------
        DataError : train or validation is empty
        """
        rows = self.task.parts(draw)
        for part in ("train", "validation"):
            if not len(rows[part]):
                raise DataError(
                    f"dataset '{self.name}' has no labels in {part} of draw {draw}, expected at least one. Raise "
                    "graphs.label_share or graphs.validation_fraction"
                )
        rows["development"] = np.sort(np.concatenate([rows["train"], rows["validation"]]))
        return {part: (chosen, self.task.labels[chosen]) for part, chosen in rows.items()}

    def samples(self, card: Mapping[str, Any], device: torch.device) -> Samples:
        """As in `Task`: rows of propagated features, graphs of a set, or nodes of the one graph."""
        parts, reads = self.labelled(card["seed"]), find_architecture(card["architecture"]).reads
        if reads == "propagated":
            rows_of = propagated_rows(self.material)
            return TensorSamples({part: _on(device, rows_of[rows], codes) for part, (rows, codes) in parts.items()})
        if self.task.kind == "graph":
            return GraphSamples(reads, card["options"], self.material, parts, str(device))
        graph = network_input(reads, card["options"], self.material).to(str(device))
        return NodeSamples(graph, {part: _on(device, rows, codes) for part, (rows, codes) in parts.items()})

    def objective(
        self, network: nn.Module, train: TrainParams, targets: Tensor, teaching: Teaching | None = None
    ) -> Objective:
        """As in `Task`."""
        return classify(network, train, targets, self.task.n_classes, teaching)

    def answers(self, model: TrainedModel) -> pd.DataFrame:
        """As in `Task`, one row a node or graph; see `predictions_table`."""
        rows, predictor = self.task.parts(model.card["seed"])["test"], GraphPredictor(model, check=False)
        answer = predictor.of_nodes if self.task.kind == "node" else predictor.of_graphs
        return predictions_table(model, answer(self.material, rows), self.task.labels[rows], rows)


def material_of(task: GraphTask, parts: Parts) -> Material:
    """What a network's input is made of."""
    complex_, features, groups = parts
    return Material(complex_, features, groups, task.graph.node_offsets if isinstance(task.graph, GraphSet) else None)


def graph_architecture(spec: ModelSpec, model: str) -> Architecture:
    """The architecture of a model of track B.

    Raises
    ------
    ParameterError : it reads series, or features of series
    """
    architecture = find_architecture(spec.architecture)
    if not architecture.of_graphs:
        raise ParameterError(
            f"zoo.{model}: architecture '{spec.architecture}' reads {architecture.reads} and no graphs; name another "
            "model in track_b.models"
        )
    return architecture


def check_diffusion_training(model: str, train: TrainParams) -> None:
    """Refuse class weights, which would change nothing.

    Raises
    ------
    ParameterError : ``class_weights`` is not ``none``
    """
    if train.class_weights != "none":
        raise ParameterError(
            f"train.class_weights: '{model}' is label diffusion, which gives every class the same say whatever the "
            f"parameter says. Set zoo.{model}.train.class_weights=none, so that it is seen that nothing changes"
        )


def _diffused(card: dict[str, Any], kernels: DiffusionKernels, rows: IntArray, codes: IntArray) -> TrainedModel:
    """Label diffusion fitted on train and validation together: there are no epochs to choose."""
    name = f"{card['model']} on {card['dataset']}, draw {card['seed']}"
    for kernel in (*kernels.labels, *([] if kernels.features is None else [kernels.features])):
        check_finite(name, "rows of a kernel", kernel)
    started = time.perf_counter()
    seen = np.full(kernels.labels.shape[1], -1)
    seen[rows] = codes
    with threadpool_limits(1):
        fit = fit_label_diffusion(kernels, seen, card["n_classes"], DiffusionOptions.of(card["options"]))
    check_finite(name, "coefficients", fit.coefficients)
    outcome = {
        "n_params": len(fit.coefficients),
        "channels": list(kernels.channel_names),
        "best_epochs": [],
        "best_epoch": 0,
        "epochs": 0,
        "fit_seconds": time.perf_counter() - started,
        "history": [],
    }
    weights = {"coefficients": torch.tensor(fit.coefficients, dtype=torch.float32)}
    return TrainedModel(card | outcome, weights, dict(fit.state))


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

    def batches(self, part: str, batch_size: int, shuffle_seed: int | None = None) -> Shuffled:
        """The whole graph once, whatever the batch size."""
        rows, targets = self.parts[part]
        return Shuffled([(OnNodes(self.graph, rows), targets)], None)

    def taught(self, teacher: Teacher, batch_size: int, shuffle_seed: int) -> Loader:
        """As in `Samples`."""
        return self.batches("development", batch_size).taught(teacher, shuffle_seed)


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

    def batches(self, part: str, batch_size: int, shuffle_seed: int | None = None) -> Shuffled:
        """As in `Samples`."""
        rows, targets = self.parts[part]
        order = (
            np.arange(len(rows)) if shuffle_seed is None else np.random.default_rng(shuffle_seed).permutation(len(rows))
        )
        pieces = np.array_split(order, -(-len(rows) // batch_size))
        made = [self._batch(np.sort(piece), rows, targets) for piece in pieces]
        return Shuffled(made, shuffle_seed)

    def taught(self, teacher: Teacher, batch_size: int, shuffle_seed: int) -> Loader:
        """As in `Samples`."""
        return self.batches("development", batch_size, shuffle_seed).taught(teacher, shuffle_seed)

    def _batch(self, piece: IntArray, rows: IntArray, targets: IntArray) -> tuple[NetworkInput, Tensor]:
        graphs = rows[piece]
        inputs = network_input(self.reads, self.options, self.material, graphs).to(self.device)
        return inputs, torch.from_numpy(targets[piece]).to(self.device)


def _on(device: torch.device, *arrays: NDArray[Any]) -> tuple[Tensor, Tensor]:
    first, second = (torch.from_numpy(np.ascontiguousarray(array)).to(device) for array in arrays)
    return first, second


def recipe_of(spec: ModelSpec) -> str:
    """Name of the propagation recipe that a model reads."""
    return spec.features or OWN


def features_key(zoo: Mapping[str, ModelSpec]) -> Callable[[str], str]:
    """From a cell's key to the key ``<dataset>/<recipe>`` of the features that its model reads."""

    def key_of_features(key: str) -> str:
        return f"{dataset_of(key)}/{recipe_of(zoo[CellKey.parse(key).model])}"

    return key_of_features


def groups_key(zoo: Mapping[str, ModelSpec]) -> Callable[[str], str | None]:
    """From a cell's key to the key ``<dataset>`` of the groups that its model reads, or None."""

    def key_of_groups(key: str) -> str | None:
        return dataset_of(key) if model_reads_groups(zoo[CellKey.parse(key).model]) else None

    return key_of_groups


def model_reads_groups(spec: ModelSpec) -> bool:
    """Whether a model needs the groups of a graph."""
    architecture = find_architecture(spec.architecture)
    return reads_groups(architecture.reads, architecture.complete(spec.size, spec.options))


def recipe_reads_groups(recipe: AnyRecipe) -> bool:
    """Whether a recipe carries features through the groups of a graph."""
    return recipe.kind == "hops" and "groups" in recipe.operators
