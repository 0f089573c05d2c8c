"""Models as ONNX files: whether onnxruntime gives torch's logits, and how long it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from topology_efficient_dl.collections.fingerprint import versioned
from topology_efficient_dl.data.split import Split
from topology_efficient_dl.efficiency.latency import latency_columns, measure_latency
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.evaluation.failures import NOT_COMPARED
from topology_efficient_dl.evaluation.metrics import require_columns
from topology_efficient_dl.evaluation.probes.series import first_series
from topology_efficient_dl.models.onnx_export import onnx_differences, onnx_network, to_onnx
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.training import EfficiencyParams

Row = dict[str, Any]
COMPARED = 256
"""Series of test on which logits are compared, at most."""

ONNX_COLUMNS = (
    "onnx_bytes", "onnx_difference", "onnx_error", "onnx_latency_ms_b1", "onnx_latency_ms_b64", "onnx_reason"
)  # fmt: skip
"""Columns of the results table: size of the file, the largest difference of logits over seeds from torch's in float32
and from torch's in float64, time per sample."""

_REFUSED = b"# not exported: "


@dataclass(frozen=True)
class OnnxFile:
    """An exported model, or why there is none.

    Attributes
    ----------
    content : the file; empty where the model cannot be exported
    reason : why not
    """

    content: bytes
    reason: str | None = None

    def to_bytes(self) -> bytes:
        """The file itself; of a model that cannot be exported a line of text, which no ONNX file begins with."""
        return self.content if self.reason is None else _REFUSED + self.reason.encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> OnnxFile:
        """The inverse of :meth:`to_bytes`.

        Examples
        --------
        >>> OnnxFile.from_bytes(OnnxFile(b"", "a model of features").to_bytes()).reason
        'a model of features'
        """
        return cls(b"", data.removeprefix(_REFUSED).decode()) if data.startswith(_REFUSED) else cls(data)


@versioned(2, name="evaluation.onnx_costs:export_cell")
def export_cell(model: TrainedModel, versions: Mapping[str, str]) -> OnnxFile:
    """A trained model as an ONNX file; what cannot be exported is kept as a reason, so that others go on.

    Parameters
    ----------
    model : to export
    versions : of the exporter; of `onnx_versions`. They only keep files of different ones apart
    """
    if model.is_quantised:
        return OnnxFile(b"", "its eight bits are torch's own; in float32 it is the dense model, which is exported")
    try:
        return OnnxFile(to_onnx(model))
    except ParameterError as error:
        return OnnxFile(b"", str(error))


@versioned(2, name="evaluation.onnx_costs:measure_onnx_costs")
def measure_onnx_costs(
    group: tuple[Mapping[str, TrainedModel], Mapping[str, OnnxFile], Split],
    params: EfficiencyParams,
    environment: str = "",
) -> list[Row]:
    """What onnxruntime makes of the models of one dataset, timed in alternation.

    It runs on the CPU, so that nothing is timed where ``params.device`` is another: the times would be beside those of
    a GPU and not comparable with them.

    Parameters
    ----------
    group : models and their exports of one dataset by ``<dataset>/<model>/<seed>``, and its split; inputs are taken
        from test. Logits are compared for every seed, times are those of the first
    params : batch sizes, rounds, threads and device
    environment : digest of the machine; it only keeps timings of different machines apart

    Returns
    -------
    One row a model: ``dataset, model, onnx_bytes, onnx_difference, onnx_error, onnx_latency_ms_b<n>, onnx_reason``;
    nothing but the reason where a model was not exported; where logits are not finite `NOT_COMPARED` alone.
    """
    models, files, split = group
    series = split.series["test"]
    names: dict[str, list[str]] = {}
    for key, model in models.items():
        names.setdefault(model.card["model"], []).append(key)
    sessions = {
        name: onnx_network(files[keys[0]].content, params.threads)
        for name, keys in names.items()
        if files[keys[0]].reason is None
    }
    batches = {size: first_series(series, size) for size in params.batch_sizes}
    is_timed = bool(sessions) and params.device == "cpu"
    records = measure_latency(sessions, batches, params) if is_timed else []

    rows = []
    for name, keys in names.items():
        row: Row = {"dataset": split.name, "model": name, "onnx_reason": files[keys[0]].reason}
        if name in sessions:
            pairs = [(models[key], files[key].content) for key in keys if files[key].reason is None]
            row |= {"onnx_bytes": len(files[keys[0]].content), **_differences(pairs, series[:COMPARED])}
            times = latency_columns(records, name) if is_timed else {}
            row |= {f"onnx_{key}": value for key, value in times.items() if key.startswith("latency_ms")}
        rows.append(row)
    return rows


def _differences(pairs: Sequence[tuple[TrainedModel, bytes]], series: NDArray[np.float32]) -> Row:
    """How far logits are from torch's, over all seeds; or on how many series they are not finite."""
    found: Row = {}
    for column, precision in (("onnx_difference", torch.float32), ("onnx_error", torch.float64)):
        away = np.concatenate([onnx_differences(*pair, series, precision) for pair in pairs])
        bad = int((~np.isfinite(away)).sum())
        found |= {NOT_COMPARED: bad} if bad else {column: float(away.max())}
    return found


def with_onnx(results: pd.DataFrame, rows: list[Row]) -> pd.DataFrame:
    """The results table with `ONNX_COLUMNS` behind, and `NOT_COMPARED` where logits are not finite.

    Parameters
    ----------
    results : one row per ``dataset, model``
    rows : of `measure_onnx_costs`, all datasets one after the other
    """
    table = pd.DataFrame(rows)
    more = [NOT_COMPARED] if NOT_COMPARED in table else []
    table = table.reindex(columns=["dataset", "model", *ONNX_COLUMNS, *more])
    require_columns(results, ["dataset", "model"], "results")
    return results.merge(table, on=["dataset", "model"], how="left")
