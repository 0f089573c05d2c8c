"""A picture of a complex: its heaviest edges and triangles on a spectral layout, and how many simplices it has."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from scipy.sparse.linalg import eigsh

from topology_efficient_dl.complexes.operators import simplex_adjacency
from topology_efficient_dl.complexes.simplicial_complex import SimplicialComplex

MOST_NODES, MOST_EDGES, MOST_TRIANGLES = 400, 1_500, 300


def complex_figure(complex_: SimplicialComplex, title: str = "") -> go.Figure:
    """Nodes, edges and filled triangles in the plane, the heaviest ones only.

    Nodes lie by the second and third eigenvector of the normalised weighted adjacency, so that groups lie apart. Of a
    large complex the nodes of largest weight are drawn.

    Parameters
    ----------
    complex_ : any
    title : words before the counts
    """
    heaviest = np.sort(np.argsort(-complex_.weights[0], kind="stable")[:MOST_NODES])
    places = np.full((complex_.n_nodes, 2), np.nan)
    places[heaviest] = _layout(complex_, heaviest)
    counts = ", ".join(f"{count:,} of dimension {k}" for k, count in enumerate(complex_.counts))
    figure = go.Figure(layout={"title": {"text": f"{title}: {counts}" if title else counts}, "showlegend": True})
    for k, most, name in ((2, MOST_TRIANGLES, "triangles"), (1, MOST_EDGES, "edges")):
        if k <= complex_.max_dimension:
            figure.add_trace(_simplices(complex_, k, places, most, name))
    drawn = places[heaviest]
    figure.add_trace(
        go.Scatter(
            x=drawn[:, 0],
            y=drawn[:, 1],
            mode="markers",
            name="nodes",
            text=[f"node {node}, weight {complex_.weights[0][node]:g}" for node in heaviest],
            marker={"size": 6},
        )
    )
    axis = {"visible": False}
    return figure.update_layout(xaxis=axis, yaxis=axis)


def _simplices(complex_: SimplicialComplex, k: int, places: NDArray[np.float64], most: int, name: str) -> go.Scatter:
    """The heaviest simplices of a dimension, each drawn round and ended by a gap."""
    rows = complex_.simplices[k]
    shown = rows[~np.isnan(places[rows]).any(axis=(1, 2))]
    weights = complex_.weights[k][~np.isnan(places[rows]).any(axis=(1, 2))]
    shown = shown[np.argsort(-weights, kind="stable")[:most]]
    corners = np.concatenate([places[shown], places[shown[:, :1]], np.full((len(shown), 1, 2), np.nan)], axis=1)
    label = f"{name}, the heaviest {len(shown):,} of {complex_.counts[k]:,}"
    fill = {"fill": "toself", "fillcolor": "rgba(214, 120, 40, 0.15)"} if k == 2 else {}
    line = {"width": 0.5, "color": "rgba(110, 110, 110, 0.5)" if k == 1 else "rgba(214, 120, 40, 0.25)"}
    x, y = corners.reshape(-1, 2).T
    return go.Scatter(x=x, y=y, mode="lines", name=label, line=line, hoverinfo="skip", **fill)


def _layout(complex_: SimplicialComplex, nodes: NDArray[np.int64]) -> NDArray[np.float64]:
    """(len(nodes), 2) places; nodes in a ring where there are too few for eigenvectors, or no edges."""
    angles = 2 * np.pi * np.arange(len(nodes)) / max(len(nodes), 1)
    ring = np.column_stack([np.cos(angles), np.sin(angles)])
    if complex_.max_dimension == 0 or len(nodes) < 5:
        return ring
    graph = simplex_adjacency(complex_, 1, logarithmic=True)[nodes][:, nodes]
    if not graph.nnz:
        return ring
    sums = np.asarray(graph.sum(axis=1)).ravel()
    strength = np.sqrt(np.where(sums > 0, sums, 1.0))
    scaled = graph.multiply(1 / strength[:, None]).multiply(1 / strength).tocsr()
    _, vectors = eigsh(scaled, k=3, which="LA", v0=np.ones(len(nodes)))
    return np.asarray(vectors[:, [1, 0]] / strength[:, None])
