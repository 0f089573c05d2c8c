"""From counts to features: side by side, rooted, chosen and standardised, one pass each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def gather(counts: Any, n_filters: Any, picks: Any, rooted: Any, start: Any, out: Any) -> None:
    """Counts of the wanted statistics side by side from column ``start`` on, square roots where wanted."""
    for i in range(len(counts)):
        column = start
        for row in range(counts.shape[1]):
            for place in range(len(picks)):
                lanes, target = counts[i, row, picks[place], :n_filters], out[i, column : column + n_filters]
                if rooted[place]:
                    for lane in range(n_filters):
                        target[lane] = np.sqrt(np.float32(lanes[lane]))
                else:
                    for lane in range(n_filters):
                        target[lane] = np.float32(lanes[lane])
                column += n_filters


@njit(cache=True, nogil=True)
def standardise(values: Any, mean: Any, gain: Any) -> None:
    """In place."""
    for i in range(len(values)):
        row = values[i]
        for k in range(len(mean)):
            row[k] = (row[k] - mean[k]) * gain[k]


@njit(cache=True, nogil=True)
def pick(values: Any, columns: Any, mean: Any, gain: Any, out: Any) -> None:
    """``out[:, k] = (values[:, columns[k]] - mean[k]) * gain[k]``."""
    for i in range(len(values)):
        for k in range(len(columns)):
            out[i, k] = (values[i, columns[k]] - mean[k]) * gain[k]
