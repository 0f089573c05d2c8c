"""What the cells of a track read, joined to data sets, models and seeds: collections that are computed when saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pandas as pd

from topology_efficient_dl.collections.collection import Collection
from topology_efficient_dl.collections.keys import dataset_of
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.base import Names, Seeds
from topology_efficient_dl.params.models import TransformRecipe, Zoo
from topology_efficient_dl.params.training import ParallelParams, TrainParams
from topology_efficient_dl.tasks import cells
from topology_efficient_dl.tasks.graphs import features_key, groups_key

Cells = Collection[Any]


def nothing() -> Cells:
    """A collection without items, for cells that read nothing of a kind."""
    return Collection.of({})


@dataclass(frozen=True, eq=False)
class CellInputs:
    """What cells read, and the methods that compute them; one class below for every kind of task.

    Attributes
    ----------
    splits : by dataset, what is learnt
    zoo : all models that can be named
    """

    splits: Cells
    zoo: Zoo

    fit_one: ClassVar[Callable[..., TrainedModel]]
    predict_one: ClassVar[Callable[..., pd.DataFrame]]

    def fit_all(
        self, models: Names, seeds: Seeds, train: TrainParams, parallel: ParallelParams
    ) -> Collection[TrainedModel]:
        """Every model on every dataset with every seed, by ``<dataset>/<model>/<seed>``.

        Raises
        ------
        ParameterError : a model is unknown, or one that a dataset cannot be fitted with
        """
        entries = {name: (name, spec) for name, spec in self.zoo.pick(models).items()}
        crossed = self.splits.cross(entries, {str(seed): seed for seed in seeds.root})
        return self.to_fit(crossed).map(self.fit_one, train).run_on(parallel)

    def predict_all(self, models: Collection[TrainedModel], parallel: ParallelParams) -> Collection[pd.DataFrame]:
        """What every model, dense or compressed, says of test."""
        joined = self.to_predict(models.cross().join(self.splits, dataset_of))
        return joined.map(self.predict_one).run_on(parallel)

    def to_fit(self, crossed: Cells) -> Cells:
        """Cells of splits, models and seeds with all else that a fit reads."""
        return crossed

    def to_predict(self, fitted: Cells) -> Cells:
        """Cells of models and splits with all else that a prediction reads."""
        return fitted


@dataclass(frozen=True, eq=False)
class ForecastInputs(CellInputs):
    """What cells of forecasters read: windows of series, and nothing beside."""

    fit_one = staticmethod(cells.fit_forecast_cell)
    predict_one = staticmethod(cells.forecast_cell)


@dataclass(frozen=True, eq=False)
class SeriesInputs(CellInputs):
    """What cells on series read.

    Attributes
    ----------
    features : by ``<dataset>/<variant>``, features that were computed before
    transforms : by name, recipes of features that are fitted inside the cell and applied anew by its model
    """

    features: Cells = field(default_factory=nothing)
    transforms: Mapping[str, TransformRecipe] = field(default_factory=dict)

    fit_one = staticmethod(cells.fit_cell)
    predict_one = staticmethod(cells.predict_cell)

    def to_fit(self, crossed: Cells) -> Cells:
        """As in `CellInputs`."""
        recipes = {f"{dataset}/{name}": recipe for dataset in self.splits for name, recipe in self.transforms.items()}
        read = Collection.chain([self.features, Collection.of(recipes)])
        return crossed.join(read, cells.features_of(self.zoo.root, read))

    def to_predict(self, fitted: Cells) -> Cells:
        """As in `CellInputs`."""
        stored = cells.features_of(self.zoo.root, self.features, fitted_in_cell=self.transforms)
        return fitted.join(self.features, stored)


@dataclass(frozen=True, eq=False)
class GraphInputs(CellInputs):
    """What cells on graphs read; ``splits`` are tasks.

    Attributes
    ----------
    complexes : by dataset
    features : by ``<dataset>/<recipe>``, propagated features or kernels
    groups : by dataset
    """

    complexes: Cells
    features: Cells
    groups: Cells

    fit_one = staticmethod(cells.fit_graph_cell)
    predict_one = staticmethod(cells.predict_graph_cell)

    def fit_all(
        self, models: Names, seeds: Seeds, train: TrainParams, parallel: ParallelParams
    ) -> Collection[TrainedModel]:
        """As in `CellInputs`; the number of a draw stands where others have a seed."""
        for task in self.splits.values():  # before the first fit, not after the last
            task.check_draws(seeds.root)
        return super().fit_all(models, seeds, train, parallel)

    def to_fit(self, crossed: Cells) -> Cells:
        """As in `CellInputs`."""
        joined = crossed.join(self.complexes, dataset_of).join(self.features, features_key(self.zoo.root))
        return joined.join(self.groups, groups_key(self.zoo.root))

    def to_predict(self, fitted: Cells) -> Cells:
        """As in `CellInputs`."""
        return self.to_fit(fitted)
