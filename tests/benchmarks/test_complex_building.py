"""How long a temporal complex takes to build. Run alone: pytest tests/benchmarks/test_complex_building.py --benchmark-only.

The peer is gudhi's simplex tree: the contact graph of every window, expanded to dimension 2, its simplices counted in a
dictionary. Both run in alternation on primary_school (GRAPH_ROOT); ten million planted contacts are built by ours alone,
in a process of its own whose peak memory is read.
"""

from __future__ import annotations

import os
import statistics
import time
from collections import Counter

import gudhi
import numpy as np
import pytest

from topology_efficient_dl.complexes import SimplicialParams, complex_of_contacts
from topology_efficient_dl.data.graphs import PlantedContacts, load_graph, planted_contacts
from topology_efficient_dl.data.graphs.contact_log import ContactLog
from topology_efficient_dl.efficiency.memory import peak_rss_mb

pytest.importorskip("pytest_benchmark")

PARAMS = SimplicialParams(time_window=60)
MANY = PlantedContacts(n_classes=50, class_size=40, days=16, lesson_rate=20, break_rate=80, event_rate=2)
ROUNDS = 7


def by_gudhi(log: ContactLog) -> Counter[tuple[int, ...]]:
    """Every simplex up to dimension 2, with the number of windows that have it."""
    found: Counter[tuple[int, ...]] = Counter()
    windows = (log.times - log.times[0]) // PARAMS.time_window
    cuts = np.flatnonzero(np.diff(windows)) + 1
    for pairs in np.split(log.pairs, cuts):
        tree = gudhi.SimplexTree()
        for u, v in np.unique(pairs, axis=0).tolist():
            tree.insert([u, v])
        tree.expansion(2)
        found.update(tuple(sorted(simplex)) for simplex, _ in tree.get_simplices())
    return found


def by_ours(log: ContactLog):
    return complex_of_contacts(log.times - log.times[0], log.pairs, log.n_nodes, PARAMS)


@pytest.mark.skipif("GRAPH_ROOT" not in os.environ, reason="needs primary_school")
def test_primary_school_against_gudhi(benchmark):
    benchmark.group = "the 60 s complex of primary_school"
    log = load_graph("primary_school")
    peer, ours = by_gudhi(log), by_ours(log)
    assert ours.counts[1:] == tuple(sum(len(simplex) == k + 1 for simplex in peer) for k in (1, 2))
    ratios, seconds = [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        by_gudhi(log)
        between = time.perf_counter()
        by_ours(log)
        ended = time.perf_counter()
        ratios.append((between - began) / (ended - between))
        seconds.append(ended - between)
    benchmark.pedantic(by_ours, (log,), rounds=3)
    print(
        f"\nprimary_school, {log.n_contacts:,} contacts: ours {statistics.median(seconds):.3f} s, gudhi / ours = "
        f"{statistics.median(ratios):.1f} [{min(ratios):.1f}, {max(ratios):.1f}]"
    )


def load_many(_: str):
    """The complex of ten million contacts as a call without arguments: the target of the memory measurement."""
    log = planted_contacts(MANY, 0)
    return lambda: by_ours(log)


def test_ten_million_contacts(benchmark):
    benchmark.group = "ten million contacts"
    log = planted_contacts(MANY, 0)
    complex_ = benchmark.pedantic(by_ours, (log,), rounds=3)
    record = peak_rss_mb("tests.benchmarks.test_complex_building:load_many", "-")
    print(
        f"\nplanted, {log.n_contacts:,} contacts, simplices {complex_.counts}: {benchmark.stats.stats.median:.1f} s, "
        f"{record.increment_mb:,.0f} MB over the log"
    )
