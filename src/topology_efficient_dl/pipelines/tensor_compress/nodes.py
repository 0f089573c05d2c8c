"""Nodes of ``tensor_compress``."""

from __future__ import annotations

import pandas as pd

from topology_efficient_dl.collections.collection import Collection
from topology_efficient_dl.compression.cells import compress_all
from topology_efficient_dl.compression.compress import layers_table
from topology_efficient_dl.compression_params import CompressionParams
from topology_efficient_dl.data.split import Split
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params import EfficiencyParams, ParallelParams


def compress_models(
    models: Collection[TrainedModel],
    splits: Collection[Split],
    compression: CompressionParams,
    efficiency: EfficiencyParams,
    parallel: ParallelParams,
) -> Collection[TrainedModel]:
    """Every trained model made smaller by every recipe, by ``<dataset>/<model>.<variant>/<seed>``."""
    return compress_all(models, splits, compression, efficiency, parallel)


def tabulate_layers(compressed: Collection[TrainedModel]) -> pd.DataFrame:
    """What became of every layer: ranks, parameters, error, or why it was left dense."""
    return layers_table(compressed.values())
