"""Which labels a model may see: few labels per class, drawn many times; and the time that parts past from future."""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from topology_efficient_dl.data.graphs.contact_log import ContactLog
from topology_efficient_dl.data.graphs.groups import TimedGroups
from topology_efficient_dl.data.graphs.records import BoolArray, IntArray
from topology_efficient_dl.data.split import PARTS
from topology_efficient_dl.data.stratify import validation_sizes
from topology_efficient_dl.errors import DataError, ParameterError

Timed = TypeVar("Timed", ContactLog, TimedGroups)


def few_labels(
    labels: IntArray,
    share: float = 0.1,
    n_draws: int = 20,
    seed: int = 0,
    validation_share: float | None = None,
    *,
    first: int = 0,
) -> dict[str, BoolArray]:
    """Random splits with few labels in train, stratified.

    Train has the share of all labelled nodes, every class in proportion and at least once (classes of one
    node come on top of the share); validation likewise of all labelled nodes, from what train left, but leaves test one
    node of every class where it can; test is the rest. Nodes without a label are in no part. A draw depends on its
    number and the seed alone, not on how many draws there are.

    Parameters
    ----------
    labels : (n,) int64 class codes, -1 where missing
    share : of the labelled nodes that train gets, between 0 and 1
    n_draws : number of splits
    seed : of the draws
    validation_share : of the labelled nodes that validation gets; ``share`` if None
    first : number of the first draw

    Returns
    -------
    ``train``, ``validation`` and ``test``, each (n_draws, n) bool.

    Raises
    ------
    ParameterError : the shares leave nothing for test, or there is no draw
    DataError : fewer than two classes have labels

    Examples
    --------
    >>> masks = few_labels(np.repeat([0, 1, -1], [60, 40, 5]), share=0.1, n_draws=3)
    >>> {part: mask.sum(axis=1).tolist() for part, mask in masks.items()}
    {'train': [10, 10, 10], 'validation': [10, 10, 10], 'test': [80, 80, 80]}
    """
    for_validation = share if validation_share is None else validation_share
    if not (share > 0 and for_validation >= 0 and share + for_validation < 1 and n_draws >= 1):
        found = f"share {share}, validation share {for_validation}, {n_draws} draw(s)"
        raise ParameterError(
            f"few_labels: {found}; expected shares above 0 that leave some for test, and a draw or more"
        )
    sizes = _part_sizes(labels, share, for_validation)
    parts = np.full((n_draws, len(labels)), len(PARTS), dtype=np.int64)
    for draw, row in enumerate(parts, first):
        generator = np.random.default_rng([seed, draw])
        for code, counts in enumerate(sizes.T):
            row[generator.permutation(np.flatnonzero(labels == code))] = np.repeat(np.arange(len(PARTS)), counts)
    return {part: parts == index for index, part in enumerate(PARTS)}


def time_split(timed: ContactLog | TimedGroups, share: float = 0.8) -> int:
    """The time from which on everything is future: at most the share of all rows is before it.

    Rows of one time are never parted: ``times < boundary`` is the past, ``times >= boundary`` the future.

    Raises
    ------
    ParameterError : the share is not between 0 and 1
    DataError : no time has rows before it that fit into the share

    References
    ----------
    Benson et al., "Simplicial closure and higher-order link prediction", PNAS 115 (2018): first 80 %, last 20 %.
    """
    if not 0 < share < 1:
        raise ParameterError(f"time_split: share {share}; expected more than 0 and less than 1")
    times = timed.times
    boundary = int(times[int(share * len(times))]) if len(times) else 0
    if not len(times) or times[0] == boundary:
        raise DataError(
            f"'{timed.name}': more than {share:.0%} of its {len(times):,} rows are of the first time; "
            "expected rows at several times; take a larger share or other data"
        )
    return boundary


def split_at(timed: Timed, boundary: int) -> tuple[Timed, Timed]:
    """What was before a time, and what was from it on; nodes and labels are those of the whole.

    Examples
    --------
    >>> from topology_efficient_dl.data.graphs import southern_women
    >>> past, future = split_at(southern_women(), 12)
    >>> past.times.max(), future.times.tolist()
    (11, [12, 13, 14])
    """
    cut = int(np.searchsorted(timed.times, boundary))
    return timed.rows(0, cut), timed.rows(cut, len(timed.times))


def _part_sizes(labels: IntArray, share: float, validation_share: float) -> IntArray:
    """(3, n_classes) int64: how many nodes of every class go to train, validation and test."""
    counts = np.bincount(labels[labels >= 0])
    if np.count_nonzero(counts) < 2:
        raise DataError(
            f"few_labels: {np.count_nonzero(counts)} class(es) among {len(labels)} nodes; expected two or more; "
            "choose a set with labels"
        )
    train = np.maximum(validation_sizes(counts, share), counts > 0)
    left = counts - train
    validation = validation_sizes(left, validation_share * counts.sum() / max(left.sum(), 1))
    if validation_share == 0:
        validation = np.zeros_like(left)
    return np.stack([train, validation, left - validation]).astype(np.int64)
