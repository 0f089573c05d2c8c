"""Networks, one a file, behind one registry; and the trained model that is stored and asked for probabilities."""

from topology_efficient_dl.models.ensemble import Ensemble
from topology_efficient_dl.models.features import FeatureInput
from topology_efficient_dl.models.registry import (
    architectures,
    build_model,
    find_architecture,
)
from topology_efficient_dl.models.trained import Predictor, TrainedModel, predict_proba

__all__ = [
    "Ensemble",
    "FeatureInput",
    "Predictor",
    "TrainedModel",
    "architectures",
    "build_model",
    "find_architecture",
    "predict_proba",
]
