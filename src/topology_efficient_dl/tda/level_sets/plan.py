"""What is counted: which filters see which channels at which dilation, and at which levels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topology_efficient_dl.errors import StorageError
from topology_efficient_dl.tda.level_sets.representations import N_TAPS, Int16

MAX_CHANNELS = 9
"""Channels that one view adds up, at most."""


@dataclass(frozen=True, eq=False)
class Plan:
    """Views of one representation and the levels at which their filters are counted.

    A *view* is a set of channels at one dilation, seen by all filters; a *row* is one level for each filter of a view.

    Attributes
    ----------
    scale : () float32 factor from values to whole numbers
    amplitude : () int64 largest magnitude of a whole number
    weights : (9, n_filters) int16
    channels : (n_views, n_channels) bool
    dilations : (n_views,) int64
    n_rows : (n_views,) int64 rows of each view
    interior : (n_rows.sum(),) bool: counted only where no tap is off the end of the series
    levels, lower : (n_rows.sum(), n_filters) int16
    """

    scale: NDArray[np.float32]
    amplitude: NDArray[np.int64]
    weights: Int16
    channels: NDArray[np.bool_]
    dilations: NDArray[np.int64]
    n_rows: NDArray[np.int64]
    interior: NDArray[np.bool_]
    levels: Int16
    lower: Int16

    @property
    def n_filters(self) -> int:
        """Filters of the bank."""
        return self.weights.shape[1]

    def only(self, rows: NDArray[np.bool_]) -> Plan:
        """The plan without some of its rows, and without views that lose all of theirs.

        Parameters
        ----------
        rows : (n_rows.sum(),) bool, True for those to keep
        """
        view_of_row = np.repeat(np.arange(len(self.n_rows)), self.n_rows)
        n_rows = np.bincount(view_of_row[rows], minlength=len(self.n_rows))
        views = n_rows > 0
        return replace(
            self,
            channels=self.channels[views],
            dilations=self.dilations[views],
            n_rows=n_rows[views].astype(np.int64),
            interior=self.interior[rows],
            levels=self.levels[rows],
            lower=self.lower[rows],
        )

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """The fields by name."""
        return {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Plan:
        """The inverse of :meth:`to_arrays`.

        Raises
        ------
        StorageError : an array is missing
        """
        missing = [field.name for field in fields(cls) if field.name not in arrays]
        if missing:
            raise StorageError(
                f"level sets: array '{missing[0]}' not found among {', '.join(arrays) or 'nothing'}. "
                "Was this written by state()? Fit again with this recipe"
            )
        return cls(**{field.name: np.array(arrays[field.name], order="C") for field in fields(cls)})


def choose_dilations(length: int, n_levels: int, most: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Dilations, and how many of a filter's levels each one gets.

    Exponents are evenly spaced from a span of nine samples to the whole length; those that round to the same dilation
    add up.

    Parameters
    ----------
    length : samples of a series, nine at least
    n_levels : levels of a filter over all dilations
    most : dilations, at most

    Returns
    -------
    (n_dilations,) int64 each

    References
    ----------
    Dempster et al., *MiniRocket* (2021), section 3.2.

    Examples
    --------
    >>> choose_dilations(150, 10, 32)
    (array([ 1,  2,  3,  5,  7,  9, 13, 18]), array([3, 1, 1, 1, 1, 1, 1, 1]))
    """
    n = min(n_levels, most)
    exponents = np.linspace(0, np.log2((length - 1) / (N_TAPS - 1)), n)
    dilations, shares = np.unique(np.floor(2**exponents + 1e-9).astype(np.int64), return_counts=True)
    n_rows = np.floor(shares * (n_levels / n)).astype(np.int64)
    for place in range(n_levels - int(n_rows.sum())):
        n_rows[place % len(n_rows)] += 1
    return dilations, n_rows


def choose_channels(n_views: int, n_channels: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """(n_views, n_channels) bool: random sets of one to nine channels, small ones being as likely as large ones."""
    chosen = np.zeros((n_views, n_channels), np.bool_)
    most = np.log2(min(n_channels, MAX_CHANNELS) + 1)
    for view in chosen:
        size = max(int(2 ** rng.uniform(0, most)), 1)
        view[rng.choice(n_channels, size=size, replace=False)] = True
    return chosen
