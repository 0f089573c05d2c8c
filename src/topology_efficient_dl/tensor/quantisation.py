"""Weights in eight bits, by torch."""

from __future__ import annotations

import warnings

import torch
from torch import nn

from topology_efficient_dl.tensor.network import opened_attention


def in_int8(network: nn.Module) -> nn.Module:
    """A copy whose linear and recurrent layers hold int8 weights and compute in int8, scales found per call.

    Convolutions have no dynamic kernel in torch and stay as they are. Attention is opened up, since its own kernels
    read float weights. Logits change a little.

    Parameters
    ----------
    network : in evaluation mode, on the CPU
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        found: nn.Module = torch.ao.quantization.quantize_dynamic(
            opened_attention(network).eval(), {nn.Linear, nn.GRU}, dtype=torch.qint8
        )
    return found
