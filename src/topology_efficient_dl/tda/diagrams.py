"""The persistence diagrams of many samples, flat arrays with offsets: the interchange format of the project.

Conventions, the same for every filtration and engine:

- ``death >= birth``; a class that never dies has ``death = +inf``, explicitly;
- Rips and alpha values are lengths: the edge length (diameter) at which a Rips simplex enters, twice the radius
  of the empty circumscribed ball at which an alpha simplex enters;
- the superlevel filtration of f is the sublevel filtration of -f, and the stored values are those of -f;
- intervals of length zero carry no homology and are left out by everything in ``persistence``, and so are those that
  rounding of the data can make (`rounding_length`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topology_efficient_dl.errors import DataError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Diagram:
    """The persistence diagram of one sample.

    Attributes
    ----------
    birth, death : (n_intervals,) float64; death is +inf for essential classes
    dimension : (n_intervals,) int64, homology dimensions
    seconds : extraction time
    """

    birth: FloatArray
    death: FloatArray
    dimension: IntArray
    seconds: float = 0.0

    def __len__(self) -> int:
        """Number of intervals."""
        return len(self.birth)

    @property
    def persistence(self) -> FloatArray:
        """(n_intervals,) lengths of the intervals; +inf for essential classes."""
        return self.death - self.birth

    def intervals(self, dimension: int) -> FloatArray:
        """(n, 2) births and deaths of one homology dimension."""
        keep = self.dimension == dimension
        return np.stack([self.birth[keep], self.death[keep]], axis=1)

    def as_array(self) -> FloatArray:
        """(n_intervals, 3) births, deaths and dimensions.

        Examples
        --------
        >>> Diagram(np.array([0.0]), np.array([np.inf]), np.array([0])).as_array()
        array([[ 0., inf,  0.]])
        """
        return np.stack([self.birth, self.death, self.dimension.astype(np.float64)], axis=1)


def canonical_diagram(
    birth: ArrayLike, death: ArrayLike, dimension: ArrayLike, seconds: float = 0.0, shortest: float | FloatArray = 0.0
) -> Diagram:
    """A diagram ordered by dimension, birth and death, whatever engine made it.

    Only intervals longer than ``shortest`` are kept: a number, or one for each interval.
    """
    b, d, k = np.asarray(birth, np.float64), np.asarray(death, np.float64), np.asarray(dimension, np.int64)
    keep = np.flatnonzero(d - b > shortest)
    order = keep[np.lexsort((d[keep], b[keep], k[keep]))]
    return Diagram(b[order], d[order], k[order], seconds)


def value_resolution(values: ArrayLike) -> float:
    """How far rounding may have moved a value: half a unit in the last place of its type, and 16 of float64.

    The second part is for values that were computed in float64, such as those of a sine.

    Examples
    --------
    >>> round(value_resolution(np.ones(3, np.float32)), 9), value_resolution(np.zeros(3))
    (6e-08, 0.0)
    """
    array = np.asarray(values)
    kind = array.dtype if np.issubdtype(array.dtype, np.floating) else np.dtype(np.float64)
    largest = float(np.abs(array).max(initial=0))
    return max(0.5 * float(np.finfo(kind).eps), 16 * float(np.finfo(np.float64).eps)) * largest


def rounding_length(values: ArrayLike, resolution: float | None = None, n_coordinates: int | None = None) -> float:
    """Length up to which an interval may come from rounding alone, by the stability of diagrams.

    Values that move by at most r move a diagram of their level sets by at most r (bottleneck), so a class of length
    zero grows to at most 2 r. Points that move by r in each of c coordinates change distances by 2 r sqrt(c), and a
    class to at most 4 r sqrt(c).

    Parameters
    ----------
    values : the points or values whose diagram is taken
    resolution : r; `value_resolution` of the values when None
    n_coordinates : c of a point cloud; None for level sets

    References
    ----------
    Cohen-Steiner, Edelsbrunner and Harer, "Stability of persistence diagrams" (2007); Chazal, de Silva and Oudot,
    "Persistence stability for geometric complexes" (2014).
    """
    moved = value_resolution(values) if resolution is None else resolution
    return 2.0 * moved if n_coordinates is None else 4.0 * moved * float(np.sqrt(n_coordinates))


@dataclass(frozen=True)
class PersistenceDiagrams:
    """Persistence diagrams of many samples.

    Attributes
    ----------
    birth : (n_intervals,) float64, finite
    death : (n_intervals,) float64, ``>= birth``; +inf for essential classes
    dimension : (n_intervals,) int64, homology dimensions
    offsets : (n_samples + 1,) int64; the intervals of sample i are ``offsets[i]:offsets[i + 1]``
    seconds : (n_samples,) float64, extraction time of each sample

    Raises
    ------
    DataError : lengths disagree, offsets fall, a value is NaN, or a death precedes its birth

    Examples
    --------
    >>> two = PersistenceDiagrams.from_samples([
    ...     Diagram(np.array([0.0, 0.5]), np.array([np.inf, 1.0]), np.array([0, 1])),
    ...     Diagram(np.array([0.0]), np.array([np.inf]), np.array([0])),
    ... ])
    >>> len(two), len(two[0]), two.offsets
    (2, 2, array([0, 2, 3]))
    """

    birth: FloatArray
    death: FloatArray
    dimension: IntArray
    offsets: IntArray
    seconds: FloatArray

    def __post_init__(self) -> None:
        for field in fields(self):
            kind = np.int64 if field.name in ("dimension", "offsets") else np.float64
            object.__setattr__(self, field.name, np.asarray(getattr(self, field.name), kind))
        self._check_lengths()
        self._check_values()

    def _check_lengths(self) -> None:
        n = len(self.birth)
        if not len(self.death) == len(self.dimension) == n:
            raise DataError(
                f"persistence diagrams: {n} births, {len(self.death)} deaths and {len(self.dimension)} dimensions; "
                "expected one of each per interval"
            )
        if len(self.offsets) != len(self.seconds) + 1:
            raise DataError(
                f"persistence diagrams: {len(self.offsets)} offsets for {len(self.seconds)} samples; "
                f"expected {len(self.seconds) + 1}, one more than 'seconds'"
            )
        if self.offsets[0] != 0 or self.offsets[-1] != n or np.any(np.diff(self.offsets) < 0):
            raise DataError(
                f"persistence diagrams: offsets run from {self.offsets[0]} to {self.offsets[-1]}; "
                f"expected never to fall, from 0 to the number of intervals, {n}"
            )

    def _check_values(self) -> None:
        bad = ~(np.isfinite(self.birth) & (self.death >= self.birth))
        if bad.any():
            i = int(np.argmax(bad))
            sample = int(np.searchsorted(self.offsets, i, side="right")) - 1
            raise DataError(
                f"persistence diagrams: interval {i} (sample {sample}, dimension {self.dimension[i]}) is born at "
                f"{self.birth[i]} and dies at {self.death[i]}; expected a finite birth and death >= birth. "
                "A superlevel filtration is stored with the values of -f"
            )

    def __len__(self) -> int:
        """Number of samples."""
        return len(self.seconds)

    def __getitem__(self, i: int) -> Diagram:
        """The diagram of sample ``i``, a view; negative numbers count from the end."""
        if not -len(self) <= i < len(self):
            raise IndexError(f"sample {i} of {len(self)} persistence diagrams")
        i %= len(self)
        span = slice(self.offsets[i], self.offsets[i + 1])
        return Diagram(self.birth[span], self.death[span], self.dimension[span], float(self.seconds[i]))

    def __iter__(self) -> Iterator[Diagram]:
        """The samples' diagrams in order."""
        return (self[i] for i in range(len(self)))

    @property
    def n_intervals(self) -> int:
        """Intervals of all samples together."""
        return len(self.birth)

    @property
    def sample(self) -> IntArray:
        """(n_intervals,) int64, the sample that each interval belongs to."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    @classmethod
    def from_samples(cls, samples: Iterable[Diagram]) -> PersistenceDiagrams:
        """Many samples' diagrams in one object."""
        samples = list(samples)
        return cls(
            birth=_joined([s.birth for s in samples], np.float64),
            death=_joined([s.death for s in samples], np.float64),
            dimension=_joined([s.dimension for s in samples], np.int64),
            offsets=np.cumsum([0, *(len(s) for s in samples)]),
            seconds=np.array([s.seconds for s in samples], np.float64),
        )

    @classmethod
    def concatenate(cls, parts: Sequence[PersistenceDiagrams]) -> PersistenceDiagrams:
        """The samples of all parts, one part after the other."""
        sizes = [np.diff(part.offsets) for part in parts]
        return cls(
            birth=_joined([p.birth for p in parts], np.float64),
            death=_joined([p.death for p in parts], np.float64),
            dimension=_joined([p.dimension for p in parts], np.int64),
            offsets=np.concatenate([[0], np.cumsum(_joined(sizes, np.int64))]),
            seconds=_joined([p.seconds for p in parts], np.float64),
        )

    def select(self, which: ArrayLike | slice) -> PersistenceDiagrams:
        """The samples picked by a slice, by integers or by a boolean mask, in that order.

        Examples
        --------
        >>> one = Diagram(np.array([0.0]), np.array([1.0]), np.array([0]))
        >>> len(PersistenceDiagrams.from_samples([one, one, one]).select([2, 0]))
        2
        """
        picks = which if isinstance(which, slice) else np.asarray(which)
        if isinstance(picks, np.ndarray) and picks.size == 0:
            picks = slice(0, 0)  # an empty list has no integer type
        rows = np.arange(len(self))[picks]
        sizes = np.diff(self.offsets)[rows]
        ends = np.cumsum(sizes)
        picked = np.arange(sizes.sum()) + np.repeat(self.offsets[rows] - (ends - sizes), sizes)
        return PersistenceDiagrams(
            birth=self.birth[picked],
            death=self.death[picked],
            dimension=self.dimension[picked],
            offsets=np.concatenate([[0], ends]),
            seconds=self.seconds[rows],
        )

    def to_arrays(self) -> dict[str, NDArray]:
        """The five arrays by name, as ``numpy.savez`` takes them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray]) -> PersistenceDiagrams:
        """The inverse of ``to_arrays``; also takes an open npz file.

        Raises
        ------
        DataError : an array is missing, or the arrays contradict each other
        """
        names = [field.name for field in fields(cls)]
        missing = [name for name in names if name not in arrays]
        if missing:
            raise DataError(
                f"persistence diagrams: array '{missing[0]}' not found; found {', '.join(arrays) or 'nothing'}, "
                f"expected {', '.join(names)}. Was this file written by to_arrays()?"
            )
        return cls(**{name: arrays[name] for name in names})


def _joined(parts: Sequence[NDArray], kind: type) -> NDArray:
    return np.concatenate(parts) if parts else np.empty(0, kind)
