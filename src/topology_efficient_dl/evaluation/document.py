"""The results of a track as one JSON document, and its place in the docs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from topology_efficient_dl.efficiency.environment import describe_environment
from topology_efficient_dl.evaluation.context import run_command
from topology_efficient_dl.evaluation.summary import as_records


def results_document(
    results: pd.DataFrame,
    verdicts: Sequence[Mapping[str, Any]],
    statistics: Mapping[str, Any],
    data_card: pd.DataFrame,
) -> dict[str, Any]:
    """Everything measured, with what it was measured on: ``docs/results/track_<x>.json``.

    Returns
    -------
    ``command, environment, datasets, results`` (one object per dataset and model), ``verdicts`` and ``statistics``.
    """
    return {
        "command": run_command(),
        "environment": describe_environment(),
        "datasets": as_records(data_card),
        "results": as_records(results),
        "verdicts": list(verdicts),
        "statistics": dict(statistics),
    }


def publish(folder: Path, track: str, document: Mapping[str, Any], report: str, figure: bytes) -> list[Path]:
    """Write ``<track>.json`` and, in a folder of its own, ``report.md`` and ``pareto.png``.

    Parameters
    ----------
    folder : as a rule docs/results
    track : e.g. track_a
    document, report : from the catalog
    figure : PNG bytes

    Returns
    -------
    The files written.
    """
    own = folder / track
    own.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{track}.json", own / "report.md", own / "pareto.png"]
    files[0].write_text(json.dumps(document, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    files[1].write_text(report, encoding="utf-8")
    files[2].write_bytes(figure)
    return files
