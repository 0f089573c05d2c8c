"""What counts as a value that inference needs."""

import torch
from torch import nn

from topology_efficient_dl.efficiency import count_parameters, measure_parameters


def test_a_frozen_weight_is_needed_but_not_trainable():
    layer = nn.Linear(3, 2)
    layer.weight.requires_grad_(False)
    counted = measure_parameters(layer)
    assert (counted.params, counted.trainable, counted.bytes) == (8, 2, 32)


def test_tied_weights_count_once():
    first, second = nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False)
    second.weight = first.weight
    assert count_parameters(nn.Sequential(first, second)) == 16


def test_integer_and_unsaved_buffers_do_not_count():
    module = nn.Module()
    module.register_buffer("table", torch.arange(10))
    module.register_buffer("scratch", torch.zeros(10), persistent=False)
    module.register_buffer("kernel", torch.zeros(10))
    assert count_parameters(module) == 10


def test_half_precision_halves_the_bytes():
    assert measure_parameters(nn.Linear(7, 5).half()).bytes == measure_parameters(nn.Linear(7, 5)).bytes // 2
