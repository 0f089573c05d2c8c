"""Networks on complexes by name, with the inputs that they read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import nn

from topology_efficient_dl.complexes import SimplicialComplex
from topology_efficient_dl.complexes.batch import SimplicialBatch
from topology_efficient_dl.complexes.groups import facets
from topology_efficient_dl.models.simplicial import (
    CellComplexNN,
    ComplexInput,
    SimplicialNN,
    SimplicialOperatorNet,
    complex_input,
)

N_FEATURES, N_CLASSES = 3, 4
OPERATORS = ("weight", "log_weight", "triangles", "simplex_triangles", "groups")


@dataclass(frozen=True)
class Case:
    """A network and how its input is built."""

    build: Callable[..., nn.Module]
    options: dict[str, Any]
    reads: dict[str, Any]

    def network(self, **changes: Any) -> nn.Module:
        torch.manual_seed(3)
        return self.build(N_FEATURES, N_CLASSES, **{"width": 8, "depth": 2, **self.options, **changes})

    def input(self, complex_: SimplicialComplex | SimplicialBatch, features: np.ndarray) -> ComplexInput:
        union = complex_.complex if isinstance(complex_, SimplicialBatch) else complex_
        groups = facets(union) if "operators" in self.reads else None
        return complex_input(complex_, features, groups=groups, **self.reads)


CASES = {
    "simplicial both": Case(SimplicialNN, {"order": 2}, {}),
    "simplicial boundary": Case(SimplicialNN, {"paths": "boundary", "residual": False}, {"weighting": "weight"}),
    "simplicial coboundary": Case(SimplicialNN, {"paths": "coboundary", "pooling": "sum"}, {"weighting": "unit"}),
    "simplicial oriented": Case(SimplicialNN, {"oriented": True}, {"oriented": True}),
    "cells": Case(CellComplexNN, {}, {"parts": ("cells",)}),
    "cells mean": Case(CellComplexNN, {"norm": "none", "residual": False}, {"parts": ("cells",), "aggregate": "mean"}),
    "operators": Case(SimplicialOperatorNet, {"operators": OPERATORS}, {"operators": OPERATORS, "parts": ()}),
    "operators scalar": Case(
        SimplicialOperatorNet,
        {"operators": OPERATORS[:2], "mixing": "scalar", "norm": "batch", "width": 2},
        {"operators": OPERATORS, "parts": ()},
    ),
}


def weighted(complex_: SimplicialComplex, seed: int = 0) -> SimplicialComplex:
    """The same with random weights."""
    rng = np.random.default_rng(seed)
    return replace(complex_, weights=tuple(rng.integers(1, 9, n).astype(float) for n in complex_.counts))


def toy() -> SimplicialComplex:
    """Triangles, a tree-like edge and an isolated node."""
    simplices = [(0, 1, 2), (1, 2, 3), (3, 4), (4, 5, 6), (0, 5)]
    return weighted(SimplicialComplex.of_simplices(8, simplices))


def some_features(n: int, seed: int = 1) -> np.ndarray:
    """(n, N_FEATURES) float32, random."""
    return np.random.default_rng(seed).normal(size=(n, N_FEATURES)).astype(np.float32)
