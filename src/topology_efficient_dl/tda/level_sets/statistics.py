"""Level sets of one series on the path graph: the plain reference that every faster engine is held against.

For values ``y`` on time points ``0 .. n-1`` and a level ``b``, the superlevel set ``{t : y(t) > b}`` is a disjoint
union of intervals, the components that ``H_0`` counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from topology_efficient_dl.params.models import LevelSetStatistic

Values = NDArray[np.integer]

STATISTICS: tuple[str, ...] = get_args(LevelSetStatistic)
"""All statistics, in the order of their codes in compiled kernels."""

FAST = STATISTICS[:3]
"""Those that the vector kernel counts."""

ROOTED = frozenset({"beta0", "persistent_beta0", "bars"})
"""Counts whose square root becomes the feature: it evens out their spread, which grows with the count."""


def intervals(above: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Maximal runs of True as (first, one past the last).

    Examples
    --------
    >>> intervals(np.array([True, False, True, True]))
    [(0, 1), (2, 4)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], above, [False]]).astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]


def level_set_statistics(values: Values, level: int, lower: int) -> dict[str, int]:
    """All statistics of one superlevel set.

    Parameters
    ----------
    values : (n_timepoints,) whole numbers
    level : b; the set is where values exceed it
    lower : a lower level; ``level - lower`` is the persistence that the last three ask for

    Returns
    -------
    ``beta0``: number of components; ``measure``: time points in the set; ``longest``: those of its longest component;
    ``gap``: time points of the longest interval outside; ``position``: sum of the set's time points;
    ``persistent_beta0``: components of ``{y > lower}`` that reach above ``level``, the rank of
    ``H_0{y > level} -> H_0{y > lower}``; ``bars``: bars of the superlevel barcode that are longer than
    ``level - lower``, the one that never dies among them; ``total_persistence``: summed length of the finite ones.

    References
    ----------
    Edelsbrunner and Harer, *Computational Topology* (2010), chapter VII.1: persistent Betti numbers.

    Examples
    --------
    >>> found = level_set_statistics(np.array([0, 5, 3, 5, 0, 1]), level=4, lower=2)
    >>> found["beta0"], found["persistent_beta0"], found["longest"], found["gap"], found["bars"]
    (2, 1, 1, 2, 1)
    """
    above = values > level
    components = intervals(above)
    joined = [(start, stop) for start, stop in intervals(values > lower) if above[start:stop].any()]
    long_bars = [birth - death for birth, death in superlevel_barcode(values) if birth - death > level - lower]
    return {
        "beta0": len(components),
        "measure": int(above.sum()),
        "longest": max((stop - start for start, stop in components), default=0),
        "gap": max((stop - start for start, stop in intervals(~above)), default=0),
        "position": int(np.flatnonzero(above).sum()),
        "persistent_beta0": len(joined),
        "bars": len(long_bars) + (len(values) > 0),
        "total_persistence": sum(long_bars),
    }


def superlevel_barcode(values: Values) -> Iterator[tuple[int, int]]:
    """Finite bars (birth, death), birth > death, of ``H_0`` of the superlevel sets of a series.

    Levels fall from the top. A component is born at a local maximum and dies where it meets one that was born higher
    (elder rule). The component of the global maximum never dies and is left out, and so are bars of length zero.

    Examples
    --------
    >>> sorted(superlevel_barcode(np.array([0, 5, 3, 4, 1, 2])))
    [(2, 1), (4, 3)]
    """
    born: dict[int, int] = {}
    root: dict[int, int] = {}

    def find(t: int) -> int:
        while root[t] != t:
            t = root[t]
        return t

    for t in np.argsort(-values.astype(np.int64), kind="stable"):
        t, value = int(t), int(values[t])
        root[t], born[t] = t, value
        for neighbour in (t - 1, t + 1):
            if neighbour not in root:
                continue
            elder, younger = sorted((find(neighbour), find(t)), key=lambda r: -born[r])
            if elder != younger:
                if born[younger] > value:
                    yield born[younger], value
                root[younger] = elder
