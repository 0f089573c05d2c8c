"""Nodes of ``tensor_compress``."""

from __future__ import annotations

import pandas as pd

from topology_efficient_dl.collections.collection import Collection
from topology_efficient_dl.collections.keys import CellKey
from topology_efficient_dl.compression.cells import compress_all
from topology_efficient_dl.compression.compress import layers_table
from topology_efficient_dl.data.split import Split
from topology_efficient_dl.errors import ParameterError, did_you_mean
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.base import Names
from topology_efficient_dl.params.compression import CompressionParams
from topology_efficient_dl.params.training import EfficiencyParams, ParallelParams, TrainParams


def compress_models(
    models: Collection[TrainedModel],
    compression: CompressionParams,
    parallel: ParallelParams,
    splits: Collection[Split] | None = None,
    efficiency: EfficiencyParams | None = None,
) -> Collection[TrainedModel]:
    """Every model made smaller by every recipe, by ``<dataset>/<model>.<variant>/<seed>``; timed on series only."""
    return compress_all(models, compression, parallel, splits, efficiency)


def choose_models(models: Collection[TrainedModel], chosen: Names, train: TrainParams) -> Collection[TrainedModel]:
    """Of all trained models those that are to be made smaller.

    Raises
    ------
    ParameterError : one was not trained, or all were trained without validation
    """
    if not train.refit:
        raise ParameterError(
            "track_b.train.refit: compressed networks are trained on with train and validation together, so the dense "
            "ones must have seen both. Leave it true"
        )
    trained = dict.fromkeys(CellKey.parse(key).name for key in models)
    for name in chosen.root:
        if name not in trained:
            raise ParameterError(
                f"compress_b.models: '{name}' was not trained{did_you_mean(name, trained) or '.'} "
                f"There are: {', '.join(trained)}. Name it in track_b.models too"
            )
    return models.filter(lambda key: CellKey.parse(key).name in chosen.root)


def tabulate_layers(compressed: Collection[TrainedModel]) -> pd.DataFrame:
    """What became of every layer: ranks, parameters, error, or why it was left dense."""
    return layers_table(compressed.values())
