"""What models cost."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from topology_efficient_dl.data.split import PARTS, Split
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.evaluation.costs import measure_costs
from topology_efficient_dl.evaluation.probes.series import load_inference
from topology_efficient_dl.models.features import features_of_split
from topology_efficient_dl.params.models import ModelSpec
from topology_efficient_dl.params.series import TdaRecipe
from topology_efficient_dl.params.training import EfficiencyParams, TrainParams
from topology_efficient_dl.tasks.cells import fit_cell
from topology_efficient_dl.tda.splits import diagrams_of_split

FAST = EfficiencyParams(batch_sizes=(1, 8), rounds=2, min_run_seconds=0.001, memory=False)
RIPS = TdaRecipe(delay=2, dimension=2, n_bins=6, n_layers=2)
SUBLEVEL = TdaRecipe(embedding="series", filtration="sublevel", homology_dimensions=(0,), n_bins=6, n_layers=2)


@pytest.fixture(scope="module")
def split() -> Split:
    rng = np.random.default_rng(0)
    series = {part: rng.normal(size=(6, 1, 24)).astype(np.float32) for part in PARTS}
    return Split("Toy", series, {part: np.arange(6) % 2 for part in PARTS}, ("a", "b"), "made up")


@pytest.fixture(scope="module")
def models(split):
    train = TrainParams(max_epochs=1, min_epochs=1)
    fitted = {}
    for name, recipe in (("rips", RIPS), ("sublevel", SUBLEVEL)):
        features = features_of_split((diagrams_of_split(split, recipe.filtration_params()), split), recipe)
        spec = ModelSpec(architecture="ph_mlp", size="small", features=name)
        fitted[f"Toy/{name}/1"] = fit_cell((split, (name, spec), 1, features), train)
    for seed in (1, 2):
        spec = ModelSpec(architecture="tiny_cnn", size="small")
        fitted[f"Toy/cnn/{seed}"] = fit_cell((split, ("cnn", spec), seed, None), train)
    return fitted


@pytest.fixture(scope="module")
def rows(models, split):
    return {row["model"]: row for row in measure_costs((models, split), FAST)}


def test_every_model_is_measured_once_in_order_whatever_the_seeds(rows) -> None:
    assert list(rows) == ["rips", "sublevel", "cnn"]
    assert {row["dataset"] for row in rows.values()} == {"Toy"}


def test_rows_are_plain_json_without_a_false_zero(rows) -> None:
    json.dumps(list(rows.values()), allow_nan=False)
    for row in rows.values():
        for batch in FAST.batch_sizes:
            assert row[f"latency_ms_b{batch}"] > 0
            assert row[f"model_latency_ms_b{batch}"] > 0
            assert len(row[f"rounds_b{batch}"]) == FAST.rounds
        assert row["throughput"] > 0
        assert row["peak_memory_mb"] is None


def test_operations_that_depend_on_the_data_are_unknown_with_a_reason(rows) -> None:
    assert rows["rips"]["flops"] is None
    assert rows["rips"]["flops_reason"]
    assert rows["sublevel"]["flops"] is None or rows["sublevel"]["flops"] > 0
    assert rows["cnn"]["flops"] > 0
    assert rows["cnn"]["flops_reason"] is None


def test_parameters_are_all_numbers_that_inference_needs(rows, models) -> None:
    weights = sum(weight.numel() for weight in models["Toy/rips/1"].module().parameters())
    stored = sum(array.size for array in models["Toy/rips/1"].extractor_state.values() if array.dtype.kind == "f")
    assert stored > 0
    assert rows["rips"]["params"] >= weights + stored
    assert rows["cnn"]["params"] >= models["Toy/cnn/1"].card["n_params"]


def test_the_whole_way_takes_longer_than_the_network_alone(rows) -> None:
    """Persistent homology takes milliseconds, a small network a fraction of one."""
    assert rows["rips"]["latency_ms_b1"] > rows["rips"]["model_latency_ms_b1"]


def test_a_device_that_is_not_there_is_refused(models, split, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ParameterError, match=r"efficiency.device is 'cuda' .* Set efficiency.device=cpu"):
        measure_costs((models, split), EfficiencyParams(device="cuda"))


def test_the_memory_probe_runs_the_same_inference(models, split, tmp_path: Path) -> None:
    model, sample = models["Toy/cnn/1"], split.series["test"][:1]
    (tmp_path / "model.safetensors").write_bytes(model.to_bytes())
    np.save(tmp_path / "sample.npy", sample)
    (tmp_path / "merge.json").write_text("false")
    np.testing.assert_array_equal(load_inference(str(tmp_path))(), model.predictor()(sample))
