"""What the models of one graph, or of one set of graphs, cost: sizes, operations, time in alternation, memory."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from topology_efficient_dl.collections.fingerprint import versioned
from topology_efficient_dl.complexes.groups import Groups
from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex
from topology_efficient_dl.data.graphs.task import GraphTask
from topology_efficient_dl.efficiency.flops import count_flops_of_call
from topology_efficient_dl.efficiency.latency import latency_columns, measure_latency
from topology_efficient_dl.efficiency.memory import peak_rss_mb, peak_vram_mb
from topology_efficient_dl.efficiency.parameters import count_parameters
from topology_efficient_dl.evaluation.costs import check_device
from topology_efficient_dl.models.graph_baselines.inputs import GraphInput
from topology_efficient_dl.models.graph_inputs import Material, NetworkInput
from topology_efficient_dl.models.graph_predictor import GraphPredictor
from topology_efficient_dl.models.simplicial.node_features import diffuse, propagate
from topology_efficient_dl.models.simplicial.propagation import PropagatedFeatures
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.complexes import SimplicialParams
from topology_efficient_dl.params.graphs import OWN, AnyRecipe, DiffusionRecipe
from topology_efficient_dl.params.training import EfficiencyParams
from topology_efficient_dl.tasks.graphs import Features, Parts, material_of

Row = dict[str, Any]
Measured = tuple[Mapping[str, TrainedModel], GraphTask, SimplicialComplex, Mapping[str, Features], Groups | None]
_ONE_PASS = 1
FUSED = " (fused)"


@versioned(3, name="evaluation.graph_costs:measure_graph_costs")
def measure_graph_costs(
    measured: Measured,
    recipes: Mapping[str, AnyRecipe],
    simplicial: SimplicialParams,
    params: EfficiencyParams,
    environment: str = "",
) -> list[Row]:
    """The cost of every model of one dataset, one JSON-ready row each.

    All models are timed in alternation. ``model_latency_*`` is the network alone, on an input that was made before:
    the graph, its operators, or features that were propagated. ``latency_*`` begins with the complex and the features
    of its nodes, and so includes all that is done once: tensors, operators, propagation. On one graph an inference
    answers for all of its nodes and counts as batch 1; of a set, batches are graphs side by side, and times are per
    graph. A network with fused kernels of attention is measured with torch-geometric's, and with its own beside it.

    Parameters
    ----------
    measured : models by ``<dataset>/<model>/<draw>``, the task, its complex, features by ``<dataset>/<recipe>``, groups
    recipes : of propagation, by name
    simplicial : how groups of periods are made
    params : batch sizes (of sets of graphs), rounds, threads, device, memory
    environment : digest of the machine; it only keeps timings of different machines apart

    Returns
    -------
    Rows with ``dataset, model, params, flops, flops_reason, latency_ms_b<n>, latency_iqr_ms_b<n>, rounds_b<n>,
    throughput`` (nodes or graphs per second of the network alone), ``model_latency_ms_b<n>, model_rounds_b<n>,
    preprocessing_ms, peak_memory_mb``, and with fused kernels ``fused_latency_ms_b<n>`` of the network alone and
    ``fused_peak_memory_mb``.

    Raises
    ------
    ParameterError : the device is not there
    """
    check_device(params.device)
    models, task, complex_, features, groups = measured
    chosen: dict[str, TrainedModel] = {}
    for model in models.values():
        chosen.setdefault(model.card["model"], model)
    settings = (recipes, simplicial)
    probes, fused = (
        {name: _Probe(model, task, complex_, features, groups, settings, params.device) for name, model in some.items()}
        for some in _by_kernel(chosen)
    )
    sizes = {_ONE_PASS: None} if task.kind == "node" else {size: _graphs(task, size) for size in params.batch_sizes}
    records: dict[str, list[Any]] = {"whole": [], "alone": []}
    for size, graphs in sizes.items():
        whole = {name: probe.whole(graphs) for name, probe in probes.items()}
        alone = {name: probe.alone(graphs) for name, probe in (probes | _renamed(fused)).items()}
        records["whole"] += measure_latency(whole, {size: None}, params)
        records["alone"] += measure_latency(alone, {size: None}, params)
    first = sizes[min(sizes)]
    return [
        {
            "dataset": task.name,
            "model": name,
            **_static_costs(probe, first),
            **latency_columns(records["whole"], name),
            **_model_columns(records["alone"], name, len(task.labels) if task.kind == "node" else 1),
            "preprocessing_ms": _difference(records, name, min(sizes)),
            "peak_memory_mb": _peak_memory(probe, first, params),
            **(_fused_columns(fused[name], records["alone"], first, params) if name in fused else {}),
        }
        for name, probe in probes.items()
    ]


def _by_kernel(chosen: Mapping[str, TrainedModel]) -> tuple[dict[str, TrainedModel], dict[str, TrainedModel]]:
    """All models with torch-geometric's kernels, and those that have fused ones with these."""
    fused = {name: model for name, model in chosen.items() if model.card["options"].get("kernel") == "fused"}
    plain = {
        name: dataclasses.replace(model, card={**model.card, "options": {**model.card["options"], "kernel": "edges"}})
        for name, model in fused.items()
    }
    return {**chosen, **plain}, fused


