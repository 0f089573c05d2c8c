"""Differentiable zero-dimensional persistence of series: sublevel sets of a function on a path."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numba import njit
from numpy.typing import NDArray
from torch import Tensor


@njit(cache=True)
def _pair_row(values, births, deaths, lows, highs):  # type: ignore[no-untyped-def]  # numba types it  # pragma: no cover (compiled)
    """Pair minima with the maxima that merge them; return the number of bars.

    ``lows`` and ``highs`` are a stack of components that wait for a merge: a minimum and the maximum after it, the
    maxima falling from bottom to top. A new maximum at least as high as the top one closes the component between
    them, and the higher of the two minima dies (elder rule).
    """
    n_bars, depth, low, peak, rising = 0, 0, 0, 0, False
    for i in range(1, values.size + 1):
        ends = i == values.size
        if not ends and values[i] > values[i - 1]:
            rising = True
        elif ends or values[i] < values[i - 1]:
            while depth > 0 and (ends or (rising and values[highs[depth - 1]] <= values[i - 1])):
                depth -= 1
                dies = low if values[low] > values[lows[depth]] else lows[depth]
                low = lows[depth] if dies == low else low
                births[n_bars], deaths[n_bars] = dies, highs[depth]
                n_bars += 1
            if rising and not ends:
                lows[depth], highs[depth] = low, i - 1
                depth += 1
            if not ends and (rising or values[i] < values[low]):
                low = i
            rising = False
        if not ends and values[i] > values[peak]:
            peak = i
    births[n_bars], deaths[n_bars] = low, peak
    return n_bars + 1


@njit(cache=True)
def _pair_rows(values, births, deaths):  # type: ignore[no-untyped-def]  # numba types it  # pragma: no cover (compiled)
    lows = np.empty(values.shape[1], np.int64)
    highs = np.empty(values.shape[1], np.int64)
    for row in range(values.shape[0]):
        _pair_row(values[row], births[row], deaths[row], lows, highs)


def critical_pairs(values: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the bars of the sublevel sets of every row are born and die.

    On the path graph with ``f(edge) = max`` of its ends, a component is born at a local minimum and dies at the
    local maximum where it meets an older one. The oldest never dies; it is closed at the row's maximum, so that its
    length is the range of the row. On a path, union-find needs no more than a stack: one pass, linear in time.

    Parameters
    ----------
    values : (n_rows, n_timepoints) float array, contiguous

    Returns
    -------
    births, deaths : (n_rows, n_timepoints // 2 + 1) int64 indices into a row; unused places hold 0 and 0,
        a bar of no length

    References
    ----------
    Edelsbrunner and Harer, *Computational Topology* (2010), section VII.1, the elder rule.

    Examples
    --------
    >>> births, deaths = critical_pairs(np.array([[0.0, 3.0, 1.0, 2.0]]))
    >>> births, deaths
    (array([[2, 0, 0]]), array([[1, 1, 0]]))
    """
    shape = (values.shape[0], values.shape[1] // 2 + 1)
    births, deaths = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    _pair_rows(values, births, deaths)
    return births, deaths


def sublevel_bars(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Births and deaths of the bars of every series, differentiable with respect to the series.

    Indices are found without gradient; births and deaths are the values there, so that
    ``d birth / d map`` is one at the birth's index and zero elsewhere. That is the derivative wherever no two
    critical values are equal.

    Parameters
    ----------
    maps : (..., n_timepoints) float tensor on any device; the pairing runs on the CPU

    Returns
    -------
    births, deaths : (..., n_timepoints // 2 + 1) tensors of the same type; unused places have equal values

    References
    ----------
    Carriere et al., *Optimizing persistent homology based functions* (ICML 2021), section 3.
    """
    rows = maps.detach().flatten(0, -2).float() if maps.dtype == torch.bfloat16 else maps.detach().flatten(0, -2)
    births, deaths = critical_pairs(np.ascontiguousarray(rows.cpu().numpy()))
    shape = (*maps.shape[:-1], births.shape[1])
    at_birth = torch.from_numpy(births).reshape(shape).to(maps.device)
    at_death = torch.from_numpy(deaths).reshape(shape).to(maps.device)
    return maps.gather(-1, at_birth), maps.gather(-1, at_death)


def persistence_statistics(births: Tensor, deaths: Tensor, n_longest: int) -> Tensor:
    """Summaries of bars that have a gradient almost everywhere.

    Parameters
    ----------
    births, deaths : (..., n_bars) tensors, as from :func:`sublevel_bars`
    n_longest : how many of the longest bars are given one by one

    Returns
    -------
    (..., n_longest + 2) tensor: the longest lengths in falling order (zero where there are fewer), the logarithm of
    one plus the total length, and the entropy ``-sum p log p`` of the lengths as shares ``p`` of the total.

    References
    ----------
    Atienza et al., *On the stability of persistent entropy* (2020), definition 4, for the entropy.

    Examples
    --------
    >>> persistence_statistics(torch.tensor([0.0, 0.0]), torch.tensor([1.0, 1.0]), n_longest=1)
    tensor([1.0000, 1.0986, 0.6931])
    """
    lengths = deaths - births
    shown = min(n_longest, lengths.shape[-1])
    longest = torch.nn.functional.pad(lengths.topk(shown, dim=-1).values, (0, n_longest - shown))
    total = lengths.sum(dim=-1, keepdim=True)
    shares = lengths / total.clamp_min(torch.finfo(lengths.dtype).tiny)
    entropy = torch.special.entr(shares.clamp_min(1e-12)).sum(dim=-1, keepdim=True)
    return torch.cat([longest, total.log1p(), entropy], dim=-1)
