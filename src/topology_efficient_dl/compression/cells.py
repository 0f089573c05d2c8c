"""Many trained models made smaller by many recipes: the collection that they become."""

from __future__ import annotations

from functools import partial
from typing import Any

from topology_efficient_dl.collections.collection import Collection
from topology_efficient_dl.collections.execution import SEQUENTIAL
from topology_efficient_dl.collections.keys import CellKey, dataset_of, dense_key, normal_key, variant_of
from topology_efficient_dl.compression.compress import compress_cell, compress_graph_cell
from topology_efficient_dl.compression.tuning import tune_cell, tune_forecast_cell, tune_graph_cell
from topology_efficient_dl.efficiency.environment import environment_fingerprint
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.compression import CompressionParams
from topology_efficient_dl.params.training import EfficiencyParams, ParallelParams, TrainParams
from topology_efficient_dl.tasks.inputs import CellInputs, ForecastInputs, GraphInputs


def compress_all(
    models: Collection[TrainedModel],
    compression: CompressionParams,
    parallel: ParallelParams,
    splits: Collection[Any] | None = None,
    efficiency: EfficiencyParams | None = None,
) -> Collection[TrainedModel]:
    """Every model made smaller by every recipe, by ``<dataset>/<model>.<variant>/<seed>``; not yet trained on.

    Parameters
    ----------
    models : by ``<dataset>/<model>/<seed>``
    compression : the recipes
    parallel : how cells run; one after the other where something is timed
    splits : by dataset, the series that layers are timed on; None for networks that read graphs, which are not timed
    efficiency : how timings are made, for recipes in which they have a say
    """
    recipes, wanted = compression.recipes(), partial(is_wanted, compression)
    if splits is None:
        untimed = {name: (name, recipe.without_tuning()) for name, recipe in recipes.items()}
        cells = models.cross(untimed).filter(wanted)
        return cells.map(compress_graph_cell).renamed(normal_key).run_on(parallel)
    how = efficiency, environment_fingerprint()
    timed = {
        name: (name, recipe.without_tuning(), how if recipe.is_measured else None) for name, recipe in recipes.items()
    }
    cells = models.cross().join(splits, dataset_of).cross(timed).filter(wanted)
    alone = any(recipe.is_measured for recipe in recipes.values())
    return cells.map(compress_cell).renamed(normal_key).run_on(SEQUENTIAL if alone else parallel)


def tune_all(
    compressed: Collection[TrainedModel],
    models: Collection[TrainedModel],
    inputs: CellInputs,
    compression: CompressionParams,
    train: TrainParams,
    parallel: ParallelParams,
) -> Collection[TrainedModel]:
    """Every compressed model trained on by its recipe, with the dense one as its teacher.

    Parameters
    ----------
    compressed : of `compress_all`
    models, compression : as it had them
    inputs : what the dense models were fitted on
    train : of the dense models
    parallel : how cells run
    """
    recipes, taught = Collection.of(compression.recipes()), compressed.cross().join(models, dense_key)
    if isinstance(inputs, GraphInputs):
        specs = Collection.of(dict(inputs.zoo.root))
        cells = taught.join(recipes, variant_of).join(specs, lambda key: CellKey.parse(key).model)
        whole = inputs.to_fit(cells.join(inputs.splits, dataset_of))
        return whole.map(tune_graph_cell, train).run_on(parallel)
    tune_one = tune_forecast_cell if isinstance(inputs, ForecastInputs) else tune_cell
    return taught.join(inputs.splits, dataset_of).join(recipes, variant_of).map(tune_one, train).run_on(parallel)


def is_wanted(compression: CompressionParams, key: str) -> bool:
    """Whether a recipe is made of a model; the key is ``<dataset>/<model>/<seed>/<variant>``."""
    cell = CellKey.parse(key)
    return cell.variant is not None and compression.takes(cell.variant, cell.model)
