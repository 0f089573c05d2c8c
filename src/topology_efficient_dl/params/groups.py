"""Every parameter group of the project and its type."""

from __future__ import annotations

from pydantic import BaseModel

from topology_efficient_dl.params.base import Names, Seeds
from topology_efficient_dl.params.complexes import SimplicialParams
from topology_efficient_dl.params.compression import CompressionParams, CrossingParams
from topology_efficient_dl.params.forecasting import ForecastParams
from topology_efficient_dl.params.graphs import (
    GraphCompressionParams,
    GraphParams,
    NodeFeatureParams,
    Propagation,
    TrackParams,
)
from topology_efficient_dl.params.models import Transforms, Zoo
from topology_efficient_dl.params.series import IngestParams, TdaParams
from topology_efficient_dl.params.studies import ClosureParams, GraphScalingParams, GrowthParams, ScalingParams
from topology_efficient_dl.params.training import (
    EfficiencyParams,
    EvaluateParams,
    ParallelParams,
    TrainParams,
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
