"""Nodes of ``tensor_compress``."""

from __future__ import annotations

from functools import partial

import pandas as pd

from topology_efficient_dl.collections.collection import Collection
from topology_efficient_dl.collections.execution import SEQUENTIAL
from topology_efficient_dl.compression.compress import compress_cell, compressed_key, layers_table
from topology_efficient_dl.compression_params import CompressionParams
from topology_efficient_dl.data.split import Split
from topology_efficient_dl.efficiency.environment import environment_fingerprint
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params import EfficiencyParams, ParallelParams
from topology_efficient_dl.training.cells import dataset_of


def compress_models(
    models: Collection[TrainedModel],
    splits: Collection[Split],
    compression: CompressionParams,
    efficiency: EfficiencyParams,
    parallel: ParallelParams,
) -> Collection[TrainedModel]:
    """Every trained model made smaller by every recipe, by ``<dataset>/<model>.<variant>/<seed>``."""
    how = efficiency, environment_fingerprint()
    recipes = {
        name: (name, recipe.without_tuning(), how if recipe.is_measured else None)
        for name, recipe in compression.recipes().items()
    }
    cells = models.cross().join(splits, dataset_of).cross(recipes).filter(partial(_is_wanted, compression))
    alone = any(recipe.is_measured for recipe in compression.recipes().values())
    return cells.map(compress_cell).renamed(compressed_key).run_on(SEQUENTIAL if alone else parallel)


def _is_wanted(compression: CompressionParams, key: str) -> bool:
    _, model, _, variant = key.split("/")
    return compression.takes(variant, model)


def tabulate_layers(compressed: Collection[TrainedModel]) -> pd.DataFrame:
    """What became of every layer: ranks, parameters, error, or why it was left dense."""
    return layers_table(compressed.values())
