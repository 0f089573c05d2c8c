"""Typed parameters of every pipeline, as frozen models; the ground floor.

Those that a script of one's own needs can be had from here: ``from topology_efficient_dl.params import IngestParams``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "base": ("Parameters", "Names", "Seeds"),
    "series": ("IngestParams", "FiltrationParams", "VectorizationParams", "TdaRecipe", "TdaParams"),
    "models": ("LevelSetRecipe", "RocketRecipe", "CrossValidatedRecipe", "ModelSpec", "Transforms", "Zoo"),
    "training": ("TrainParams", "ParallelParams", "EfficiencyParams", "EvaluateParams"),
    "complexes": ("SimplicialParams",),
    "graphs": ("GraphParams",),
    "compression": ("CompressionParams", "CompressionRecipe"),
    "forecasting": ("ForecastParams",),
}


def __getattr__(name: str) -> Any:
    """A parameter model, from the module that defines it."""
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
