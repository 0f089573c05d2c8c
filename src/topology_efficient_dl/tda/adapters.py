"""Diagrams to and from the forms of ripser, gudhi and giotto-tda.

- ripser and giotto-ph: a list of (n, 2) arrays, one per homology dimension;
- gudhi: a list of ``(dimension, (birth, death))``;
- giotto-tda: one (n_samples, n_features, 3) array of births, deaths and dimensions, where every sample has the
  same number of features per dimension and points on the diagonal fill the gaps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from topology_efficient_dl.errors import DataError
from topology_efficient_dl.tda.diagrams import (
    Diagram,
    FloatArray,
    IntArray,
    PersistenceDiagrams,
    canonical_diagram,
)


def diagram_from_ripser(intervals: Sequence[FloatArray], shortest: float = 0.0, relative: float = 0.0) -> Diagram:
    """The diagram of one sample from (n, 2) arrays, one per homology dimension from 0 up; zero lengths dropped.

    So are intervals no longer than ``shortest``, or than ``relative`` times their death.

    Examples
    --------
    >>> diagram_from_ripser([np.array([[0.0, np.inf]]), np.array([[1.0, 2.0]])]).as_array()
    array([[ 0., inf,  0.],
           [ 1.,  2.,  1.]])
    """
    parts = [np.asarray(part, np.float64).reshape(-1, 2) for part in intervals]
    stacked = np.concatenate(parts) if parts else np.empty((0, 2))
    dimension = np.repeat(np.arange(len(parts)), [len(p) for p in parts])
    birth, death = stacked.T
    dying = np.where(np.isfinite(death), np.abs(death), 0.0)
    return canonical_diagram(birth, death, dimension, shortest=np.maximum(shortest, relative * dying))


def diagram_to_ripser(diagram: Diagram, max_dimension: int) -> list[FloatArray]:
    """(n, 2) arrays for the homology dimensions 0 to ``max_dimension``."""
    return [diagram.intervals(k) for k in range(max_dimension + 1)]


def diagram_from_gudhi(pairs: Iterable[tuple[int, tuple[float, float]]]) -> Diagram:
    """The diagram of one sample from gudhi's ``persistence()``; zero lengths dropped.

    Examples
    --------
    >>> diagram_from_gudhi([(1, (0.5, 2.0)), (0, (0.0, float("inf")))]).as_array()
    array([[0. , inf, 0. ],
           [0.5, 2. , 1. ]])
    """
    table = np.array([(birth, death, k) for k, (birth, death) in pairs], np.float64).reshape(-1, 3)
    return canonical_diagram(table[:, 0], table[:, 1], table[:, 2])


def diagram_to_gudhi(diagram: Diagram) -> list[tuple[int, tuple[float, float]]]:
    """``(dimension, (birth, death))`` of every interval."""
    return [
        (int(k), (float(b), float(d))) for k, b, d in zip(diagram.dimension, diagram.birth, diagram.death, strict=True)
    ]


def from_giotto(diagrams: FloatArray, *, infinite_death: float | None = None) -> PersistenceDiagrams:
    """Diagrams from giotto-tda's array; padding points (birth = death) are dropped.

    giotto-tda has no essential bars by default: it leaves out one bar of H0 (``reduced_homology=True``) and
    replaces infinite deaths by ``infinity_values``. What is not in the array cannot come back.

    Parameters
    ----------
    diagrams : (n_samples, n_features, 3) float array of births, deaths and dimensions
    infinite_death : deaths of exactly this value become +inf; none do when None

    Raises
    ------
    DataError : another shape
    """
    diagrams = np.asarray(diagrams, np.float64)
    if diagrams.ndim != 3 or diagrams.shape[2] != 3:
        raise DataError(
            f"giotto-tda diagrams: shape {diagrams.shape}; expected (n_samples, n_features, 3). "
            "One diagram needs a leading axis: diagrams[None]"
        )
    samples = []
    for birth, death, dimension in diagrams.transpose(0, 2, 1):
        death = death if infinite_death is None else np.where(death == infinite_death, np.inf, death)
        samples.append(canonical_diagram(birth, death, dimension))
    return PersistenceDiagrams.from_samples(samples)


def to_giotto(
    diagrams: PersistenceDiagrams, homology_dimensions: Sequence[int], *, infinite_death: float | None
) -> FloatArray:
    """giotto-tda's array of diagrams, padded per dimension with points on the diagonal.

    Parameters
    ----------
    diagrams : any diagrams
    homology_dimensions : dimensions to keep, in this order
    infinite_death : stands for +inf; when None essential bars are dropped, as in reduced homology

    Returns
    -------
    (n_samples, n_features, 3) float64 array.
    """
    death = diagrams.death
    if infinite_death is not None:
        death = np.where(np.isinf(death), np.maximum(infinite_death, diagrams.birth), death)
    blocks = []
    for k in homology_dimensions:
        keep = (diagrams.dimension == k) & np.isfinite(death)
        blocks.append(_padded_block(diagrams.birth[keep], death[keep], diagrams.sample[keep], len(diagrams), k))
    return np.concatenate(blocks, axis=1)


def _padded_block(birth: FloatArray, death: FloatArray, sample: IntArray, n_samples: int, k: int) -> FloatArray:
    """(n_samples, widest, 3): the intervals of one dimension; the fill is the lowest birth, twice."""
    counts = np.bincount(sample, minlength=n_samples)
    block = np.full((n_samples, max(1, counts.max(initial=0)), 3), birth.min(initial=np.inf) if len(birth) else 0.0)
    column = np.arange(len(sample)) - np.repeat(np.cumsum(counts) - counts, counts)
    block[sample, column, 0], block[sample, column, 1] = birth, death
    block[:, :, 2] = k
    return block
