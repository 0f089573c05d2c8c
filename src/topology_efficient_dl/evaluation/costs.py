"""What the models of one dataset cost: sizes, operations, time in alternation, memory. Measured alone."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from topology_efficient_dl.collections.fingerprint import versioned
from topology_efficient_dl.data.split import SeriesByPart
from topology_efficient_dl.efficiency.flops import FlopCount, count_flops
from topology_efficient_dl.efficiency.latency import LatencyRecord, latency_columns, measure_latency
from topology_efficient_dl.efficiency.memory import peak_rss_mb, peak_vram_mb
from topology_efficient_dl.efficiency.parameters import count_parameters
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.models.series_features import recipe_from_fields
from topology_efficient_dl.models.trained import Predictor, TrainedModel
from topology_efficient_dl.params.models import LevelSetRecipe
from topology_efficient_dl.params.series import TdaRecipe
from topology_efficient_dl.params.training import EfficiencyParams
from topology_efficient_dl.tda.level_sets import ConvolutionalBettiCurves
from topology_efficient_dl.tensor.merging import merged

Row = dict[str, Any]
Batches = dict[int, NDArray[np.float32]]


@versioned(2, name="evaluation.costs:measure_costs")
def measure_costs(
    pair: tuple[Mapping[str, TrainedModel], SeriesByPart], params: EfficiencyParams, environment: str = ""
) -> list[Row]:
    """The cost of every model of one dataset, one JSON-ready row each.

    All models are timed in alternation, from raw sample to label (``latency_*``) and then without feature
    extraction (``model_latency_*``). Of several seeds the first is measured: they differ in values, and
    compressed ones a little in the ranks that were chosen from values.

    Parameters
    ----------
    pair : models of one dataset by ``<dataset>/<model>/<seed>``, and its split; inputs are taken from test
    params : batch sizes, rounds, threads, device, memory
    environment : digest of the machine; it only keeps timings of different machines apart

    Returns
    -------
    Rows with ``dataset, model, params, flops, flops_reason, latency_ms_b<n>, latency_iqr_ms_b<n>, rounds_b<n>,
    throughput, model_latency_ms_b<n>, peak_memory_mb``.

    Raises
    ------
    ParameterError : the device is not there
    """
    check_device(params.device)
    models, split = pair
    chosen = {model.card["model"]: model for model in reversed(list(models.values()))}
    chosen = dict(reversed(list(chosen.items())))
    batches = {size: _batch(split.series["test"], size) for size in params.batch_sizes}
    predictors = {name: _predictor(model, params.device, params.merge) for name, model in chosen.items()}
    whole = measure_latency({name: _labels_of(each) for name, each in predictors.items()}, batches, params)
    alone = _measure_networks(predictors, batches, params)
    return [
        {
            "dataset": split.name,
            "model": name,
            **_static_costs(model, params.merge),
            **latency_columns(whole, name),
            **_network_columns(alone, name),
            "extraction_ms": _extraction_ms(whole, alone, name),
            "peak_memory_mb": _peak_memory(model, batches[min(batches)], params),
        }
        for name, model in chosen.items()
    ]


@versioned(2, name="evaluation.costs:measure_deployed_costs")
def measure_deployed_costs(
    pair: tuple[Mapping[str, TrainedModel], SeriesByPart], params: EfficiencyParams, environment: str = ""
) -> list[Row]:
    """`measure_costs` of networks as they would be deployed: merged, large batches in parts that fit into the cache."""
    return measure_costs(pair, params.model_copy(update={"merge": True}), environment)


def check_device(device: str) -> None:
    """Refuse a device that is not there.

    Raises
    ------
    ParameterError : CUDA is asked for and absent
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise ParameterError(
            "efficiency.device is 'cuda' and torch sees no CUDA device. Set efficiency.device=cpu, or install a CUDA "
            "build of torch on a machine with a GPU"
        )


