"""What the models of one data set cost: sizes, operations, time in alternation, memory. Measured alone."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from topology_efficient_dl.collections.fingerprint import versioned
from topology_efficient_dl.complexes.groups import Groups
from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex
from topology_efficient_dl.data.graphs.task import GraphTask
from topology_efficient_dl.data.split import SeriesByPart
from topology_efficient_dl.efficiency.environment import check_device
from topology_efficient_dl.efficiency.latency import Call, LatencyRecord, latency_columns, measure_latency
from topology_efficient_dl.efficiency.memory import peak_rss_mb, peak_vram_mb
from topology_efficient_dl.evaluation.probes.graphs import GraphInputs, GraphProbe
from topology_efficient_dl.evaluation.probes.series import SeriesProbe, first_series
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.complexes import SimplicialParams
from topology_efficient_dl.params.graphs import AnyRecipe
from topology_efficient_dl.params.training import EfficiencyParams
from topology_efficient_dl.tasks.graphs import Features

Row = dict[str, Any]
MeasuredGraphs = tuple[Mapping[str, TrainedModel], GraphTask, SimplicialComplex, Mapping[str, Features], Groups | None]
_ONE_PASS = 1
_FUSED = " (fused)"


class Probe(Protocol):
    """One model with what it is called with, as a kind of task gives it.

    Attributes
    ----------
    loader : ``module:function`` that gives one inference of what `write` left in a folder
    before_network : the column of the time before the network
    """

    loader: str
    before_network: str

    def whole(self, batch: Any) -> Call:
        """From a raw sample to answers."""

    def alone(self, batch: Any) -> Call:
        """From what the network reads, which is made before, to answers."""

    def sizes(self, batch: Any) -> Row:
        """``params, flops, flops_reason``."""

    def columns_alone(self, columns: Row) -> Row:
        """What is kept of `latency_columns` of the network alone."""

    def loaded(self, batch: Any) -> Callable[[], Any]:
        """One inference, with weights and input of its own on the device."""

    def write(self, folder: Path, batch: Any) -> None:
        """Leave model and input in a folder."""


def measure(
    dataset: str,
    probes: Mapping[str, Probe],
    batches: Mapping[int, Any],
    params: EfficiencyParams,
    fused: Mapping[str, Probe] | None = None,
) -> list[Row]:
    """The cost of every model of one data set, one JSON-ready row each; all are timed in alternation.

    Parameters
    ----------
    dataset : its name
    probes : by model
    batches : what probes are called with, by size
    params : rounds, threads, device, memory
    fused : models that have kernels of attention of their own, measured with these beside

    Returns
    -------
    ``dataset, model``, sizes, `latency_columns` of the whole way, those of the network alone, the milliseconds per
    sample before it at the smallest batch, and ``peak_memory_mb``; of fused kernels ``fused_latency_ms_b<n>`` of the
    network alone and ``fused_peak_memory_mb``.

    Raises
    ------
    ParameterError : the device is not there
    """
    beside = {name + _FUSED: probe for name, probe in (fused or {}).items()}
    whole: list[LatencyRecord] = []
    alone: list[LatencyRecord] = []
    for size, batch in batches.items():
        whole += measure_latency({name: probe.whole(batch) for name, probe in probes.items()}, {size: None}, params)
        networks = {name: probe.alone(batch) for name, probe in {**probes, **beside}.items()}
        alone += measure_latency(networks, {size: None}, params)
    first = batches[min(batches)]
    rows = []
    for name, probe in probes.items():
        row = {"dataset": dataset, "model": name, **probe.sizes(first), **latency_columns(whole, name)}
        row |= probe.columns_alone(latency_columns(alone, name))
        row[probe.before_network] = max(0.0, _median(whole, name, min(batches)) - _median(alone, name, min(batches)))
        row["peak_memory_mb"] = peak_memory(probe, first, params)
        if name + _FUSED in beside:
            times = latency_columns(alone, name + _FUSED)
            row |= {f"fused_{key}": value for key, value in times.items() if key.startswith("latency_ms")}
            row["fused_peak_memory_mb"] = peak_memory(beside[name + _FUSED], first, params)
        rows.append(row)
    return rows


def peak_memory(probe: Probe, batch: Any, params: EfficiencyParams) -> float | None:
    """Megabytes of weights, input and inference over the imported libraries; device memory on CUDA.

    On the CPU it is measured in a fresh process; None where it is switched off.
    """
    if not params.memory:
        return None
    if params.device == "cuda":
        return peak_vram_mb(partial(probe.loaded, batch))
    with tempfile.TemporaryDirectory() as folder:
        probe.write(Path(folder), batch)
        return peak_rss_mb(probe.loader, folder, threads=params.threads).over_libraries_mb


def _median(records: list[LatencyRecord], name: str, size: int) -> float:
    return next(record.median_ms for record in records if (record.model, record.batch) == (name, size))


def _first_seeds(models: Mapping[str, TrainedModel]) -> dict[str, TrainedModel]:
    """One model a name: seeds differ in values, and compressed ones a little in ranks that were chosen from values."""
    chosen: dict[str, TrainedModel] = {}
    for model in models.values():
        chosen.setdefault(model.card["model"], model)
    return chosen


@versioned(2, name="evaluation.costs:measure_costs")
def measure_costs(
    pair: tuple[Mapping[str, TrainedModel], SeriesByPart], params: EfficiencyParams, environment: str = ""
) -> list[Row]:
    """The cost of every model of one set of series; of several seeds the first is measured.

    Parameters
    ----------
    pair : models of one dataset by ``<dataset>/<model>/<seed>``, and its split; inputs are taken from test
    params : batch sizes, rounds, threads, device, memory
    environment : digest of the machine; it only keeps timings of different machines apart

    Returns
    -------
    Rows as of `measure`: ``latency_*`` from raw sample to label, ``model_latency_ms_b<n>`` without feature extraction,
    ``extraction_ms``.

    Raises
    ------
    ParameterError : the device is not there
    """
    check_device(params.device)
    models, split = pair
    probes = {name: SeriesProbe(model, params.device, params.merge) for name, model in _first_seeds(models).items()}
    batches = {size: first_series(split.series["test"], size) for size in params.batch_sizes}
    return measure(split.name, probes, batches, params)


@versioned(2, name="evaluation.costs:measure_deployed_costs")
def measure_deployed_costs(
    pair: tuple[Mapping[str, TrainedModel], SeriesByPart], params: EfficiencyParams, environment: str = ""
) -> list[Row]:
    """`measure_costs` of networks as they would be deployed: merged, large batches in parts that fit into the cache."""
    return measure_costs(pair, params.model_copy(update={"merge": True}), environment)


@versioned(3, name="evaluation.graph_costs:measure_graph_costs")
def measure_graph_costs(
    measured: MeasuredGraphs,
    recipes: Mapping[str, AnyRecipe],
    simplicial: SimplicialParams,
    params: EfficiencyParams,
    environment: str = "",
) -> list[Row]:
    """The cost of every model of one graph, or of one set of graphs; of several draws the first is measured.

    The network alone reads an input that was made before: the graph, its operators, or features that were propagated.
    The whole way begins with the complex and the features of its nodes, and so includes all that is done once: tensors,
    operators, propagation. On one graph an inference answers for all of its nodes and counts as batch 1; of a set,
    batches are graphs side by side, and times are per graph. A network with fused kernels of attention is measured with
    torch-geometric's, and with its own beside it.

    Parameters
    ----------
    measured : models by ``<dataset>/<model>/<draw>``, the task, its complex, features by ``<dataset>/<recipe>``, groups
    recipes : of propagation, by name
    simplicial : how groups of periods are made
    params : batch sizes (of sets of graphs), rounds, threads, device, memory
    environment : digest of the machine; it only keeps timings of different machines apart

    Returns
    -------
    Rows as of `measure`, with ``model_latency_ms_b<n>, model_rounds_b<n>``, ``throughput`` (nodes or graphs per second
    of the network alone) and ``preprocessing_ms``.

    Raises
    ------
    ParameterError : the device is not there
    """
    check_device(params.device)
    inputs = GraphInputs(*measured[1:], recipes, simplicial)
    probes, fused = (
        {name: GraphProbe(model, inputs, params.device) for name, model in some.items()}
        for some in _by_kernel(_first_seeds(measured[0]))
    )
    task, sizes = inputs.task, params.batch_sizes
    batches = {_ONE_PASS: None} if task.kind == "node" else {size: task.parts(0)["test"][:size] for size in sizes}
    return measure(task.name, probes, batches, params, fused)


def _by_kernel(chosen: Mapping[str, TrainedModel]) -> tuple[dict[str, TrainedModel], dict[str, TrainedModel]]:
    """All models with torch-geometric's kernels, and those that have fused ones with these."""
    fused = {name: model for name, model in chosen.items() if model.card["options"].get("kernel") == "fused"}
    plain = {
        name: dataclasses.replace(model, card={**model.card, "options": {**model.card["options"], "kernel": "edges"}})
        for name, model in fused.items()
    }
    return {**chosen, **plain}, fused
