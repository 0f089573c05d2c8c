"""A figure of some series of a split."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from topology_efficient_dl.common.drawing import envelope
from topology_efficient_dl.data.split import Split

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # Okabe and Ito, without black and yellow
MAX_CLASSES, MAX_POINTS = 12, 1_000


def series_figure(split: Split, per_class: int = 3) -> go.Figure:
    """The first training series of every class, first channel, coloured by class; at most ``MAX_CLASSES`` classes.

    Of a series of more than ``MAX_POINTS`` values the lowest and the highest of every stretch are drawn.

    Parameters
    ----------
    split : any split
    per_class : series of each class
    """
    figure = go.Figure()
    labels = split.labels["train"]
    for code, name in enumerate(split.classes[:MAX_CLASSES]):
        for place, row in enumerate(np.flatnonzero(labels == code)[:per_class]):
            places, values = envelope(split.series["train"][row, 0], MAX_POINTS)
            figure.add_scatter(
                x=places.tolist(),
                y=values.tolist(),
                mode="lines",
                line={"color": COLOURS[code % len(COLOURS)], "width": 1.3},
                opacity=0.8,
                name=f"class {name}",
                legendgroup=name,
                showlegend=place == 0,
            )
    figure.update_layout(
        title={
            "text": f"{split.name}: {split.n_classes} classes<br>{len(labels)} training series",
            "font": {"size": 13},
        },
        xaxis={"title": "time step", "zeroline": False},
        yaxis={"title": "value", "zeroline": False},
        template="plotly_white",
    )
    return figure
