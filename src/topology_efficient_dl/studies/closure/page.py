"""What the study of simplicial closure shows: a table, a figure and a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from topology_efficient_dl.evaluation.summary import as_records
from topology_efficient_dl.params.names import display_name
from topology_efficient_dl.params.studies import ClosureParams
from topology_efficient_dl.reports.pages import render_page
from topology_efficient_dl.reports.style import FADED, figure_style

Row = Mapping[str, Any]

COLUMNS = (
    "dataset", "model", "kind", "seed", "average_precision", "base_rate", "times_base_rate", "n_candidates", "n_closed",
    "seconds_preprocessing", "seconds_scoring", "parameters",
)  # fmt: skip
"""Of the table."""

KIND_COLOURS = {"proposal": "#0072b2", "ablation": "#56b4e9", "attention": "#d55e00", "classic": "#8a919c"}


def closure_table(results: Iterable[Mapping[str, Sequence[Row]]]) -> pd.DataFrame:
    """All rows of all sets.

    Parameters
    ----------
    results : of `studies.closure.assess`, a set each
    """
    table = pd.DataFrame([row for result in results for row in result["rows"]], columns=list(COLUMNS))
    return table.astype({"seed": "Int64"})


def by_model(table: pd.DataFrame) -> pd.DataFrame:
    """One row for a set and model: means over seeds, ``std`` of the multiple of the base rate, ``n_seeds``.

    Parameters
    ----------
    table : of `closure_table`
    """
    grouped = table.groupby(["dataset", "model", "kind"], sort=False)
    means = grouped[list(COLUMNS[4:])].mean()
    spread = grouped["times_base_rate"].std().rename("std")
    return means.join(spread).join(grouped.size().rename("n_seeds")).reset_index()


def draw_closure(table: pd.DataFrame) -> Figure:
    """Multiples of the base rate, a panel for each set, bars in the colour of their kind.

    Parameters
    ----------
    table : of `closure_table`
    """
    summary = by_model(table)
    datasets = list(dict.fromkeys(summary["dataset"]))
    with figure_style():
        figure = Figure(figsize=(3.4 + 2.3 * len(datasets), 4.4))
        panels = figure.subplots(1, len(datasets), sharey=True, squeeze=False)[0]
        for panel, dataset in zip(panels, datasets, strict=True):
            _draw_panel(panel, summary[summary["dataset"] == dataset])
            panel.set_title(dataset)
        panels[0].invert_yaxis()
        figure.supxlabel("Average precision, multiples of the base rate", fontsize=10)
        bars = {kind: panels[0].barh(0, 0, color=colour) for kind, colour in KIND_COLOURS.items()}
        figure.legend(list(bars.values()), list(bars), loc="outside upper right", ncols=len(bars), fontsize=9)
    return figure


def _draw_panel(panel: Axes, own: pd.DataFrame) -> None:
    names = [display_name(model) for model in own["model"]]
    colours = [KIND_COLOURS[kind] for kind in own["kind"]]
    panel.barh(names, own["times_base_rate"], xerr=own["std"].fillna(0), color=colours, ecolor=FADED, height=0.7)
    panel.axvline(1, color=FADED, linewidth=1, linestyle=(0, (2, 2)))
    panel.grid(True, axis="x")


def render_closure(
    table: pd.DataFrame,
    results: Iterable[Mapping[str, Sequence[Row]]],
    tuning: Mapping[str, Row],
    params: ClosureParams,
) -> str:
    """Markdown: verdicts, all models of each set, what was chosen, the command and the machine.

    Parameters
    ----------
    table : of `closure_table`
    results : of `studies.closure.assess`, a set each
    tuning : of `studies.closure.tune_model`, by ``<dataset>/<model>``
    params : of the study
    """
    found, last = list(results), max(params.attention.checkpoints)
    return render_page(
        "closure.md.j2",
        study=params,
        comparisons=[row for result in found for row in result["comparisons"]],
        sets={str(name): as_records(own) for name, own in by_model(table).groupby("dataset", sort=False)},
        tuning=tuning,
        last=last,
        rising=[key for key, row in tuning.items() if row["chosen"].get("steps") == last],
        not_finite=[row for result in found for row in result["rows"] if row.get("not_finite")],
    )
