"""Every parameter group of the project and its type."""

from __future__ import annotations

from pydantic import BaseModel

from topology_efficient_dl.complexes.params import SimplicialParams
from topology_efficient_dl.compression_params import CompressionParams, CrossingParams
from topology_efficient_dl.forecast_params import ForecastParams
from topology_efficient_dl.graph_params import (
    ClosureParams,
    GraphCompressionParams,
    GraphParams,
    GraphScalingParams,
    NodeFeatureParams,
    Propagation,
    TrackParams,
)
from topology_efficient_dl.params import (
    EfficiencyParams,
    EvaluateParams,
    GrowthParams,
    IngestParams,
    Names,
    ParallelParams,
    ScalingParams,
    Seeds,
    TdaParams,
    TrainParams,
    Transforms,
    Zoo,
)

GROUPS: dict[str, type[BaseModel]] = {
    "datasets": Names,
    "ingest": IngestParams,
    "tda": TdaParams,
    "models": Names,
    "transforms": Transforms,
    "zoo": Zoo,
    "seeds": Seeds,
    "train": TrainParams,
    "parallel": ParallelParams,
    "efficiency": EfficiencyParams,
    "evaluate": EvaluateParams,
    "scaling": ScalingParams,
    "growth": GrowthParams,
    "scaling_b": GraphScalingParams,
    "closure": ClosureParams,
    "graphs": GraphParams,
    "simplicial": SimplicialParams,
    "node_features": NodeFeatureParams,
    "propagation": Propagation,
    "track_b": TrackParams,
    "compress_b": GraphCompressionParams,
    "compression": CompressionParams,
    "crossing": CrossingParams,
    "track_c": TrackParams,
    "forecast": ForecastParams,
}
"""By the name that it has in ``conf``."""
