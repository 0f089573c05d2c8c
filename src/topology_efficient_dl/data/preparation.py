"""What ingest did to the series of a split, as a record that models keep, so that new series are treated alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from topology_efficient_dl.data.cleaning import (
    FloatArray,
    fill_missing,
    pad_end,
    resample,
    z_normalise,
)
from topology_efficient_dl.errors import DataError, StorageError
from topology_efficient_dl.params.series import IngestParams

VERSION = 1
"""Of the steps and of the record; a record of a later version is refused."""

RawSeries = NDArray[np.floating[Any]] | Sequence[NDArray[np.floating[Any]]]
"""(n, n_channels, n_timepoints), or n arrays (n_channels, any length); NaN is a missing value."""


@dataclass(frozen=True)
class Preparation:
    """The steps between a raw series and one that a model reads; calling it takes them.

    It says what was done, not what would have been: where no series of the files had a missing value, or all had one
    length, no model has learnt from filled or padded ones, and the step is ``error``. Every series is taken as raw:
    values do not tell whether one is prepared, since a raw one may have mean 0 and deviation 1. Those that are prepared
    go around it, through ``Predictor.of_prepared`` or ``prepare=False``.

    Attributes
    ----------
    n_channels, n_timepoints : of a prepared series
    missing_values : how they are filled, or ``error``
    unequal_length : how another length is made ``n_timepoints``, or ``error``
    normalise : every channel z-normalised over its observed span
    version : of the steps

    Examples
    --------
    >>> prepare = Preparation(n_channels=1, n_timepoints=4, unequal_length="pad", normalise=False)
    >>> prepare([np.array([[1.0, 3.0]])])
    array([[[1., 3., 3., 3.]]], dtype=float32)
    """

    n_channels: int
    n_timepoints: int
    missing_values: Literal["interpolate", "pad", "error"] = "error"
    unequal_length: Literal["interpolate", "pad", "error"] = "error"
    normalise: bool = True
    version: int = VERSION

    @classmethod
    def done_to(cls, series: Sequence[FloatArray], n_timepoints: int, ingest: IngestParams) -> Preparation:
        """What ingest did to the series of train and test.

        Parameters
        ----------
        series : (n_channels, length) each, as read, NaN being a missing value
        n_timepoints : the length that all were given
        ingest : what was to be done
        """
        any_missing = any(np.isnan(values).any() for values in series)
        any_unequal = len({values.shape[1] for values in series}) > 1
        return cls(
            series[0].shape[0],
            n_timepoints,
            ingest.missing_values if any_missing else "error",
            ingest.unequal_length if any_unequal else "error",
            ingest.normalise,
        )

    def __call__(self, series: RawSeries) -> NDArray[np.float32]:
        """Raw series as a model reads them: (n, n_channels, n_timepoints) float32.

        Raises
        ------
        DataError : a series cannot be prepared; names sample, channel and position
        """
        prepared = [self._one(f"sample {place}", values) for place, values in enumerate(_samples(series))]
        if not prepared:
            return np.empty((0, self.n_channels, self.n_timepoints), np.float32)
        with np.errstate(over="ignore"):
            found = np.stack(prepared).astype(np.float32)
        check_finite(
            found, "series, prepared: ", "Scale them as the series of the fit were, whose values float32 can hold"
        )
        return found

    def to_json(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Any) -> Preparation:
        """The inverse of :meth:`to_json`.

        Raises
        ------
        StorageError : it is no record of a preparation, or one of a later version
        """
        names = [field.name for field in fields(cls)]
        if not isinstance(values, Mapping) or sorted(values) != sorted(names):
            raise StorageError(f"preparation of series: {values!r}; expected {', '.join(names)}. Compute it again")
        if values["version"] != VERSION:
            raise StorageError(
                f"preparation of series: version {values['version']!r}, this program knows {VERSION}. Take the program "
                "that wrote it, or a later one"
            )
        return cls(**values)

    def _one(self, sample: str, values: FloatArray) -> FloatArray:
        """One series (n_channels, any length) as (n_channels, n_timepoints) float64."""
        if values.ndim != 2 or values.shape[0] != self.n_channels:
            raise DataError(
                f"{sample}: shape {values.shape}; expected ({self.n_channels}, {self.n_timepoints}), channels first, "
                "as in the fit. Bring it to that number of channels"
            )
        values = self._equal_length(sample, self._filled(sample, values))
        return pad_end(z_normalise(values) if self.normalise else values, self.n_timepoints)

    def _filled(self, sample: str, values: FloatArray) -> FloatArray:
        """Without missing values; those at the very end are cut off, as on reading."""
        for channel, time in np.argwhere(np.isinf(values))[:1]:
            raise DataError(
                f"{sample}, channel {channel}: {values[channel, time]} at position {time}; expected numbers"
            )
        missing = np.isnan(values)
        for channel in np.flatnonzero(missing.all(axis=1))[:1]:
            raise DataError(f"{sample}, channel {channel}: no value at all; expected numbers. Leave the series out")
        values = values[:, : np.flatnonzero(~missing.all(axis=0))[-1] + 1]
        if self.missing_values != "error":
            return fill_missing(values, self.missing_values)
        for channel, time in np.argwhere(np.isnan(values))[:1]:
            raise DataError(
                f"{sample}, channel {channel}: missing value at position {time}, and no series of the fit was filled. "
                "Fill it first, or give prepare=dataclasses.replace(model.preparation, missing_values='interpolate')"
            )
        return values

    def _equal_length(self, sample: str, values: FloatArray) -> FloatArray:
        length = values.shape[1]
        if length == self.n_timepoints or (length < self.n_timepoints and self.unequal_length == "pad"):
            return values
        if self.unequal_length == "interpolate":
            return resample(values, self.n_timepoints)
        known = "at most as many as" if self.unequal_length == "pad" else "as many as"
        raise DataError(
            f"{sample}: {length} positions in time (missing values at the end count as a shorter series), expected "
            f"{self.n_timepoints}, {known} the series of the fit have. Bring it to that length, or give "
            "prepare=dataclasses.replace(model.preparation, unequal_length='interpolate')"
        )


def check_finite(values: NDArray[Any], what: str, way_out: str) -> None:
    """Refuse arrays (n, channels, positions), or (n, columns), with values that are not finite, naming the first.

    Raises
    ------
    DataError : there is one
    """
    if np.isfinite(values).all():
        return
    place = tuple(np.argwhere(~np.isfinite(values))[0])
    names = ("sample", "channel", "position") if values.ndim == 3 else ("sample", "column")
    where = ", ".join(f"{name} {index}" for name, index in zip(names, place, strict=True))
    raise DataError(f"{what}{where} is {values[place]}; expected finite numbers. {way_out}")


def _samples(series: RawSeries) -> list[FloatArray]:
    try:
        if isinstance(series, np.ndarray) and series.dtype != object and series.ndim != 3:
            raise DataError(
                f"series: shape {series.shape}; expected (n, n_channels, n_timepoints). Univariate series need a "
                "channel axis: series[:, None, :]"
            )
        return [real_numbers(values).astype(np.float64) for values in series]
    except (TypeError, ValueError) as error:
        raise DataError(f"series: {error}; expected numbers, (n, n_channels, n_timepoints)") from error


def real_numbers(values: Any) -> NDArray[Any]:
    """Values as an array of their own type, NaN where they are masked.

    Raises
    ------
    DataError : they are complex, or points in time

    Examples
    --------
    >>> real_numbers(np.ma.masked_equal([1, 2, 9], 9))
    array([ 1.,  2., nan])
    """
    found = np.ma.asarray(values)
    if found.dtype.kind in "cmM":
        raise DataError(
            f"series: values of type {found.dtype}; expected real numbers. Take real and imaginary part as two "
            "channels, or points in time as numbers since the first"
        )
    if np.ma.is_masked(found):
        found = found.astype(np.result_type(found.dtype, np.float32)).filled(np.nan)
    return np.asarray(found)
