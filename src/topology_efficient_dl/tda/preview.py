"""A figure of one persistence diagram."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from topology_efficient_dl.tda.diagrams import Diagram, PersistenceDiagrams

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")  # Okabe and Ito: told apart by colour-blind readers


MOST_POINTS = 2_000
"""Of a homology dimension; of more intervals the longest are drawn."""


def diagram_figure(diagrams: PersistenceDiagrams, sample: int = 0) -> go.Figure:
    """Birth against death of one sample's intervals, coloured by homology dimension.

    Essential classes lie on a dashed line above everything that dies.

    Parameters
    ----------
    diagrams : any diagrams
    sample : which one

    Raises
    ------
    IndexError : there is no such sample
    """
    diagram = diagrams[sample]
    low, high, infinity = _levels(diagram)
    figure = go.Figure()
    figure.add_scatter(
        x=[low, high], y=[low, high], mode="lines", line={"color": "#999999"}, hoverinfo="skip", showlegend=False
    )
    if np.isinf(diagram.death).any():
        figure.add_hline(y=infinity, line={"color": "#999999", "dash": "dash"}, annotation_text="never dies")
    for k in np.unique(diagram.dimension):
        figure.add_trace(_points(diagram, int(k), infinity))
    figure.update_layout(
        title={"text": f"Persistence diagram of sample {sample}<br>{len(diagram)} intervals", "font": {"size": 13}},
        xaxis={"title": "birth", "range": [low, infinity + 0.05 * (infinity - low)], "zeroline": False},
        yaxis={"title": "death", "range": [low, infinity + 0.05 * (infinity - low)], "zeroline": False},
        legend={"x": 0.98, "xanchor": "right", "y": 0.06, "yanchor": "bottom"},
        template="plotly_white",
    )
    return figure


def _levels(diagram: Diagram) -> tuple[float, float, float]:
    """Lowest and highest finite value with a margin, and where to draw infinity."""
    values = np.concatenate([diagram.birth, diagram.death[np.isfinite(diagram.death)]])
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    span = (high - low) or 1.0
    return low - 0.05 * span, high + 0.05 * span, high + 0.15 * span


def _points(diagram: Diagram, dimension: int, infinity: float) -> go.Scatter:
    intervals = diagram.intervals(dimension)
    longest = np.argsort(intervals[:, 0] - intervals[:, 1], kind="stable")[:MOST_POINTS]
    birth, death = intervals[np.sort(longest)].T
    hidden = len(intervals) - len(birth)
    return go.Scatter(
        x=birth,
        y=np.where(np.isinf(death), infinity, death),
        customdata=np.stack([death, death - birth], axis=1),
        hovertemplate="birth %{x:.4g}<br>death %{customdata[0]:.4g}<br>persistence %{customdata[1]:.4g}",
        mode="markers",
        name=f"H{dimension}" + (f", without the {hidden:,} shortest" if hidden else ""),
        marker={"color": COLOURS[dimension % len(COLOURS)], "size": 8, "opacity": 0.75},
    )
