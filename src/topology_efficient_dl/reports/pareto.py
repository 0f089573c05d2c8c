"""Which models are worth having: none is both better and cheaper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from topology_efficient_dl.errors import ParameterError, did_you_mean
from topology_efficient_dl.params.names import display_name
from topology_efficient_dl.reports.labels import Canvas, place_labels, thin_boxes
from topology_efficient_dl.reports.style import AXIS_LABELS, FADED, model_colours

ALL_DATASETS = "all data sets"
MOST_VIEWS = 100
"""Data sets in the menu of the interactive figure; of more the first ones are drawn, and the title says so."""

HIGHER_IS_BETTER = ("accuracy_mean", "f1_macro_mean", "auroc_mean", "throughput", "f1_per_ms", "f1_per_mflop")


def pareto_mask(cost: ArrayLike, quality: ArrayLike) -> NDArray[np.bool_]:
    """Points that no other point beats: at most the cost and at least the quality, one of them strictly.

    Parameters
    ----------
    cost, quality : (n_points,) float; a point with a missing value is never on the front

    Returns
    -------
    (n_points,) bool

    Examples
    --------
    >>> pareto_mask([1, 2, 3, 2], [0.7, 0.9, 0.8, 0.9])
    array([ True,  True, False,  True])
    """
    c, q = np.asarray(cost, dtype=float), np.asarray(quality, dtype=float)
    no_worse = (c[:, None] <= c) & (q[:, None] >= q)
    beats = no_worse & ((c[:, None] < c) | (q[:, None] > q))
    return np.isfinite(c) & np.isfinite(q) & ~beats.any(axis=0)


def pareto_front(results: pd.DataFrame, x: str, y: str) -> pd.DataFrame:
    """The rows of a results table that are on the front of their data set, cheapest first.

    Parameters
    ----------
    results : one row per data set and model
    x : a numeric column, lower is better
    y : a numeric column, higher is better

    Raises
    ------
    ParameterError : no such column, or it is not numeric
    """
    table = _with_numbers(results, x, y)
    on_front = [
        rows[pareto_mask(rows[x], rows[y])].sort_values([x, y]) for _, rows in table.groupby("dataset", sort=False)
    ]
    return results.loc[pd.concat(on_front).index] if on_front else results.iloc[:0]


def mean_over_sets(results: pd.DataFrame, x: str, y: str) -> pd.DataFrame:
    """One row per model, over the data sets that all models have: geometric mean of ``x``, mean of ``y``.

    Returns
    -------
    ``dataset`` ("all data sets"), ``model``, ``x``, ``y``; empty where no data set has all models.
    """
    table = _with_numbers(results, x, y).dropna(subset=[x, y])
    table = table[table[x] > 0]
    complete = table.groupby("dataset")["model"].nunique() == results["model"].nunique()
    table = table[table["dataset"].map(complete).astype(bool)]
    rows = [
        {"dataset": ALL_DATASETS, "model": model, x: float(np.exp(np.log(own[x]).mean())), y: float(own[y].mean())}
        for model, own in table.groupby("model", sort=False)
    ]
    return pd.DataFrame(rows, columns=["dataset", "model", x, y])


def check_column(results: pd.DataFrame, column: str) -> None:
    """Stop unless the table has the column and it holds numbers.

    Raises
    ------
    ParameterError : unknown, or not numeric; names the nearest numeric column
    """
    numeric = [
        str(name) for name in results if pd.to_numeric(results[name].map(_scalar), errors="coerce").notna().any()
    ]
    if column not in results or (column not in numeric and results[column].notna().any()):
        hint = did_you_mean(column, numeric)
        raise ParameterError(f"no numeric column '{column}' in the results{hint or '.'} Numeric: {', '.join(numeric)}")


def _scalar(value: Any) -> Any:
    return value if np.ndim(value) == 0 else None


def _with_numbers(results: pd.DataFrame, x: str, y: str) -> pd.DataFrame:
    for column in (x, y):
        check_column(results, column)
    return results.assign(**{column: pd.to_numeric(results[column], errors="coerce") for column in (x, y)})


def pareto_figure(results: pd.DataFrame, x: str = "latency_ms_b1", y: str = "f1_macro_mean") -> go.Figure:
    """Interactive quality against cost: one trace per model, the front drawn, a menu of data sets.

    Parameters
    ----------
    results : one row per data set and model
    x : cost column, drawn on a logarithmic axis
    y : quality column

    Returns
    -------
    A plotly figure that opens on the mean over data sets if there are several.

    Raises
    ------
    ParameterError : no such column, or it is not numeric
    """
    table = _with_numbers(results, x, y)
    views = [rows for _, rows in table.groupby("dataset", sort=False)]
    hidden = len(views) - MOST_VIEWS
    summary = mean_over_sets(results, x, y)
    views = views[:MOST_VIEWS]
    if len(views) > 1 and len(summary):
        views.insert(0, summary)
    colours = model_colours(results["model"])
    figure = go.Figure()
    owners: list[int] = []
    for number, rows in enumerate(views):
        traces = [_front_trace(rows, x, y), *_model_traces(rows, x, y, colours)]
        figure.add_traces([trace.update(visible=number == 0) for trace in traces])
        owners += [number] * len(traces)
    names = [str(rows["dataset"].iloc[0]) for rows in views]
    _lay_out(figure, x, y, names, owners)
    if hidden > 0:
        figure.update_layout(title={"text": f"{hidden:,} further data sets are not in the menu", "font": {"size": 12}})
    ticks = round_values(table[x])
    figure.update_xaxes(tickvals=ticks, ticktext=[f"{tick:,g}" for tick in ticks])
    return figure


def label_sides(
    positions: NDArray[np.float64],
    half_bars: NDArray[np.float64],
    on_front: NDArray[np.bool_],
    names: Sequence[str],
    canvas: Canvas,
) -> list[str]:
    """Sides for the labels of a picture of the front, clear of points, error bars and the front's line.

    Parameters
    ----------
    positions : (n_points, 2) float, on the canvas
    half_bars : (n_points,) half lengths of the error bars, 0 for none
    on_front : (n_points,) which of them are on the front
    names : labels
    canvas : sizes
    """
    bars = [
        box
        for (x, y), half in zip(positions, half_bars, strict=True)
        for box in thin_boxes(np.array([[x, y - half], [x, y + half]]), 5.0)
    ]
    front = positions[on_front][np.argsort(positions[on_front][:, 0], kind="stable")]
    steps = np.repeat(front, 2, axis=0)
    corners = np.stack([steps[1:, 0], steps[:-1, 1]], axis=1) if len(front) else steps
    return place_labels(positions, names, canvas, [*bars, *thin_boxes(corners)])


def _sides(rows: pd.DataFrame, x: str, y: str, deviation: NDArray[np.float64]) -> list[str]:
    canvas = Canvas(760.0, 340.0, letter=7.2, line=16.0, gap=10.0)
    cost, quality = np.log10(rows[x].to_numpy(float).clip(1e-12)), rows[y].to_numpy(float)
    low, high = (quality - deviation).min(), (quality + deviation).max()
    across = (cost - cost.min()) / (np.ptp(cost) or 1.0)
    scale = 0.86 * canvas.height / ((high - low) or 1.0)
    positions = np.stack(
        [canvas.width * (0.07 + 0.86 * across), 0.07 * canvas.height + scale * (quality - low)], axis=1
    )
    front = pareto_mask(rows[x], rows[y])
    return label_sides(positions, scale * deviation, front, [display_name(name) for name in rows["model"]], canvas)


def deviations(rows: pd.DataFrame, y: str) -> NDArray[np.float64]:
    """Standard deviations that belong to a column of means, zero where there are none."""
    spread = y.replace("_mean", "_std")
    known = spread != y and spread in rows
    return rows[spread].fillna(0.0).to_numpy(float) if known else np.zeros(len(rows))


def _model_traces(rows: pd.DataFrame, x: str, y: str, colours: dict[str, str]) -> list[go.Scatter]:
    spread = y.replace("_mean", "_std")
    known = rows[np.isfinite(rows[x]) & np.isfinite(rows[y])]
    sides = _sides(known, x, y, deviations(known, y)) if len(known) else []
    return [
        go.Scatter(
            x=[row[x]],
            y=[row[y]],
            name=display_name(row["model"]),
            mode="markers+text",
            cliponaxis=False,
            text=[display_name(row["model"])],
            textposition=side,
            textfont={"color": colours[row["model"]]},
            marker={"size": 13, "color": colours[row["model"]]},
            error_y={"array": [row.get(spread)], "thickness": 1.2, "width": 4} if spread != y else None,
            hovertemplate=f"<b>%{{text}}</b><br>{_label(x)}: %{{x:.4g}}<br>{_label(y)}: %{{y:.4f}}<extra></extra>",
        )
        for row, side in zip(known.to_dict("records"), sides, strict=True)
    ]


def _front_trace(rows: pd.DataFrame, x: str, y: str) -> go.Scatter:
    front = rows[pareto_mask(rows[x], rows[y])].sort_values([x, y])
    line = {"color": FADED, "width": 1.5, "dash": "dot", "shape": "hv"}
    return go.Scatter(x=front[x], y=front[y], mode="lines", line=line, name="Pareto front", hoverinfo="skip")


def _lay_out(figure: go.Figure, x: str, y: str, names: list[str], owners: list[int]) -> None:
    buttons = [
        {"label": name, "method": "update", "args": [{"visible": [owner == number for owner in owners]}]}
        for number, name in enumerate(names)
    ]
    grid = {"gridcolor": "rgba(128,128,128,0.22)", "zeroline": False, "linecolor": FADED}
    menu = {"buttons": buttons, "x": 0.0, "xanchor": "left", "y": 1.14, "yanchor": "top", "font": {"color": "#333"}}
    figure.update_layout(
        xaxis={"type": "log", "title": f"{_label(x)}, log scale", **grid},
        yaxis={"title": _label(y), **grid},
        updatemenus=[menu] if len(names) > 1 else [],
        showlegend=False,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "system-ui, sans-serif", "size": 13, "color": "#808690"},
        margin={"l": 64, "r": 40, "t": 64 if len(names) > 1 else 16, "b": 56},
        height=480,
    )


def round_values(values: pd.Series) -> list[float]:
    """Ticks for a logarithmic axis: 1, 2 and 5 in every decade; powers of ten alone over three decades and more.

    Examples
    --------
    >>> round_values(pd.Series([0.3, 4.0]))
    [0.2, 0.5, 1.0, 2.0, 5.0]
    """
    known = values[np.isfinite(values) & (values > 0)]
    if known.empty:
        return []
    low, high = np.log10(known.min()), np.log10(known.max())
    digits = (1, 2, 5) if high - low < 3 else (1,)
    ticks = [
        float(f"{digit}e{decade}") for decade in range(int(np.floor(low)), int(np.ceil(high)) + 1) for digit in digits
    ]
    return [tick for tick in ticks if known.min() / 2 <= tick <= 2 * known.max()] or [float(known.iloc[0])]


def _label(column: str) -> str:
    return AXIS_LABELS.get(column, column)
