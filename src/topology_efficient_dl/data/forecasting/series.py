"""The univariate series for forecasting that aeon brings along; nothing is downloaded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topology_efficient_dl.errors import DataError, ParameterError, did_you_mean

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Bundled:
    """Where a series lies in aeon.

    Attributes
    ----------
    loader : function of ``aeon.datasets``
    season : values after which it repeats itself, roughly where it has no calendar
    unit : of its values
    row : which of several series the function gives, None if it gives one
    """

    loader: str
    season: int
    unit: str
    row: int | None = None


SERIES: dict[str, Bundled] = {
    "airline": Bundled("load_airline", 12, "thousand passengers a month, 1949 to 1960"),
    "solar": Bundled("load_solar", 48, "solar generation of Great Britain, half-hourly, as aeon scales it"),
    "PBS_dataset": Bundled("load_PBS_dataset", 12, "scripts for immune sera a month, Australia"),
    "uschange": Bundled("load_uschange", 4, "change of US consumption, % a quarter, 1970 to 2016", row=0),
    "lynx": Bundled("load_lynx", 10, "lynx trapped a year, Canada, 1821 to 1934"),
    "shampoo_sales": Bundled("load_shampoo_sales", 12, "shampoo sales a month, three years"),
}
"""By name. ``load_longley`` has 16 values and is left out."""


@dataclass(frozen=True)
class ForecastSeries:
    """One series in time order.

    Attributes
    ----------
    name : as in `SERIES`
    values : (n,) float64 in the series' own unit
    season : values after which it repeats itself
    unit : of the values, in words
    source : where it came from
    """

    name: str
    values: FloatArray
    season: int
    unit: str
    source: str


def check_series_name(name: str) -> None:
    """Refuse the name of a series that is not there.

    Raises
    ------
    ParameterError : names the nearest, and all that there are
    """
    if name not in SERIES:
        raise ParameterError(
            f"forecast.datasets: no series '{name}'{did_you_mean(name, SERIES) or '.'} There are: {', '.join(SERIES)}"
        )


def read_series(name: str) -> ForecastSeries:
    """A series that aeon brings along.

    Raises
    ------
    ParameterError : there is none of that name
    DataError : it has missing values

    Examples
    --------
    >>> read_series("airline").values[:3]
    array([112., 118., 132.])
    """
    check_series_name(name)
    import aeon.datasets

    entry = SERIES[name]
    loaded = np.asarray(getattr(aeon.datasets, entry.loader)(return_array=True), dtype=np.float64)
    values = loaded if entry.row is None else loaded[entry.row]
    missing = int((~np.isfinite(values)).sum())
    if values.ndim != 1 or missing:
        raise DataError(
            f"series '{name}': expected one row of numbers from aeon.datasets.{entry.loader}, found shape "
            f"{values.shape} with {missing} missing values; install the version of aeon that this project names"
        )
    return ForecastSeries(name, values, entry.season, entry.unit, f"bundled with aeon ({entry.loader})")
