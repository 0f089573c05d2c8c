"""Verdicts of track C: every decomposition against the dense model that it was made of, and against its peers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from topology_efficient_dl.compression_params import CompressionRecipe
from topology_efficient_dl.evaluation.criteria import criterion_of_track, no_lower
from topology_efficient_dl.evaluation.verdicts import judge
from topology_efficient_dl.params import EvaluateParams


def judge_compression(
    scores: pd.DataFrame,
    efficiency: pd.DataFrame,
    predictions: pd.DataFrame,
    params: EvaluateParams,
    models: Sequence[str],
    recipes: Mapping[str, CompressionRecipe],
    batch_sizes: Sequence[int],
) -> list[dict[str, Any]]:
    """What `judge` says of every decomposed model at every batch size: against the dense model, then the peers.

    Against the dense model the criterion is that of track C; against a peer of the same size it is quality alone.

    Parameters
    ----------
    scores, efficiency, predictions : as `judge` has them; compressed models are called ``<model>.<variant>``
    params : bounds, confidence, bootstrap; the baseline is each model's own dense one
    models : dense models
    recipes : by variant
    batch_sizes : whose latency is judged

    Returns
    -------
    Verdicts as of `judge`, and in each ``latency_batch``.
    """
    run, verdicts = set(scores["model"]), []
    for model in models:
        names = {
            kind: [f"{model}.{name}" for name, each in recipes.items() if each.is_tensor is kind]
            for kind in (True, False)
        }
        proposals = [name for name in names[True] if name in run]
        for batch in batch_sizes:
            for baseline in (model, *(name for name in names[False] if name in run)):
                against = params.model_copy(update={"baseline": baseline, "latency_batch": batch})
                rule = criterion_of_track("track_c", against) if baseline == model else no_lower(against)
                found = judge(scores, efficiency, predictions, against, proposals, rule) if proposals else []
                verdicts += [{**verdict, "latency_batch": batch} for verdict in found]
    return verdicts
