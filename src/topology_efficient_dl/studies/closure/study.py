"""The study of simplicial closure, step by step: what each step makes can be stored, and the next one reads it.

========================  ==============================================================================
``sample_horizon``        samples at earlier times (of :mod:`.horizons`)
``tune_model``            trials of a model, learnt from the earliest horizons, chosen on a later one
``fit_model``             the chosen trial fitted to the horizons before the result's
``score_candidates``      every model on every candidate of the result's horizon, streamed
``assess``                rows and comparisons (of :mod:`.assessment`)
========================  ==============================================================================

Nothing after the time of a horizon enters what is known at it; what closes after the time of the result is looked at
once, by the last step.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from topology_efficient_dl.collections.fingerprint import versioned
from topology_efficient_dl.complexes.closure import closed_by
from topology_efficient_dl.complexes.closure_scores import PIECE
from topology_efficient_dl.data.graphs import split_at, time_split
from topology_efficient_dl.data.graphs.label_splits import Timed
from topology_efficient_dl.models.graph_baselines.inputs import GraphInput
from topology_efficient_dl.params.studies import (
    AttentionParams,
    AttentionTrial,
    CandidateParams,
    ClosureParams,
    LogisticParams,
)
from topology_efficient_dl.studies.closure.assessment import assess, average_precision
from topology_efficient_dl.studies.closure.heads import (
    LogisticHead,
    TriangleGAT,
    attention_input,
    fit_attention,
)
from topology_efficient_dl.studies.closure.horizons import (
    Horizon,
    all_keys,
    check_labels,
    check_timed,
    horizon_keys,
    sample_horizon,
)
from topology_efficient_dl.studies.closure.models import (
    CLASSIC,
    MODELS,
    Beside,
    kind_of,
    seeds_of,
)
from topology_efficient_dl.studies.closure.past import (
    WHOLE,
    Float32Array,
    Past,
    Scale,
    chosen_columns,
    complex_of,
    timed,
)
from topology_efficient_dl.training.runtime import reproducible

Arrays = dict[str, NDArray[Any]]
ABOUT = "about"
"""Name of the array that says in JSON what the others are."""


def run_closure(graph: Timed, params: ClosureParams) -> list[dict[str, Any]]:
    """All steps on one graph, in memory.

    Returns
    -------
    The rows of `assess`.

    Raises
    ------
    DataError : the graph has no times, or there are too few or too many candidates
    """
    future = round(1 - params.past_share, 6)
    samples = {key: sample_horizon(graph, key, future, params.candidates) for key in all_keys(params)}
    heads = _fitted(samples, params)
    scores = score_candidates((graph, heads), params.past_share, params.candidates)
    rows: list[dict[str, Any]] = assess(scores, params.n_bootstrap, params.confidence)["rows"]
    return rows


def _fitted(samples: Mapping[str, Arrays], params: ClosureParams) -> dict[str, Arrays]:
    """Every model with every seed, tuned and fitted."""
    choose, learn = ({key: samples[key] for key in horizon_keys(params)[step]} for step in ("choose", "learn"))
    heads = {}
    for model in MODELS:
        trials = trials_of(model, params)
        tuned = tune_model(choose, model, trials)
        for seed in seeds_of(model, params.seeds.root):
            heads[f"{model}/{seed}"] = fit_model((learn, tuned), model, seed, trials)
    return heads


def trials_of(model: str, params: ClosureParams) -> LogisticParams | AttentionParams:
    """What is tried for a model."""
    return params.attention if kind_of(model) == "attention" else params.logistic


@versioned(2, name="closure.study:tune_model")
def tune_model(samples: Mapping[str, Arrays], model: str, params: LogisticParams | AttentionParams) -> dict[str, Any]:
    """The trials of a model, and the one of the highest average precision at the later horizon.

    Parameters
    ----------
    samples : by key ending in ``<role>/<share>``, earlier horizons and at last the one to choose on
    model : a name in ``MODELS``
    params : trials; attention is looked at after each of its ``checkpoints``, which are no trials of their own

    Returns
    -------
    ``model, base_rate, chosen``, and ``trials``, each its settings and ``times_base_rate``.
    """
    learn, check = _ordered(samples)
    if isinstance(params, LogisticParams):
        trials = _logistic_trials(learn, check, model, params)
    else:
        trials = [trial for each in params.trials for trial in _attention_trials(learn, check, model, each, params)]
    chosen = max(trials, key=lambda trial: trial["times_base_rate"])
    return {"model": model, "base_rate": check.base_rate, "chosen": chosen, "trials": trials}


def _ordered(samples: Mapping[str, Arrays]) -> tuple[list[Horizon], Horizon]:
    """Horizons to learn from, by time, and the one to choose on."""
    train = _to_learn_from(samples)
    (check,) = (Horizon.from_arrays(arrays) for key, arrays in samples.items() if "validation/" in key)
    return train, check


def _to_learn_from(samples: Mapping[str, Arrays]) -> list[Horizon]:
    train = {float(key.rsplit("/", 1)[1]): arrays for key, arrays in samples.items() if "train/" in key}
    return [Horizon.from_arrays(train[share]) for share in sorted(train)]


def _logistic_trials(
    learn: Sequence[Horizon], check: Horizon, model: str, params: LogisticParams
) -> list[dict[str, Any]]:
    trials = []
    for columns, horizons, penalty in product(params.columns, params.horizons, params.penalties):
        places = chosen_columns(tuple(check.names), columns, **MODELS[model].options)
        head = LogisticHead.fit(learn[-horizons:], places, penalty)
        found = _times_base_rate(check, head(check.columns))
        trials.append({"columns": columns, "horizons": horizons, "penalty": penalty, "times_base_rate": found})
    return trials


def _attention_trials(
    learn: Sequence[Horizon], check: Horizon, model: str, trial: AttentionTrial, params: AttentionParams
) -> list[dict[str, Any]]:
    graph = attention_input(check.node_features, check.edges, check.log_weights)
    beside = MODELS[model].options["beside"]
    found: list[dict[str, Any]] = []

    def look(step: int, network: TriangleGAT) -> bool:
        if step in params.checkpoints:
            scores = network.score(network.embed(graph), check.triangles, check.beside(beside))
            found.append({**trial.model_dump(), "steps": step, "times_base_rate": _times_base_rate(check, scores)})
        values = [each["times_base_rate"] for each in found]
        return len(values) - 1 - int(np.argmax(values)) < params.patience if values else True

    steps = max(params.checkpoints)
    fit_attention(learn[-trial.horizons :], trial, params, beside=beside, steps=steps, seed=0, after_step=look)
    return found


def _times_base_rate(check: Horizon, scores: Float32Array) -> float:
    return average_precision(check.closed, scores, check.weight) / check.base_rate


@versioned(2, name="closure.study:fit_model")
def fit_model(
    pair: tuple[Mapping[str, Arrays], Mapping[str, Any]],
    model: str,
    seed: int,
    params: LogisticParams | AttentionParams,
) -> Arrays:
    """A model fitted as was chosen on earlier time.

    Parameters
    ----------
    pair : samples of the horizons to learn from, by key; and what `tune_model` found
    model, seed : which
    params : sizes

    Returns
    -------
    Weights by name, and ``about`` in JSON.
    """
    samples, chosen = pair[0], dict(pair[1]["chosen"])
    learn = _to_learn_from(samples)
    learn = learn[-chosen["horizons"] :]
    if isinstance(params, LogisticParams):
        places = chosen_columns(tuple(learn[0].names), chosen["columns"], **MODELS[model].options)
        head = LogisticHead.fit(learn, places, chosen["penalty"])
        return {"places": head.places, "weights": head.weights, "bias": head.bias, ABOUT: _json({"chosen": chosen})}
    trial = AttentionTrial(**{name: chosen[name] for name in AttentionTrial.model_fields})
    beside, steps = MODELS[model].options["beside"], chosen["steps"]
    network = fit_attention(learn, trial, params, beside=beside, steps=steps, seed=seed)
    sizes = {
        "embedding": params.embedding,
        "heads": params.heads,
        "n_features": learn[0].node_features.shape[1],
        "n_beside": learn[0].beside(beside).shape[1],
    }
    about = {"chosen": chosen, "trial": trial.model_dump(), "sizes": sizes}
    return {**network.to_arrays(), ABOUT: _json(about)}


def _json(value: Any) -> NDArray[np.str_]:
    return np.array(json.dumps(value))


def _about(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(str(arrays[ABOUT]))
    return found


@versioned(2, name="closure.study:score_candidates")
def score_candidates(
    pair: tuple[Timed, Mapping[str, Arrays]], share: float, params: CandidateParams, environment: str = ""
) -> Arrays:
    """Scores of all candidates at a time by every model, and which of them close in all the time that follows.

    Columns are made and read piece by piece, and are never there for all candidates at once.

    Parameters
    ----------
    pair : the graph; and what `fit_model` made, by key ending in ``<model>/<seed>``
    share : of all rows that are past
    params : recencies, limits, sizes
    environment : digest of the machine; it only keeps times of different machines apart

    Returns
    -------
    ``closed`` (t,) bool; for each classic score and each fitted model (t,) float32, by name or ``<model>/<seed>``; and
    ``about`` in JSON: ``dataset``, ``seconds`` and ``parameters`` by what they are of.

    Raises
    ------
    DataError : the graph has no times, there are no candidates, or none or all of them close
    """
    graph, fitted = pair
    check_timed(graph)
    now = time_split(graph, share)
    past, later = split_at(graph, now)
    known = Past.of(past, now, share, params)
    closed = closed_by(known.triangles, complex_of(later, params))
    check_labels(closed, graph.name, share)
    scores, about = _scored(known, fitted, params)
    return {"closed": closed, **scores, ABOUT: _json({"dataset": graph.name, **about})}


def _scored(known: Past, fitted: Mapping[str, Arrays], params: CandidateParams) -> tuple[Arrays, dict[str, Any]]:
    """Scores by name, and what they took on one thread."""
    logistic, networks = _heads(fitted)
    seconds, parameters = dict(known.seconds), dict.fromkeys(CLASSIC, 0)
    parameters.update({key: head.n_parameters for key, head in logistic.items()})
    parameters.update({key: network.n_parameters for key, network in networks.items()})
    scores: Arrays = {name: np.empty(len(known.triangles), np.float32) for name in parameters}
    with reproducible(0, threads=1), threadpool_limits(1):
        _stream(known, logistic, networks, params, scores, seconds)
    return scores, {"seconds": seconds, "parameters": parameters, "views": list(known.scorers)}


def _stream(
    known: Past,
    heads: Mapping[str, LogisticHead],
    networks: Mapping[str, TriangleGAT],
    params: CandidateParams,
    scores: Arrays,
    seconds: dict[str, float],
) -> None:
    """Write what single columns, heads on columns and networks say, piece by piece."""
    classic = {name: known.names.index(f"{WHOLE}/{name}") for name in CLASSIC}
    scale = timed("scale", seconds, Scale.of, known, params)
    graph = timed("graph", seconds, _graph_of, known)
    nodes = {key: timed(key, seconds, network.embed, graph) for key, network in networks.items()}
    for start in range(0, len(known.triangles), PIECE):
        piece = slice(start, start + PIECE)
        triangles = known.triangles[piece]
        columns = known.columns(triangles, seconds)
        for name, place in classic.items():
            scores[name][piece] = timed(name, seconds, columns[:, place].copy)
        columns = timed("scale", seconds, scale, columns)
        weights = timed("edge_weights", seconds, known.edge_weights, triangles)
        for key, head in heads.items():
            scores[key][piece] = timed(key, seconds, head, columns)
        beside: dict[Beside, Any] = {"nodes": columns[:, :0], "edge_weights": weights, "columns": columns}
        for key, network in networks.items():
            values = beside[MODELS[key.split("/")[0]].options["beside"]]
            scores[key][piece] = timed(key, seconds, network.score, nodes[key], triangles, values)


def _graph_of(known: Past) -> GraphInput:
    log_weights = np.log1p(known.complex.weights[1]).astype(np.float32)
    return attention_input(known.node_features(), known.complex.simplices[1], log_weights)


def _heads(fitted: Mapping[str, Arrays]) -> tuple[dict[str, LogisticHead], dict[str, TriangleGAT]]:
    """Heads on columns and networks, by ``<model>/<seed>``."""
    logistic, networks = {}, {}
    for key, arrays in fitted.items():
        model, seed = key.split("/")[-2:]
        if kind_of(model) == "attention":
            networks[f"{model}/{seed}"] = _network(arrays)
        else:
            logistic[f"{model}/{seed}"] = LogisticHead(arrays["places"], arrays["weights"], arrays["bias"])
    return logistic, networks


def _network(arrays: Arrays) -> TriangleGAT:
    about = _about(arrays)
    network = TriangleGAT(trial=AttentionTrial(**about["trial"]), **about["sizes"])
    return network.with_arrays({name: value for name, value in arrays.items() if name != ABOUT})
