"""How much is drawn: a picture of very much data takes no longer than one of some, and loses no extreme."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_POINTS = 4_000
"""Of a line; of a longer one the lowest and the highest value of every stretch are drawn."""


def envelope(values: NDArray[Any], most: int = MOST_POINTS) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Places and values to draw a long line by, so that no extreme is lost.

    Parameters
    ----------
    values : (n,) numbers
    most : points to draw; at least 2

    Returns
    -------
    (m,) places, ascending, and the values there: all where there are few, else of every stretch the lowest and the
    highest.

    Examples
    --------
    >>> envelope(np.array([0, 5, 1, 2, -7, 2]), most=4)
    (array([0, 1, 3, 4]), array([ 0,  5,  2, -7]))
    """
    if len(values) <= most:
        return np.arange(len(values)), values
    parts = np.array_split(np.arange(len(values)), most // 2)
    places = [sorted((part[values[part].argmin()], part[values[part].argmax()])) for part in parts]
    chosen = np.array(places, dtype=np.int64).ravel()
    return chosen, values[chosen]
