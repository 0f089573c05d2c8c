"""How time and memory of networks on graphs grow with nodes and edges, and where each stops under a memory bound."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import psutil
from numpy.typing import NDArray

from topology_efficient_dl.collections.fingerprint import versioned
from topology_efficient_dl.efficiency.fresh_process import fresh_command, fresh_environment
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.evaluation.summary import as_records
from topology_efficient_dl.params.studies import GraphScalingParams, ScalingConditions

Row = dict[str, Any]

PROBE = "topology_efficient_dl.studies.graph_scaling_probe"

COLUMNS = (
    "model", "n_nodes", "density", "n_edges", "status", "stage", "reason", "preprocessing_s", "preprocessing_peak_mb",
    "latency_s", "n_rounds", "answers_per_s", "peak_mb",
)  # fmt: skip
"""Of the table of points."""

MEASURES = ("preprocessing_s", "preprocessing_peak_mb", "latency_s", "peak_mb")
"""Whose growth is fitted."""

OUT_OF_MEMORY = re.compile(
    r"MemoryError|allocate memory|Unable to allocate|bad_alloc|ALLOC_FAILED|out of memory|could not create a memory",
    re.IGNORECASE,
)
"""How numpy, torch, MKL and oneDNN say that there was no memory."""

LEAST_SPREAD = 0.1
"""Standard deviation of logarithms in any direction below which no power is fitted: at one density, edges follow from
nodes."""

FATAL_SIGNALS = (-6, -9, -11)
"""Abort, kill, segmentation fault: how a process ends whose code does not look whether it was given memory."""


def scaling_points(params: GraphScalingParams) -> dict[str, Row]:
    """Every model on every graph, the smallest graphs first.

    Examples
    --------
    >>> list(scaling_points(GraphScalingParams(nodes=(500,), densities=(0.1,), models=("gat", "gcn"))))
    ['500/0.1/gat', '500/0.1/gcn']
    """
    graphs = [(nodes, density) for nodes in params.nodes for density in params.densities]
    graphs.sort(key=lambda graph: (expected_edges(*graph), graph))
    return {
        f"{nodes}/{density:g}/{model}": {"model": model, "n_nodes": nodes, "density": density}
        for nodes, density in graphs
        for model in params.models
    }


def check_free_memory(memory_gib: float) -> None:
    """Nothing where a process may grow to the bound: beyond what is free, the system would end it, or another.

    Raises
    ------
    ParameterError : less is free
    """
    free = psutil.virtual_memory().available / 2**30
    if free < memory_gib:
        raise ParameterError(
            f"scaling_b.memory_gib is {memory_gib:g}, and {free:.1f} GiB of memory are free: the machine would run out "
            "before the bound is reached. Set it lower, or end what else is running"
        )


def expected_edges(n_nodes: int, density: float) -> int:
    """``density * n (n - 1) / 2``, rounded."""
    return round(density * n_nodes * (n_nodes - 1) / 2)


@versioned(1, name="evaluation.graph_scaling:measure_point")
def measure_point(point: Mapping[str, Any], conditions: ScalingConditions, environment: str = "") -> Row:
    """One model on one graph, in a fresh process under a memory bound and a time limit.

    That memory or time runs out is a result, and so is any other failure: nothing is raised.

    Parameters
    ----------
    point : ``model, n_nodes, density``
    conditions : bounds, sizes, repeats
    environment : digest of the machine; it only keeps measurements of different machines apart

    Returns
    -------
    The point with ``n_edges`` (expected, where no graph was made); ``status``: ``ok``, ``out_of_memory``,
    ``timed_out`` or ``failed``; ``stage``: ``start``, ``graph``, ``preprocessing``, ``inference`` where it stopped, or
    ``done``; ``reason``; and as far as it came ``preprocessing_s, preprocessing_peak_mb, rounds_s, latency_s``
    (median), ``answers_per_s`` (nodes over latency) and ``peak_mb``, null otherwise.
    """
    ended = run_probe(json.dumps({**point, **conditions.model_dump()}), conditions)
    row: Row = {
        **dict.fromkeys(MEASURES),
        **point,
        "n_edges": expected_edges(point["n_nodes"], point["density"]),
        "rounds_s": [],
        "stage": "start",
        **ended.found(),
    }
    row["status"], row["reason"] = ended.outcome(conditions)
    if row["rounds_s"]:
        row["latency_s"] = float(np.median(row["rounds_s"]))
    row["answers_per_s"] = row["n_nodes"] / row["latency_s"] if row["latency_s"] else None
    return row


@dataclass(frozen=True)
class Ended:
    """What a process left.

    Attributes
    ----------
    written, complaints : its standard output and error
    exit_status : negative for a signal; None if time ran out
    """

    written: bytes
    complaints: bytes
    exit_status: int | None

    def found(self) -> Row:
        """All that it had found out until its end."""
        lines = [line for line in self.written.splitlines() if line.startswith(b"{") and line.endswith(b"}")]
        return {name: value for line in lines for name, value in json.loads(line).items()}

    def outcome(self, conditions: ScalingConditions) -> tuple[str, str]:
        """Status and reason.

        Examples
        --------
        >>> Ended(b"", b"MemoryError: Unable to allocate 2 GiB", 1).outcome(ScalingConditions())
        ('out_of_memory', 'MemoryError: Unable to allocate 2 GiB')
        """
        if self.exit_status is None:
            return "timed_out", f"no answer within {conditions.time_limit_seconds:g} s"
        if self.exit_status == 0:
            return "ok", ""
        lines = self.complaints.decode(errors="replace").strip().splitlines()
        about_memory = [line for line in lines if OUT_OF_MEMORY.search(line)]
        if about_memory:
            return "out_of_memory", _short(about_memory[-1])
        if self.exit_status in FATAL_SIGNALS:
            return "out_of_memory", f"ended by signal {-self.exit_status}"
        return "failed", _short(lines[-1] if lines else f"exit status {self.exit_status}")


def _short(line: str) -> str:
    """The beginning of a message, without the place in a library's source where it was raised."""
    return re.sub(r"\[enforce fail.*?\] (err == 0\. )?", "", line).strip()[:160]


