from __future__ import annotations

import torch


def test_layers_are_as_specified(build):
    model = build("ph_mlp", "medium")
    shapes = [tuple(layer.weight.shape) for layer in model.body if isinstance(layer, torch.nn.Linear)]
    assert shapes == [(64, 10), (32, 64)]
    assert [layer.p for layer in model.body if isinstance(layer, torch.nn.Dropout)] == [0.1, 0.1]
