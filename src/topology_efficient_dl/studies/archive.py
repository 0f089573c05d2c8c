"""Many data sets at once: one table of cells, comparisons with published numbers, average ranks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd
from matplotlib.figure import Figure

from topology_efficient_dl.evaluation.failures import failure_lines, with_counts
from topology_efficient_dl.evaluation.metrics import require_columns
from topology_efficient_dl.evaluation.statistics import pairwise_wilcoxon, rank_models, score_matrix
from topology_efficient_dl.evaluation.summary import as_records
from topology_efficient_dl.reports.figures import draw_critical_difference
from topology_efficient_dl.reports.formatting import number
from topology_efficient_dl.reports.pages import render_page

DECIMALS = 4
"""Of published accuracies."""

CELL_KEYS = ["dataset", "model", "seed", "accuracy", "f1_macro", "fit_seconds", "latency_ms", "params"]
"""Columns of docs/results/track_a_archive.csv."""

PUBLISHED_NAMES = {
    "inception_network_mean": "one Inception network (published)",
    "inceptiontime_ensemble": "InceptionTime, five networks (published)",
    "minirocket_10k": "MiniRocket (published)",
    "multirocket_50k": "MultiRocket-50k (published)",
}
"""Columns of the published table that are compared with, all on the default split."""


def cells_table(scores: pd.DataFrame, fits: pd.DataFrame, efficiency: pd.DataFrame) -> pd.DataFrame:
    """One row a cell: ``CELL_KEYS``, and ``not_finite, n_answers`` behind where an answer of the model is not finite.

    Parameters
    ----------
    scores : ``dataset, model, seed, accuracy, f1_macro``
    fits : ``dataset, model, seed, fit_seconds``
    efficiency : one row per data set and model, ``params`` and, where it was measured, ``latency_ms_b1``
    """
    require_columns(scores, ["dataset", "model", "seed", "accuracy", "f1_macro"], "scores")
    costs = efficiency.reindex(columns=["dataset", "model", "latency_ms_b1", "params"])
    costs = costs.rename(columns={"latency_ms_b1": "latency_ms"})
    cells = scores.merge(fits[["dataset", "model", "seed", "fit_seconds"]], on=["dataset", "model", "seed"], how="left")
    return with_counts(cells.merge(costs, on=["dataset", "model"], how="left")[CELL_KEYS], scores)


def with_published(cells: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Accuracies ``dataset, model, seed, accuracy`` of the sets that have published ones, these added as models.

    All sets, and nothing added, where none has.

    Parameters
    ----------
    cells : of :func:`cells_table`
    published : one row a data set, columns of ``PUBLISHED_NAMES``; default split
    """
    known = published[published["dataset"].isin(set(cells["dataset"]))]
    if known.empty:
        return cells[["dataset", "model", "seed", "accuracy"]]
    tidy = known.melt("dataset", list(PUBLISHED_NAMES), "model", "accuracy").dropna()
    tidy = tidy.assign(model=tidy["model"].map(PUBLISHED_NAMES), seed=0)
    ours = cells[cells["dataset"].isin(set(known["dataset"]))]
    # As many decimals as were published, so that what is equal is a tie.
    ours = ours.assign(accuracy=ours["accuracy"].round(DECIMALS))
    return pd.concat([ours[["dataset", "model", "seed", "accuracy"]], tidy], ignore_index=True)


def critical_difference(cells: pd.DataFrame, published: pd.DataFrame) -> Figure:
    """Average ranks of accuracy over all sets with published numbers; models that do not differ are joined.

    An empty figure that says so where there are too few data sets or models for the test.
    """
    figure = draw_critical_difference(with_published(cells, published), "accuracy")
    if figure is None:
        figure = Figure(figsize=(7.4, 1.0))
        figure.text(0.02, 0.5, "Too few data sets or models for average ranks.")
    return figure


def render_archive(
    cells: pd.DataFrame,
    published: pd.DataFrame,
    skipped: Mapping[str, str],
    data_card: pd.DataFrame | None = None,
    choices: pd.DataFrame | None = None,
) -> str:
    """Markdown: mean accuracies, wins, tests, where the first model loses most, what train chose, and every data set.

    Parameters
    ----------
    cells : of :func:`cells_table`
    published : default-split accuracies
    skipped : why sets were left out
    data_card : sizes of the sets, shown beside the largest losses
    choices : which transforms train chose, ``dataset, model, seed, chosen``
    """
    scores = with_published(cells, published)
    wide = score_matrix(scores, "accuracy").dropna()
    models = [str(name) for name in cells["model"].unique()]
    compared = scores[scores["dataset"].isin(wide.index)]
    return render_page(
        "archive.md.j2",
        protocol=_protocol(wide, cells, published, data_card),
        first=models[0],
        models=_model_rows(cells, wide),
        wins=_wins(wide, models),
        tests=_tests(compared, models),
        worst=_worst_rows(wide, models[0], data_card),
        choices=_choice_rows(choices),
        every_set=_accuracies(wide),
        without_published=_without_published(cells, set(wide.index)),
        failures=failure_lines(as_records(cells.drop_duplicates(["dataset", "model"]))),
        skipped={name: _without_folders(reason) for name, reason in skipped.items()},
    )


def _without_folders(text: str) -> str:
    """The text with absolute folders shortened: they say something of one machine only."""
    return re.sub(r"(?<![\w.:/])/(?:[^\s/,;:]+/)+", ".../", text)


