"""Nodes of ``tda_features``."""

from __future__ import annotations

from functools import partial

from matplotlib.figure import Figure

from topology_efficient_dl.collections.collection import Collection
from topology_efficient_dl.data.split import Split
from topology_efficient_dl.models.features import FeatureInput, features_of_split
from topology_efficient_dl.params.base import Names
from topology_efficient_dl.params.models import Zoo
from topology_efficient_dl.params.series import TdaParams, TdaRecipe
from topology_efficient_dl.params.training import ParallelParams
from topology_efficient_dl.reports.level_set_figure import draw_level_sets as level_set_picture
from topology_efficient_dl.tda.diagrams import PersistenceDiagrams
from topology_efficient_dl.tda.splits import diagrams_of_split


def extract_diagrams(
    splits: Collection[Split], tda: TdaParams, models: Names, zoo: Zoo, parallel: ParallelParams
) -> Collection[PersistenceDiagrams]:
    """Persistence diagrams of every series of every split, by ``<dataset>/<variant>``, series in parallel.

    Of the variants those are computed that a chosen model reads.
    """
    workers = {"jobs": parallel.jobs, "backend": parallel.backend, "progress": True}
    return Collection.chain(
        splits.map(diagrams_of_split, recipe.filtration_params(), **workers).suffixed(variant)
        for variant, recipe in _recipes_read(tda, models, zoo).items()
    )


def vectorise_diagrams(
    diagrams: Collection[PersistenceDiagrams], splits: Collection[Split], tda: TdaParams, models: Names, zoo: Zoo
) -> Collection[FeatureInput]:
    """Feature vectors of every series, fitted on train, by ``<dataset>/<variant>``."""
    paired = diagrams.cross().join(splits, lambda key: key.split("/")[0])
    recipes = _recipes_read(tda, models, zoo)
    return Collection.chain(
        paired.filter(partial(_is_of, variant)).map(features_of_split, recipe) for variant, recipe in recipes.items()
    )


def draw_level_sets(splits: Collection[Split]) -> Figure:
    """What level sets of a filtered series are, on the first train series of the first set."""
    split = next(iter(splits.values()))
    return level_set_picture(split.series["train"][0, 0])


def _recipes_read(tda: TdaParams, models: Names, zoo: Zoo) -> dict[str, TdaRecipe]:
    read = {spec.features for spec in zoo.pick(models).values()}
    return {variant: recipe for variant, recipe in tda.recipes().items() if variant in read}


def _is_of(variant: str, key: str) -> bool:
    return key.split("/", 1)[1] == variant
