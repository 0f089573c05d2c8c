"""Complexes with known homology, and random ones, that the room is tested on."""

from __future__ import annotations

from itertools import combinations

import networkx as nx
import numpy as np
from hypothesis import strategies as st
from numba.core.registry import CPUDispatcher

from topology_efficient_dl.complexes import SimplicialComplex
from topology_efficient_dl.complexes.rows import IntArray

# Nodes, simplices, number of simplices by dimension, Betti numbers.
KNOWN = {
    "hollow triangle": (3, [(0, 1), (1, 2), (0, 2)], (3, 3), (1, 1)),
    "filled triangle": (3, [(0, 1, 2)], (3, 3, 1), (1, 0, 0)),
    "two triangles sharing an edge": (4, [(0, 1, 2), (1, 2, 3)], (4, 5, 2), (1, 0, 0)),
    "two hollow triangles sharing an edge": (4, [(0, 1), (0, 2), (1, 2), (1, 3), (2, 3)], (4, 5), (1, 2)),
    "octahedron": (6, [(a, b, c) for a in (0, 1) for b in (2, 3) for c in (4, 5)], (6, 12, 8), (1, 0, 1)),
    "torus of seven nodes": (
        7,
        [
            tuple(sorted(((i + a) % 7, (i + b) % 7, (i + c) % 7)))
            for i in range(7)
            for a, b, c in ((0, 1, 3), (0, 2, 3))
        ],
        (7, 21, 14),
        (1, 2, 1),
    ),
    "hollow tetrahedron and a node": (5, list(combinations(range(4), 3)), (5, 6, 4), (2, 0, 1)),
    "filled tetrahedron": (4, [(0, 1, 2, 3)], (4, 6, 4, 1), (1, 0, 0, 0)),
}


def known(name: str) -> SimplicialComplex:
    """One of the complexes above."""
    n_nodes, simplices, _, _ = KNOWN[name]
    return SimplicialComplex.of_simplices(n_nodes, simplices)


@st.composite
def complexes(draw, max_nodes: int = 7, largest: int = 4) -> SimplicialComplex:
    """Random simplices of up to four nodes with their faces, and random weights and times."""
    n = draw(st.integers(1, max_nodes))
    simplex = st.sets(st.integers(0, n - 1), min_size=1, max_size=largest).map(sorted)
    static = SimplicialComplex.of_simplices(n, draw(st.lists(simplex, max_size=6)))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    first = tuple(rng.integers(0, 50, k) for k in static.counts)
    return SimplicialComplex(
        n,
        static.simplices,
        tuple(rng.integers(1, 9, k).astype(float) for k in static.counts),
        first,
        tuple(f + rng.integers(0, 50, len(f)) for f in first),
    )


@st.composite
def graphs(draw, max_nodes: int = 9) -> tuple[int, IntArray]:
    """Number of nodes and distinct pairs of a random graph, in lexicographic order."""
    n = draw(st.integers(2, max_nodes))
    every = np.array(list(combinations(range(n), 2)))
    keep = draw(st.lists(st.booleans(), min_size=len(every), max_size=len(every)))
    return n, every[np.array(keep)].reshape(-1, 2).astype(np.int64)


@st.composite
def contact_logs(draw, max_nodes: int = 7) -> tuple[IntArray, IntArray, int]:
    """Times, pairs and number of nodes of a random log with repeated contacts, ties and gaps."""
    n = draw(st.integers(2, max_nodes))
    pair = st.lists(st.integers(0, n - 1), min_size=2, max_size=2, unique=True).map(sorted)
    rows = draw(st.lists(st.tuples(st.integers(0, 40), pair), max_size=40))
    rows.sort(key=lambda row: row[0])
    times = np.array([t for t, _ in rows], np.int64)
    return times, np.array([p for _, p in rows], np.int64).reshape(-1, 2), n


def window_cliques(times: IntArray, pairs: IntArray, time_window: int) -> dict[int, list[list[int]]]:
    """Maximal cliques of each window's contact graph by its start, as slowly as it reads."""
    graphs_of: dict[int, nx.Graph] = {}
    for t, (u, v) in zip(times.tolist(), pairs.tolist(), strict=True):
        start = times[0].item() + (t - times[0].item()) // time_window * time_window
        graphs_of.setdefault(start, nx.Graph()).add_edge(u, v)
    return {start: [sorted(c) for c in nx.find_cliques(graph)] for start, graph in graphs_of.items()}


def uncompiled(monkeypatch, *modules) -> None:
    """Let the compiled functions of modules run as plain Python."""
    for module in modules:
        for name, function in list(vars(module).items()):
            if isinstance(function, CPUDispatcher):
                monkeypatch.setattr(module, name, function.py_func)


def table(complex_: SimplicialComplex, k: int) -> dict[tuple[int, ...], tuple[float, int, int]]:
    """Weight, first and last time of the k-simplices, by vertices."""
    found = complex_.occurrences(k)
    values = zip(found.weight.tolist(), found.first.tolist(), found.last.tolist(), strict=True)
    return dict(zip(map(tuple, found.rows.tolist()), values, strict=True))
