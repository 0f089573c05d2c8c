"""One long series -> windows of the past with the values that follow, cut in time order."""

from topology_efficient_dl.data.forecasting.series import (
    SERIES,
    ForecastSeries,
    check_series_name,
    read_series,
)
from topology_efficient_dl.data.forecasting.windows import ForecastSplit, cut_windows, describe_windows

__all__ = [
    "SERIES",
    "ForecastSeries",
    "ForecastSplit",
    "check_series_name",
    "cut_windows",
    "describe_windows",
    "read_series",
]
