"""The items' formats by name, as the catalog gives them."""

from __future__ import annotations

from collections.abc import Callable

from topology_efficient_dl.collections import codecs
from topology_efficient_dl.collections.codecs import Codec
from topology_efficient_dl.errors import did_you_mean


def _split() -> Codec:
    from topology_efficient_dl.data.split import split_from_arrays, split_to_arrays

    return codecs.NPZ.wrap(split_to_arrays, split_from_arrays)


def _windows() -> Codec:
    from topology_efficient_dl.data.forecasting import ForecastSplit

    return codecs.NPZ.wrap(ForecastSplit.to_arrays, ForecastSplit.from_arrays)


def _diagrams() -> Codec:
    from topology_efficient_dl.tda.diagrams import PersistenceDiagrams

    return codecs.NPZ.wrap(PersistenceDiagrams.to_arrays, PersistenceDiagrams.from_arrays)


def _features() -> Codec:
    from topology_efficient_dl.models.features import FeatureInput

    return codecs.NPZ.wrap(FeatureInput.to_arrays, FeatureInput.from_arrays)


def _model() -> Codec:
    from topology_efficient_dl.models.trained import TrainedModel

    return codecs.SAFETENSORS.wrap(TrainedModel.to_tensors, lambda value: TrainedModel.from_tensors(*value))


def _onnx() -> Codec:
    from topology_efficient_dl.evaluation.onnx_costs import OnnxFile

    return Codec(".onnx", OnnxFile.to_bytes, OnnxFile.from_bytes)


def _graph_task() -> Codec:
    from topology_efficient_dl.data.graphs.task import GraphTask

    return codecs.NPZ.wrap(GraphTask.to_arrays, GraphTask.from_arrays)


def _complex() -> Codec:
    from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex

    return codecs.NPZ.wrap(SimplicialComplex.to_arrays, SimplicialComplex.from_arrays)


def _groups() -> Codec:
    from topology_efficient_dl.complexes.groups import Groups

    return codecs.NPZ.wrap(Groups.to_arrays, Groups.from_arrays)


def _node_features() -> Codec:
    from topology_efficient_dl.models.simplicial.diffusion_kernels import DiffusionKernels
    from topology_efficient_dl.models.simplicial.propagation import PropagatedFeatures

    return codecs.NPZ.wrap(
        lambda value: value.to_arrays(),
        lambda arrays: (DiffusionKernels if "kernels" in arrays else PropagatedFeatures).from_arrays(arrays),
    )


CODECS: dict[str, Callable[[], Codec]] = {
    "npz": lambda: codecs.NPZ,
    "safetensors": lambda: codecs.SAFETENSORS,
    "parquet": lambda: codecs.PARQUET,
    "csv": lambda: codecs.CSV,
    "json": lambda: codecs.JSON,
    "split": _split,
    "windows": _windows,
    "diagrams": _diagrams,
    "features": _features,
    "model": _model,
    "onnx": _onnx,
    "graph_task": _graph_task,
    "complex": _complex,
    "groups": _groups,
    "node_features": _node_features,
}


def codec_named(name: str) -> Codec:
    """The codec of a catalog entry.

    Raises
    ------
    ValueError : no codec has that name
    """
    if name not in CODECS:
        raise ValueError(f"unknown codec '{name}'{did_you_mean(name, CODECS) or '.'} Allowed: {', '.join(CODECS)}")
    return CODECS[name]()
