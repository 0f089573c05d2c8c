"""The fit of a network on a graph, or on a set of graphs."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from topology_efficient_dl.data.graphs.task import GraphTask
from topology_efficient_dl.errors import DataError, ParameterError
from topology_efficient_dl.models.architecture import Architecture
from topology_efficient_dl.models.graph_inputs import Material, network_input, propagated_rows
from topology_efficient_dl.models.registry import find_architecture
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.models import ModelSpec
from topology_efficient_dl.params.training import TrainParams
from topology_efficient_dl.tasks.diffusion_fitting import check_diffusion_training, fit_diffusion
from topology_efficient_dl.tasks.graph_samples import GraphSamples, NodeSamples
from topology_efficient_dl.training.loop import fit_networks
from topology_efficient_dl.training.runtime import training_device
from topology_efficient_dl.training.samples import Samples, TensorSamples

IntArray = NDArray[np.int64]
Parts = dict[str, tuple[IntArray, IntArray]]


def fit_on_graph(
    task: GraphTask,
    material: Material,
    spec: ModelSpec,
    draw: int,
    train: TrainParams,
    *,
    model: str | None = None,
    progress: bool = False,
) -> TrainedModel:
    """Fit one cell. The same arguments on the same machine give bit-identical weights.

    Parameters
    ----------
    task : labels, and which of them are seen
    material : complex, features and groups
    spec : which network
    draw : number of the draw, split or fold, and seed of initialisation, order and dropout
    train : the parameters of the loop; on one graph a step sees all of it, and ``batch_size`` counts rows of propagated
        features, or graphs of a set
    model : the model's name in the zoo, for the card and for errors; the architecture's when None
    progress : draw a bar over epochs, if standard error is a terminal

    Raises
    ------
    ParameterError : unknown architecture or option, or one that reads series; no such draw; absent device; class
        weights for label diffusion
    DataError : train or validation of the draw is empty
    CellError : the loss became infinite or NaN
    """
    name = model or spec.architecture
    architecture = graph_architecture(spec, name)
    parts = parts_of(task, draw)
    card = describe_graph_cell(task, material, spec, architecture, draw, name)
    if architecture.solver == "diffusion":
        check_diffusion_training(name, train)
        return fit_diffusion(card, material.kernels, *parts["development"])
    device = training_device(train)
    samples = samples_of(task, architecture, card["options"], material, parts, str(device))
    return fit_networks(card, samples, train, device, progress=progress)


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


def describe_graph_cell(
    task: GraphTask, material: Material, spec: ModelSpec, architecture: Architecture, draw: int, model: str
) -> dict[str, Any]:
    """What a card says of a cell before it is fitted; see ``TrainedModel``. ``options`` are complete."""
    options = architecture.complete(spec.size, spec.options)
    if "task" in architecture.options:
        options["task"] = task.kind
    optional: dict[str, Any] = {}
    if architecture.solver == "diffusion":
        n_features = material.kernels.n_channels * task.n_classes
    else:
        n_features = int(material.blocks.values.shape[1])
        optional["blocks"] = list(material.blocks.names)
    if "block_sizes" in architecture.options:
        options["block_sizes"] = list(material.blocks.sizes)
    return {
        "model": model,
        "dataset": task.name,
        "seed": draw,
        "architecture": spec.architecture,
        "size": spec.size,
        "options": json.loads(json.dumps(options)),
        "members": spec.members,
        "n_channels": None,
        "n_timepoints": None,
        "n_classes": task.n_classes,
        "classes": list(task.classes),
        "n_features": n_features,
        "recipe": None,
        "features": spec.features,
        **optional,
    }


def parts_of(task: GraphTask, draw: int) -> Parts:
    """Rows and label codes of train, validation and both together as development, for one draw.

    Raises
    ------
    DataError : train or validation is empty
    """
    rows = task.parts(draw)
    for part in ("train", "validation"):
        if not len(rows[part]):
            raise DataError(
                f"dataset '{task.name}' has no labels in {part} of draw {draw}, expected at least one. Raise "
                "graphs.label_share or graphs.validation_fraction"
            )
    rows["development"] = np.sort(np.concatenate([rows["train"], rows["validation"]]))
    return {part: (chosen, task.labels[chosen]) for part, chosen in rows.items()}


def samples_of(
    task: GraphTask, architecture: Architecture, options: dict[str, Any], material: Material, parts: Parts, device: str
) -> Samples:
    """What a fit reads in batches, on the device.

    Parameters
    ----------
    task, material : what networks on graphs are made of
    architecture, options : of the network, complete
    parts : of `parts_of`
    device : of the tensors
    """
    if architecture.reads == "propagated":
        rows_of = propagated_rows(material)
        return TensorSamples({part: _on(device, rows_of[rows], codes) for part, (rows, codes) in parts.items()})
    if task.kind == "graph":
        return GraphSamples(architecture.reads, options, material, parts, device)
    graph = network_input(architecture.reads, options, material).to(device)
    return NodeSamples(graph, {part: _on(device, rows, codes) for part, (rows, codes) in parts.items()})


def _on(device: str, *arrays: NDArray[Any]) -> tuple[Tensor, Tensor]:
    first, second = (torch.from_numpy(np.ascontiguousarray(array)).to(device) for array in arrays)
    return first, second
