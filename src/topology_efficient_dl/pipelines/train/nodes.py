"""Nodes of ``train``."""

from __future__ import annotations

from typing import Any

import pandas as pd

from topology_efficient_dl.collections.collection import Collection
from topology_efficient_dl.data.split import Split
from topology_efficient_dl.models.features import FeatureInput
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params import Names, ParallelParams, Seeds, TrainParams, Transforms, Zoo
from topology_efficient_dl.training import cells


def fit_models(
    splits: Collection[Split],
    features: Collection[FeatureInput],
    models: Names,
    zoo: Zoo,
    transforms: Transforms,
    seeds: Seeds,
    train: TrainParams,
    parallel: ParallelParams,
) -> Collection[TrainedModel]:
    """Every model on every dataset with every seed, by ``<dataset>/<model>/<seed>``."""
    chosen = zoo.pick(models)
    entries = {name: (name, spec) for name, spec in chosen.items()}
    recipes = {f"{dataset}/{name}": recipe for dataset in splits for name, recipe in transforms.root.items()}
    read: list[Collection[Any]] = [features, Collection.of(recipes)]
    inputs = Collection.chain(read)
    return (
        splits.cross(entries, {str(seed): seed for seed in seeds.root})
        .join(inputs, cells.features_of(chosen, inputs))
        .map(cells.fit_cell, train)
        .run_on(parallel)
    )


def log_training(models: Collection[TrainedModel]) -> pd.DataFrame:
    """Learning curves of all cells in one table."""
    return cells.training_log(models.values())


def predict_test(
    models: Collection[TrainedModel],
    splits: Collection[Split],
    features: Collection[FeatureInput],
    zoo: Zoo,
    transforms: Transforms,
    parallel: ParallelParams,
) -> Collection[pd.DataFrame]:
    """Test predictions of every cell; transforms that were fitted in the cell are applied anew."""
    stored = cells.features_of(zoo.root, features, fitted_in_cell=transforms.root)
    inputs = models.cross().join(splits, cells.dataset_of).join(features, stored)
    return inputs.map(cells.predict_cell).run_on(parallel)
