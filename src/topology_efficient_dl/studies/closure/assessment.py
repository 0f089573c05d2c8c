"""How well candidates are ranked, what it costs, and how sure a difference is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topology_efficient_dl.collections.fingerprint import versioned
from topology_efficient_dl.complexes.rows import FloatArray, IntArray
from topology_efficient_dl.studies.closure.models import MODELS, kind_of

Arrays = Mapping[str, NDArray[Any]]
Row = dict[str, Any]


class Ranking:
    """Candidates from the highest score to the lowest, those of one score together.

    Parameters
    ----------
    closed : (t,) bool
    scores : (t,) float; what is not finite comes last, all of it together
    """

    def __init__(self, closed: NDArray[np.bool_], scores: NDArray[Any]) -> None:
        finite = np.isfinite(scores)
        self.not_finite = int(len(scores) - finite.sum())
        scores = np.where(finite, scores, -np.inf) if self.not_finite else scores
        order = np.argsort(-scores, kind="stable")
        ordered, yes = scores[order], closed[order]
        ends = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))
        hits = np.diff(np.cumsum(yes)[ends], prepend=0) > 0
        self.order: IntArray = order[: ends[hits][-1] + 1] if hits.any() else order[:0]
        self.starts: IntArray = np.concatenate([[0], ends[hits][:-1] + 1]) if hits.any() else ends[:0]
        self.closed: NDArray[np.bool_] = closed[self.order]
        self.n_candidates = len(closed)

    def average_precision(self, weight: NDArray[Any]) -> float:
        """Of candidates that count as often as their weight; 0 if none that closes counts.

        Parameters
        ----------
        weight : (t,)
        """
        if not len(self.order):
            return 0.0
        counted = weight[self.order].astype(np.float64)
        hits = np.add.reduceat(counted * self.closed, self.starts)
        seen = np.cumsum(np.add.reduceat(counted, self.starts))
        found = np.cumsum(hits)
        if not found[-1]:
            return 0.0
        return float((hits * found / np.maximum(seen, 1e-300)).sum() / found[-1])


def average_precision(closed: NDArray[np.bool_], scores: NDArray[Any], weight: NDArray[Any] | None = None) -> float:
    """Mean over candidates that close of the share that closes among those with no lower score.

    Parameters
    ----------
    closed : (t,) bool
    scores : (t,) float, the highest first; equal scores are taken together
    weight : (t,) how many candidates each stands for; None for one

    Examples
    --------
    >>> average_precision(np.array([True, False, True]), np.array([3.0, 2.0, 1.0]))
    0.8333333333333333
    """
    return Ranking(closed, scores).average_precision(np.ones(len(closed)) if weight is None else weight)


@versioned(2, name="closure.assessment:assess")
def assess(scores: Arrays, n_bootstrap: int, confidence: float) -> dict[str, list[Row]]:
    """Quality and cost of every model, and the proposal against the best of the others.

    Parameters
    ----------
    scores : of `study.score_candidates`
    n_bootstrap : draws of candidates
    confidence : of intervals

    Returns
    -------
    ``rows``, one for a model and seed: ``dataset, model, kind, seed`` (null where nothing is random),
    ``average_precision, base_rate, times_base_rate, n_candidates, n_closed, seconds_preprocessing, seconds_scoring,
    parameters``, and ``not_finite``, how many scores, where there are such. ``comparisons``, with the classic score and
    the attention of the highest mean average precision, and with each ablation: ``dataset, kind, opponent, proposal``
    and ``opponent_value``, ``difference``, ``low``, ``high`` and ``status``: ``confirmed`` if the interval is above 0,
    ``refuted`` if below, else ``inconclusive``.
    """
    about, closed = json.loads(str(scores["about"])), scores["closed"]
    rankings = {key: Ranking(closed, scores[key]) for key in about["parameters"]}
    rows = [_row(key, ranking, about, closed) for key, ranking in rankings.items()]
    comparisons = _comparisons(rows, rankings, closed, n_bootstrap, confidence)
    return {"rows": rows, "comparisons": comparisons}


def _row(key: str, ranking: Ranking, about: Mapping[str, Any], closed: NDArray[np.bool_]) -> Row:
    model, _, seed = key.partition("/")
    kind, base_rate = kind_of(model), float(closed.mean())
    value = ranking.average_precision(np.ones(len(closed), np.uint8))
    preprocessing, scoring = _seconds(key, about)
    return {
        "dataset": about["dataset"],
        "model": model,
        "kind": kind,
        "seed": int(seed) if kind == "attention" else None,
        "average_precision": value,
        "base_rate": base_rate,
        "times_base_rate": value / base_rate,
        "n_candidates": len(closed),
        "n_closed": int(closed.sum()),
        "seconds_preprocessing": preprocessing,
        "seconds_scoring": scoring,
        "parameters": about["parameters"][key],
        **({"not_finite": ranking.not_finite} if ranking.not_finite else {}),
    }


def _seconds(key: str, about: Mapping[str, Any]) -> tuple[float, float]:
    """To make what a model reads, for all candidates, and to score them.

    The complex and what is counted on it are charged to all; views of the latest time to those that read them.
    """
    seconds, model = about["seconds"], key.split("/")[0]
    whole, *recent = about["views"]
    kind, reads = kind_of(model), MODELS[model].options if model in MODELS else {}
    preprocessing = seconds["complex"] + (seconds["graph"] if kind == "attention" else 0.0)
    beside = reads.get("beside", "columns")
    if beside != "columns":
        return preprocessing + (seconds["edge_weights"] if beside == "edge_weights" else 0.0), seconds[key]
    preprocessing += seconds[whole]
    if kind == "classic":
        return preprocessing, seconds[key]
    if reads.get("recency", True):
        preprocessing += sum(seconds[view] for view in recent)
    return preprocessing + seconds["scale"], seconds[key]


def _comparisons(
    rows: list[Row],
    rankings: Mapping[str, Ranking],
    closed: NDArray[np.bool_],
    n_bootstrap: int,
    confidence: float,
) -> list[Row]:
    """The proposal against the best classic score, the best attention and each of its ablations, on shared draws."""
    keys: dict[str, dict[str, list[str]]] = {}
    for row, key in zip(rows, rankings, strict=True):
        keys.setdefault(row["kind"], {}).setdefault(row["model"], []).append(key)
    values = {key: row["average_precision"] for row, key in zip(rows, rankings, strict=True)}
    by_model = {model: own for each in keys.values() for model, own in each.items()}
    means = {model: float(np.mean([values[key] for key in own])) for model, own in by_model.items()}
    proposal = next(iter(keys["proposal"]))
    opponents = {max(keys[kind], key=lambda model: means[model]): kind for kind in ("classic", "attention")}
    opponents |= dict.fromkeys(keys.get("ablation", {}), "ablation")
    sides = {model: [rankings[key] for key in by_model[model]] for model in (proposal, *opponents)}
    draws = bootstrap_means(sides, n_bootstrap)
    tail = (1 - confidence) / 2
    found = []
    for opponent, kind in opponents.items():
        low, high = (float(end) for end in np.quantile(draws[proposal] - draws[opponent], [tail, 1 - tail]))
        found.append(
            {
                "dataset": rows[0]["dataset"],
                "kind": kind,
                "opponent": opponent,
                "proposal": means[proposal],
                "opponent_value": means[opponent],
                "difference": means[proposal] - means[opponent],
                "low": low,
                "high": high,
                "status": "confirmed" if low > 0 else "refuted" if high < 0 else "inconclusive",
            }
        )
    return found


def bootstrap_means(sides: Mapping[str, list[Ranking]], n_bootstrap: int, seed: int = 0) -> dict[str, FloatArray]:
    """Average precision of each side, the mean over its rankings, on draws of candidates that all sides share.

    A candidate is drawn a Poisson number of times of mean 1, which is drawing with replacement but for the number in
    all.

    Parameters
    ----------
    sides : rankings of the same candidates
    n_bootstrap, seed : of the draws

    Returns
    -------
    By side (n_bootstrap,)
    """
    n_candidates = next(iter(sides.values()))[0].n_candidates
    rng = np.random.default_rng(seed)
    found = {side: np.empty(n_bootstrap) for side in sides}
    for draw in range(n_bootstrap):
        weight = rng.poisson(1.0, n_candidates).astype(np.uint8)
        for side, own in sides.items():
            found[side][draw] = np.mean([ranking.average_precision(weight) for ranking in own])
    return found
