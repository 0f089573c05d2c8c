"""Published accuracies on UCR sets, each under the protocol it was published with."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path

import pandas as pd

from topology_efficient_dl.errors import DataError, ParameterError, did_you_mean

PROTOCOL = "default_split"
"""The official train and test files, all of them, unresampled."""

FILE = Path("reference/ucr_published_accuracy.csv")


def published(dataset: str, protocol: str = PROTOCOL, path: str | Path | None = None) -> dict[str, float]:
    """Published test accuracies of one UCR set, by method; empty for a set or a method without any.

    Compare them only with a run on the *whole* official test set after training on the official train set.

    Parameters
    ----------
    dataset : name in the UCR 2018 archive
    protocol : how the caller's own numbers came about
    path : the table; looked for in the working directory and then beside the package when None

    Raises
    ------
    ParameterError : the protocol is not that of the table: numbers are never compared across protocols
    DataError : the table is not there

    Examples
    --------
    >>> published("ECG200")["inceptiontime_ensemble"]
    0.93
    >>> published("NotInTheArchive")
    {}
    """
    if protocol != PROTOCOL:
        hint = did_you_mean(protocol, [PROTOCOL])
        raise ParameterError(f"protocol '{protocol}' cannot be compared with published numbers of '{PROTOCOL}'{hint}")
    table = _table(_locate(path))
    if dataset not in table.index:
        return {}
    row = table.loc[dataset].astype(float).to_dict()
    return {str(method): value for method, value in row.items() if not math.isnan(value)}


def _locate(path: str | Path | None) -> Path:
    beside_package = Path(__file__).resolve().parents[3] / FILE
    candidates = [FILE, beside_package] if path is None else [Path(path)]
    for candidate in candidates:
        if candidate.is_file():
            return candidate.resolve()
    raise DataError(
        f"published numbers not found at '{candidates[0]}'; run from the project's folder, or give their path"
    )


@lru_cache(maxsize=4)
def _table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, index_col="dataset")
