"""Layers shared by the series models: fast 'same' convolution, batch normalisation, pooling, initialisation."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CHUNK_TAPS = range(8, 14)
"""Kernel widths for which oneDNN has its fast one-dimensional kernels; longer ones run at half the speed."""

ROUNDING = 1e-6
"""Spread of a float32 channel, as a share of its largest magnitude, that rounding alone may cause."""

CHUNK_FROM = 512
"""Batch times time below which a long kernel is faster in one piece, because copies cost more than arithmetic."""


def chunk_width(kernel_size: int) -> int:
    """Taps per piece of a long kernel: its largest divisor in ``CHUNK_TAPS``, or the whole kernel.

    Examples
    --------
    >>> [chunk_width(k) for k in (8, 20, 40, 41)]
    [8, 10, 10, 41]
    """
    if kernel_size <= CHUNK_TAPS[-1]:
        return kernel_size
    return max((taps for taps in CHUNK_TAPS if kernel_size % taps == 0), default=kernel_size)


class SameConv1d(nn.Conv1d):
    """Stride-1 convolution whose output is as long as its input, for even kernels too, without a padding copy.

    Zeros are added as Keras adds them: ``(k - 1) // 2`` before and ``k // 2`` after. An even kernel is padded by
    ``k / 2`` on both sides and the first output is left out, which is a view. A kernel that is longer than oneDNN's
    fast ones is cut into ``m`` pieces of ``q`` taps, ``y[t] = sum_j sum_i w[jq + i] x[t + jq + i]``: the pieces read
    ``m`` shifted copies of the input that are stacked as channels. The arithmetic is the same, the time is half.

    Examples
    --------
    >>> SameConv1d(1, 4, kernel_size=40)(torch.zeros(2, 1, 24)).shape
    torch.Size([2, 4, 24])
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, bias: bool = True, groups: int = 1, **how: Any
    ) -> None:
        super().__init__(
            in_channels, out_channels, kernel_size, padding=kernel_size // 2, bias=bias, groups=groups, **how
        )
        # Pieces are stacked as channels, which groups would take apart.
        self.taps = chunk_width(kernel_size) if groups == 1 else kernel_size

    def with_channels(self, in_channels: int, out_channels: int, groups: int, bias: bool) -> SameConv1d:
        """The same over time between other channels, with new weights."""
        how = {"device": self.weight.device, "dtype": self.weight.dtype}
        return SameConv1d(in_channels, out_channels, self.kernel_size[0], bias, groups, **how)

    def forward(self, input: Tensor) -> Tensor:
        """(batch, in_channels, time) -> (batch, out_channels, time)."""
        pieces = self.kernel_size[0] // self.taps
        if pieces > 1 and input.shape[0] * input.shape[2] >= CHUNK_FROM:
            return self._in_pieces(input, pieces)
        output = super().forward(input)
        return output if self.kernel_size[0] % 2 else output.narrow(2, 1, input.shape[2])

    def _in_pieces(self, values: Tensor, pieces: int) -> Tensor:
        kernel, taps, time = self.kernel_size[0], self.taps, values.shape[2]
        padded = F.pad(values, ((kernel - 1) // 2, kernel // 2))
        shifted = torch.cat([padded.narrow(2, taps * piece, time + taps - 1) for piece in range(pieces)], dim=1)
        weight = self.weight.unflatten(2, (pieces, taps)).transpose(1, 2).flatten(1, 2)
        return F.conv1d(shifted, weight, self.bias)


def in_one_piece(network: nn.Module) -> nn.Module:
    """The network itself, with no long kernel cut into pieces: for what follows its course layer by layer.

    The numbers are the same; the course no longer depends on the size of a batch, and shifted copies are no channels.
    """
    for module in network.modules():
        if isinstance(module, SameConv1d):
            module.taps = module.kernel_size[0]
    return network


def batch_norm(channels: int) -> nn.BatchNorm1d:
    """Batch normalisation with Keras' epsilon, 1e-3.

    The running statistics keep torch's momentum (0.1 of each new batch) and not Keras' 0.01: the sets are small, an
    epoch is a handful of steps, and with 0.01 the validation loss would judge stale statistics for tens of epochs.
    """
    return nn.BatchNorm1d(channels, eps=1e-3, momentum=0.1)


def conv_block(in_channels: int, out_channels: int, kernel_size: int, *, bias: bool = True) -> nn.Sequential:
    """'Same' convolution, batch normalisation, ReLU."""
    return nn.Sequential(
        SameConv1d(in_channels, out_channels, kernel_size, bias=bias), batch_norm(out_channels), nn.ReLU()
    )


class MeanOverTime(nn.Module):
    """Global average pooling: (batch, channels, time) -> (batch, channels)."""

    def forward(self, values: Tensor) -> Tensor:
        """Mean of every channel over time."""
        return values.mean(dim=2)


def initialise(model: nn.Module) -> None:
    """Keras' defaults, in which the published results were had: Glorot uniform weights, zero biases.

    Recurrent weights are orthogonal, one block per gate. Layers without weights and normalisations are left alone.

    References
    ----------
    Glorot and Bengio, *Understanding the difficulty of training deep feedforward neural networks* (2010), eq. 16.
    """
    for module in model.modules():
        if isinstance(module, nn.Conv1d | nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.GRU):
            _initialise_recurrent(module)


def _initialise_recurrent(module: nn.GRU) -> None:
    for name, weight in module.named_parameters():
        if name.startswith("bias"):
            nn.init.zeros_(weight)
            continue
        fill = nn.init.orthogonal_ if name.startswith("weight_hh") else nn.init.xavier_uniform_
        for gate in weight.data.chunk(3):
            fill(gate)


class ZNormalised(nn.Module):
    """A network that sees every channel of a series with mean 0 and (population) standard deviation 1.

    A channel that varies by no more than rounding does becomes 0, as in ``data.cleaning.z_normalise``.

    Parameters
    ----------
    network : reads (batch, n_channels, n_timepoints)
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, series: Tensor) -> Tensor:
        """Series (batch, n_channels, n_timepoints) -> whatever the network makes of them."""
        centred = series - series.mean(dim=2, keepdim=True)
        spread = centred.square().mean(dim=2, keepdim=True).sqrt()
        varies = spread > ROUNDING * series.abs().amax(dim=2, keepdim=True)
        scores: Tensor = self.network(torch.where(varies, centred / torch.where(varies, spread, 1.0), 0.0))
        return scores
