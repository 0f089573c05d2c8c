"""Nodes of ``train``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from topology_efficient_dl.collections.collection import Collection
from topology_efficient_dl.collections.keys import CellKey, dataset_of, dense_key, variant_of
from topology_efficient_dl.complexes.groups import Groups
from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex
from topology_efficient_dl.compression.cells import tune_all
from topology_efficient_dl.compression.tuning import tune_cell, tune_graph_cell
from topology_efficient_dl.data.graphs.task import GraphTask
from topology_efficient_dl.data.split import Split
from topology_efficient_dl.models.features import FeatureInput
from topology_efficient_dl.models.simplicial.propagation import PropagatedFeatures
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.base import Names, Seeds
from topology_efficient_dl.params.compression import CompressionParams
from topology_efficient_dl.params.models import ModelSpec, Transforms, Zoo
from topology_efficient_dl.params.training import ParallelParams, TrainParams
from topology_efficient_dl.tasks import cells
from topology_efficient_dl.tasks.graphs import features_key, groups_key


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
    inputs = models.cross().join(splits, dataset_of).join(features, stored)
    return inputs.map(cells.predict_cell).run_on(parallel)


def fit_series_models(
    splits: Collection[Split],
    models: Names,
    zoo: Zoo,
    seeds: Seeds,
    train: TrainParams,
    parallel: ParallelParams,
) -> Collection[TrainedModel]:
    """Every model that reads series, without any features, by ``<dataset>/<model>/<seed>``."""
    nothing: Collection[Any] = Collection.of({})
    return fit_models(splits, nothing, models, zoo, Transforms({}), seeds, train, parallel)


def tune_models(
    compressed: Collection[TrainedModel],
    models: Collection[TrainedModel],
    splits: Collection[Split],
    compression: CompressionParams,
    train: TrainParams,
    parallel: ParallelParams,
) -> Collection[TrainedModel]:
    """Every compressed model trained on, with the dense one as its teacher."""
    return tune_all(compressed, models, splits, compression, tune_cell, train, parallel)


def tune_graph_models(
    compressed: Collection[TrainedModel],
    models: Collection[TrainedModel],
    tasks: Collection[GraphTask],
    complexes: Collection[SimplicialComplex],
    features: Collection[PropagatedFeatures],
    groups: Collection[Groups],
    compression: CompressionParams,
    zoo: Zoo,
    train: TrainParams,
    parallel: ParallelParams,
) -> Collection[TrainedModel]:
    """Every compressed model of graphs trained on, with the dense one as its teacher."""
    recipes = Collection.of(compression.recipes())
    specs = Collection.of(dict(zoo.root))
    material = (
        compressed.cross()
        .join(models, dense_key)
        .join(recipes, variant_of)
        .join(specs, lambda key: CellKey.parse(key).model)
        .join(tasks, dataset_of)
    )
    whole = _with_material(material, complexes, features, groups, zoo.root)
    return whole.map(tune_graph_cell, train).run_on(parallel)


def gather_models(models: Collection[TrainedModel], tuned: Collection[TrainedModel]) -> Collection[TrainedModel]:
    """Dense and compressed models in one collection."""
    return Collection.chain([models, tuned])


def predict_series_test(
    models: Collection[TrainedModel], splits: Collection[Split], parallel: ParallelParams
) -> Collection[pd.DataFrame]:
    """Test predictions of every cell of models that read series."""
    nothing: Collection[Any] = Collection.of({})
    inputs = models.cross().join(splits, dataset_of).join(nothing, lambda _: None)
    return inputs.map(cells.predict_cell).run_on(parallel)


def fit_graph_models(
    tasks: Collection[GraphTask],
    complexes: Collection[SimplicialComplex],
    features: Collection[PropagatedFeatures],
    groups: Collection[Groups],
    models: Names,
    zoo: Zoo,
    seeds: Seeds,
    train: TrainParams,
    parallel: ParallelParams,
) -> Collection[TrainedModel]:
    """Every model on every graph with every draw of labels, by ``<dataset>/<model>/<draw>``."""
    for task in tasks.values():  # before the first fit, not after the last
        task.check_draws(seeds.root)
    chosen = zoo.pick(models)
    entries = {name: (name, spec) for name, spec in chosen.items()}
    cells_of_graphs = tasks.cross(entries, {str(draw): draw for draw in seeds.root})
    material = _with_material(cells_of_graphs, complexes, features, groups, chosen)
    return material.map(cells.fit_graph_cell, train).run_on(parallel)


def predict_graph_test(
    models: Collection[TrainedModel],
    tasks: Collection[GraphTask],
    complexes: Collection[SimplicialComplex],
    features: Collection[PropagatedFeatures],
    groups: Collection[Groups],
    zoo: Zoo,
    parallel: ParallelParams,
) -> Collection[pd.DataFrame]:
    """Test predictions of every cell."""
    fitted = models.cross().join(tasks, dataset_of)
    material = _with_material(fitted, complexes, features, groups, zoo.root)
    return material.map(cells.predict_graph_cell).run_on(parallel)


def _with_material(
    cells_of_graphs: Collection[Any],
    complexes: Collection[SimplicialComplex],
    features: Collection[PropagatedFeatures],
    groups: Collection[Groups],
    zoo: Mapping[str, ModelSpec],
) -> Collection[Any]:
    return cells_of_graphs.join(complexes, dataset_of).join(features, features_key(zoo)).join(groups, groups_key(zoo))