def _renamed(fused: Mapping[str, _Probe]) -> dict[str, _Probe]:
    return {name + FUSED: probe for name, probe in fused.items()}


def _fused_columns(
    probe: _Probe, records: list[Any], graphs: NDArray[np.int64] | None, params: EfficiencyParams
) -> Row:
    columns = latency_columns(records, probe.model.card["model"] + FUSED)
    times = {f"fused_{key}": value for key, value in columns.items() if key.startswith("latency_ms")}
    return times | {"fused_peak_memory_mb": _peak_memory(probe, graphs, params)}


class _Probe:
    """One model with what it is called with."""

    def __init__(
        self,
        model: TrainedModel,
        task: GraphTask,
        complex_: SimplicialComplex,
        features: Mapping[str, Features],
        groups: Groups | None,
        settings: tuple[Mapping[str, AnyRecipe], SimplicialParams],
        device: str,
    ) -> None:
        self.model, self.task, self.predictor = model, task, GraphPredictor(model, device, check=False)
        name = model.card["features"] or OWN
        self.recipe, self.simplicial = settings[0][name], settings[1]
        own = features[f"{task.name}/{OWN}"]
        assert isinstance(own, PropagatedFeatures)
        self.parts = (complex_, own, groups)
        self.material = material_of(task, (complex_, features[f"{task.name}/{name}"], groups))

    def input(self, graphs: NDArray[np.int64] | None) -> NetworkInput:
        """What the network reads."""
        return self.predictor.prepare(self.material, graphs)

    def loaded(self, graphs: NDArray[np.int64] | None) -> Callable[[], NDArray[np.float32]]:
        """One inference, with weights and input of its own on the device."""
        predictor = GraphPredictor(self.model, str(self.predictor.device), check=False)
        return partial(predictor.of_input, predictor.prepare(self.material, graphs))

    def alone(self, graphs: NDArray[np.int64] | None) -> Callable[[Any], Any]:
        """From the network's input to labels."""
        inputs = self.input(graphs)
        return lambda _: self.predictor.of_input(inputs).argmax(axis=1)

    def whole(self, graphs: NDArray[np.int64] | None) -> Callable[[Any], Any]:
        """From the complex and features of nodes to labels."""
        complex_, own, groups = self.parts
        part = None if graphs is None else _part_of_set(self.task, self.parts, graphs)

        def answer(_: Any) -> Any:
            if part is not None:
                features = self._features(part.blocks, part.complex, part.groups)
                material = dataclasses.replace(part, features=features)
                return self.predictor.of_input(self.predictor.prepare(material, np.arange(len(graphs)))).argmax(axis=1)  # type: ignore[arg-type]
            features = self._features(own, complex_, groups)
            material = material_of(self.task, (complex_, features, groups))
            return self.predictor.of_input(self.predictor.prepare(material)).argmax(axis=1)

        return answer

    def _features(self, own: PropagatedFeatures, complex_: SimplicialComplex, groups: Groups | None) -> Features:
        if isinstance(self.recipe, DiffusionRecipe):
            return diffuse((own, complex_, self.task), self.recipe, self.simplicial)
        return propagate((own, complex_, groups), self.recipe)


