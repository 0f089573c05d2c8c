"""Networks on graphs made smaller and trained on, as `compression.cells` does it with those on series."""

from __future__ import annotations

from functools import partial

from topology_efficient_dl.collections.collection import Collection
from topology_efficient_dl.collections.fingerprint import versioned
from topology_efficient_dl.complexes.groups import Groups
from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex
from topology_efficient_dl.compression.cells import is_wanted
from topology_efficient_dl.compression.compress import compress, compressed_key
from topology_efficient_dl.compression.tuning import Fits, tune
from topology_efficient_dl.data.graphs.task import GraphTask
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.params.compression import CompressionParams, CompressionRecipe
from topology_efficient_dl.params.models import ModelSpec
from topology_efficient_dl.params.training import ParallelParams, TrainParams
from topology_efficient_dl.tasks.graph_cells import Features, material_of
from topology_efficient_dl.tasks.graph_fine_tuning import GraphSource, fit_graph_on, fit_small_on_graph

ON_GRAPHS = Fits(fit_small_on_graph, fit_graph_on)

TuneGraphCell = tuple[
    TrainedModel, TrainedModel, CompressionRecipe, ModelSpec, GraphTask, SimplicialComplex, Features, Groups | None
]


@versioned(1, name="compression.graph_cells:compress_graph_cell")
def compress_graph_cell(cell: tuple[TrainedModel, tuple[str, CompressionRecipe]]) -> TrainedModel:
    """One trained model of graphs made smaller by one recipe, not yet trained on."""
    model, (variant, recipe) = cell
    return compress(model, recipe, variant)


@versioned(1, name="compression.graph_cells:tune_graph_cell")
def tune_graph_cell(cell: TuneGraphCell, train: TrainParams) -> TrainedModel:
    """One compressed model of graphs trained on, with the dense one as its teacher."""
    compressed, dense, recipe, spec, task, *parts = cell
    source = GraphSource(task, material_of(task, tuple(parts)), spec.features)  # type: ignore[arg-type]
    own = TrainParams(**{**train.model_dump(), **(spec.train or {})})
    return tune(compressed, dense, source, recipe, own, fits=ON_GRAPHS)


def compress_all_on_graphs(
    models: Collection[TrainedModel], compression: CompressionParams, parallel: ParallelParams
) -> Collection[TrainedModel]:
    """Every model made smaller by every recipe, by ``<dataset>/<model>.<variant>/<draw>``; not yet trained on.

    Parameters
    ----------
    models : by ``<dataset>/<model>/<draw>``
    compression : the recipes
    parallel : how cells run
    """
    recipes = {name: (name, recipe.without_tuning()) for name, recipe in compression.recipes().items()}
    cells = models.cross(recipes).filter(partial(is_wanted, compression))
    return cells.map(compress_graph_cell).renamed(compressed_key).run_on(parallel)