def run_probe(request: str, conditions: ScalingConditions) -> Ended:
    """The end of a process that measured one point.

    Parameters
    ----------
    request : JSON of `graph_scaling_probe.Request`
    conditions : threads and time limit
    """
    command = fresh_command(PROBE, request)
    limit = conditions.time_limit_seconds
    environment = fresh_environment(conditions.threads)
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired as stopped:
        return Ended(stopped.stdout or b"", stopped.stderr or b"", None)
    return Ended(done.stdout, done.stderr, done.returncode)


def points_table(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """All points, a row each."""
    return pd.DataFrame([{**row, "n_rounds": len(row["rounds_s"])} for row in rows], columns=list(COLUMNS))


def growth_exponents(points: pd.DataFrame) -> pd.DataFrame:
    """Powers of nodes and edges with which a measure grows, by least squares on logarithms, over points with an answer.

    Parameters
    ----------
    points : of `points_table`

    Returns
    -------
    By model and measure ``points`` (how many); ``nodes, nodes_r2`` of c n**p alone and ``edges, edges_r2`` of c m**q
    alone; and ``nodes_both, edges_both, both_r2`` of c n**p m**q, where p is the growth in nodes at equal edges and q
    that in edges at equal nodes. Null where the points do not tell.
    """
    answered = points[points["status"] == "ok"]
    rows = []
    for model in dict.fromkeys(points["model"]):
        for measure in MEASURES:
            told = (answered[measure].astype(float) > 0) & (answered["n_edges"] > 0)
            own = answered[(answered["model"] == model) & told]
            values, nodes, edges = (np.log(own[name].to_numpy(float)) for name in (measure, "n_nodes", "n_edges"))
            rows.append({"model": model, "measure": measure, "points": len(own), **_fits(values, nodes, edges)})
    return pd.DataFrame(rows)


def _fits(
    values: NDArray[np.float64], nodes: NDArray[np.float64], edges: NDArray[np.float64]
) -> dict[str, float | None]:
    (alone_nodes,), nodes_r2 = _powers(values, nodes)
    (alone_edges,), edges_r2 = _powers(values, edges)
    (both_nodes, both_edges), both_r2 = _powers(values, nodes, edges)
    return {
        "nodes": alone_nodes, "nodes_r2": nodes_r2, "edges": alone_edges, "edges_r2": edges_r2,
        "nodes_both": both_nodes, "edges_both": both_edges, "both_r2": both_r2,
    }  # fmt: skip


def _powers(values: NDArray[np.float64], *logs: NDArray[np.float64]) -> tuple[Sequence[float | None], float | None]:
    """Slopes of the values in the logarithms, and the share of variance explained; None if points do not tell."""
    if len(values) <= len(logs):
        return [None] * len(logs), None
    design, target = (part - part.mean(axis=0) for part in (np.stack(logs, axis=1), values))
    if np.linalg.svd(design, compute_uv=False)[-1] < LEAST_SPREAD * np.sqrt(len(values)):
        return [None] * len(logs), None
    powers = np.linalg.lstsq(design, target, rcond=None)[0]
    spread, left = float((target**2).sum()), float(((target - design @ powers) ** 2).sum())
    return [float(power) for power in powers], 1 - left / spread if spread > 1e-12 else None


def first_stops(points: pd.DataFrame) -> dict[str, tuple[Row | None, Row | None]]:
    """By model the largest point, by edges, that has an answer, and the smallest that has none; None if there is not.

    Parameters
    ----------
    points : of `points_table`
    """
    found = {}
    for model, own in points.sort_values(["n_edges", "n_nodes"]).groupby("model", sort=False):
        answered, stopped = as_records(own[own["status"] == "ok"]), as_records(own[own["status"] != "ok"])
        found[str(model)] = (answered[-1] if answered else None, stopped[0] if stopped else None)
    return {model: found[model] for model in dict.fromkeys(points["model"])}
