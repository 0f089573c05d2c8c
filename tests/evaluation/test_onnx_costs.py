"""Exports, their agreement with torch, and their times, in the results table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from topology_efficient_dl.data.split import Split
from topology_efficient_dl.evaluation.failures import NOT_COMPARED, failures_of
from topology_efficient_dl.evaluation.onnx_costs import (
    OnnxFile,
    export_cell,
    measure_onnx_costs,
    with_onnx,
)
from topology_efficient_dl.models.onnx_export import onnx_versions
from topology_efficient_dl.models.registry import build_model
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.training import EfficiencyParams

VERSIONS = onnx_versions()
QUICK = EfficiencyParams(rounds=1, min_run_seconds=0.001, memory=False)


def model(seed: int, **card: object) -> TrainedModel:
    torch.manual_seed(seed)
    network = build_model("tiny_cnn", "small", {}, n_channels=1, n_timepoints=24, n_classes=2)
    described = {
        "model": "tiny_cnn", "dataset": "toy", "seed": seed, "architecture": "tiny_cnn", "size": "small", "options": {},
        "members": 1, "n_channels": 1, "n_timepoints": 24, "n_classes": 2, "n_features": None, "recipe": None,
        **card,
    }  # fmt: skip
    return TrainedModel(described, {key: value.clone().contiguous() for key, value in network.state_dict().items()})


def split() -> Split:
    series = np.random.default_rng(0).standard_normal((6, 1, 24)).astype(np.float32)
    labels = np.array([0, 1, 0, 1, 0, 1])
    parts = ("train", "validation", "test")
    return Split("toy", dict.fromkeys(parts, series), dict.fromkeys(parts, labels), ("a", "b"), "made here")


def test_every_seed_is_compared_and_the_first_is_timed() -> None:
    models = {f"toy/tiny_cnn/{seed}": model(seed) for seed in (1, 2)}
    files = {key: export_cell(each, VERSIONS) for key, each in models.items()}
    (row,) = measure_onnx_costs((models, files, split()), QUICK)
    assert row["onnx_difference"] < 1e-4
    assert row["onnx_error"] < 1e-4
    assert row["onnx_bytes"] == len(files["toy/tiny_cnn/1"].content)
    assert row["onnx_latency_ms_b1"] > 0
    assert row["onnx_latency_ms_b64"] > 0
    assert row["onnx_reason"] is None


def test_beside_timings_of_a_gpu_nothing_is_timed_on_the_cpu() -> None:
    models = {"toy/tiny_cnn/1": model(1)}
    files = {key: export_cell(each, VERSIONS) for key, each in models.items()}
    (row,) = measure_onnx_costs((models, files, split()), QUICK.model_copy(update={"device": "cuda"}))
    assert row["onnx_difference"] < 1e-4
    assert not [key for key in row if "latency" in key]


def test_logits_that_are_not_finite_do_not_agree_whatever_seed_they_are_of() -> None:
    """The largest of 1e-7 and NaN depends on their order in Python."""
    models = {f"toy/tiny_cnn/{seed}": model(seed) for seed in (1, 2)}
    broken = models["toy/tiny_cnn/2"].weights
    broken[next(iter(broken))][:] = float("nan")
    files = {key: export_cell(each, VERSIONS) for key, each in models.items()}
    (row,) = measure_onnx_costs((models, files, split()), QUICK)
    assert row[NOT_COMPARED] == 6
    assert "onnx_difference" not in row
    table = with_onnx(pd.DataFrame({"dataset": ["toy"], "model": ["tiny_cnn"]}), [row])
    (failure,) = failures_of(table.to_dict("records"))
    assert failure["cell"] == "toy, tiny_cnn in onnxruntime"
    assert failure["reason"].startswith("logits on 6 series are not finite")


def test_what_cannot_be_exported_is_named_and_the_others_go_on() -> None:
    models = {"toy/tiny_cnn/1": model(1), "toy/features/1": model(1, model="features", recipe={"kind": "level_sets"})}
    files = {key: OnnxFile.from_bytes(export_cell(each, VERSIONS).to_bytes()) for key, each in models.items()}
    good, bad = measure_onnx_costs((models, files, split()), QUICK)
    assert good["onnx_difference"] < 1e-4
    assert "'features' does not read series alone" in bad["onnx_reason"]
    table = with_onnx(pd.DataFrame({"dataset": ["toy"] * 3, "model": ["tiny_cnn", "features", "other"]}), [good, bad])
    assert table["onnx_bytes"].notna().tolist() == [True, False, False]


def test_eight_bits_are_not_exported_as_float32() -> None:
    exported = export_cell(model(1, compression={"quantised": True}), VERSIONS)
    assert exported.reason is not None
    assert "eight bits" in exported.reason


def test_files_come_back_as_they_were() -> None:
    exported = export_cell(model(1), VERSIONS)
    assert OnnxFile.from_bytes(exported.to_bytes()) == exported
    assert OnnxFile.from_bytes(b"# not exported: no").reason == "no"


def test_results_without_names_are_refused() -> None:
    with pytest.raises(Exception, match="results"):
        with_onnx(pd.DataFrame({"dataset": ["toy"]}), [])
