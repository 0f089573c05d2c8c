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
from topology_efficient_dl.reports.formatting import NOTHING, number
from topology_efficient_dl.reports.pages import provenance_lines
from topology_efficient_dl.reports.style import FADED, figure_style

Row = Mapping[str, Any]

COLUMNS = (
    "dataset", "model", "kind", "seed", "average_precision", "base_rate", "times_base_rate", "n_candidates", "n_closed",
    "seconds_preprocessing", "seconds_scoring", "parameters",
)  # fmt: skip
"""Of the table."""

KIND_COLOURS = {"proposal": "#0072b2", "ablation": "#56b4e9", "attention": "#d55e00", "classic": "#8a919c"}

CONDITIONS = (
    "Candidates are the open triangles of the first {past:.0%} of all rows in order of time: every two of the three "
    "nodes were in a group together, all three never. They close if all three are in a group in the rest. Groups are "
    "cliques of contacts in windows of {window} s, or the groups that came with the set, up to {size} members.",
    "The proposal is a logistic head on counts of the complex around a triangle, taken of all of the past and of its "
    "latest {recencies} (shares of all rows), as log(1 + x), standardised over the candidates of the same time. Which "
    "of them it reads is one of its trials: all, classic scores with weights and ages of edges, or means of weights.",
    "Attention reads the graph of the past with log weights and statistics of nodes, those by simplices among them, by "
    "fused kernels; its decoder reads sum and product of three nodes, of `gat_edge_weights` the three log weights too, "
    "and of `gat_columns` all that the proposal may read.",
    "Models learn from what closed in the {future:.0%} of rows after {learn} of them, and were chosen, among {trials} "
    "trials each, on what closed after {choose:.0%}, learnt from earlier horizons. Attention was also stopped at the "
    "best of its checkpoints there. What closes in the last {future:.0%} chose nothing.",
    "Intervals ({confidence:.0%}) are over candidates, drawn together for both sides, {n_bootstrap:,} times. "
    "Candidates share nodes and edges and are not independent, so intervals may be too narrow; they do not cover "
    "other times or sets, nor other seeds than the mean is over. The opponent is the one that turned out best on this "
    "very result, which favours it.",
    "Seconds are for all candidates, one thread. Columns are made together: classic scores and ablations are charged "
    "all columns of the views that they read. Listing candidates, which all need, is not charged.",
)


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
    choices, results = [_choice(*item) for item in tuning.items()], list(results)
    lines = [
        "# Higher-order link prediction: which open triangles close",
        "",
        *(f"- {condition}" for condition in _conditions(params)),
        "",
        "![Average precision as a multiple of the base rate, by model](closure.png)",
        "",
        "## The proposal against the best of the others, and against itself without a part",
        "",
        *(_verdict(row) for result in results for row in result["comparisons"]),
        "",
        *(line for name, own in by_model(table).groupby("dataset", sort=False) for line in _section(str(name), own)),
        "## What was chosen on earlier time",
        "",
        *_markdown(["set", "model", "looked at", "times base rate", "chosen"], choices),
        "",
        *_still_rising(tuning, max(params.attention.checkpoints)),
        *_not_finite(results),
        *provenance_lines(),
    ]
    return "\n".join(lines)


def _conditions(params: ClosureParams) -> list[str]:
    future = 1 - params.past_share
    words = {
        "past": params.past_share,
        "future": future,
        "choose": params.past_share - future,
        "learn": ", ".join(f"{share:.0%}" for share in params.horizon_shares),
        "recencies": " and ".join(f"{recency:.0%}" for recency in params.candidates.recencies) or "nothing",
        "window": params.candidates.time_window,
        "size": params.candidates.max_group_size,
        "trials": len(params.attention.trials),
        "confidence": params.confidence,
        "n_bootstrap": params.n_bootstrap,
    }
    return [condition.format(**words) for condition in CONDITIONS]


def _verdict(row: Row) -> str:
    best = {"classic": "the best classic score, ", "attention": "the best attention, ", "ablation": ""}
    against = best[row["kind"]]
    return (
        f"- {row['dataset']}, against {against}`{row['opponent']}`: **{row['status']}**. Average precision "
        f"{number(row['proposal'])} against {number(row['opponent_value'])}, difference {number(row['difference'])} "
        f"[{number(row['low'])}, {number(row['high'])}]."
    )


def _section(dataset: str, own: pd.DataFrame) -> list[str]:
    rows = as_records(own)
    first = rows[0]
    counts = (
        f"{int(first['n_candidates']):,} open triangles, {int(first['n_closed']):,} of which close: base rate "
        f"{number(first['base_rate'])}."
    )
    costs = ["preprocessing s", "scoring s", "parameters"]
    head = ["model", "kind", "seeds", "average precision", "times base rate", *costs]
    return [f"## {dataset}", "", counts, "", *_markdown(head, [_cells(row) for row in rows]), ""]


def _cells(row: Row) -> list[str]:
    spread = "" if row["std"] is None else f" ± {number(row['std'])}"
    return [
        f"`{row['model']}`", row["kind"], str(row["n_seeds"]), number(row["average_precision"]),
        f"{number(row['times_base_rate'])}{spread}", number(row["seconds_preprocessing"]),
        number(row["seconds_scoring"]), number(int(row["parameters"])),
    ]  # fmt: skip


def _still_rising(tuning: Mapping[str, Row], last: int) -> list[str]:
    """What of attention was best at the last checkpoint, and might have become better."""
    rising = [f"`{key}`" for key, row in tuning.items() if row["chosen"].get("steps") == last]
    if not rising:
        return []
    return [f"Best at the last checkpoint, {last} steps, and perhaps not yet at their best: {', '.join(rising)}."]


def _not_finite(results: Iterable[Mapping[str, Sequence[Row]]]) -> list[str]:
    """A line for every model and seed whose scores are not all finite."""
    return [
        f"- {row['dataset']}, `{row['model']}`, seed {NOTHING if row['seed'] is None else row['seed']}, failed: "
        f"{row['not_finite']:,} of {row['n_candidates']:,} scores are not finite and rank last."
        for result in results
        for row in result["rows"]
        if row.get("not_finite")
    ]


def _choice(key: str, row: Row) -> list[str]:
    dataset, model = key.split("/")
    chosen = dict(row["chosen"])
    found = number(chosen.pop("times_base_rate"))
    settings = ", ".join(
        f"{display_name(name)} {value if isinstance(value, str) else number(value)}" for name, value in chosen.items()
    )
    return [dataset, f"`{model}`", str(len(row["trials"])), found, settings]


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
