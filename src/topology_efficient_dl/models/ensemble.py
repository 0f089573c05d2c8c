"""Several networks that vote with their probabilities."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn


class Ensemble(nn.Module):
    """Mean of the members' probabilities, as logits: ``log(mean_m softmax(z_m))``.

    Its softmax is the mean probability itself, so that an ensemble can stand wherever a network stands.

    References
    ----------
    Ismail Fawaz et al., *InceptionTime* (2020), section 3.3, eq. 1.
    """

    def __init__(self, members: Iterable[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, inputs: Tensor) -> Tensor:
        """Whatever the members read -> log mean probabilities (batch, n_classes)."""
        votes = torch.stack([torch.log_softmax(member(inputs), dim=1) for member in self.members])
        return torch.logsumexp(votes, dim=0) - math.log(len(self.members))
