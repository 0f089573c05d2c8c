"""Nodes of ``ingest``."""

from __future__ import annotations

import pandas as pd

from topology_efficient_dl.collections.collection import Collection
from topology_efficient_dl.data.archive import SeriesArchive, locate_all
from topology_efficient_dl.data.graphs.finder import GraphArchive
from topology_efficient_dl.data.graphs.task import (
    GraphTask,
    describe_task,
    held_out_name,
    read_task,
)
from topology_efficient_dl.data.split import Split
from topology_efficient_dl.data.splits import read_split
from topology_efficient_dl.data.summary import data_card
from topology_efficient_dl.params.base import Names
from topology_efficient_dl.params.graphs import GraphParams, Propagation
from topology_efficient_dl.params.models import Zoo
from topology_efficient_dl.params.series import IngestParams
from topology_efficient_dl.params.training import ParallelParams
from topology_efficient_dl.tasks.graphs import recipe_of


def prepare_splits(
    archive: SeriesArchive, datasets: Names, ingest: IngestParams, parallel: ParallelParams
) -> tuple[Collection[Split], dict[str, str]]:
    """Every set as train, validation and test; and why sets that cannot be had were skipped."""
    files, skipped = locate_all(archive, datasets.root, ingest)
    return Collection.of(files).map(read_split, ingest).run_on(parallel), skipped


def describe_data(splits: Collection[Split], skipped: dict[str, str]) -> pd.DataFrame:
    """One row a set: sizes, classes, balance, source, and whether it was skipped."""
    return data_card(splits.values(), skipped)


def prepare_tasks(
    archive: GraphArchive, datasets: Names, graphs: GraphParams, parallel: ParallelParams
) -> Collection[GraphTask]:
    """Every graph with the rule that says which of its labels are seen."""
    sources = {name: archive.locate(name, graphs) for name in datasets.root}
    tasks = Collection.of(sources).map(read_task, graphs)
    return (tasks.renamed(held_out_name) if graphs.held_out else tasks).run_on(parallel)


def describe_tasks(tasks: Collection[GraphTask], models: Names, zoo: Zoo, propagation: Propagation) -> pd.DataFrame:
    """One row a graph: sizes, classes, balance, source, and what stands in where it has no times."""
    read = propagation.pick({recipe_of(spec) for spec in zoo.pick(models).values()})
    return pd.DataFrame([describe_task(task, read) for task in tasks.values()])