def _part_of_set(task: GraphTask, parts: Parts, graphs: NDArray[np.int64]) -> Material:
    """Some graphs of a set as a set of their own, with the features of nodes as they are before propagation."""
    whole = material_of(task, parts)
    assert whole.node_offsets is not None
    sizes = np.diff(whole.node_offsets)[graphs]
    features = PropagatedFeatures(whole.rows_of_graphs(graphs), whole.blocks.sizes, whole.blocks.names)
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return Material(whole.of_graphs(graphs).complex, features, whole.groups_of_graphs(graphs), offsets)


def _graphs(task: GraphTask, size: int) -> NDArray[np.int64]:
    """The first graphs of test, as many as there are up to ``size``."""
    return task.parts(0)["test"][:size]


def _static_costs(probe: _Probe, graphs: NDArray[np.int64] | None) -> Row:
    network = GraphPredictor(probe.model).network
    count = count_flops_of_call(network, probe.predictor.prepare(probe.material, graphs).to("cpu"))
    zeros = probe.model.card.get("compression", {}).get("zeros", 0)  # pruned weights are not needed
    return {"params": count_parameters(network) - zeros, "flops": count.flops, "flops_reason": count.reason}


def _model_columns(records: list[Any], name: str, answers: int) -> Row:
    columns = latency_columns(records, name)
    throughput = answers * columns.pop("throughput")
    return {f"model_{key}": value for key, value in columns.items()} | {"throughput": throughput}


def _difference(records: Mapping[str, list[Any]], name: str, size: int) -> float:
    """Milliseconds before the network, of a whole batch of the smallest size."""
    whole, alone = (
        next(record.median_ms for record in records[kind] if (record.model, record.batch) == (name, size))
        for kind in ("whole", "alone")
    )
    return max(0.0, whole - alone)


def _peak_memory(probe: _Probe, graphs: NDArray[np.int64] | None, params: EfficiencyParams) -> float | None:
    """Megabytes of weights, input and inference over the imported libraries; device memory on CUDA."""
    if not params.memory:
        return None
    if params.device == "cuda":
        return peak_vram_mb(partial(probe.loaded, graphs))
    inputs = _prepared(probe, graphs)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "model.safetensors").write_bytes(probe.model.to_bytes())
        # Written and read within a minute by this very function: a trusted file that is never stored.
        torch.save(inputs, Path(folder) / "input.pt")
        record = peak_rss_mb(f"{__name__}:load_graph_inference", folder, threads=params.threads)
    return record.over_libraries_mb


def _prepared(probe: _Probe, graphs: NDArray[np.int64] | None) -> NetworkInput:
    """The input with what a first answer makes of it and later ones read, and without the edges that they do not."""
    inputs = probe.input(graphs)
    probe.predictor.of_input(inputs)
    return inputs.without_edges() if isinstance(inputs, GraphInput) else inputs


def load_graph_inference(folder: str) -> Callable[[], NDArray[np.float32]]:
    """One inference of the model and input that lie in a folder: the target of the memory measurement."""
    predictor = GraphPredictor(TrainedModel.from_bytes((Path(folder) / "model.safetensors").read_bytes()), check=False)
    inputs = torch.load(Path(folder) / "input.pt", weights_only=False)
    return lambda: predictor.of_input(inputs)
