"""The results of a track as one JSON document, and its place in the docs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from topology_efficient_dl.efficiency.environment import describe_environment
from topology_efficient_dl.errors import DataError
from topology_efficient_dl.evaluation.summary import as_records
from topology_efficient_dl.reports.pages import run_command


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


def collect(folder: Path, track: str) -> Path:
    """One document of all parts of a track that were published: ``<folder>/<track>.json``.

    Every part is ``<folder>/<track>/<part>/<track>.json``. Rows of datasets, results and verdicts of all parts stand
    one after the other and name their ``part``; commands, environments and statistics are kept by part.

    Parameters
    ----------
    folder : as a rule docs/results
    track : e.g. track_b

    Raises
    ------
    DataError : no part was published
    """
    found = sorted((folder / track).glob(f"*/{track}.json"))
    if not found:
        raise DataError(f"no part of '{track}' in {folder / track}; publish one there first, into a folder of its own")
    parts = {path.parent.name: json.loads(path.read_text(encoding="utf-8")) for path in found}
    rows = {
        kind: [{"part": name, **row} for name, part in parts.items() for row in part[kind]]
        for kind in ("datasets", "results", "verdicts")
    }
    by_part = {
        kind: {name: part[kind] for name, part in parts.items()} for kind in ("command", "environment", "statistics")
    }
    target = folder / f"{track}.json"
    target.write_text(json.dumps({**by_part, **rows}, indent=1) + "\n", encoding="utf-8")
    return target


def publish(folder: Path, track: str, saved: Mapping[str, Path], places: Mapping[str, str]) -> list[Path]:
    """Copy a track's results into the docs.

    Parameters
    ----------
    folder : as a rule docs/results
    track : e.g. track_a
    saved : where catalog entries of the track lie
    places : by entry, where it goes in the folder; ``{track}`` stands for the track

    Returns
    -------
    The files written.

    Raises
    ------
    DataError : nothing was saved
    """
    if not saved:
        raise DataError(f"nothing of '{track}' was saved yet; run its pipeline in this environment first")
    written = []
    for entry, source in saved.items():
        target = folder / places[entry].format(track=track)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
        written.append(target)
    return written
