"""Persistence diagrams of all parts of a split, in one object: train, then validation, then test."""

from __future__ import annotations

import numpy as np

from topology_efficient_dl.collections.fingerprint import versioned
from topology_efficient_dl.data.split import PARTS, Split
from topology_efficient_dl.params.series import FiltrationParams
from topology_efficient_dl.tda.delay_choice import resolve_filtration
from topology_efficient_dl.tda.diagrams import PersistenceDiagrams
from topology_efficient_dl.tda.extraction import extract_diagrams


@versioned(2, name="tda.splits:diagrams_of_split")
def diagrams_of_split(
    split: Split, params: FiltrationParams, *, jobs: int = 1, backend: str = "loky", progress: bool = False
) -> PersistenceDiagrams:
    """The diagram of every series of a split, parts in the order of ``PARTS``; ``auto`` is settled on train.

    Raises
    ------
    ParameterError : an impossible combination, or a series shorter than its embedding
    """
    fitted = resolve_filtration(split.series["train"], params)
    series = np.concatenate([split.series[part] for part in PARTS])
    return extract_diagrams(series, params, fitted, jobs=jobs, backend=backend, progress=progress)


def diagrams_by_part(diagrams: PersistenceDiagrams, split: Split) -> dict[str, PersistenceDiagrams]:
    """The diagrams of a split, cut into its parts again."""
    sizes = [len(split.labels[part]) for part in PARTS]
    starts = np.cumsum([0, *sizes])
    return {part: diagrams.select(slice(starts[i], starts[i + 1])) for i, part in enumerate(PARTS)}
