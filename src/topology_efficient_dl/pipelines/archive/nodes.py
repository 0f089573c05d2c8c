"""Nodes of ``archive``."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from topology_efficient_dl.collections.collection import Collection
from topology_efficient_dl.models.trained import TrainedModel
from topology_efficient_dl.studies.archive import cells_table, critical_difference, render_archive
from topology_efficient_dl.tasks.cells import choices_table, fits_table


def tabulate_cells(
    scores: pd.DataFrame, models: Collection[TrainedModel], efficiency: Collection[list[dict[str, Any]]]
) -> pd.DataFrame:
    """Every cell's quality and cost in one row."""
    costs = pd.DataFrame([row for rows in efficiency.values() for row in rows])
    return cells_table(scores, fits_table(models.values()), costs)


def tabulate_choices(models: Collection[TrainedModel]) -> pd.DataFrame:
    """Which transforms train chose."""
    return choices_table(models.values())


def draw_ranks(cells: pd.DataFrame, published: pd.DataFrame) -> Figure:
    """The critical-difference diagram."""
    return critical_difference(cells, published)


def report(cells: pd.DataFrame, published: pd.DataFrame, data_card: pd.DataFrame, choices: pd.DataFrame) -> str:
    """The comparison as one page."""
    skipped = data_card.dropna(subset=["skipped"]) if "skipped" in data_card else data_card.head(0)
    reasons = {str(name): str(reason) for name, reason in zip(skipped["dataset"], skipped["skipped"], strict=True)}
    skipped_for = {name: reason for name, reason in reasons.items() if reason}
    return render_archive(cells, published, skipped_for, data_card, choices)
