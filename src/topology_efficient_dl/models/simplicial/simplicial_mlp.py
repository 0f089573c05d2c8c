"""A perceptron on features that were propagated through a complex beforehand."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.models.architecture import declare
from topology_efficient_dl.models.layers import initialise
from topology_efficient_dl.models.simplicial.parts import Norm, Sizes, normalisation

SIZES: Sizes = {
    "small": {"width": 16, "depth": 1},
    "medium": {"width": 64, "depth": 2},
    "large": {"width": 256, "depth": 2},
}


class BlockDropout(nn.Module):
    """In training whole blocks of a row are set to 0 with probability p, and the others divided by 1 - p.

    Parameters
    ----------
    p : from 0 to below 1
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, blocks: Tensor) -> Tensor:
        """(batch, n_blocks, width) -> (batch, n_blocks, width)."""
        if not self.training or self.p == 0:
            return blocks
        kept = torch.rand(blocks.shape[:2], device=blocks.device) >= self.p
        return blocks * kept[:, :, None] / (1 - self.p)


@declare(sizes=SIZES, reads="propagated", widths=("width",))
class SimplicialMLP(nn.Module):
    """A linear layer for each block, joined, then a perceptron; its cost does not depend on the number of edges.

    Each block is normalised after its linear layer, so that a block that varies little is heard as well, and goes
    through a ReLU; in training whole blocks are dropped.

    Parameters
    ----------
    n_features, n_classes : shape of the data
    block_sizes : as ``PropagatedFeatures.sizes``; one block of all features if None
    width : features of each block after its linear layer, and of hidden layers
    depth : hidden layers after the blocks are joined
    dropout : after every hidden layer and the joined blocks
    block_dropout : probability that a block is dropped
    norm : of each block and hidden layer

    Raises
    ------
    ParameterError : sizes of blocks do not add up to ``n_features``

    References
    ----------
    Frasca et al., *SIGN: Scalable inception graph neural networks* (2020); Gurugubelli and Chepuri, *SaNN*
    (ICLR 2024).
    """

    def __init__(
        self,
        n_features: int,
        n_classes: int,
        *,
        block_sizes: Sequence[int] | None = None,
        width: int = 64,
        depth: int = 1,
        dropout: float = 0.3,
        block_dropout: float = 0.1,
        norm: Norm = "batch",
    ) -> None:
        super().__init__()
        self.block_sizes = tuple(block_sizes) if block_sizes else (n_features,)
        if sum(self.block_sizes) != n_features:
            raise ParameterError(
                f"block_sizes {self.block_sizes} add up to {sum(self.block_sizes)}, and there are {n_features} "
                "features; take those of PropagatedFeatures.sizes"
            )
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Linear(size, width), normalisation(norm, width), nn.ReLU()) for size in self.block_sizes
        )
        self.block_dropout, self.dropout = BlockDropout(block_dropout), nn.Dropout(dropout)
        widths = [len(self.block_sizes) * width] + [width] * depth
        self.hidden = nn.Sequential(*(_hidden(widths[i], width, norm, dropout) for i in range(depth)))
        self.head = nn.Linear(widths[-1], n_classes)
        initialise(self)

    def forward(self, features: Tensor) -> Tensor:
        """(batch, n_features) -> logits (batch, n_classes)."""
        parts = features.split(self.block_sizes, dim=1)
        blocks = torch.stack([block(part) for block, part in zip(self.blocks, parts, strict=True)], dim=1)
        joined = self.block_dropout(blocks).flatten(1)
        logits: Tensor = self.head(self.hidden(self.dropout(joined)))
        return logits


def _hidden(n_in: int, width: int, norm: Norm, dropout: float) -> nn.Sequential:
    return nn.Sequential(nn.Linear(n_in, width), normalisation(norm, width), nn.ReLU(), nn.Dropout(dropout))
