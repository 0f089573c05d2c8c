"""The items' formats by name, as the catalog gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pkgutil import resolve_name

from topology_efficient_dl.collections import codecs
from topology_efficient_dl.collections.codecs import Codec
from topology_efficient_dl.errors import did_you_mean

PLAIN: Mapping[str, Codec] = {
    "npz": codecs.NPZ,
    "safetensors": codecs.SAFETENSORS,
    "parquet": codecs.PARQUET,
    "csv": codecs.CSV,
    "json": codecs.JSON,
}

OF_ARRAYS: Mapping[str, str] = {
    "windows": "data.forecasting.windows:ForecastSplit",
    "diagrams": "tda.diagrams:PersistenceDiagrams",
    "features": "models.features:FeatureInput",
    "graph_task": "data.graphs.task:GraphTask",
    "complex": "complexes.simplicial_complex:SimplicialComplex",
    "groups": "complexes.groups:Groups",
}
"""Classes with ``to_arrays`` and ``from_arrays``, imported at their first use."""


def _of_arrays(name: str) -> Codec:
    kind = resolve_name(f"topology_efficient_dl.{OF_ARRAYS[name]}")
    return codecs.NPZ.wrap(kind.to_arrays, kind.from_arrays)


def _split() -> Codec:
    from topology_efficient_dl.data.split import split_from_arrays, split_to_arrays

    return codecs.NPZ.wrap(split_to_arrays, split_from_arrays)


def _model() -> Codec:
    from topology_efficient_dl.models.trained import TrainedModel

    return codecs.SAFETENSORS.wrap(TrainedModel.to_tensors, lambda value: TrainedModel.from_tensors(*value))


def _onnx() -> Codec:
    from topology_efficient_dl.evaluation.onnx_costs import OnnxFile

    return Codec(".onnx", OnnxFile.to_bytes, OnnxFile.from_bytes)


def _node_features() -> Codec:
    from topology_efficient_dl.models.simplicial.diffusion_kernels import DiffusionKernels
    from topology_efficient_dl.models.simplicial.propagation import PropagatedFeatures

    return codecs.NPZ.wrap(
        lambda value: value.to_arrays(),
        lambda arrays: (DiffusionKernels if "kernels" in arrays else PropagatedFeatures).from_arrays(arrays),
    )


OTHERS: Mapping[str, Callable[[], Codec]] = {
    "split": _split,
    "model": _model,
    "onnx": _onnx,
    "node_features": _node_features,
}

CODECS = (*PLAIN, *OF_ARRAYS, *OTHERS)


def codec_named(name: str) -> Codec:
    """The codec of a catalog entry.

    Raises
    ------
    ValueError : no codec has that name
    """
    if name not in CODECS:
        raise ValueError(f"unknown codec '{name}'{did_you_mean(name, CODECS) or '.'} Allowed: {', '.join(CODECS)}")
    if name in PLAIN:
        return PLAIN[name]
    return OTHERS[name]() if name in OTHERS else _of_arrays(name)