def _protocol(wide: pd.DataFrame, cells: pd.DataFrame, published: pd.DataFrame, data_card: pd.DataFrame | None) -> str:
    seeds = f"seeds {', '.join(str(seed) for seed in sorted(cells['seed'].unique()))}, averaged before ranking"
    if set(wide.index).isdisjoint(published["dataset"]):
        return f"{len(wide)} sets, none with published numbers for this protocol; accuracy, {seeds}."
    cards = [] if data_card is None else as_records(data_card[data_card["dataset"].isin(wide.index)])
    others = [row["dataset"] for row in cards if row.get("official") is False]
    sizes = f" Of other sizes than the archive's are {', '.join(others)}, whose published numbers are no peers."
    return (
        f"{len(wide)} sets with names of the UCR archive that have published accuracies; accuracy on test, {seeds}. "
        f"Published columns are on the archive's own split, by their authors.{sizes if others else ''}"
    )


def _model_rows(cells: pd.DataFrame, wide: pd.DataFrame) -> pd.DataFrame:
    tidy = wide.reset_index().melt("dataset", var_name="model", value_name="accuracy").assign(seed=0)
    ranks = rank_models(tidy, "accuracy").average_ranks
    ranked = cells[cells["dataset"].isin(wide.index)]
    costs = ranked.groupby("model")[["latency_ms", "fit_seconds", "params"]].median()
    rows = []
    for model in wide.mean().sort_values(ascending=False).index:
        cost = costs.loc[model] if model in costs.index else [None] * 3
        shown = [number(value) for value in cost]
        rank = ranks.get(str(model))
        rows.append([str(model), f"{wide[model].mean():.4f}", "-" if rank is None else f"{rank:.2f}", *shown])
    head = ["model", "mean accuracy", "average rank", "median ms per series (b1)", "median fit (s)", "params"]
    return pd.DataFrame(rows, columns=head)


def _wins(wide: pd.DataFrame, models: Sequence[str]) -> pd.DataFrame:
    rows = [[model, *_against(wide, model)] for model in models]
    return pd.DataFrame(rows, columns=["model", *wide.columns])


def _against(wide: pd.DataFrame, model: str) -> list[str]:
    found = []
    for other in wide.columns:
        gap = wide[model] - wide[other]
        ties = int((gap.abs() < 1e-9).sum())
        wins = int((gap > 1e-9).sum())
        found.append("-" if other == model else f"{wins} / {ties} / {len(wide) - wins - ties}")
    return found


def _worst_rows(wide: pd.DataFrame, model: str, data_card: pd.DataFrame | None, n: int = 5) -> pd.DataFrame:
    """The sets with the largest gap to the best other model, with their sizes."""
    head = ["data set", "accuracy", "best other", "by", "gap", "in test series", "train", "classes", "length"]
    others = wide.drop(columns=model)
    if others.empty or not len(others.columns):
        return pd.DataFrame(columns=head)
    gaps = (others.max(axis=1) - wide[model]).sort_values(ascending=False)
    sizes = pd.DataFrame() if data_card is None else data_card.set_index("dataset")
    rows = []
    for name in gaps.index[gaps > 1e-9][:n]:
        best = str(others.loc[name].idxmax())
        facts = _facts(sizes.loc[name], float(gaps[name])) if name in sizes.index else ["-"] * 4
        scores = [f"{wide.loc[name, model]:.3f}", f"{others.loc[name].max():.3f}", best, f"{gaps[name]:.3f}"]
        rows.append([str(name), *scores, *facts])
    return pd.DataFrame(rows, columns=head)


def _facts(sizes: pd.Series, gap: float) -> list[str]:
    """The gap counted in test series; train series with validation, classes and length of a set."""
    n_cut = 0 if sizes.get("validation_is_train") else sizes.get("n_validation", 0)
    n_test = int(sizes["n_test"])
    whole = [str(int(value)) for value in (sizes["n_train"] + n_cut, sizes["n_classes"], sizes["n_timepoints"])]
    return [f"{gap * n_test:.0f} of {n_test}", *whole]


def _choice_rows(choices: pd.DataFrame | None) -> pd.DataFrame | None:
    """How often each transform was chosen, over all sets and seeds, by model."""
    if choices is None or choices.empty:
        return None
    counts = choices.groupby(["chosen", "model"], sort=False).size().unstack(fill_value=0)
    counts = counts.loc[counts.sum(axis=1).sort_values(ascending=False).index]
    return counts.astype(str).rename_axis("representations").reset_index()


def _tests(scores: pd.DataFrame, models: Iterable[str]) -> pd.DataFrame:
    wanted = set(models)
    rows = [
        [row["model_a"], row["model_b"], number(row["mean_difference"]), number(row["p_value"]), number(row["p_holm"])]
        for row in as_records(pairwise_wilcoxon(scores, "accuracy"))
        if row["model_a"] in wanted
    ]
    return pd.DataFrame(rows, columns=["model", "against", "mean difference", "p", "p (Holm)"])


def _without_published(cells: pd.DataFrame, known: set[str]) -> pd.DataFrame | None:
    others = cells[~cells["dataset"].isin(known)]
    return None if others.empty else _accuracies(score_matrix(others, "accuracy"))


def _accuracies(wide: pd.DataFrame) -> pd.DataFrame:
    return wide.map("{:.3f}".format).rename_axis("data set").reset_index()
