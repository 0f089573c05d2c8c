"""One tidy row about a split."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from topology_efficient_dl.data.doubts import WARNING
from topology_efficient_dl.data.split import Split
from topology_efficient_dl.data.ucr_names import is_official

logger = logging.getLogger(__name__)


def summarise(split: Split) -> dict[str, Any]:
    """Sizes, balance and origin of a split.

    ``majority_share`` is the share of the most frequent class in train: the accuracy there of always naming it.

    Returns
    -------
    One row: dataset, n_train, n_validation, n_test, n_channels, n_timepoints, n_classes, majority_share (0 to 1),
    source, official (whether train and test are the UCR archive's; None where the set is not in it), held_out (whether
    test is a part of train), validation_is_train, notes (joined by semicolons, empty if none).
    """
    sizes = {f"n_{part}": len(labels) for part, labels in split.labels.items()}
    reused = split.validation_is_train
    n_given = sizes["n_train"] + (0 if reused else sizes["n_validation"])
    return {
        "dataset": split.name,
        **sizes,
        "n_channels": split.n_channels,
        "n_timepoints": split.n_timepoints,
        "n_classes": split.n_classes,
        "majority_share": float(np.bincount(split.labels["train"]).max() / sizes["n_train"]),
        "source": split.source,
        "official": False if split.held_out else is_official(split.name, n_given, sizes["n_test"]),
        "held_out": split.held_out,
        "validation_is_train": reused,
        "notes": "; ".join(split.notes),
    }


def data_card(splits: Iterable[Split], skipped: Mapping[str, str]) -> pd.DataFrame:
    """One row a dataset: those in use, then those that were skipped, with the reason. Notes that warn are logged.

    Returns
    -------
    The columns of `summarise` and ``skipped``: the reason, or empty.
    """
    rows = [{**summarise(split), "skipped": ""} for split in _warned(splits)]
    rows += [{"dataset": name, "notes": "", "skipped": reason} for name, reason in skipped.items()]
    return pd.DataFrame(rows)


def _warned(splits: Iterable[Split]) -> Iterator[Split]:
    for split in splits:
        for note in split.notes:
            if note.startswith(WARNING):
                logger.warning("dataset '%s': %s", split.name, note.removeprefix(WARNING))
        yield split
