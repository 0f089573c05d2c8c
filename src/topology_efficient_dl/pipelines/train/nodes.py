"""Nodes of ``train``: the same for series, features of series and graphs, which differ in what is read beside."""

from __future__ import annotations

from typing import Any

import pandas as pd

from topology_efficient_dl.collections.collection import Collection
from topology_efficient_dl.compression.cells import tune_all
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.base import Names, Seeds
from topology_efficient_dl.params.compression import CompressionParams
from topology_efficient_dl.params.models import Transforms, Zoo
from topology_efficient_dl.params.training import ParallelParams, TrainParams
from topology_efficient_dl.tasks.cells import training_log
from topology_efficient_dl.tasks.inputs import CellInputs, GraphInputs, SeriesInputs


def fit_models(
    splits: Collection[Any],
    models: Names,
    zoo: Zoo,
    seeds: Seeds,
    train: TrainParams,
    parallel: ParallelParams,
    **beside: Any,
) -> Collection[TrainedModel]:
    """Every model on every dataset with every seed or draw of labels, by ``<dataset>/<model>/<seed>``."""
    return _inputs(splits, zoo, beside).fit_all(models, seeds, train, parallel)


def log_training(models: Collection[TrainedModel]) -> pd.DataFrame:
    """Learning curves of all cells in one table."""
    return training_log(models.values())


def predict_test(
    models: Collection[TrainedModel], splits: Collection[Any], zoo: Zoo, parallel: ParallelParams, **beside: Any
) -> Collection[pd.DataFrame]:
    """Test predictions of every cell; transforms that were fitted in the cell are applied anew."""
    return _inputs(splits, zoo, beside).predict_all(models, parallel)


def tune_models(
    compressed: Collection[TrainedModel],
    models: Collection[TrainedModel],
    splits: Collection[Any],
    compression: CompressionParams,
    zoo: Zoo,
    train: TrainParams,
    parallel: ParallelParams,
    **beside: Any,
) -> Collection[TrainedModel]:
    """Every compressed model trained on, with the dense one as its teacher."""
    return tune_all(compressed, models, _inputs(splits, zoo, beside), compression, train, parallel)


def gather_models(models: Collection[TrainedModel], tuned: Collection[TrainedModel]) -> Collection[TrainedModel]:
    """Dense and compressed models in one collection."""
    return Collection.chain([models, tuned])


def _inputs(splits: Collection[Any], zoo: Zoo, beside: dict[str, Any]) -> CellInputs:
    """What cells read, by the names of what stands beside splits; see ``BESIDE`` of the pipeline."""
    if "complexes" in beside:
        return GraphInputs(splits, zoo, **beside)
    if "transforms" in beside:
        # Kedro hands a parameter over as its type where some node declares it, else as a plain mapping.
        beside = {**beside, "transforms": Transforms.model_validate(beside["transforms"]).root}
    return SeriesInputs(splits, zoo, **beside)
