"""Verdicts of track C: every decomposition against the dense model that it was made of, and against its peers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import pandas as pd

from topology_efficient_dl.evaluation.criteria import criterion_of_track, no_worse
from topology_efficient_dl.evaluation.verdicts import judge, latencies_judged
from topology_efficient_dl.params.compression import AS_LARGE_AS_DENSE, CompressionRecipe
from topology_efficient_dl.params.training import EvaluateParams


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

    Against the dense model, also trained on, with adapters or in eight bits, the criterion is that of track C. Against
    a peer of the same size, and low rank is one, it is quality that is no lower at no more time.

    Parameters
    ----------
    scores, efficiency, predictions : as `judge` has them; compressed models are called ``<model>.<variant>``
    params : bounds, confidence, bootstrap; the baseline is each model's own dense one
    models : dense models
    recipes : by variant
    batch_sizes : whose latency is judged

    Returns
    -------
    Verdicts as of `judge`. ``primary`` are those against a network's own dense one at ``params.latency_batch``, or the
    first batch size where that was not timed.
    """
    run = set(scores["model"])
    first = params.latency_batch if params.latency_batch in batch_sizes else next(iter(batch_sizes), None)
    verdicts = []
    for model in models:
        there = {name: f"{model}.{name}" for name in recipes if f"{model}.{name}" in run}
        as_large = [model, *(full for name, full in there.items() if recipes[name].method in AS_LARGE_AS_DENSE)]
        peers = [full for name, full in there.items() if full not in as_large and _is_peer(recipes[name])]
        tensors = [full for name, full in there.items() if recipes[name].is_tensor]
        for batch, latency_of, baseline in product(batch_sizes, latencies_judged(params), (*as_large, *peers)):
            terms = {"baseline": baseline, "latency_batch": batch, "latency_of": latency_of}
            against = params.model_copy(update=terms)
            rule = no_worse(against) if baseline in peers else criterion_of_track("track_c", against)
            judged = [full for full in tensors if full != baseline]
            found = judge(scores, efficiency, predictions, against, judged, rule) if judged else []
            primary = terms == {"baseline": model, "latency_batch": first, "latency_of": params.latency_of}
            verdicts += [{**verdict, "primary": primary} for verdict in found]
    return verdicts


def _is_peer(recipe: CompressionRecipe) -> bool:
    """Whether others are compared with it at equal size: what is no decomposition, and the plainest one."""
    return not recipe.is_tensor or recipe.method == "svd"
