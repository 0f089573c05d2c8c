"""Nodes of ``closure_b``."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from topology_efficient_dl.collections.collection import Collection
from topology_efficient_dl.data.graphs import Graph, read_graph
from topology_efficient_dl.data.graphs.finder import GraphArchive
from topology_efficient_dl.efficiency.environment import environment_fingerprint
from topology_efficient_dl.params.graphs import GraphParams
from topology_efficient_dl.params.studies import ClosureParams
from topology_efficient_dl.params.training import ParallelParams
from topology_efficient_dl.studies.closure.assessment import assess
from topology_efficient_dl.studies.closure.horizons import all_keys, horizon_keys, sample_horizon
from topology_efficient_dl.studies.closure.models import MODELS, seeds_of
from topology_efficient_dl.studies.closure.page import closure_table, draw_closure, render_closure
from topology_efficient_dl.studies.closure.study import (
    Arrays,
    fit_model,
    score_candidates,
    trials_of,
    tune_model,
)


def sample_horizons(archive: GraphArchive, closure: ClosureParams, graphs: GraphParams) -> Collection[Arrays]:
    """Candidates at every time that is learnt from or chosen on, with what closes after it."""
    timed, future = _timed_graphs(archive, closure, graphs), round(1 - closure.past_share, 6)
    return Collection.chain(
        timed.map(sample_horizon, key, future, closure.candidates).suffixed(key) for key in all_keys(closure)
    )


def tune_models(
    horizons: Collection[Arrays], closure: ClosureParams, parallel: ParallelParams
) -> Collection[dict[str, Any]]:
    """Trials of every model, learnt from the earliest times and chosen on a later one."""
    samples = _of_step(horizons, closure, "choose")
    return Collection.chain(
        samples.map(tune_model, model, trials_of(model, closure)).suffixed(model) for model in MODELS
    ).run_on(parallel)


def fit_models(
    horizons: Collection[Arrays],
    tuning: Collection[dict[str, Any]],
    closure: ClosureParams,
    parallel: ParallelParams,
) -> Collection[Arrays]:
    """Every model as it was chosen, with every seed."""
    samples = _of_step(horizons, closure, "learn").cross()
    return Collection.chain(
        samples.join(tuning, on=lambda dataset, model=model: f"{dataset}/{model}")  # type: ignore[misc]
        .map(fit_model, model, seed, trials_of(model, closure))
        .suffixed(f"{model}/{seed}")
        for model in MODELS
        for seed in seeds_of(model, closure.seeds.root)
    ).run_on(parallel)


def score_all(
    archive: GraphArchive, fitted: Collection[Arrays], closure: ClosureParams, graphs: GraphParams
) -> Collection[Arrays]:
    """Every model on every candidate, and what the future says of them; times are those of this machine."""
    timed = _timed_graphs(archive, closure, graphs).cross().join(fitted.group(_dataset), on=str)
    return timed.map(score_candidates, closure.past_share, closure.candidates, environment_fingerprint())


def assess_all(scores: Collection[Arrays], closure: ClosureParams) -> Collection[dict[str, Any]]:
    """Quality, cost and comparisons of every set."""
    return scores.map(assess, closure.n_bootstrap, closure.confidence)


def tabulate(results: Collection[dict[str, Any]]) -> pd.DataFrame:
    """One row for a set, model and seed."""
    return closure_table(results.values())


def draw(table: pd.DataFrame) -> Figure:
    """Multiples of the base rate by model."""
    return draw_closure(table)


def report(
    table: pd.DataFrame,
    results: Collection[dict[str, Any]],
    tuning: Collection[dict[str, Any]],
    closure: ClosureParams,
) -> str:
    """Verdicts, all models, what was chosen, as one page."""
    return render_closure(table, results.values(), dict(tuning), closure)


def _timed_graphs(archive: GraphArchive, closure: ClosureParams, graphs: GraphParams) -> Collection[Graph]:
    sources = {name: archive.locate(name, graphs) for name in closure.datasets.root}
    return Collection.of(sources).map(read_graph, graphs.planted, graphs.planted_seed, max_file_mib=graphs.max_file_mib)


def _of_step(horizons: Collection[Arrays], closure: ClosureParams, step: str) -> Collection[dict[str, Arrays]]:
    """By set, the horizons that a step reads."""
    keys = set(horizon_keys(closure)[step])
    return horizons.filter(lambda key: key.partition("/")[2] in keys).group(_dataset)


def _dataset(key: str) -> str:
    return key.partition("/")[0]
