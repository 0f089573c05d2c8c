"""A figure of some series of a split; how much of a long line is drawn, so that no extreme is lost."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from topology_efficient_dl.data.split import Split

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # Okabe and Ito, without black and yellow
MAX_CLASSES, MAX_POINTS = 12, 1_000
MOST_POINTS = 4_000
"""Of a line; of a longer one the lowest and the highest value of every stretch are drawn."""


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


def envelope(values: NDArray[Any], most: int = MOST_POINTS) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Places and values to draw a long line by, so that no extreme is lost.

    Parameters
    ----------
    values : (n,) numbers
    most : points to draw; at least 2

    Returns
    -------
    (m,) places, ascending, and the values there: all where there are few, else of every stretch the lowest and the
    highest.

    Examples
    --------
    >>> envelope(np.array([0, 5, 1, 2, -7, 2]), most=4)
    (array([0, 1, 3, 4]), array([ 0,  5,  2, -7]))
    """
    if len(values) <= most:
        return np.arange(len(values)), values
    parts = np.array_split(np.arange(len(values)), most // 2)
    places = [sorted((part[values[part].argmin()], part[values[part].argmax()])) for part in parts]
    chosen = np.array(places, dtype=np.int64).ravel()
    return chosen, values[chosen]