def _batch(series: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """The first series, repeated if there are too few."""
    return np.ascontiguousarray(series[np.arange(size) % len(series)])


def _predictor(model: TrainedModel, device: str, merge: bool) -> Predictor:
    """Series of a split are prepared: what ingest does is the same for all models, and in no one's time."""
    return model.predictor(device, merge=merge, prepare=False)


def _labels_of(predictor: Predictor) -> Callable[[NDArray[np.float32]], NDArray[Any]]:
    call = predictor.of_prepared
    return call if predictor.forecasts else lambda series: call(series).argmax(axis=1)


def _measure_networks(
    predictors: Mapping[str, Predictor], batches: Batches, params: EfficiencyParams
) -> list[LatencyRecord]:
    """Time the networks alone: what they read is computed before."""
    records = []
    for size, series in batches.items():
        inputs = {name: _inputs_of(predictor, series) for name, predictor in predictors.items()}
        calls = {name: _network_call(predictor, inputs[name]) for name, predictor in predictors.items()}
        records += measure_latency(calls, {size: series}, params)
    return records


def _inputs_of(predictor: Predictor, series: NDArray[np.float32]) -> NDArray[np.float32]:
    return predictor.extractor.transform(series) if predictor.reads_features else series


def _network_call(predictor: Predictor, inputs: NDArray[np.float32]) -> Callable[[Any], Any]:
    if predictor.forecasts:
        return lambda _: predictor.of_inputs(inputs)
    return lambda _: predictor.of_inputs(inputs).argmax(axis=1)


def _network_columns(records: list[LatencyRecord], name: str) -> Row:
    columns = latency_columns(records, name)
    return {f"model_{key}": value for key, value in columns.items() if key.startswith("latency_ms")}


def _extraction_ms(whole: list[LatencyRecord], alone: list[LatencyRecord], name: str) -> float:
    """Milliseconds per sample before the network, at the smallest batch."""
    first, second = (next(record for record in records if record.model == name) for records in (whole, alone))
    return max(0.0, first.median_ms - second.median_ms)


def _static_costs(model: TrainedModel, merge: bool) -> Row:
    """Values that inference needs, and operations at batch 1 from raw sample to label.

    Weights that were pruned to zero are not needed; numbers in eight bits are as many as in thirty-two.
    """
    card, module = model.card, model.float_module()
    module = merged(module) if merge else module
    zeros = card.get("compression", {}).get("zeros", 0)
    stored = sum(array.size for array in model.extractor_state.values() if array.dtype.kind != "U")
    shape = (card["n_features"],) if card["n_features"] else (card["n_channels"], card["n_timepoints"])
    count = count_flops(module, shape) + _extraction(model)
    return {"params": count_parameters(module) + stored - zeros, "flops": count.flops, "flops_reason": count.reason}


def _extraction(model: TrainedModel) -> FlopCount:
    if model.card["recipe"] is None:
        return FlopCount(0)
    recipe, shape = recipe_from_fields(model.card["recipe"]), (model.card["n_channels"], model.card["n_timepoints"])
    if isinstance(recipe, TdaRecipe):
        from topology_efficient_dl.tda.cost import extraction_flops

        return FlopCount(*extraction_flops(recipe, *shape))
    if isinstance(recipe, LevelSetRecipe):
        from topology_efficient_dl.tda.level_sets.cost import transform_cost

        curves = ConvolutionalBettiCurves.from_state(recipe, model.extractor_state)
        return FlopCount(transform_cost(curves, *shape).operations)
    return FlopCount(None, f"the transform of {recipe.kind} is compiled code of aeon, whose operations are not counted")


def _peak_memory(model: TrainedModel, sample: NDArray[np.float32], params: EfficiencyParams) -> float | None:
    """Megabytes over the imported libraries on the CPU, device memory on CUDA; None when switched off."""
    if not params.memory:
        return None
    if params.device == "cuda":
        return peak_vram_mb(lambda: partial(_predictor(model, "cuda", params.merge).of_prepared, sample))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "model.safetensors").write_bytes(model.to_bytes())
        (Path(folder) / "merge.json").write_text(json.dumps(params.merge), encoding="utf-8")
        np.save(Path(folder) / "sample.npy", sample)
        record = peak_rss_mb(f"{__name__}:load_inference", folder, threads=params.threads)
    return record.over_libraries_mb


def load_inference(folder: str) -> Callable[[], NDArray[np.float32]]:
    """One inference of the model and sample that lie in a folder: the target of the memory measurement."""
    merge = json.loads((Path(folder) / "merge.json").read_text(encoding="utf-8"))
    predictor = _predictor(TrainedModel.from_bytes((Path(folder) / "model.safetensors").read_bytes()), "cpu", merge)
    sample = np.load(Path(folder) / "sample.npy", allow_pickle=False)
    return lambda: predictor.of_prepared(sample)
