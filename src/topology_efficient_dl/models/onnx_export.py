"""Trained models as ONNX files, and what onnxruntime makes of them. Needs the extra ``[onnx]``."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from topology_efficient_dl.data.preparation import Preparation
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.models.layers import in_one_piece
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.tensor.merging import merged
from topology_efficient_dl.tensor.network import opened_attention

FloatArray = NDArray[np.float32]
OPSET = 18
INPUT, OUTPUT = "series", "logits"
CARD, CARD_KEYS = "card", ("model", "dataset", "seed", "classes", "preparation")
"""Name of the metadata entry, and what of a model's card it holds as JSON."""


def to_onnx(model: TrainedModel) -> bytes:
    """An ONNX file that maps ``series`` (batch, n_channels, n_timepoints) float32 to ``logits`` (batch, n_classes).

    Normalisations are folded and attention is opened up; the batch may have any size. A quantised model is exported in
    float32. The metadata tell the names of the classes and what the series need first; see `onnx_preparation`.

    Raises
    ------
    ParameterError : the extra is not installed, a model of features or graphs, or a network that cannot be exported
    """
    _require("onnx", "onnxscript")
    card = model.card
    if card["recipe"] is not None or card["n_timepoints"] is None:
        raise ParameterError(f"'{card['model']}' does not read series alone; only networks on series are exported")
    network = exportable(model.float_module())
    sample = torch.zeros(2, card["n_channels"], card["n_timepoints"])
    try:
        with warnings.catch_warnings(), _quiet("torch.onnx", "onnxscript"):
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                network,
                (sample,),
                dynamo=True,
                opset_version=OPSET,
                input_names=[INPUT],
                output_names=[OUTPUT],
                dynamic_shapes=({0: torch.export.Dim("batch")},),
                verbose=False,
            )
    except Exception as error:  # whatever the exporter meets, the model is named
        raise ParameterError(f"'{card['model']}' cannot be exported: {type(error).__name__}: {error}") from error
    assert program is not None
    proto: Any = program.model_proto
    told = {name: card[name] for name in CARD_KEYS if name in card}
    proto.metadata_props.add(key=CARD, value=json.dumps(told, sort_keys=True))
    found: bytes = proto.SerializeToString()
    return found


def onnx_preparation(file: bytes) -> Preparation | None:
    """What raw series need before they are given to an ONNX file: a callable. None where the file does not say.

    Raises
    ------
    ParameterError : the extra is not installed
    """
    _require("onnxruntime")
    import onnxruntime

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    told = json.loads(session.get_modelmeta().custom_metadata_map.get(CARD, "{}"))
    return Preparation.from_json(told["preparation"]) if "preparation" in told else None


def onnx_versions() -> dict[str, str]:
    """Versions of what exports and runs ONNX files, by package.

    Raises
    ------
    ParameterError : the extra is not installed
    """
    packages = ("onnx", "onnxscript", "onnxruntime")
    _require(*packages)
    return {name: version(name) for name in packages}


def exportable(network: nn.Module) -> nn.Module:
    """A merged copy whose course does not depend on the size of a batch."""
    return in_one_piece(merged(opened_attention(network))).eval()


def onnx_network(file: bytes, threads: int = 1) -> Callable[[FloatArray], FloatArray]:
    """A callable from prepared series to logits by onnxruntime on the CPU; `onnx_preparation` prepares raw ones.

    Raises
    ------
    ParameterError : the extra is not installed
    """
    _require("onnxruntime")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = threads
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])

    def run(series: FloatArray) -> FloatArray:
        found: FloatArray = session.run([OUTPUT], {INPUT: np.ascontiguousarray(series, dtype=np.float32)})[0]
        return found

    return run


def onnx_difference(
    model: TrainedModel, file: bytes, series: FloatArray, precision: torch.dtype = torch.float32
) -> float:
    """The largest of `onnx_differences`: infinite where a logit of either side is not finite."""
    return float(onnx_differences(model, file, series, precision).max())


@torch.inference_mode()
def onnx_differences(
    model: TrainedModel, file: bytes, series: FloatArray, precision: torch.dtype = torch.float32
) -> NDArray[np.float64]:
    """(n,) largest differences between torch's logits and onnxruntime's, series by series.

    Parameters
    ----------
    model : of which ``file`` is the export
    series : (n, n_channels, n_timepoints) float32
    precision : that torch computes in; in float32 its own rounding is a part of the difference, in float64 it is not

    Returns
    -------
    Infinite for a series where a logit is not finite: two that are NaN do not agree.
    """
    inputs = torch.from_numpy(np.ascontiguousarray(series, dtype=np.float32)).to(precision)
    expected = model.float_module().to(precision)(inputs).numpy()
    with np.errstate(invalid="ignore"):
        away = np.abs(onnx_network(file)(series).astype(np.float64) - expected).max(axis=1)
    return np.where(np.isfinite(away), away, np.inf)


def _require(*packages: str) -> None:
    from importlib.util import find_spec

    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise ParameterError(f"ONNX needs {', '.join(missing)}: pip install 'topology-efficient-dl[onnx]'")


class _quiet:
    """Nothing below errors from some loggers inside."""

    def __init__(self, *names: str) -> None:
        self.loggers = [logging.getLogger(name) for name in names]

    def __enter__(self) -> None:
        self.levels = [logger.level for logger in self.loggers]
        for logger in self.loggers:
            logger.setLevel(logging.ERROR)

    def __exit__(self, *_: Any) -> None:
        for logger, level in zip(self.loggers, self.levels, strict=True):
            logger.setLevel(level)
