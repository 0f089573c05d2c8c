"""Pictures of complexes: the heaviest simplices, where groups lie apart, and how many there are."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest
from tests.complexes.cases import KNOWN, known

from topology_efficient_dl.complexes import SimplicialComplex
from topology_efficient_dl.reports import complex_figure as module
from topology_efficient_dl.reports.complex_figure import complex_figure


def two_groups(n: int = 12) -> SimplicialComplex:
    """Two complete groups of n nodes with triangles, and one edge between them."""
    edges = [(a, b) for g in (0, n) for a in range(g, g + n) for b in range(a + 1, g + n)]
    triangles = [(g, g + 1, g + 2) for g in (0, n)]
    return SimplicialComplex.of_simplices(2 * n, [*edges, *triangles, (0, n)])


def traces(figure: go.Figure) -> dict[str, go.Scatter]:
    return {trace.name.split(",")[0]: trace for trace in figure.data}


@pytest.mark.parametrize("name", KNOWN)
def test_known_complexes_are_drawn_with_their_counts(name: str) -> None:
    complex_ = known(name)
    figure = complex_figure(complex_, name)
    counts = ", ".join(f"{count} of dimension {k}" for k, count in enumerate(complex_.counts))
    assert figure.layout.title.text == f"{name}: {counts}"
    drawn = traces(figure)
    assert set(drawn) == {"nodes", "edges", "triangles"} - ({"triangles"} if complex_.max_dimension < 2 else set())
    assert np.isfinite(np.array(drawn["nodes"].x, dtype=float)).all()
    assert len(drawn["nodes"].x) == complex_.n_nodes
    assert len(drawn["edges"].x) == 4 * complex_.counts[1]
    json.loads(figure.to_json())


def test_without_a_title_there_are_counts_alone() -> None:
    assert complex_figure(known("hollow triangle")).layout.title.text == "3 of dimension 0, 3 of dimension 1"


def test_simplices_are_closed_and_end_with_a_gap() -> None:
    figure = complex_figure(known("filled triangle"))
    x = np.array(traces(figure)["triangles"].x, dtype=float)
    assert x[0] == x[3]
    assert np.isnan(x[4])
    assert traces(figure)["triangles"].fill == "toself"
    assert traces(figure)["edges"].fill is None


def test_groups_lie_apart() -> None:
    nodes = traces(complex_figure(two_groups()))["nodes"]
    x = np.array(nodes.x, dtype=float)
    assert x[:12].max() < x[12:].min() or x[12:].max() < x[:12].min()


def test_only_the_heaviest_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_NODES", 10)
    monkeypatch.setattr(module, "MOST_EDGES", 7)
    monkeypatch.setattr(module, "MOST_TRIANGLES", 1)
    plain = two_groups()
    weights = (np.arange(24.0), np.arange(plain.counts[1], dtype=float), plain.weights[2])
    drawn = traces(complex_figure(replace(plain, weights=weights)))
    assert [text.split(",")[0] for text in drawn["nodes"].text] == [f"node {node}" for node in range(14, 24)]
    assert drawn["edges"].name == f"edges, the heaviest 7 of {plain.counts[1]}"
    assert len(drawn["edges"].x) == 4 * 7
    assert drawn["triangles"].name == "triangles, the heaviest 0 of 2"


@pytest.mark.parametrize("complex_", [
    SimplicialComplex.of_simplices(1, []), SimplicialComplex.of_simplices(9, []),
    SimplicialComplex.of_simplices(9, [], max_dimension=2), SimplicialComplex.of_simplices(4, [(0, 1, 2)]),
    SimplicialComplex.of_simplices(40, [(0, 1)]), SimplicialComplex.of_simplices(0, []),
])  # fmt: skip
def test_few_nodes_or_edges_are_drawn_too(complex_: SimplicialComplex) -> None:
    nodes = traces(complex_figure(complex_))["nodes"]
    assert len(nodes.x) == complex_.n_nodes
    assert (np.abs(np.array([nodes.x, nodes.y], dtype=float)) < 2).all()


def test_pictures_repeat() -> None:
    assert complex_figure(two_groups()).to_json() == complex_figure(two_groups()).to_json()
