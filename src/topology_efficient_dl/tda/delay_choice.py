"""The ``auto`` delay and dimension of a Takens embedding: one choice for a data set, made on train."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from topology_efficient_dl.params.series import FiltrationParams
from topology_efficient_dl.tda.diagrams import FloatArray
from topology_efficient_dl.tda.embeddings import check_series, takens_embedding

MAX_SERIES = 50
MAX_DIMENSION = 8


def mutual_information(values: FloatArray, max_delay: int, n_bins: int = 6) -> FloatArray:
    """Average mutual information of a series and its delayed copy.

    Few bins of equal width: with many, or with quantiles, the curve of a clean oscillation is jagged and its quarter
    period is lost.

    Parameters
    ----------
    values : (n_timepoints,) float array
    max_delay : below n_timepoints
    n_bins : bins per axis of the joint histogram

    Returns
    -------
    (max_delay + 1,) float64 array, nats, from delay 0 up.

    References
    ----------
    Fraser and Swinney, "Independent coordinates for strange attractors from mutual information" (1986).

    Examples
    --------
    >>> mutual_information(np.array([0.0, 1.0] * 50), max_delay=1, n_bins=2).round(2)
    array([0.69, 0.69])
    """
    edges = np.linspace(values.min(), values.max(), n_bins + 1)[1:-1]
    bins = np.searchsorted(edges, values, side="right")
    information = np.empty(max_delay + 1)
    for delay in range(max_delay + 1):
        pairs = bins[: len(bins) - delay] * n_bins + bins[delay:]
        joint = np.bincount(pairs, minlength=n_bins * n_bins).reshape(n_bins, n_bins) / len(pairs)
        independent = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
        seen = joint > 0
        information[delay] = np.sum(joint[seen] * np.log(joint[seen] / independent[seen]))
    return information


def first_minimum_delay(values: FloatArray, max_delay: int | None = None) -> int:
    """The delay of the first minimum of average mutual information.

    The curve is smoothed over five delays, against the noise of the histogram; without an inner minimum the delay
    of the lowest value counts.

    Parameters
    ----------
    values : (n_timepoints,) float array
    max_delay : longest delay tried; a quarter of the series when None

    Examples
    --------
    >>> first_minimum_delay(np.sin(2 * np.pi * np.arange(800) / 40))
    10
    """
    max_delay = max(2, len(values) // 4) if max_delay is None else max_delay
    information = mutual_information(values, max_delay)
    smooth = np.convolve(np.pad(information, 2, mode="reflect"), np.full(5, 0.2), mode="valid")
    inner = smooth[1:-1]
    minima = np.flatnonzero((inner < smooth[:-2]) & (inner <= smooth[2:]))
    return int(minima[0]) + 1 if len(minima) else int(np.argmin(smooth[1:])) + 1


def false_neighbour_share(values: FloatArray, delay: int, dimension: int) -> float:
    """Share of nearest neighbours in ``dimension`` that part when one more coordinate is seen.

    A neighbour is false if the new coordinate stretches the distance more than fifteenfold (criterion 1, eq. 4), or
    if the new distance exceeds twice the standard deviation of the series (criterion 2, eq. 5).

    Parameters
    ----------
    values : (n_timepoints,) float array
    delay, dimension : of the embedding that is judged

    References
    ----------
    Kennel, Brown and Abarbanel, "Determining embedding dimension for phase-space reconstruction using a geometrical
    construction" (1992).
    """
    taller = takens_embedding(values[None], delay, dimension + 1)
    points, new = taller[:, :-1], taller[:, -1]
    nearest = cKDTree(points).query(points, k=[2])
    distance, neighbour = np.asarray(nearest[0])[:, 0], np.asarray(nearest[1])[:, 0]
    stretch = np.abs(new - new[neighbour])
    spread = values.std()
    # repeated points have distance 0: they are false as soon as they part by more than rounding
    false = (stretch > 15.0 * np.maximum(distance, 1e-9 * spread)) | (np.hypot(distance, stretch) > 2.0 * spread)
    return float(false.mean())


def least_dimension(values: FloatArray, delay: int, tolerance: float = 0.01) -> int:
    """The lowest dimension with at most ``tolerance`` false nearest neighbours, at most eight.

    Parameters
    ----------
    values : (n_timepoints,) float array
    delay : of the embedding
    tolerance : accepted share of false neighbours

    Examples
    --------
    >>> least_dimension(np.sin(2 * np.pi * np.arange(600) / 40.1), delay=10)
    2
    """
    longest = (len(values) - 2) // delay
    for dimension in range(1, min(MAX_DIMENSION, longest)):
        if false_neighbour_share(values, delay, dimension) <= tolerance:
            return dimension
    return max(1, min(MAX_DIMENSION, longest))


def resolve_filtration(series_train: NDArray[np.floating], params: FiltrationParams) -> FiltrationParams:
    """The parameters with every ``auto`` turned into a number, chosen on train.

    One choice for the set: the median over the channels of at most fifty train series, evenly spaced; constant
    channels have no say.

    Parameters
    ----------
    series_train : (n_samples, n_channels, n_timepoints) float array
    params : may have ``auto`` as delay or dimension

    Raises
    ------
    DataError : the series have another shape or missing values
    """
    if params.embedding != "takens" or "auto" not in (params.delay, params.dimension):
        return params
    channels = _voting_channels(series_train)
    delay, dimension = params.delay, params.dimension
    if delay == "auto":
        longest = _longest_delay(series_train.shape[2], dimension)
        delay = _median([first_minimum_delay(values, longest) for values in channels], default=1)
    if dimension == "auto":
        dimension = _median([least_dimension(values, delay) for values in channels], default=1)
    return params.model_copy(update={"delay": delay, "dimension": dimension})


def _voting_channels(series_train: NDArray[np.floating]) -> list[FloatArray]:
    check_series(series_train)
    n = len(series_train)
    chosen = np.unique(np.linspace(0, n - 1, min(n, MAX_SERIES)).astype(int))
    channels = np.asarray(series_train[chosen], np.float64).reshape(-1, series_train.shape[2])
    # By a power of two, which changes no digit: squares of huge or tiny values would leave the range of float64.
    exponents = np.frexp(np.abs(channels).max(axis=1, initial=0.0))[1]
    return [values for values in np.ldexp(channels, -exponents[:, None]) if values.std() > 0]


def _longest_delay(n_timepoints: int, dimension: int | str) -> int:
    """Delays up to a quarter of the series, and short enough for the embedding to keep half of its points."""
    spans = dimension - 1 if isinstance(dimension, int) else 2
    return max(2, min(n_timepoints // 4, n_timepoints // (2 * max(1, spans))))


def _median(choices: list[int], default: int) -> int:
    return int(np.median(choices)) if choices else default
