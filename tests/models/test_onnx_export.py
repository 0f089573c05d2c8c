"""Dense and compressed models as ONNX files: onnxruntime gives torch's logits at any batch size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from topology_efficient_dl.compression.compress import compress
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.models.onnx_export import onnx_difference, onnx_network, to_onnx
from topology_efficient_dl.models.registry import build_model
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.compression import CompressionRecipe

NETWORKS: dict[str, dict[str, Any]] = {
    "inception_time": {"filters": 8, "bottleneck": 8, "depth": 3},
    "gru": {"hidden": 12, "layers": 2},
    "transformer": {"width": 16, "heads": 2, "depth": 1, "feed_forward": 64},
}
SERIES = np.random.default_rng(0).standard_normal((20, 1, 40)).astype(np.float32)


def model(name: str) -> TrainedModel:
    torch.manual_seed(0)
    network = build_model(name, "small", NETWORKS[name], n_channels=1, n_timepoints=40, n_classes=3)
    card = {
        "model": name, "dataset": "toy", "seed": 1, "architecture": name, "size": "small", "options": NETWORKS[name],
        "members": 1, "n_channels": 1, "n_timepoints": 40, "n_classes": 3, "n_features": None, "recipe": None,
        "n_params": sum(weight.numel() for weight in network.parameters()),
    }  # fmt: skip
    return TrainedModel(card, {key: value.clone().contiguous() for key, value in network.state_dict().items()})


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("inception_time", None),
        ("inception_time", "tucker"),
        ("gru", "svd"),
        ("transformer", "tt"),
        ("transformer", None),
    ],
)
def test_onnxruntime_gives_the_logits_of_torch(name: str, method: str | None) -> None:
    chosen = model(name)
    if method is not None:
        chosen = compress(chosen, CompressionRecipe(method=method, rank=2), "small", torch.zeros(1, 1, 40))
    file = to_onnx(chosen)
    for size in (1, 20):  # 20 times 40 is where long convolutions are cut into pieces in torch
        assert onnx_difference(chosen, file, SERIES[:size]) < 1e-4
    assert onnx_network(file)(SERIES[:3]).shape == (3, 3)


def test_models_of_features_are_refused() -> None:
    chosen = model("gru")
    with pytest.raises(ParameterError, match="only networks on series are exported"):
        to_onnx(TrainedModel(chosen.card | {"recipe": {"kind": "level_sets"}}, chosen.weights))


def test_what_the_exporter_cannot_do_names_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("no such operator")

    monkeypatch.setattr(torch.onnx, "export", fail)
    with pytest.raises(ParameterError, match="'gru' cannot be exported: RuntimeError: no such operator"):
        to_onnx(model("gru"))


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ParameterError, match=r"topology-efficient-dl\[onnx\]"):
        to_onnx(model("gru"))
