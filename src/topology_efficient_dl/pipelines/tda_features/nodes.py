"""Nodes of ``tda_features``."""

from __future__ import annotations

from functools import partial

from topology_efficient_dl.collections.collection import Collection
from topology_efficient_dl.data.split import Split
from topology_efficient_dl.models.features import FeatureInput, features_of_split
from topology_efficient_dl.params import ParallelParams, TdaParams
from topology_efficient_dl.tda.diagrams import PersistenceDiagrams
from topology_efficient_dl.tda.splits import diagrams_of_split


def extract_diagrams(
    splits: Collection[Split], tda: TdaParams, parallel: ParallelParams
) -> Collection[PersistenceDiagrams]:
    """Persistence diagrams of every series of every split, by ``<dataset>/<variant>``; series run in parallel."""
    workers = {"jobs": parallel.jobs, "backend": parallel.backend, "progress": True}
    return Collection.chain(
        splits.map(diagrams_of_split, recipe.filtration_params(), **workers).suffixed(variant)
        for variant, recipe in tda.recipes().items()
    )


def vectorise_diagrams(
    diagrams: Collection[PersistenceDiagrams], splits: Collection[Split], tda: TdaParams
) -> Collection[FeatureInput]:
    """Feature vectors of every series, fitted on train, by ``<dataset>/<variant>``."""
    paired = diagrams.cross().join(splits, lambda key: key.split("/")[0])
    recipes = tda.recipes()
    return Collection.chain(
        paired.filter(partial(_is_of, variant)).map(features_of_split, recipe) for variant, recipe in recipes.items()
    )


def _is_of(variant: str, key: str) -> bool:
    return key.split("/", 1)[1] == variant
